"""Pages for the benchmark of speed: forms of A4 at 300 dpi with 302 filled boxes, seeded."""

from __future__ import annotations

import string
from pathlib import Path

import numpy as np
from form_defects import Defects
from form_glyphs import StrokeGlyphs
from form_maker import make_form
from form_sheet import FormSpec, Question
from PIL import Image

__all__ = ["FORMATS", "GLYPHS", "make_pages"]

GLYPHS = 302
"""Filled boxes on a page."""
ROW = 27
"""Boxes on a line: two fields."""
DPI = 300
STYLES = ("boxes", "framed-comb", "spaced", "comb")
"""The pages take these in turn."""
LARGEST_SKEW = 1.5
FORMATS = {"jpeg": ".jpg", "png": ".png", "g4": ".tif", "pdf": ".pdf"}
"""Formats and the endings of their files; a PDF page holds the JPEG."""


def make_pages(folder: Path, count: int, seed: int, handwriting: Path) -> dict[str, list[Path]]:
    """Write `count` forms in each of the formats; returns their files by format.

    Parameters
    ----------
    folder : Path
    count : int
    seed : int
    handwriting : Path
        Pen strokes of UNIPEN, `unipen_strokes.npz`.
    """
    hands = StrokeGlyphs(handwriting)
    files: dict[str, list[Path]] = {name: [] for name in FORMATS}
    for name in FORMATS:
        (folder / name).mkdir(parents=True)
    for number in range(count):
        gray = _page(seed * 1000 + number, STYLES[number % len(STYLES)], hands)
        for name, ending in FORMATS.items():
            path = folder / name / f"page{number:03d}{ending}"
            _save(gray, name, path)
            files[name].append(path)
    return files


def _page(seed: int, style: str, hands: StrokeGlyphs) -> np.ndarray:
    rng = np.random.default_rng(seed)
    spec = FormSpec(
        style=style,
        title="Registration",
        questions=_questions(rng),
        seed=seed,
        dpi=DPI,
        cell_width=4.6 if style == "spaced" else 5.2,
        cell_height=6.4,
        defects=Defects(
            skew=float(rng.uniform(-LARGEST_SKEW, LARGEST_SKEW)), noise=2.0, blur=0.5
        ),
    )
    form = make_form(spec, hands)
    filled = sum(len(field.cells) for field in form.fields)
    if filled != GLYPHS:
        raise ValueError(f"{filled} boxes found room on the page, not {GLYPHS}")
    return form.gray


def _questions(rng: np.random.Generator) -> tuple[Question, ...]:
    """Fields of random widths, two a line, every box filled with digits or capitals."""
    sizes: list[int] = []
    while sum(sizes) < GLYPHS:
        first = int(rng.integers(6, ROW - 6))
        sizes += [min(size, GLYPHS - sum(sizes)) for size in (first,)]
        sizes += [min(ROW - first, GLYPHS - sum(sizes))]
    answers = (_answer(size, rng) for size in sizes if size)
    return tuple(
        Question(f"Field {number}", answer, cells=len(answer))
        for number, answer in enumerate(answers, start=1)
    )


def _answer(size: int, rng: np.random.Generator) -> str:
    alphabet = string.digits if rng.random() < 0.5 else string.ascii_uppercase
    return "".join(rng.choice([*alphabet], size))


def _save(gray: np.ndarray, name: str, path: Path) -> None:
    image = Image.fromarray(gray)
    if name == "g4":
        level = 0.62 * float(np.median(gray))
        image = Image.fromarray(gray >= level)
        image.save(path, compression="group4", dpi=(DPI, DPI))
    elif name == "pdf":
        image.save(path, resolution=DPI, quality=85)
    elif name == "jpeg":
        image.save(path, quality=85, dpi=(DPI, DPI))
    else:
        image.save(path, dpi=(DPI, DPI))
