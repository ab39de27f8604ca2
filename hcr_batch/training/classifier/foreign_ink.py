"""Ink that is no character: punctuation, ticks, scribbles, two characters, rests of lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from hcr_batch.characters.normalize import GLYPH_SIZE
from hcr_batch.training.classifier.pen_strokes import draw_strokes

__all__ = ["FOREIGN_KINDS", "foreign_ink"]

Pick = Callable[[], tuple[np.ndarray, str]]
Polylines = Sequence[Sequence[tuple[float, float]] | np.ndarray]

NARROW = frozenset("1Iilcj|tfrJ7")
"""Two of these side by side look like one real character, so pairs go without them."""
SYMMETRIC = frozenset("VvUunNO0oLl")
INTRICATE = frozenset("MWARKXQGS58936agkBE")
"""Half of one of these is rarely another character."""

_CIRCLE = [(np.cos(t), np.sin(t)) for t in np.linspace(0, 2 * np.pi, 16)]
_MARKS: dict[str, Polylines] = {
    "+": [[(0, 5), (10, 5)], [(5, 0), (5, 10)]],
    "=": [[(0, 0), (10, 0)], [(0, 4), (10, 4)]],
    "#": [[(3, 0), (2, 10)], [(7, 0), (6, 10)], [(0, 3), (10, 3)], [(0, 7), (10, 7)]],
    "*": [[(0, 3), (10, 7)], [(0, 7), (10, 3)], [(5, 0), (5, 10)]],
    "?": [[(0, 2), (2, 0), (5, 0), (6, 3), (3, 5), (3, 7)], [(3, 10), (3.2, 10)]],
    "!": [[(0, 0), (0, 7)], [(0, 10), (0.2, 10)]],
    ":": [[(0, 0), (0.3, 0)], [(0, 6), (0.3, 6)]],
    ";": [[(0, 0), (0.3, 0)], [(0.3, 5), (0, 7.5)]],
    "~": [[(0, 2), (2, 0), (5, 2), (8, 4), (10, 2)]],
    "-": [[(0, 0), (5, 0.3), (10, 0)]],
    "%": [
        [(10, 0), (0, 10)],
        [(2 + 2 * x, 2 + 2 * y) for x, y in _CIRCLE],
        [(8 + 2 * x, 8 + 2 * y) for x, y in _CIRCLE],
    ],
    "@": [
        [(5 + 2 * x, 5 + 2 * y) for x, y in _CIRCLE],
        [(7, 3), (7, 7), (9, 7), (10, 4), (8, 1), (5, 0), (1, 2), (0, 6), (3, 10), (8, 9.5)],
    ],
    "&": [[(9, 10), (2, 3), (2, 1), (4, 0), (5, 2), (1, 6), (1, 9), (4, 10), (8, 6)]],
    "$": [[(8, 2), (5, 1), (2, 3), (8, 7), (5, 9), (1, 8)], [(5, -1), (5, 11)]],
    "<": [[(8, 0), (0, 4), (8, 8)]],
    ">": [[(0, 0), (8, 4), (0, 8)]],
    ".": [[(0, 0), (0.5, 0.3)]],
    '"': [[(0, 0), (0, 4)], [(3, 0), (3, 4)]],
    "^": [[(0, 3), (4, 0), (8, 3)]],
}


def foreign_ink(pick: Pick, rng: np.random.Generator) -> np.ndarray:
    """Make ink that is none of the 62 characters.

    Parameters
    ----------
    pick : callable
        Returns a random real glyph, uint8 (28, 28), with its label.
    rng : Generator

    Returns
    -------
    ndarray of uint8, shape (rows, columns)
        Light ink on black, not normalized.
    """
    names = list(FOREIGN_KINDS)
    shares = np.array([FOREIGN_KINDS[name][0] for name in names])
    name = names[rng.choice(len(names), p=shares / shares.sum())]
    return FOREIGN_KINDS[name][1](pick, rng)


def _mark(pick: Pick, rng: np.random.Generator) -> np.ndarray:
    strokes = list(_MARKS.values())[rng.integers(len(_MARKS))]
    return _drawn(strokes, rng)


def _slash(pick: Pick, rng: np.random.Generator) -> np.ndarray:
    """A stroke so slanted that it is no 1; '/' or its mirror image."""
    lean = rng.uniform(0.8, 1.6) * rng.choice([-1, 1], p=[0.2, 0.8])
    return _drawn([[(0, 10), (5 * lean, 5), (10 * lean, 0)]], rng, shape=0.3)


def _tick(pick: Pick, rng: np.random.Generator) -> np.ndarray:
    """A check mark: a short way down, a long way up; the arms of a V are alike."""
    short = rng.uniform(0.2, 0.45)
    rise = rng.uniform(0.7, 1.5)
    knee = (rng.uniform(1, 3), 10.0)
    tip = (knee[0] + 10 / rise, 10 - 10.0)
    return _drawn([[(0, 10 - 10 * short), knee, tip]], rng, shape=0.6)


def _scribble(pick: Pick, rng: np.random.Generator) -> np.ndarray:
    """A pen going to and fro many times, or round and round."""
    count = int(rng.integers(6, 22))
    if rng.random() < 0.5:
        along = np.linspace(0, rng.uniform(5, 14), count)
        side = np.where(np.arange(count) % 2, 1, 0) * 10 + rng.normal(0, 1.2, count)
        points = np.stack([along, side], 1)
        points = points[:, ::-1] if rng.random() < 0.4 else points
    else:
        turns = np.linspace(0, rng.uniform(4, 12) * np.pi, 6 * count)
        radius = 5 + np.cumsum(rng.normal(0, 0.5, turns.size))
        points = np.stack([radius * np.cos(turns), radius * np.sin(turns)], 1)
        points += np.cumsum(rng.normal(0, 0.3, points.shape), 0)
    return _drawn([points], rng)


def _crossed_out(pick: Pick, rng: np.random.Generator) -> np.ndarray:
    """A character under at least two strokes, or under a scribble."""
    canvas = _enlarged(pick()[0])
    size = len(canvas)
    width = int(rng.integers(3, 8))
    if rng.random() < 0.5:
        for _ in range(int(rng.integers(2, 5))):
            left, right = rng.integers(0, size, 2).tolist()
            cv2.line(canvas, (2, left), (size - 3, right), 255, width, cv2.LINE_AA)
        return canvas
    count = int(rng.integers(5, 12))
    x = np.linspace(3, size - 4, count) + rng.normal(0, 2, count)
    y = np.where(np.arange(count) % 2, 0.85, 0.15) * size + rng.normal(0, 3, count)
    points = np.stack([x, y], 1)
    points = points[:, ::-1] if rng.random() < 0.3 else points
    cv2.polylines(canvas, [points.astype(np.int32)], False, 255, width, cv2.LINE_AA)
    return canvas


def _pair(pick: Pick, rng: np.random.Generator) -> np.ndarray:
    """Two characters in one cell, apart or touching."""
    first, second = (_wide_glyph(pick) for _ in range(2))
    gap = int(rng.integers(-6, 12))
    columns = first.shape[1] + second.shape[1] + gap
    canvas = np.zeros((max(len(first), len(second)) + 8, columns), np.uint8)
    for part, left in ((first, 0), (second, columns - second.shape[1])):
        top = int(rng.integers(0, len(canvas) - len(part) + 1))
        area = canvas[top : top + len(part), left : left + part.shape[1]]
        np.maximum(area, part, out=area)
    return canvas


def _half(pick: Pick, rng: np.random.Generator) -> np.ndarray:
    """A character cut by the wall of its cell."""
    glyph, label = pick()
    for _ in range(20):
        if label in INTRICATE:
            break
        glyph, label = pick()
    tight = _tight(_enlarged(glyph))
    rows, columns = tight.shape
    keep = rng.uniform(0.3, 0.45)
    if rng.random() < 0.5:
        part = tight[:, : round(keep * columns)]
        return part if rng.random() < 0.5 else tight[:, round((1 - keep) * columns) :]
    part = tight[: round(keep * rows)]
    return part if rng.random() < 0.5 else tight[round((1 - keep) * rows) :]


def _line_rest(pick: Pick, rng: np.random.Generator) -> np.ndarray:
    """Corners, crossings and bars that a printed box leaves behind."""
    size = 64
    canvas = np.zeros((size, size), np.uint8)
    width = int(rng.integers(2, 9))
    near, far = int(rng.integers(4, 16)), int(rng.integers(48, 60))
    corners = [(near, near), (far, near), (far, far), (near, far)]
    shape = rng.integers(4)
    if shape == 0:  # an open box
        points = [corners[i % 4] for i in range(rng.integers(4), 99)][:4]
    elif shape == 1:  # a corner, not the one that makes an L
        points = [corners[i] for i in ((3, 0, 1), (0, 1, 2), (1, 2, 3))[rng.integers(3)]]
    elif shape == 2:  # a bar
        points = [(2, size // 2), (size - 3, size // 2 + int(rng.integers(-2, 3)))]
    else:  # two bars
        cv2.line(canvas, (2, near), (size - 3, near), 255, width)
        points = [(2, far), (size - 3, far)]
    cv2.polylines(canvas, [np.array(points, np.int32)], False, 255, width, cv2.LINE_AA)
    return canvas


def _speckle(pick: Pick, rng: np.random.Generator) -> np.ndarray:
    canvas = np.zeros((64, 64), np.uint8)
    for _ in range(int(rng.integers(3, 25))):
        centre = rng.integers(3, 61, 2).tolist()
        axes = rng.integers(1, 5, 2).tolist()
        cv2.ellipse(canvas, centre, axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
    return canvas


def _blob(pick: Pick, rng: np.random.Generator) -> np.ndarray:
    """A filled check box, bubble or stain."""
    canvas = np.zeros((64, 64), np.uint8)
    angles = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    radius = rng.uniform(16, 26, (2, 1)) * rng.uniform(0.75, 1.15, (1, 14))
    points = 32 + radius * np.stack([np.cos(angles), np.sin(angles)])
    cv2.fillPoly(canvas, [points.T.astype(np.int32)], 255, cv2.LINE_AA)
    return canvas


FOREIGN_KINDS: dict[str, tuple[float, Callable[[Pick, np.random.Generator], np.ndarray]]] = {
    "mark": (0.24, _mark),
    "slash": (0.04, _slash),
    "tick": (0.07, _tick),
    "scribble": (0.12, _scribble),
    "crossed_out": (0.15, _crossed_out),
    "pair": (0.20, _pair),
    "half": (0.12, _half),
    "line_rest": (0.05, _line_rest),
    "speckle": (0.03, _speckle),
    "blob": (0.03, _blob),
}
"""Share among made foreign ink, and maker, of each kind."""


def _drawn(strokes: Polylines, rng: np.random.Generator, shape: float = 1.0) -> np.ndarray:
    dense = [_densified(np.asarray(stroke, np.float32)) for stroke in strokes]
    return draw_strokes(dense, rng, shape)


def _densified(points: np.ndarray, between: int = 4) -> np.ndarray:
    """More points on the same way, so that tremor can bend it; float32 (n, 2)."""
    along = np.linspace(0, len(points) - 1, between * (len(points) - 1) + 1)
    base = np.arange(len(points))
    return np.stack([np.interp(along, base, axis) for axis in points.T], 1).astype(np.float32)


def _enlarged(glyph: np.ndarray) -> np.ndarray:
    side = int(2.5 * GLYPH_SIZE)
    return cv2.resize(glyph, (side, side), interpolation=cv2.INTER_CUBIC)


def _tight(ink: np.ndarray) -> np.ndarray:
    left, top, width, height = cv2.boundingRect((ink >= 96).view(np.uint8))
    return ink[top : top + height, left : left + width] if width else ink


def _wide_glyph(pick: Pick) -> np.ndarray:
    """A large tight glyph of a class that is wide enough to be told apart in a pair."""
    glyph, label = pick()
    for _ in range(20):
        if label not in NARROW and label not in SYMMETRIC:
            break
        glyph, label = pick()
    return _tight(_enlarged(glyph))
