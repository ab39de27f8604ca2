import csv
import string

import pytest
from browser import SCREEN, open_browser, served
from review_maker import make_scan

from hcr_batch.config import load_settings
from hcr_batch.forms.template_files import load_template
from hcr_batch.journal.corrections import Answer, Kind
from hcr_batch.journal.journal import journal_path, open_journal
from hcr_batch.journal.outputs import Outputs
from hcr_batch.review.answer_rules import FieldRules
from hcr_batch.review.page_pictures import PagePictures
from hcr_batch.review.review_app import review_app
from hcr_batch.review.review_session import ReviewRequest, ReviewSession
from hcr_batch.web.security import allowed_hosts

Keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
WAIT_S = 30.0


@pytest.fixture(scope="module")
def browser():
    with open_browser() as window:
        yield window


class Review:
    """The review page in a browser's window."""

    def __init__(self, browser, made, address):
        self.browser, self.made, self.address = browser, made, address

    def open(self, view="tiles"):
        self.browser.get("about:blank")
        self.browser.get(f"{self.address}#{view}")
        self.wait(lambda: self.text("#count") not in ("", "Loading…"))
        if view == "tiles":
            self.wait(lambda: self.find(".tile.current"))

    def find(self, selector):
        return self.browser.find_elements("css selector", selector)

    def text(self, selector):
        return self.find(selector)[0].text

    def press(self, *keys):
        """Press keys; what a dialog that closes had the focus on takes none any more."""
        for key in keys:
            self.wait(lambda key=key: self.browser.switch_to.active_element.send_keys(key) or True)

    def click(self, selector):
        """Click what there is or soon will be: a dialog that opens is not laid out at once."""
        self.wait(lambda: self.find(selector)[0].click() or True)

    def wait(self, condition):
        """Wait until a condition holds; elements may come and go meanwhile."""
        from selenium.common import exceptions
        from selenium.webdriver.support.ui import WebDriverWait

        passing = (
            exceptions.ElementNotInteractableException,
            exceptions.StaleElementReferenceException,
            IndexError,
        )
        wait = WebDriverWait(self.browser, WAIT_S, 0.05, ignored_exceptions=passing)
        return wait.until(lambda _: condition())

    def wait_answered(self, count):
        self.wait(lambda: self.text("#count").startswith(f"{count} of"))

    def complaints(self):
        return [entry["message"] for entry in self.browser.get_log("browser")]

    def finish(self):
        self.click("#finish")
        self.wait(lambda: self.find("#finished[open], #asking[open]"))
        if self.find("#asking[open]"):
            self.click("#asking button[value=finish]")
        self.wait(lambda: self.find("#finished[open]"))
        with self.made.results.open(encoding="utf-8", newline="") as file:
            table = list(csv.DictReader(file))
        return {(row["field"], int(row["position"])): row for row in table}


@pytest.fixture
def review_of(browser, tmp_path):
    """Makes a scan of what was written and read, and opens its review."""
    running = []

    def start(fields, rules=None, **options):
        made = make_scan(tmp_path, fields, **options)
        request = ReviewRequest(journal_path(made.results), Outputs(made.results))
        session = ReviewSession(request, rules)
        pictures = PagePictures(load_settings())
        hosts = allowed_hosts("127.0.0.1")
        app = review_app(session, pictures, "secret", hosts, "Ada", lambda: None)
        context = served(app)
        running.append(context)
        address = f"{context.__enter__().address}/secret/"
        return Review(browser, made, address)

    yield start
    for context in running:
        context.__exit__(None, None, None)


def in_tiles_order(made, read):
    """What truly stands in the cells, as the tiles show them: by what was read, unsure first."""
    places = [(machine, machine == made.truth[place], place) for place, machine in read.items()]
    return [(machine, made.truth[place]) for machine, _, place in sorted(places)]


def cells_of(fields):
    return {
        (name, place): read
        for name, (_, machine) in fields.items()
        for place, read in enumerate(machine, start=1)
    }


def test_thirty_flagged_tiles_by_keyboard_alone(review_of):
    fields = {
        "first": ("0123456789", "0123456789"),
        "second": ("2345678901", "2375678901"),
        "third": ("ABCDEFGHIJ", "A8CDEFGHIJ"),
    }
    review = review_of(fields)
    review.open()
    order = in_tiles_order(review.made, cells_of(fields))
    assert len(order) == len(review.find(".tile")) == 30
    for read, true in order:
        review.press(true if true != read else Keys.ARROW_RIGHT)
    # At once: what was typed must not be accepted as read while it is still being saved.
    review.press(Keys.ENTER)
    review.wait_answered(30)
    review.wait(lambda: "Everything is reviewed" in review.text("main"))
    rows = review.finish()
    assert {place: row["character"] for place, row in rows.items()} == review.made.truth
    assert {(row["flagged"], row["reasons"]) for row in rows.values()} == {("false", "reviewed")}
    assert review.complaints() == []


def test_pointing_at_a_tile_and_typing_is_enough(review_of):
    from selenium.webdriver import ActionChains

    review = review_of({"a": ("5555555536", "5555555555")})
    review.open()
    odd = review.find(".tile")[1]
    ActionChains(review.browser).move_to_element(odd).send_keys("6").perform()
    review.wait_answered(1)
    review.wait(lambda: odd.text == "6")


def test_reloading_in_the_middle_loses_nothing(review_of):
    review = review_of({"a": ("1234567890", "7234567890")})
    review.open()
    tile = next(tile for tile in review.find(".tile") if "read as 7" in tile.accessible_name)
    tile.click()
    review.press("1")
    review.wait_answered(1)
    review.browser.refresh()
    review.wait_answered(1)
    review.wait(lambda: len(review.find(".tile")) == 9)
    review.press(Keys.BACKSPACE)
    review.wait_answered(0)
    review.wait(lambda: len(review.find(".tile")) == 10)
    review.wait(lambda: review.text("#status") == "Undone")


def test_a_page_that_was_accepted_too_soon_comes_back(review_of):
    review = review_of({"a": ("1234567890", "7234567890")})
    review.open()
    review.press(Keys.ENTER)
    review.wait_answered(10)
    review.click("#undo")
    review.wait_answered(0)
    review.wait(lambda: len(review.find(".tile")) == 10)


def test_what_is_put_off_in_the_tiles_is_left_for_later(review_of):
    review = review_of({"a": ("123", "123")})
    review.open()
    review.press(Keys.SPACE, Keys.ENTER)
    review.wait_answered(2)
    review.wait(lambda: "1 put off" in review.text("main"))
    review.click("[data-view=one]")
    review.wait(lambda: "character 1 of 3" in review.text("#one .place"))


@pytest.mark.parametrize("view", ["tiles", "one", "fields"])
def test_every_control_has_a_name_and_fits_on_the_screen(review_of, view):
    review = review_of({"a": ("1234567890", "7234567890")})
    review.open(view)
    review.wait(lambda: review.find(f"#{view} img"))
    controls = [one for one in review.find("button, input") if one.is_displayed()]
    assert len(controls) > 8
    assert [one.get_attribute("outerHTML") for one in controls if not one.accessible_name] == []
    width = review.browser.execute_script("return document.documentElement.scrollWidth")
    assert width <= SCREEN[0]
    assert {one.rect["x"] + one.rect["width"] <= SCREEN[0] for one in controls} == {True}


def test_two_windows_at_once_share_the_work(review_of, browser):
    letters = string.ascii_uppercase[:8]
    review = review_of({f"f{row}": (letters, letters) for row in range(12)})
    review.open()
    first = browser.current_window_handle
    mine = len(review.find(".tile"))
    browser.switch_to.new_window("window")
    second = browser.current_window_handle
    try:
        review.open()
        his = len(review.find(".tile"))
        assert 0 < his <= 96 - mine
        review.press(Keys.ENTER)
        review.wait_answered(his)
        browser.switch_to.window(first)
        review.press(Keys.ENTER)
        review.wait_answered(his + mine)
        browser.switch_to.window(second)
    finally:
        browser.switch_to.window(second)
        browser.close()
        browser.switch_to.window(first)


def test_who_was_slower_is_told_whose_answer_stands(review_of):
    review = review_of({"a": ("12", "12")})
    review.open("one")
    review.wait(lambda: "character 1 of 2" in review.text("#one .place"))
    with open_journal(journal_path(review.made.results)) as journal:
        cell = next(journal.cells.due())
        answer = Answer(cell.place, cell.field, 1, cell.reading, Kind.CHARACTER, "7", 0)
        journal.corrections.record([answer], "Bob")
    review.press("9")
    review.wait(lambda: "Answered by Bob" in review.text("#one .reading"))
    assert review.finish()["a", 1]["character"] == "7"


def test_one_by_one_by_keyboard(review_of):
    review = review_of({"a": ("1X_4", "7124"), "b": ("ABC", "ABD")})
    review.open("one")

    def at(position):
        review.wait(lambda: f"character {position} of" in review.text("#one .place"))

    at(1)
    review.press("1")  # In a field with digits a digit is what it says.
    at(2)
    review.press(Keys.ARROW_LEFT)
    at(1)
    review.press(Keys.ARROW_RIGHT)
    at(2)
    review.press("?")
    at(3)
    review.press(".")
    at(4)
    review.press(Keys.BACKSPACE)
    at(3)
    review.press(Keys.ARROW_DOWN)
    review.wait(lambda: "field b" in review.text("#one .place"))
    review.press(Keys.ENTER)
    at(2)
    review.press(Keys.ENTER)
    at(3)
    review.press("1")  # No digit in sight: the first alternative.
    review.wait_answered(5)
    rows = review.finish()
    answers = {place: (row["character"], row["reasons"]) for place, row in rows.items()}
    assert answers["a", 1] == ("1", "reviewed")
    assert answers["a", 2] == ("", "illegible")
    assert answers["a", 3] == ("2", "low_confidence")
    assert answers["b", 3] == ("C", "reviewed")


def test_alternatives_among_digits_are_taken_with_alt(review_of):
    review = review_of({"a": ("17", "77")})
    review.open("one")
    review.wait(lambda: "character 1 of 2" in review.text("#one .place"))
    assert "1 Alt+1" in review.text("#one .choices").replace("\n", " ")
    review.press(Keys.ALT + "1")
    review.wait(lambda: "character 2 of 2" in review.text("#one .place"))
    assert review.finish()["a", 1]["character"] == "1"


def test_without_the_scanned_file_the_kept_crops_are_shown(review_of):
    review = review_of({"a": ("12", "12")})
    review.made.page.unlink()
    review.open("fields")
    review.wait(lambda: review.find("#fields .neighbours img"))
    review.wait(lambda: not review.find("#fields .strip"))
    assert all(crop.is_displayed() for crop in review.find("#fields .neighbours img"))


def test_the_page_is_shown_on_demand(review_of):
    review = review_of({"a": ("12", "12")})
    review.open("one")
    review.wait(lambda: review.find("#one .strip img"))
    review.press("/")
    review.wait(lambda: review.find("#whole[open] img"))
    loaded = "return document.querySelector('#whole img').naturalWidth"
    review.wait(lambda: review.browser.execute_script(loaded) > 700)
    review.press(Keys.ESCAPE)
    review.wait(lambda: not review.find("#whole[open]"))


def test_by_field_a_text_is_typed_under_its_image(review_of):
    review = review_of({"a": ("1_34", "1_84"), "b": ("SAM", "5AM")}, sure="4AM")
    review.open("fields")
    review.wait(lambda: len(review.find("#fields form")) == 2)
    first = review.browser.switch_to.active_element
    assert first.get_attribute("value") == "1.84"
    review.press(Keys.CONTROL + "a", "1.345", Keys.ENTER)
    assert "This field has room for 4" in review.text("#fields .note")
    review.press(Keys.BACKSPACE, Keys.ENTER)
    review.wait(lambda: "Saved" in review.text("#fields .note"))
    second = review.browser.switch_to.active_element
    assert second.get_attribute("value") == "5AM"
    review.press(Keys.CONTROL + "a", "SAM", Keys.ENTER)
    review.wait(lambda: "Everything is reviewed" in review.text("main"))
    rows = review.finish()
    assert {place: row["character"] for place, row in rows.items()} == review.made.truth


def test_a_lost_server_is_said_and_nothing_looks_saved(review_of):
    review = review_of({"a": ("12", "12")})
    review.open()
    review.browser.execute_script("window.fetch = () => Promise.reject(new TypeError('gone'))")
    review.press("9")
    review.wait(lambda: "Not saved" in review.text("#alert"))
    assert not review.find(".tile.answered")


TEMPLATE = """
name = "club"
page = { width_mm = 210, height_mm = 297 }
[[field]]
name = "no"
kind = "comb"
box = [10, 10, 40, 8]
cells = 4
charset = "digits"
check = "luhn"
"""


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "club.toml").write_text(TEMPLATE)
    return FieldRules.of([load_template(tmp_path / "club.toml")])


def answered(review):
    with open_journal(journal_path(review.made.results)) as journal:
        return [(answer.position, answer.character) for answer in journal.corrections.since()]


def test_a_field_that_breaks_its_rule_takes_a_second_enter(review_of, rules):
    review = review_of({"no": ("1230", "1234")}, rules, form="club")
    review.open("fields")
    (box,) = review.wait(lambda: review.find(".entry input"))
    assert "Takes digits, check digit" in review.text(".note")
    box.clear()
    box.send_keys("1234", Keys.ENTER)
    review.wait(lambda: "1234 does not fit no" in review.text(".note"))
    assert answered(review) == []
    box.send_keys(Keys.ENTER)
    review.wait_answered(4)
    assert dict(answered(review)) == {1: "1", 2: "2", 3: "3", 4: "4"}


def test_a_text_that_is_too_short_blanks_nothing_without_asking(review_of):
    review = review_of({"name": ("ANNABELLE", "ANNABELLE")})
    review.open("fields")
    (box,) = review.wait(lambda: review.find(".entry input"))
    box.clear()
    box.send_keys("ANN", Keys.ENTER)
    review.wait(lambda: "the last 6 characters blank" in review.text(".note"))
    assert answered(review) == []
    box.send_keys("ABELLE", Keys.ENTER)
    review.wait_answered(9)


def test_a_tile_that_breaks_a_rule_is_framed_and_kept_when_typed_again(review_of, rules):
    review = review_of({"no": ("1230", "1234")}, rules, form="club")
    review.open()
    review.press("x")
    review.wait(lambda: "x cannot stand in no" in review.text("#warning").lower())
    review.wait(lambda: review.find(".tile.broken"))
    assert answered(review) == []
    review.find(".tile.broken")[0].send_keys(Keys.HOME)
    review.press("x")
    review.wait_answered(1)


def test_accepting_what_breaks_a_rule_takes_a_second_enter(review_of, rules):
    review = review_of({"no": ("1230", "1234"), "other": ("A", "A")}, rules, form="club")
    review.open()
    review.press(Keys.ENTER)
    review.wait(lambda: len(review.find(".tile.broken")) == 4)
    review.wait(lambda: "does not fit no" in review.text("#warning"))
    review.wait_answered(1)
    review.press(Keys.ENTER)
    review.wait_answered(5)
    review.wait(lambda: not review.find("#warning")[0].is_displayed())


def test_one_by_one_a_rule_is_told_beside_the_character(review_of, rules):
    review = review_of({"no": ("1230", "1234")}, rules, form="club")
    review.open("one")
    review.wait(lambda: "takes digits" in review.text(".place"))
    review.press("x")
    review.wait(lambda: "once more keeps it" in review.text(".question"))
    assert answered(review) == []
    review.press("x")
    review.wait_answered(1)


def test_filters_show_a_field_alone_with_how_many_are_left(review_of):
    review = review_of({"a": ("111", "111"), "b": ("22", "22")})
    review.open()
    review.wait(lambda: len(review.find(".tile")) == 5)
    options = [option.text for option in review.find("#only-field option")]
    assert options == ["every field", "a (3)", "b (2)"]
    review.find("#only-field option")[2].click()
    review.wait(lambda: len(review.find(".tile")) == 2)
    assert not review.find("#only-form")[0].is_displayed()
    review.click("#only-field option")
    review.wait(lambda: len(review.find(".tile")) == 5)


def test_finishing_asks_where_answers_are_missing(review_of):
    review = review_of({"a": ("12", "12")})
    review.open()
    review.click("#finish")
    review.wait(lambda: "2 of 2 characters have no answer" in review.text("#asking"))
    review.click("#asking button[value=back]")
    review.wait(lambda: not review.find("#asking[open]"))
    review.press(Keys.ENTER)
    review.wait_answered(2)
    assert "Ada: 2 answers" in review_lines(review)


def test_enter_after_the_help_accepts_and_does_not_open_it_again(review_of):
    review = review_of({"a": ("12", "12")})
    review.open()
    review.click("#help")
    review.wait(lambda: review.find("#keys[open]"))
    review.click("#keys button")
    review.wait(lambda: not review.find("#keys[open]"))
    review.press(Keys.ENTER)
    review.wait_answered(2)


def review_lines(review):
    review.finish()
    return review.text("#lines")


def test_leaving_writes_the_results_and_ends_nobody_elses_review(review_of):
    review = review_of({"a": ("12", "12")})
    review.open()
    review.press(Keys.ENTER)
    review.wait_answered(2)
    review.click("#leave")
    review.wait(lambda: "You have left" in review.text("#finished"))
    with review.made.results.open(encoding="utf-8", newline="") as file:
        assert {row["reasons"] for row in csv.DictReader(file)} == {"reviewed"}
    review.open("one")  # the program still answers


def test_characters_that_look_alike_are_told_apart(review_of):
    review = review_of({"a": ("I10O", "I10O")})
    review.open()
    widths = """
        const canvas = document.createElement("canvas").getContext("2d");
        const font = getComputedStyle(document.querySelector("#grid h2 b")).fontFamily;
        canvas.canvas.width = canvas.canvas.height = 60;
        return [..."Il10O"].map((character) => {
          canvas.clearRect(0, 0, 60, 60);
          canvas.font = `40px ${font}`;
          canvas.fillText(character, 5, 45);
          return canvas.getImageData(0, 0, 60, 60).data.join("");
        });
    """
    drawn = review.browser.execute_script(widths)
    assert len(set(drawn)) == 5


def test_the_page_stands_beside_the_character_where_there_is_room(review_of):
    review = review_of({"a": ("1111111112", "1111111112")}, sure="1")
    review.open("one")
    review.wait(lambda: review.find(".large"))
    assert not review.find(".beside")[0].is_displayed()
    metrics = {"width": 1800, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    review.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        review.open("one")
        review.wait(lambda: review.find(".beside img")[0].size["width"] > 400)
        before = review.find(".beside img")[0].size["width"]
        review.find(".beside button")[1].click()
        assert review.find(".beside img")[0].size["width"] > 1.3 * before
        # The cell, on the right of the page, stays in sight.
        scrolled = "return document.querySelector('.beside .view').scrollLeft"
        assert review.browser.execute_script(scrolled) > 0
    finally:
        width, height = SCREEN
        metrics = {**metrics, "width": width, "height": height}
        review.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
