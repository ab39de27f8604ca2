"""Review flagged characters of the sample forms by tiles, in a real browser, and count the strokes.

    python tests/benchmarks/bench_review.py --crops 200

The reviewer knows the truth. With `pointing` she holds the pointer over a wrong
tile and types what it is; with `keyboard` she goes there by arrows and PgDn. The page
itself counts what reaches it: keys (Shift is no stroke of its own) and clicks.
"""

from __future__ import annotations

import argparse
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from browser import open_browser, served

from hcr_batch.config import load_settings
from hcr_batch.evaluation.matching import align, fold, match_fields
from hcr_batch.evaluation.score_tables import read_results, read_truth
from hcr_batch.journal.cell_table import DueCell
from hcr_batch.journal.journal import journal_path, open_journal
from hcr_batch.journal.outputs import Outputs
from hcr_batch.review.page_pictures import PagePictures
from hcr_batch.review.review_app import review_app
from hcr_batch.review.review_session import ReviewRequest, ReviewSession
from hcr_batch.types import Box
from hcr_batch.web.security import allowed_hosts

ROOT = Path(__file__).resolve().parents[2]
BLANK = "."
WAIT_S = 20.0
SAME_ROW = 10
"""Pixels; tiles of one row lie no further apart in height."""
NEXT_GROUP = """
const here = document.querySelector(`[data-number="${arguments[0]}"]`);
const later = [...document.querySelectorAll("#grid h2 + .tile")]
  .filter((tile) => here.compareDocumentPosition(tile) & Node.DOCUMENT_POSITION_FOLLOWING);
return later.length ? Number(later[0].dataset.number) : -1;
"""
NAMES = "return [...document.querySelectorAll('.tile')].map((tile) => tile.ariaLabel)"
COUNTING = """
window.strokes = 0;
const counts = (event) => !["Shift", "Control", "Alt", "Meta"].includes(event.key);
document.addEventListener("keydown", (event) => (window.strokes += counts(event)), true);
document.addEventListener("pointerdown", () => (window.strokes += 1), true);
"""

Spot = tuple[str, int, int, int, int, int]
"""File, page, x, y, width, height: names a cell."""


@dataclass(frozen=True)
class Sitting:
    """What a review took."""

    crops: int
    wrong: int
    pages: int
    strokes: int
    seconds: float
    left_wrong: int

    def __str__(self) -> str:
        each = (self.strokes - self.pages) / max(1, self.wrong)
        return (
            f"{self.crops} crops, {self.wrong} of them wrong, on {self.pages} pages of tiles: "
            f"{self.strokes} key strokes and clicks = one a page + {each:.2f} a wrong crop; "
            f"wrong after the review: {self.left_wrong}; {self.seconds:.0f} s in the browser"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--crops", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for way in ("pointing", "keyboard"):
        with tempfile.TemporaryDirectory() as folder:
            results = Path(folder) / "results.csv"
            truth = prepare(results, options.crops, options.seed)
            print(f"{way:9s}{review(results, truth, way)}", flush=True)


def prepare(results: Path, count: int, seed: int) -> dict[Spot, str]:
    """Scan the samples and leave so many cells flagged; gives what truly stands in them."""
    scan = [sys.executable, "-m", "hcr_batch", "scan", ROOT / "samples" / "forms", "--quiet"]
    # A stricter target than usual, for the samples to have enough flagged characters.
    subprocess.run([*scan, "--out", results, "--target-error", "0.2%"], check=True)
    known = known_cells(results)
    with open_journal(journal_path(results)) as journal:
        spots = [_spot_of(cell) for cell in journal.cells.due()]
    spots = [spot for spot in spots if spot in known]
    chosen = np.random.default_rng(seed).permutation(len(spots))[:count]
    kept = {spots[number]: known[spots[number]] for number in chosen}
    _unflag_others(journal_path(results), kept)
    return kept


def known_cells(results: Path) -> dict[Spot, str]:
    """What stands in the cells of the fields that the truth knows; `.` for none."""
    predicted, truth = read_results(results), read_truth(ROOT / "samples" / "truth.csv")
    known: dict[Spot, str] = {}
    for (file, page), fields in truth.items():
        for field, cells in match_fields(fields, predicted[file, page])[0]:
            occupied = [cell for cell in cells or () if cell.occupied]
            for text, cell in align(fold(field.characters), occupied):
                if cell:
                    known[_spot(file, page, cell.box)] = text or BLANK
    return known


def review(results: Path, truth: dict[Spot, str], way: str) -> Sitting:
    """Answer every cell in the browser."""
    request = ReviewRequest(journal_path(results), Outputs(results))
    session = ReviewSession(request)
    app = review_app(
        session,
        PagePictures(load_settings()),
        "secret",
        allowed_hosts("127.0.0.1"),
        "bench",
        lambda: None,
    )
    with session.open_journal() as journal:
        cells = {_place_of(cell): cell for cell in journal.cells.due()}
    answers = {place: truth[_spot_of(cell)] for place, cell in cells.items()}
    wrong = {p for p, cell in cells.items() if (cell.reading.character or BLANK) != answers[p]}
    with served(app) as server, open_browser() as browser:
        browser.get(f"{server.address}/secret/")
        start = time.perf_counter()
        browser.execute_script(COUNTING)
        pages, tiles = 0, {}
        while tiles := _shown(browser, tiles):
            _correct(browser, tiles, wrong, answers, way)
            _key(browser, Keys.ENTER)
            pages += 1
        strokes = browser.execute_script("return window.strokes")
        seconds = time.perf_counter() - start
    return Sitting(len(truth), len(wrong), pages, strokes, seconds, _left_wrong(session, truth))


def _shown(browser, before: dict[str, Any]) -> dict[str, Any]:
    """The tiles of the page after another one, by name; none when all is done."""
    old = next(iter(before.values()), None)
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        if browser.find_elements("css selector", "#done:not([hidden])"):
            return {}
        tiles = browser.find_elements("css selector", ".tile")
        if tiles and tiles[0] != old:
            return dict(zip(browser.execute_script(NAMES), tiles, strict=True))
        time.sleep(0.02)
    raise TimeoutError("the next page of tiles does not come")


def _correct(
    browser, tiles: dict[str, Any], wrong: set[str], answers: dict[str, str], way: str
) -> None:
    for name, tile in tiles.items():
        place = name.split(", ", 1)[1]
        if place not in wrong:
            continue
        if way == "pointing":
            ActionChains(browser).move_to_element(tile).perform()
        else:
            _walk(browser, tile)
        _key(browser, answers[place])


def _walk(browser, tile) -> None:
    """Go to a later tile by keys, each time by the one that leads furthest."""
    aim = int(tile.get_attribute("data-number"))
    while (here := browser.find_element("css selector", ".tile.current")) != tile:
        now = int(here.get_attribute("data-number"))
        group = browser.execute_script(NEXT_GROUP, now)
        down = tile.rect["y"] - here.rect["y"]
        if now < group <= aim:
            _key(browser, Keys.PAGE_DOWN)
        elif abs(down) > SAME_ROW:
            _key(browser, Keys.ARROW_DOWN if down > 0 else Keys.ARROW_UP)
        else:
            _key(browser, Keys.ARROW_RIGHT if aim > now else Keys.ARROW_LEFT)


def _key(browser, key: str) -> None:
    browser.switch_to.active_element.send_keys(key)


def _place_of(cell) -> str:
    return f"{cell.file}, page {cell.place.page}, {cell.field}, {cell.position}"


def _spot_of(cell: DueCell) -> Spot:
    return _spot(cell.file, cell.place.page, cell.place.box)


def _spot(file: str, page: int, box: Box) -> Spot:
    return (file, page, *map(round, (box.x, box.y, box.width, box.height)))


def _left_wrong(session: ReviewSession, truth: dict[Spot, str]) -> int:
    """Cells whose results, answers included, are not the truth."""
    with session.open_journal() as journal:
        now = {
            _spot(file.name, page.number, cell.box): cell.reading.character or BLANK
            for file, page in journal.pages()
            for field in page.fields
            for cell in field.cells
        }
    return sum(now[spot] != true for spot, true in truth.items())


def _unflag_others(journal: Path, kept: dict[Spot, str]) -> None:
    """Leave only these cells to review."""
    connection = sqlite3.connect(journal)
    rows = connection.execute(
        "SELECT files.name, pages.number, x, y, cells.width, cells.height, cells.field, position "
        "FROM files JOIN pages USING (reading) JOIN fields ON fields.page = pages.id "
        "JOIN cells ON cells.field = fields.id WHERE flagged"
    ).fetchall()
    others = [row[6:] for row in rows if row[:6] not in kept]
    with connection:
        connection.executemany(
            "UPDATE cells SET flagged = 0 WHERE field = ? AND position = ?", others
        )
    connection.close()


if __name__ == "__main__":
    main()
