"""The draw-and-upload page in a real browser."""

import time
from pathlib import Path

import cv2
import pytest
from browser import open_browser, served
from drawn_character import STROKES, draw

from hcr_batch import load_recognizer
from hcr_batch.config import load_settings
from hcr_batch.server.serve_app import ServeLimits, make_app
from hcr_batch.web.security import allowed_hosts

ActionChains = pytest.importorskip("selenium.webdriver").ActionChains
FORMS = Path(__file__).resolve().parents[2] / "samples" / "forms"
WAIT_S = 30.0
SIZE = 0.6
"""Height of what is drawn, as a share of the canvas."""


@pytest.fixture(scope="module")
def address():
    limits, hosts = ServeLimits(max_mb=2), allowed_hosts("127.0.0.1")
    with served(make_app(load_recognizer(), load_settings(), limits, hosts)) as server:
        yield server.address


class DrawPage:
    """The page in a browser's window."""

    def __init__(self, window, address):
        self.window = window
        window.get(address)

    def find(self, selector):
        return self.window.find_element("css selector", selector)

    def text(self, selector):
        return self.find(selector).text

    def draw(self, character):
        """Each stroke with the pointer: down, along, up."""
        canvas = self.find("#canvas")
        side = canvas.rect["width"] * SIZE
        for stroke in STROKES[character]:
            places = [(round((x - 0.5) * side), round((y - 0.5) * side)) for x, y in stroke]
            pen = ActionChains(self.window, duration=40)
            pen.move_to_element_with_offset(canvas, *places[0]).click_and_hold()
            for place in places[1:]:
                pen.move_to_element_with_offset(canvas, *place)
            pen.release().perform()

    def upload(self, path):
        self.find("#file").send_keys(str(path))

    def wait(self, condition):
        deadline = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < deadline, self.text("body")
            time.sleep(0.05)

    def wait_for_character(self, character):
        self.wait(lambda: self.text("#character") == character)

    def complaints(self):
        """What the browser's console complains of: blocked content, errors in the code."""
        return [entry["message"] for entry in self.window.get_log("browser")]


@pytest.fixture(scope="module")
def window():
    with open_browser() as opened:
        yield opened


@pytest.fixture
def page(window, address):
    opened = DrawPage(window, address)
    yield opened
    assert opened.complaints() == []


@pytest.mark.parametrize("character", ["7", "A"])
def test_a_drawn_character_is_read_while_it_is_drawn(page, character):
    page.draw(character)
    page.wait_for_character(character)
    bars = page.window.find_elements("css selector", "#bars li")
    assert len(bars) == 10
    assert bars[0].text.split()[0] == character
    assert page.text("#confidence").endswith("%")


def test_white_strokes_of_the_dark_page_are_read_too(address):
    with open_browser(dark=True) as opened:
        page = DrawPage(opened, address)
        page.draw("E")
        page.wait_for_character("E")
        assert page.complaints() == []


def test_undo_and_clear_empty_the_sheet(page):
    page.draw("7")
    page.wait_for_character("7")
    page.find("#undo").click()
    page.wait(lambda: page.text("#confidence") == "Nothing to read yet")
    assert page.find("#hint").is_displayed()
    page.draw("H")
    page.wait_for_character("H")
    page.find("#clear").click()
    page.wait_for_character("?")
    assert page.window.find_elements("css selector", "#bars li") == []


def test_an_uploaded_character_is_read(page, tmp_path):
    cv2.imwrite(str(tmp_path / "n.png"), draw("N", ink=240, paper=30))
    page.upload(tmp_path / "n.png")
    page.wait_for_character("N")
    assert page.find("#preview").is_displayed()
    page.draw("4")
    page.wait_for_character("4")
    assert not page.find("#preview").is_displayed()


def test_a_photograph_of_one_character_is_no_form(page, tmp_path):
    cv2.imwrite(str(tmp_path / "a.jpg"), draw("A", size=900, pen=30, height=0.3))
    page.upload(tmp_path / "a.jpg")
    page.wait_for_character("A")
    assert not page.find("#form").is_displayed()


@pytest.mark.parametrize(("name", "pages"), [("membership.png", 1), ("library-cards.tif", 3)])
def test_an_uploaded_form_shows_its_readings(page, name, pages):
    page.upload(FORMS / name)
    page.wait(lambda: page.find("#form").is_displayed())
    texts = [row.text for row in page.window.find_elements("css selector", "#fields tr")]
    assert any("KOWALSKI" in text or "ERIK" in text for text in texts)
    pictures = page.window.find_elements("css selector", "#pages img")
    assert len(pictures) == pages
    page.wait(lambda: all(picture.get_property("naturalWidth") for picture in pictures))
    assert page.find("#download").get_attribute("href").startswith("blob:")
    assert page.find("#download").get_attribute("download") == f"{Path(name).stem}.csv"
    page.find("#back").click()
    page.wait_for_character("?")


def test_a_file_that_cannot_be_read_is_explained(page, tmp_path):
    (tmp_path / "bad.png").write_text("no picture")
    page.upload(tmp_path / "bad.png")
    page.wait(lambda: "bad.png: no picture" in page.text("#message"))
    (refused,) = page.complaints()
    assert "400" in refused


def test_a_file_that_is_too_large_is_explained(page, tmp_path):
    (tmp_path / "large.pdf").write_bytes(b"%PDF-1.5\n" + b"0" * 2_500_000)
    page.upload(tmp_path / "large.pdf")
    page.wait(lambda: page.find("#message").is_displayed())
    (refused,) = page.complaints()
    assert "413" in refused


def test_every_control_has_a_name_and_a_finger_finds_it(page):
    controls = page.window.find_elements("css selector", "button, select, a, input, canvas")
    for control in filter(lambda each: each.is_displayed(), controls):
        assert control.accessible_name
        if control.tag_name in ("button", "select"):
            assert control.rect["height"] >= 44
