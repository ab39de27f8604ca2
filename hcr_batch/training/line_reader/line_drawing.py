"""Strings drawn from the characters of one hand, and words from their pen strokes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

__all__ = ["Drawing", "Glyph", "Hand", "compose", "draw_word"]

FINENESS = 3
"""Binary digits of a pixel that polylines are drawn with."""
BORDER = 6
"""Pixels around a drawing."""
TALLEST, SHORTEST = 64, 17
"""Pixels of a capital: as scanned at 300 dpi, and at 100."""
LONGEST = 2600
"""Pixels of a drawing; longer ones are made smaller."""
SMALL = "acemnorsuvwxz"
TAILED = "gpqyj"
SMALL_HEIGHT = 0.62
TAIL = 0.32
MARKS = {
    ".": (-0.12, 0.02),
    ",": (-0.16, 0.16),
    "-": (-0.52, -0.38),
    "/": (-1.08, 0.12),
    "'": (-1.05, -0.75),
    "+": (-0.75, -0.15),
    ":": (-0.60, -0.02),
    "(": (-1.08, 0.14),
    ")": (-1.08, 0.14),
    "@": (-0.95, 0.05),
    "$": (-1.1, 0.1),
    "%": (-1.0, 0.02),
    "#": (-0.95, 0.02),
}
"""Top and bottom of marks, in heights of a capital above (negative) and below the base line."""
SMALL_MARKS = ".,':"
"""Marks that stand at one place of the line, in any size."""
IN_THE_MIDDLE = "-',"
"""Marks that grow up and down alike."""
FLAT = "-"
"""Marks whose width is what has a usual size, not their height."""
FLAT_WIDTH = 0.42
MARK_SIZES = (0.7, 1.9)
"""Of these usual sizes: some write commas half as high as their digits."""

Rng = np.random.Generator


@dataclass(frozen=True)
class Glyph:
    """One character as pen strokes, or as ink where there are none.

    Attributes
    ----------
    strokes : tuple of ndarray, each float32 (n, 2)
    ink : ndarray of uint8, shape (rows, columns), optional
        Tightly cut, light ink on black.
    """

    strokes: tuple[np.ndarray, ...] = ()
    ink: np.ndarray | None = None

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        if self.ink is not None:
            return float(self.ink.shape[1]), float(self.ink.shape[0])
        points = np.concatenate(self.strokes)
        width, height = (points.max(0) - points.min(0)).tolist()
        return width, height


Hand = dict[str, Sequence[Glyph]]
"""The characters of one writer."""


@dataclass(frozen=True)
class Drawing:
    """Soft ink as on a page, uint8 (rows, columns), and the height of its capitals in pixels."""

    ink: np.ndarray
    capital: float


@dataclass(frozen=True)
class _Placed:
    glyph: Glyph
    x: float
    top: float
    width: float
    height: float


def compose(text: str, hand: Hand, rng: Rng) -> Drawing:
    """Write a text with the characters of one hand.

    Parameters
    ----------
    text : str
        Of the characters of `hand` and blanks.
    hand : mapping
        At least one glyph a character.
    rng : Generator
        For which glyph, spacing, base line, slant and pen.
    """
    capital = _capital(rng)
    placed = _placed(text, hand, rng)
    slant = float(np.clip(rng.normal(0, 0.13), -0.45, 0.45))
    wave = rng.normal(0, 0.05), rng.uniform(0.2, 0.9), rng.uniform(0, 6)
    tilt = float(rng.normal(0, 0.012))
    matrix = np.array([[capital, -slant * capital], [0, capital]], np.float32)
    strokes: list[np.ndarray] = []
    inks: list[tuple[np.ndarray, np.ndarray]] = []
    for one in placed:
        lift = wave[0] * np.sin(wave[1] * one.x + wave[2]) + tilt * one.x
        if one.glyph.ink is None:
            strokes += [line @ matrix.T for line in _moved(one, lift)]
        else:
            inks.append(_turned(one, lift, matrix))
    pen = max(1.0, capital * float(np.exp(rng.uniform(np.log(0.045), np.log(0.15)))))
    return Drawing(_drawn(strokes, inks, pen), capital)


def draw_word(strokes: Sequence[np.ndarray], rng: Rng) -> Drawing:
    """Draw writing from its pen strokes with another pen, slant, size and width each time.

    Parameters
    ----------
    strokes : sequence of ndarray, each float32 (n, 2)
        x to the right, y down; any unit.
    rng : Generator
    """
    points = np.concatenate(strokes)
    middle = np.median(points[:, 1])
    # Half of the ink lies within about a small letter's height of the middle.
    spread = max(float(np.std(points[:, 1])), 1e-3, 0.1 * float(np.ptp(points[:, 1])))
    capital = _capital(rng)
    scale = capital / (3.2 * spread)
    scale = min(scale, LONGEST / max(float(np.ptp(points[:, 0])), 1.0))
    aspect = float(np.exp(np.clip(rng.normal(0, 0.13), -0.35, 0.35)))
    slant = float(np.clip(rng.normal(0, 0.13), -0.45, 0.45))
    tilt = float(rng.normal(0, 0.012))
    matrix = scale * np.array([[aspect, -slant], [tilt, 1.0]], np.float32)
    origin = np.array([points[0, 0], middle], np.float32)
    pen = max(1.0, capital * float(np.exp(rng.uniform(np.log(0.045), np.log(0.125)))))
    return Drawing(_drawn([(line - origin) @ matrix.T for line in strokes], [], pen), capital)


def _capital(rng: Rng) -> float:
    return float(np.exp(rng.uniform(np.log(SHORTEST), np.log(TALLEST))))


def _placed(text: str, hand: Hand, rng: Rng) -> list[_Placed]:
    """Where each character stands, in heights of a capital, the base line at 0."""
    gap, loose = _spacing(rng)
    small = SMALL_HEIGHT * rng.uniform(0.85, 1.15)
    mark_size = float(np.exp(rng.uniform(*np.log(MARK_SIZES))))
    uneven, ragged = rng.uniform(0.01, 0.09, 2)
    wide = float(np.exp(rng.normal(0, 0.1)))
    x, placed = 0.0, []
    for character in text:
        if character == " ":
            x += max(0.0, gap) + rng.uniform(0.45, 1.0)
            continue
        glyphs = hand[character]
        glyph = glyphs[int(rng.integers(len(glyphs)))]
        top, bottom = _extent(character, small)
        wanted = bottom - top
        if character in SMALL_MARKS:
            wanted *= mark_size
        width, height = _scaled(glyph, character, wanted, rng, uneven)
        middle = (top + bottom) / 2 if character in IN_THE_MIDDLE else bottom - height / 2
        width *= wide
        placed.append(_Placed(glyph, x, middle - height / 2 + rng.normal(0, ragged), width, height))
        x += width + gap + abs(gap) * rng.normal(0, loose) + 0.04
    return placed


def _spacing(rng: Rng) -> tuple[float, float]:
    """Usual gap between characters, in heights of a capital, and how uneven it is."""
    kind = rng.random()
    if kind < 0.2:
        return float(rng.uniform(-0.12, 0.05)), 0.6
    if kind < 0.8:
        return float(rng.uniform(0.03, 0.32)), 0.35
    return float(rng.uniform(0.3, 0.95)), 0.25


def _extent(character: str, small: float) -> tuple[float, float]:
    if character in MARKS:
        return MARKS[character]
    tail = TAIL if character in TAILED else 0.0
    if character in SMALL or character in TAILED:
        return -small - (0.25 if character == "j" else 0.0), tail
    if character in "ti":
        return -0.86, 0.0
    return -1.0, 0.0


def _scaled(
    glyph: Glyph, character: str, wanted: float, rng: Rng, uneven: float
) -> tuple[float, float]:
    """Width and height of a glyph on the line."""
    width, height = glyph.size
    change = float(np.exp(rng.normal(0, uneven)))
    if character in FLAT or height < 0.2 * width:
        dot = character in MARKS and character not in FLAT
        usual = min(wanted, FLAT_WIDTH) if dot else FLAT_WIDTH
        scale = usual * change * rng.uniform(0.6, 1.3) / max(width, 1.0)
    else:
        scale = wanted * change / max(height, 1.0)
    return width * scale, height * scale


def _moved(one: _Placed, lift: float) -> list[np.ndarray]:
    points = np.concatenate(one.glyph.strokes)
    low, high = points.min(0), points.max(0)
    scale = np.array([one.width, one.height], np.float32) / np.maximum(high - low, 1.0)
    origin = np.array([one.x, one.top + lift], np.float32)
    return [(line - low) * scale.astype(np.float32) + origin for line in one.glyph.strokes]


def _turned(one: _Placed, lift: float, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ink of a glyph as it stands on the page, and where its top left corner is."""
    assert one.glyph.ink is not None
    rows = len(one.glyph.ink)
    width = max(1, round(float(one.width * matrix[0, 0])))
    height = max(1, round(float(one.height * matrix[1, 1])))
    area = height < rows
    ink = cv2.resize(
        one.glyph.ink, (width, height), interpolation=cv2.INTER_AREA if area else cv2.INTER_LINEAR
    )
    slant = float(matrix[0, 1] / matrix[1, 1])
    reach = abs(slant) * height
    shear = np.array([[1, slant, reach if slant < 0 else 0], [0, 1, 0]], np.float32)
    ink = cv2.warpAffine(ink, shear, (width + int(np.ceil(reach)), height))
    corner = matrix @ np.array([one.x, one.top + lift])
    return ink, np.array([corner[0] + min(0.0, slant) * height, corner[1]])


def _drawn(
    strokes: Sequence[np.ndarray], inks: Sequence[tuple[np.ndarray, np.ndarray]], pen: float
) -> np.ndarray:
    lows = [line.min(0) for line in strokes] + [corner for _, corner in inks]
    highs = [line.max(0) for line in strokes]
    highs += [np.add(corner, ink.shape[::-1]) for ink, corner in inks]
    low = np.min(lows, axis=0) - pen / 2 - BORDER
    columns, rows = np.ceil(np.max(highs, axis=0) + pen / 2 + BORDER - low).astype(int).tolist()
    canvas = np.zeros((rows + 1, columns + 1), np.uint8)
    # A line of one point draws nothing; drawn there and back it leaves a dot.
    fixed = [
        np.round((np.vstack([line, line[-1] + (0.3, 0)]) - low) * (1 << FINENESS)).astype(np.int32)
        for line in strokes
    ]
    width = max(1, round(pen))
    if fixed:
        cv2.polylines(canvas, fixed, False, 255, width, cv2.LINE_AA, FINENESS)
    for ink, corner in inks:
        x, y = np.round(corner - low).astype(int).tolist()
        part = canvas[y : y + ink.shape[0], x : x + ink.shape[1]]
        np.maximum(part, ink[: part.shape[0], : part.shape[1]], out=part)
    return canvas
