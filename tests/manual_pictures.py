"""Draws the pictures of the manual anew, from the samples and with the program as it is.

    PYTHONPATH=tests python tests/manual_pictures.py [NAME...]

writes samples/pictures/NAME.png: membership, nist-hsf, layers, editor, review, serve; all if none
is named. The last three are taken in a real Chromium.
"""

import csv
import itertools
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from browser import open_browser
from drawn_character import STROKES
from PIL import Image
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from hcr_batch.config import load_settings
from hcr_batch.documents import open_pages
from hcr_batch.segmentation.layers import segment
from hcr_batch.segmentation.network import load_segmenter

ROOT = Path(__file__).resolve().parents[1]
FORMS = ROOT / "samples" / "forms"
PICTURES = ROOT / "samples" / "pictures"
TEMPLATES = ROOT / "configs" / "forms"
COLOURS = 64
"""Of a picture: enough for what is drawn here, and a quarter of the size."""
PATIENCE_S = 120.0
STEPS = 3
"""Points on a straight part of a drawn stroke."""

LAYERS = {"cell": (170, 220, 255), "print": (0, 140, 0), "line": (0, 140, 255)}
"""Colours of layers, red, green and blue, those below first; handwriting is drawn last."""
WRITING = (255, 0, 0)

Key = tuple[str, int, str, int]
"""File, page, field and position of a cell."""


def main(names: list[str]) -> None:
    """Draw the pictures of these names, or all."""
    for name in names or DRAWN:
        with tempfile.TemporaryDirectory() as folder:
            save(DRAWN[name](Path(folder)), name)


def save(picture: np.ndarray, name: str) -> None:
    """Write a picture, uint8 (rows, columns, 3) in red, green and blue, with few colours."""
    image = Image.fromarray(picture).quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(PICTURES / f"{name}.png", optimize=True)
    print(PICTURES / f"{name}.png", image.size)


def membership(folder: Path) -> np.ndarray:
    """The overlay of a form, down to its last field."""
    return overlay(folder, "membership.png")[40:650]


def nist_hsf(folder: Path) -> np.ndarray:
    """The upper part of the overlay of a form whose boxes hold strings, smaller."""
    whole = overlay(folder, "nist-hsf.png")
    width = 1135
    height = round(whole.shape[0] * width / whole.shape[1])
    return cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)[90:890]


def overlay(folder: Path, form: str) -> np.ndarray:
    """What `scan --overlay` draws of a form that it knows."""
    template = TEMPLATES / Path(form).with_suffix(".toml").name
    scan(folder, FORMS / form, "--template", template, "--overlay", folder / "pictures")
    (picture,) = (folder / "pictures").iterdir()
    return cv2.cvtColor(cv2.imread(str(picture)), cv2.COLOR_BGR2RGB)


def layers(_folder: Path) -> np.ndarray:
    """What the page segmentation says of a form's pixels."""
    (page,) = open_pages(FORMS / "membership.png", load_settings().documents)
    found = segment(page, load_segmenter())
    picture = np.full((*found.written.shape, 3), 255, np.uint8)
    maps = {"cell": found.cell, "print": found.printed, "line": found.line}
    for name, colour in LAYERS.items():
        picture[maps[name] > 127] = colour
    picture[found.written > 127] = WRITING
    return picture[:418]


def review(folder: Path) -> np.ndarray:
    """The tiles of a review, those on the first page that were read wrong corrected."""
    scan(folder, FORMS)
    right = corrections(folder / "results.csv")
    command = ("review", "results.csv", "--no-browser", "--reviewer", "Ada")
    with running(folder, *command) as address, open_browser() as browser:
        browser.get(address)
        wait(lambda: browser.find_elements("css selector", ".tile.current"))
        for _ in browser.find_elements("css selector", ".tile"):
            key = place(browser.find_element("css selector", "#place").text)
            browser.switch_to.active_element.send_keys(right.get(key, Keys.ARROW_RIGHT))
            time.sleep(0.2)
        browser.execute_script("document.querySelector('.tile').scrollIntoView()")
        return screenshot(browser)


def corrections(results: Path) -> dict[Key, str]:
    """What flagged cells really hold that were read otherwise, where fields go cell by cell."""
    with (ROOT / "samples" / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = list(csv.DictReader(file))
    fields: dict[tuple[str, str, str], list[dict[str, str]]] = {}
    with results.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            fields.setdefault((row["file"], row["page"], row["field"]), []).append(row)
    found = {}
    for rows in fields.values():
        text = next((one["text"] for one in truth if lies_in(rows[0], one)), "")
        pairs = [pair for pair in zip(rows, text) if pair[1].isalnum()]
        differing = [pair for pair in pairs if pair[0]["character"].upper() != pair[1].upper()]
        if 2 * len(differing) < len(pairs):
            found.update({key_of(row): true for row, true in differing if row["flagged"] == "true"})
    return found


def lies_in(row: Mapping[str, str], field: Mapping[str, str]) -> bool:
    """Whether the middle of a cell lies in a field of the truth."""
    if (row["file"], row["page"]) != (field["file"], field["page"]):
        return False
    middles = (int(row["x"]) + int(row["width"]) / 2, int(row["y"]) + int(row["height"]) / 2)
    sides = (("x", "width"), ("y", "height"))
    return all(
        int(field[start]) <= middle <= int(field[start]) + int(field[length])
        for middle, (start, length) in zip(middles, sides, strict=True)
    )


def key_of(row: Mapping[str, str]) -> Key:
    return row["file"], int(row["page"]), row["field"], int(row["position"])


def place(text: str) -> Key | None:
    """The cell that the foot of the page names: `slip.png, page 1, f002, 3`."""
    found = re.match(r"(.+), page (\d+), (.+), (\d+)$", text)
    return (found[1], int(found[2]), found[3], int(found[4])) if found else None


def editor(folder: Path) -> np.ndarray:
    """A drafted template in the editor, its fields named as suggested, one of them chosen."""
    form = FORMS / "membership.png"
    subprocess.run(
        program("template", "draft", form, "--out", "club.toml"),
        cwd=folder,
        env=environment(),
        check=True,
    )
    command = ("template", "edit", "club.toml", "--on", str(form), "--no-browser")
    with running(folder, *command) as address, open_browser() as browser:
        browser.get(address)
        wait(lambda: browser.find_element("css selector", "#name-all").is_displayed())
        browser.find_element("css selector", "#name-all").click()
        browser.find_element("css selector", "#list").send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
        time.sleep(2)
        return screenshot(browser)


def serve(folder: Path) -> np.ndarray:
    """The page to draw on, with a 7."""
    with running(folder, "serve", "--port", "0") as address, open_browser() as browser:
        browser.get(address)
        canvas = browser.find_element("css selector", "#canvas")
        side = 0.65 * canvas.rect["width"]
        (stroke,) = STROKES["7"]
        points = [(round((x - 0.5) * side), round((y - 0.5) * side)) for x, y in dense(stroke)]
        pen = ActionChains(browser, duration=20)
        pen.move_to_element_with_offset(canvas, *points[0]).click_and_hold()
        for point in points[1:]:
            pen.move_to_element_with_offset(canvas, *point)
        pen.release().perform()
        wait(lambda: "sure" in browser.find_element("css selector", "main").text)
        time.sleep(1)  # the bars grow
        return screenshot(browser)[:600]


def dense(stroke: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """A stroke with many points on it, so that the page rounds its corners little."""
    for (x, y), (next_x, next_y) in itertools.pairwise(stroke):
        for part in np.linspace(0, 1, STEPS):
            yield x + part * (next_x - x), y + part * (next_y - y)


def scan(folder: Path, *words: str | Path) -> None:
    subprocess.run(program("scan", *words, "--quiet"), cwd=folder, env=environment(), check=True)


@contextmanager
def running(folder: Path, *words: str) -> Iterator[str]:
    """The address of a page that a command serves meanwhile."""
    command = program(*words)
    options = {"cwd": folder, "env": environment(), "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **options) as process:
        try:
            said = iter(process.stderr.readline, "")
            yield next(found[0] for line in said if (found := re.search(r"http\S+", line)))
        finally:
            process.terminate()


def program(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "hcr_batch", *map(str, words)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def wait(condition) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"nothing within {PATIENCE_S:g} s")
        time.sleep(0.2)


def screenshot(browser) -> np.ndarray:
    data = np.frombuffer(browser.get_screenshot_as_png(), np.uint8)
    return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


DRAWN = {
    "editor": editor,
    "layers": layers,
    "membership": membership,
    "nist-hsf": nist_hsf,
    "review": review,
    "serve": serve,
}


if __name__ == "__main__":
    main(sys.argv[1:])
