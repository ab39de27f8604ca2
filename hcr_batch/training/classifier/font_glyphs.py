"""Machine-printed characters from the fonts of a folder."""

from __future__ import annotations

import string
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

__all__ = ["PrintedSet", "render_fonts"]

CHARACTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
POINT_SIZE = 80
"""Pixels of the em at which fonts are rendered, once."""


@dataclass(frozen=True)
class PrintedSet:
    """Rendered characters: `inks` (tight, light on black), `labels` and names of `fonts`."""

    inks: tuple[np.ndarray, ...]
    labels: np.ndarray
    fonts: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, mask: np.ndarray) -> PrintedSet:
        """The characters where `mask` is true."""
        inks = tuple(ink for ink, keep in zip(self.inks, mask, strict=True) if keep)
        return PrintedSet(inks, self.labels[mask], self.fonts[mask])


def render_fonts(folder: Path, limit: int, seed: int) -> PrintedSet:
    """Render 0-9 A-Z a-z in up to `limit` fonts with Latin letters below `folder`.

    Returns
    -------
    PrintedSet
        Empty where the folder holds no such font.
    """
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in {".ttf", ".otf"})
    paths = [path for path in found if "Symbol" not in path.name]
    order = np.random.default_rng(seed).permutation(len(paths))
    inks: list[np.ndarray] = []
    labels: list[str] = []
    fonts: list[str] = []
    used = 0
    for path in (paths[i] for i in order):
        rendered = _render_font(path)
        if used == limit or rendered is None:
            continue
        used += 1
        inks += rendered
        labels += list(CHARACTERS)
        fonts += [path.stem] * len(CHARACTERS)
    return PrintedSet(tuple(inks), np.array(labels, "U1"), np.array(fonts, str))


def _render_font(path: Path) -> list[np.ndarray] | None:
    """The 62 characters of a font, or None where it has no Latin letters of its own."""
    try:
        font = ImageFont.truetype(str(path), POINT_SIZE)
    except OSError:
        return None
    missing = _render("\ue5ff", font)
    inks = [_render(character, font) for character in CHARACTERS]
    different = {ink.tobytes() for ink in inks}
    plausible = all(ink.size > 40 and not np.array_equal(ink, missing) for ink in inks)
    return inks if plausible and len(different) > 50 else None


def _render(character: str, font: ImageFont.FreeTypeFont) -> np.ndarray:
    image = Image.new("L", (2 * POINT_SIZE, 2 * POINT_SIZE), 0)
    ImageDraw.Draw(image).text((POINT_SIZE // 2, POINT_SIZE // 4), character, 255, font=font)
    ink = np.asarray(image)
    left, top, width, height = cv2.boundingRect(ink)
    return ink[top : top + height, left : left + width].copy()
