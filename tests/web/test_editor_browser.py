import tomllib

import cv2
import numpy as np
import pytest
from browser import SCREEN, open_browser, served

from hcr_batch.config import load_settings
from hcr_batch.forms.schema import load_template
from hcr_batch.web.edit_pages import EditPages
from hcr_batch.web.edit_session import EditSession
from hcr_batch.web.editor import editor_app
from hcr_batch.web.security import allowed_hosts

Keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
WAIT_S = 30.0

FORM = """# A card of our own.
name = "card"
page = { width_mm = 148, height_mm = 105 }

[[field]]
name = "f001"   # the number
kind = "comb"
box = [20.0, 20.0, 40.0, 8.0]
cells = 8
charset = "digits"

[[field]]
name = "f002"
kind = "free"
box = [20.0, 40.0, 80.0, 8.0]

[[field]]
name = "f003"
kind = "comb"
box = [20.0, 60.0, 30.0, 8.0]
cells = 6
"""


@pytest.fixture(scope="module")
def browser():
    with open_browser() as window:
        yield window


class Editor:
    """The editor in a browser's window."""

    def __init__(self, browser, path, address, left):
        self.browser, self.path, self.address, self.left = browser, path, address, left

    def open(self):
        self.browser.get("about:blank")
        self.browser.get(self.address)
        self.wait(lambda: self.text("#faults") == "no faults" and self.find(".field"))

    def find(self, selector):
        return self.browser.find_elements("css selector", selector)

    def text(self, selector):
        return self.find(selector)[0].text

    def value(self, selector):
        return self.find(selector)[0].get_property("value")

    def field(self, name):
        return next(one for one in self.find(".field") if one.text == name)

    def names(self):
        return [one.text for one in self.find("#list li span:first-child")]

    def press(self, *keys):
        for key in keys:
            self.browser.switch_to.active_element.send_keys(key)

    def chord(self, *keys):
        from selenium.webdriver import ActionChains

        chain = ActionChains(self.browser)
        for key in keys[:-1]:
            chain.key_down(key)
        chain.send_keys(keys[-1])
        for key in keys[:-1]:
            chain.key_up(key)
        chain.perform()

    def drag(self, element, across, down):
        from selenium.webdriver import ActionChains

        chain = ActionChains(self.browser).move_to_element(element).click_and_hold()
        chain.move_by_offset(across // 2, down // 2).move_by_offset(
            across - across // 2, down - down // 2
        )
        chain.release().perform()

    def wait(self, condition):
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.support.ui import WebDriverWait

        passing = (StaleElementReferenceException, IndexError)
        wait = WebDriverWait(self.browser, WAIT_S, 0.05, ignored_exceptions=passing)
        return wait.until(lambda _: condition())

    def save(self):
        self.chord(Keys.CONTROL, "s")
        self.wait(lambda: self.text("#saved") == "saved")
        return self.fields()

    def fields(self):
        return tomllib.loads(self.path.read_text(encoding="utf-8"))["field"]

    def complaints(self):
        return [entry["message"] for entry in self.browser.get_log("browser")]


@pytest.fixture
def editor(browser, tmp_path):
    import threading

    path, scan = tmp_path / "card.toml", tmp_path / "card.png"
    path.write_text(FORM, encoding="utf-8")
    paper = np.full((round(105 / 25.4 * 200), round(148 / 25.4 * 200)), 255, np.uint8)
    cv2.imwrite(str(scan), paper)
    session = EditSession(path)
    pages = EditPages(session.open().template, None, load_settings())
    left = threading.Event()
    app = editor_app(session, pages, "secret", allowed_hosts("127.0.0.1"), left.set)
    with served(app) as server:
        yield Editor(browser, path, f"{server.address}/secret/", left)
        # What is not saved asks before the window goes on to the next test.
        browser.execute_script("window.onbeforeunload = null")
        browser.get("about:blank")


def test_a_form_is_named_by_typing_and_enter_alone(editor):
    editor.open()
    editor.press(Keys.ENTER, "number", Keys.ENTER, "name", Keys.ENTER, "born", Keys.ENTER)
    assert editor.names() == ["number", "name", "born"]
    assert editor.text("#saved") == "not saved"
    assert [field["name"] for field in editor.save()] == ["number", "name", "born"]
    assert 'name = "number"   # the number' in editor.path.read_text(encoding="utf-8")
    assert load_template(editor.path).pages[0].fields[0].rule.charset == "0123456789"
    assert editor.complaints() == []
