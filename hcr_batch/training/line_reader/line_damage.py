"""What paper, forms, scanners and the separation of ink do to a line of writing."""

from __future__ import annotations

import cv2
import numpy as np

from hcr_batch.characters.line_strip import STRIP_HEIGHT
from hcr_batch.training.line_reader.line_drawing import Drawing

__all__ = ["damaged", "jittered"]

MOST_BENT = 1.5
"""Pixels of a strip, 40 high, that ink is moved by bending: the standard deviation, at most."""
BENDS = 13.0
"""Pixels from one hill of such a bend to the next, about: half a capital and more."""

Rng = np.random.Generator


def damaged(drawing: Drawing, rng: Rng) -> np.ndarray:
    """The soft ink of a drawing after paper, form, scanner and separation; same shape."""
    ink, capital = drawing.ink.copy(), drawing.capital
    draw = rng.random(9)
    if draw[0] < 0.25:
        ink = _pressed(ink, rng)
    if draw[1] < 0.14:
        _cut_rule(ink, capital, rng)
    if draw[2] < 0.12:
        _rest_of_rule(ink, capital, rng)
    if draw[3] < 0.12:
        _rests_of_walls(ink, capital, rng)
    if draw[4] < 0.07:
        ink = _broken(ink, rng)
    if draw[5] < 0.55:
        ink = cv2.GaussianBlur(ink, (0, 0), float(rng.uniform(0.4, max(0.5, 0.03 * capital))))
    if draw[6] < 0.35:
        ink = _grained(ink, rng)
    if draw[7] < 0.12:
        _speckle(ink, capital, rng)
    if draw[8] < 0.35:
        level = float(rng.uniform(0.25, 0.6)) * float(ink.max())
        ink = np.where(ink > level, 255, 0).astype(np.uint8)
    return ink


def jittered(strip: np.ndarray, rng: Rng) -> np.ndarray:
    """A strip moved, scaled and bent a little, as other ink of the same hand would be."""
    if rng.random() < 0.4:
        return strip
    across, along = np.exp(rng.normal(0, (0.08, 0.05)))
    shift = float(rng.normal(0, 1.0)) + STRIP_HEIGHT / 2 * (1 - along)
    width = max(8, round(strip.shape[1] * across))
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(STRIP_HEIGHT, dtype=np.float32)
    )
    bent = float(rng.uniform(0, MOST_BENT))
    right, down = (bent * _field(columns.shape, BENDS, rng) for _ in range(2))
    return cv2.remap(
        strip,
        columns / np.float32(across) + right,
        (rows - np.float32(shift)) / np.float32(along) + down,
        cv2.INTER_LINEAR,
    )


def _field(shape: tuple[int, ...], cell: float, rng: Rng) -> np.ndarray:
    """Smooth noise of standard deviation about 1; its hills measure some `cell` pixels."""
    rows, columns = (max(2, int(size / cell) + 2) for size in shape)
    coarse = rng.normal(0, 1, (rows, columns)).astype(np.float32)
    return cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)


def _pressed(ink: np.ndarray, rng: Rng) -> np.ndarray:
    """Uneven pressure: parts of the writing are fainter."""
    pressure = np.clip(1 - np.abs(_field(ink.shape, rng.uniform(8, 40), rng)) * 0.35, 0.25, 1)
    return (ink * pressure).astype(np.uint8)


def _cut_rule(ink: np.ndarray, capital: float, rng: Rng) -> None:
    """A ruling that the separation took away with the ink upon it, in place."""
    thickness = max(1, round(capital * rng.uniform(0.03, 0.10)))
    if rng.random() < 0.6:
        y = int(rng.integers(0, max(1, ink.shape[0] - thickness)))
        part = ink[y : y + thickness]
    else:
        x = int(rng.integers(0, max(1, ink.shape[1] - thickness)))
        part = ink[:, x : x + thickness]
    part[:] = (part * rng.uniform(0, 0.6)).astype(np.uint8)


def _rest_of_rule(ink: np.ndarray, capital: float, rng: Rng) -> None:
    """Fragments of a line to write on, near the lower edge or through the writing, in place."""
    rows, columns = ink.shape
    y = int(rng.uniform(0.55, 1.0) * (rows - 1))
    tone, thickness = int(rng.integers(50, 256)), max(1, round(capital * rng.uniform(0.02, 0.07)))
    for _ in range(int(rng.integers(1, 4))):
        start = int(rng.integers(0, columns))
        length = int(capital * rng.uniform(0.3, 2.5))
        piece = np.zeros_like(ink)
        cv2.line(piece, (start, y), (start + length, y), tone, thickness)
        np.maximum(ink, piece, out=ink)


def _rests_of_walls(ink: np.ndarray, capital: float, rng: Rng) -> None:
    """Short or pale upright bars at the ends and between characters, in place."""
    rows, columns = ink.shape
    count = int(rng.integers(1, 4))
    for _ in range(count):
        pale = rng.random() < 0.5
        tone = int(rng.integers(40, 100)) if pale else int(rng.integers(120, 256))
        length = rng.uniform(0.5, 1.3) if pale else rng.uniform(0.1, 0.4)
        x = int(rng.choice([1, columns - 2, int(rng.integers(0, columns))]))
        y = int(rng.choice([0, max(0, rows - length * capital)]))
        piece = np.zeros_like(ink)
        thickness = max(1, round(capital * rng.uniform(0.03, 0.08)))
        cv2.line(piece, (x, y), (x, y + round(length * capital)), tone, thickness)
        np.maximum(ink, piece, out=ink)


def _broken(ink: np.ndarray, rng: Rng) -> np.ndarray:
    """Pencil and dry pens: the stroke has holes."""
    grain = _field(ink.shape, rng.uniform(1.2, 3.5), rng)
    kept = np.clip(1.3 + grain - rng.uniform(0, 0.6), 0.1, 1)
    return (ink * kept).astype(np.uint8)


def _grained(ink: np.ndarray, rng: Rng) -> np.ndarray:
    noise = np.empty(ink.shape, np.int16)
    cv2.randn(noise, 0.0, float(rng.uniform(4, 26)))
    # The paper between the strokes is set to nothing by the separation, but for their edges.
    near = cv2.dilate(ink, np.ones((3, 3), np.uint8)) > 20 if rng.random() < 0.7 else True
    return np.where(near, np.clip(ink + noise, 0, 255), 0).astype(np.uint8)


def _speckle(ink: np.ndarray, capital: float, rng: Rng) -> None:
    rows, columns = ink.shape
    for _ in range(int(rng.integers(1, 8))):
        place = int(rng.integers(0, columns)), int(rng.integers(0, rows))
        radius = max(0, round(capital * rng.uniform(0.0, 0.035)))
        cv2.circle(ink, place, radius, int(rng.integers(90, 256)), -1)
