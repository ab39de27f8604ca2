
import cv2
import numpy as np
import pytest
from browser import SCREEN, open_browser, served

from hcr_batch.config import load_settings, load_toml
from hcr_batch.editor.edit_pages import EditPages
from hcr_batch.editor.edit_session import EditSession
from hcr_batch.editor.editor_app import editor_app
from hcr_batch.forms.template_files import load_template
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
        named = (one.accessible_name.startswith(f"{name}, ") for one in self.find(".field"))
        return self.find(".field")[list(named).index(True)]

    def names(self):
        # At once: the list is made anew whenever the check has come back.
        return self.browser.execute_script(
            "return [...document.querySelectorAll('#list li span:first-child')]"
            ".map((name) => name.textContent)"
        )

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
        self.browser.execute_script("document.getElementById('status').textContent = ''")
        self.chord(Keys.CONTROL, "s")
        self.wait(lambda: self.text("#status").startswith("Saved at"))
        assert self.text("#saved") == "saved"
        return self.fields()

    def fields(self):
        return load_toml(self.path)["field"]

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


def test_a_field_is_renamed_with_the_mouse_and_undone_and_done_again(editor):
    editor.open()
    editor.field("f002").click()
    box = editor.find("#name")[0]
    box.send_keys(Keys.CONTROL + "a", Keys.NULL, "surname", Keys.TAB)
    assert editor.names() == ["f001", "surname", "f003"]
    editor.find("#undo")[0].click()
    assert editor.names() == ["f001", "f002", "f003"]
    assert editor.text("#saved") == "saved"
    editor.find("#redo")[0].click()
    assert editor.names() == ["f001", "surname", "f003"]
    assert editor.save()[1]["name"] == "surname"


def test_a_field_is_dragged_and_stretched(editor):
    editor.open()
    scale = float(editor.find("#paper")[0].get_attribute("width")) / 148
    editor.field("f002").click()
    editor.drag(editor.field("f002"), round(10 * scale), round(6 * scale))
    x, y, width, height = editor.save()[1]["box"]
    assert (x, y) == (pytest.approx(30, abs=1), pytest.approx(46, abs=1))
    assert (width, height) == (80, 8)
    east = editor.find(".grip[data-side='3']")[0]
    editor.drag(east, round(-20 * scale), 0)
    assert editor.save()[1]["box"] == [x, y, pytest.approx(60, abs=1), 8]
    editor.chord(Keys.CONTROL, "z")
    assert editor.save()[1]["box"] == [x, y, 80, 8]
    assert editor.complaints() == []


def test_a_field_is_moved_and_stretched_by_keys(editor):
    editor.open()
    editor.field("f002").click()
    for _ in range(4):
        editor.chord(Keys.CONTROL, Keys.ARROW_RIGHT)
    editor.chord(Keys.SHIFT, Keys.ARROW_DOWN)
    assert editor.save()[1]["box"] == [22.0, 40.0, 80.0, 8.5]
    # Steps of one kind in a row are undone together.
    editor.chord(Keys.CONTROL, "z")
    editor.chord(Keys.CONTROL, "z")
    assert editor.save()[1]["box"] == [20.0, 40.0, 80.0, 8.0]


def test_arrows_and_tab_choose_fields(editor):
    editor.open()
    editor.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert editor.value("#name") == "f003"
    editor.chord(Keys.SHIFT, Keys.TAB)
    assert editor.value("#name") == "f002"
    editor.press(Keys.TAB)
    assert editor.value("#name") == "f003"


def test_fields_are_added_by_key_and_by_drawing(editor):
    from selenium.webdriver import ActionChains

    editor.open()
    editor.field("f003").click()
    editor.press("n")
    assert editor.names() == ["f001", "f002", "f003", "f004"]
    editor.find("#add")[0].click()
    paper = editor.find("#paper")[0]
    scale = float(paper.get_attribute("width")) / 148
    # From the middle of the card, where nothing is, to the right and down.
    ActionChains(editor.browser).move_to_element(paper).move_by_offset(
        round(10 * scale), round(30 * scale)
    ).click_and_hold().move_by_offset(round(20 * scale), round(8 * scale)).release().perform()
    assert editor.names() == ["f001", "f002", "f003", "f004", "f005"]
    fields = editor.save()
    assert fields[3]["cells"] == 6
    assert fields[4]["kind"] == "free"
    assert fields[4]["box"][2:] == pytest.approx([20, 8], abs=1)


def test_fields_are_merged_split_and_deleted_by_keys(editor):
    editor.open()
    editor.press(Keys.SPACE, Keys.ARROW_DOWN, Keys.SPACE, "m")
    assert editor.names() == ["f001", "f003"]
    editor.chord(Keys.CONTROL, "z")
    assert editor.names() == ["f001", "f002", "f003"]
    editor.press(Keys.ESCAPE)
    editor.field("f001").click()
    editor.press("s")
    editor.wait(lambda: editor.find("#splitting[open]"))
    assert editor.value("#sizes") == "4 4"
    editor.press("2 2 3", Keys.ENTER)
    assert "8" in editor.text("#split-problem")
    editor.chord(Keys.CONTROL, "a")
    editor.press("2 2 4", Keys.ENTER)
    editor.wait(lambda: not editor.find("#splitting[open]"))
    assert editor.names() == ["f001", "f001_2", "f001_3", "f002", "f003"]
    editor.field("f003").click()
    editor.press(Keys.DELETE)
    fields = editor.save()
    assert [field["cells"] for field in fields if field["kind"] == "comb"] == [2, 2, 4]
    assert fields[2]["charset"] == "digits"
    assert fields[2]["box"] == [40.0, 20.0, 20.0, 8.0]
    assert editor.complaints() == []


def test_a_fault_is_shown_where_it_is_and_goes_when_it_is_mended(editor):
    editor.open()
    editor.field("f001").click()
    pattern = editor.find("#pattern")[0]
    pattern.send_keys("[A-Z]+", Keys.TAB)
    editor.wait(lambda: editor.text("#faults") == "1 with a fault")
    assert "no text keeps" in editor.text("#problem")
    assert pattern.get_attribute("aria-invalid") == "true"
    assert "faulty" in editor.field("f001").get_attribute("class")
    pattern.clear()
    pattern.send_keys("[0-9]{8}", Keys.TAB)
    editor.wait(lambda: editor.text("#faults") == "no faults")
    assert not editor.find("#problem")[0].is_displayed()
    assert editor.save()[0]["pattern"] == "[0-9]{8}"


def test_rules_are_set_for_all_fields_that_are_chosen(editor):
    from selenium.webdriver.support.ui import Select

    editor.open()
    editor.press(Keys.SPACE, Keys.ARROW_DOWN, Keys.SPACE)
    Select(editor.find("#charset")[0]).select_by_value("upper")
    editor.find("#required")[0].click()
    fields = editor.save()
    assert [field.get("charset") for field in fields] == ["upper", "upper", None]
    assert [field.get("required") for field in fields] == [True, True, None]


def test_a_change_on_disk_is_not_written_over_unasked(editor):
    editor.open()
    editor.press(Keys.ENTER, "mine", Keys.ENTER)
    theirs = FORM.replace("f003", "theirs")
    editor.path.write_text(theirs, encoding="utf-8")
    editor.chord(Keys.CONTROL, "s")
    editor.wait(lambda: editor.find("#changed[open]"))
    editor.press(Keys.ESCAPE)
    assert editor.path.read_text(encoding="utf-8") == theirs
    assert editor.text("#saved") == "not saved"
    editor.chord(Keys.CONTROL, "s")
    editor.wait(lambda: editor.find("#changed[open]"))
    editor.find("#changed [value=overwrite]")[0].click()
    editor.wait(lambda: editor.text("#saved") == "saved")
    assert [field["name"] for field in editor.fields()] == ["mine", "f002", "f003"]


def test_a_window_with_unsaved_work_asks_before_it_goes(editor):
    goes = "return dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    editor.open()
    assert editor.browser.execute_script(goes)
    editor.press(Keys.ENTER, "mine", Keys.ENTER)
    assert not editor.browser.execute_script(goes)
    editor.save()
    assert editor.browser.execute_script(goes)


def test_closing_asks_what_becomes_of_unsaved_work(editor):
    editor.open()
    editor.press(Keys.ENTER, "mine", Keys.ENTER)
    editor.find("#close")[0].click()
    editor.find("#unsaved [value=save]")[0].click()
    editor.wait(lambda: editor.find("#left[open]"))
    assert editor.left.is_set()
    assert editor.fields()[0]["name"] == "mine"


def test_every_control_has_a_name_and_fits_on_the_screen(editor):
    editor.open()
    controls = [one for one in editor.find("button, input, select") if one.is_displayed()]
    assert len(controls) > 20
    assert [one.get_attribute("outerHTML") for one in controls if not one.accessible_name] == []
    assert {one.rect["x"] + one.rect["width"] <= SCREEN[0] for one in controls} == {True}
    size = editor.browser.execute_script(
        "return [document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert (size[0] <= SCREEN[0], size[1] <= SCREEN[1]) == (True, True)


def test_the_form_is_renamed_and_that_is_undone(editor):
    editor.open()
    editor.find("#form")[0].click()
    editor.chord(Keys.CONTROL, "a")
    editor.press("club card")
    editor.save()
    assert load_template(editor.path).name == "club card"
    editor.find("#undo")[0].click()
    assert editor.value("#form") == "card"
    editor.save()
    assert editor.path.read_text(encoding="utf-8") == FORM


def test_anchors_are_taken_away_and_drawn_and_that_is_undone(editor):
    text = FORM.replace(
        "page = { width_mm = 148, height_mm = 105 }",
        "page = { width_mm = 148, height_mm = 105, anchors = [[5, 5, 4, 4], [138, 5, 4, 4]] }",
    )
    editor.path.write_text(text, encoding="utf-8")
    editor.open()
    assert editor.find(".anchor") == []
    editor.press("a")
    editor.find(".anchor")[0].click()
    assert len(editor.find(".anchor")) == 1
    editor.drag(editor.find("#paper")[0], 60, 40)
    assert editor.text("#anchor-count").startswith("2 boxes")
    editor.save()
    first, drawn = load_toml(editor.path)["page"]["anchors"]
    assert first == [138, 5, 4, 4]
    assert drawn[2] > drawn[3] > 3
    editor.find("#undo")[0].click()
    editor.find("#undo")[0].click()
    editor.find("#anchors-done")[0].click()
    editor.save()
    assert load_toml(editor.path)["page"]["anchors"] == [[5, 5, 4, 4], [138, 5, 4, 4]]
    assert editor.complaints() == []


def test_anchors_are_taken_away_by_keys_and_made_of_all_cells(editor):
    editor.open()
    editor.find("#anchors")[0].click()
    assert "the cells of its fields" in editor.text("#anchor-count")
    editor.find("#anchor-fields")[0].click()
    cells = len(editor.find(".anchor"))
    editor.browser.execute_script("document.querySelector('.anchor').focus()")
    editor.press(Keys.DELETE, Keys.DELETE)
    editor.save()
    assert len(load_toml(editor.path)["page"]["anchors"]) == cells - 2


def test_fields_are_put_in_order_by_keys_and_buttons(editor):
    editor.open()
    editor.chord(Keys.ALT, Keys.ARROW_DOWN)
    assert editor.names() == ["f002", "f001", "f003"]
    editor.find("#later")[0].click()
    assert editor.names() == ["f002", "f003", "f001"]
    editor.find("#earlier")[0].click()
    assert [field["name"] for field in editor.save()] == ["f002", "f001", "f003"]
    assert 'name = "f001"   # the number' in editor.path.read_text(encoding="utf-8")


def test_keys_are_set_on_forms_of_several_pages_alone(editor):
    editor.open()
    assert not editor.find("#key")[0].is_displayed()
    page = "[[page]]\nnumber = {}\nwidth_mm = 148\nheight_mm = 105\n\n"
    text = FORM.replace(
        "page = { width_mm = 148, height_mm = 105 }\n", page.format(1) + page.format(2)
    )
    text = text.replace("cells = 6\n", "cells = 6\npage = 2\n")
    editor.path.write_text(text, encoding="utf-8")
    editor.open()
    editor.find("#key")[0].click()
    editor.wait(lambda: "page 2" in editor.text("#problem"))
    editor.find("#list li")[2].click()
    editor.find("#key")[0].click()
    editor.wait(lambda: editor.text("#faults") == "no faults")
    assert [field.get("key") for field in editor.save()] == [True, None, True]
