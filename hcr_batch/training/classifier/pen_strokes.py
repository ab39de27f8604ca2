"""Characters as pen strokes, drawn anew with another pen each time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from hcr_batch.errors import NoInputError
from hcr_batch.training.datasets.character_sets import read_arrays

__all__ = ["StrokeSet", "draw_strokes", "load_strokes"]

FINENESS = 3
"""Binary digits of a pixel that polylines are drawn with."""


@dataclass(frozen=True)
class StrokeSet:
    """Pen strokes of many characters, end to end.

    Attributes
    ----------
    points : ndarray of int16, shape (M, 2)
        x to the right, y down; any unit.
    strokes : ndarray of int64, shape (S + 1,)
        First point of each stroke, and the end.
    characters : ndarray of int64, shape (N + 1,)
        First stroke of each character, and the end.
    """

    points: np.ndarray
    strokes: np.ndarray
    characters: np.ndarray

    def __len__(self) -> int:
        return len(self.characters) - 1

    def __getitem__(self, index: int) -> list[np.ndarray]:
        """Strokes of one character as float32 arrays of points (n, 2)."""
        first, last = self.characters[index], self.characters[index + 1]
        return [
            self.points[self.strokes[i] : self.strokes[i + 1]].astype(np.float32)
            for i in range(first, last)
        ]


def load_strokes(path: Path) -> StrokeSet:
    """Read `points`, `stroke_offset` and `char_offset` of an .npz file.

    Raises
    ------
    NoInputError
        The file is missing or damaged.
    """
    values = read_arrays(path)
    try:
        points, strokes = values["points"], values["stroke_offset"].astype(np.int64)
        characters = values["char_offset"].astype(np.int64)
    except KeyError as error:
        raise NoInputError(f"{path}: has no array {error}; it holds no pen strokes") from error
    if len(strokes) == characters[-1]:
        strokes = np.append(strokes, len(points))
    return StrokeSet(points, strokes, characters)


def draw_strokes(
    strokes: list[np.ndarray], rng: np.random.Generator, shape: float = 1.0
) -> np.ndarray:
    """Draw a character with a pen of random width, slant, aspect, turn and tremor.

    Parameters
    ----------
    strokes : list of ndarray, each of shape (n, 2)
    rng : Generator
    shape : float
        Amount of change of the form; 0 leaves it as written.

    Returns
    -------
    ndarray of uint8, shape (rows, columns)
        Light ink on black; the longer side measures about 72 pixels.
    """
    points = np.concatenate(strokes)
    low, high = points.min(0), points.max(0)
    side = max(float((high - low).max()), 1.0)
    size = rng.uniform(56, 84)
    width = size * np.exp(rng.uniform(np.log(0.03), np.log(0.17)))
    matrix = _random_matrix(rng, shape) * (size / side)
    placed = (points - (low + high) / 2) @ matrix.T.astype(np.float32)
    placed += _tremor(len(points), rng, 0.012 * size * shape)
    margin = width / 2 + 3
    placed += margin - placed.min(0)
    columns, rows = np.ceil(placed.max(0) + margin).astype(int).tolist()
    canvas = np.zeros((rows, columns), np.uint8)
    fixed = np.round(placed * (1 << FINENESS)).astype(np.int32)
    ends = np.cumsum([len(stroke) for stroke in strokes])[:-1]
    # A line of one point draws nothing; drawn there and back it leaves a dot.
    lines = [np.vstack([line, line[-1] + (1, 0)]) for line in np.split(fixed, ends)]
    pen = max(1, round(width))
    cv2.polylines(canvas, lines, False, 255, pen, cv2.LINE_AA, FINENESS)
    return canvas


def _random_matrix(rng: np.random.Generator, shape: float) -> np.ndarray:
    aspect = np.exp(rng.normal(0, 0.12 * shape))
    angle = np.clip(rng.normal(0, 0.08), -0.2, 0.2) * shape
    slant = np.clip(rng.normal(0, 0.15), -0.4, 0.4) * shape
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return turn @ np.array([[aspect, slant], [0, 1 / aspect]])


def _tremor(count: int, rng: np.random.Generator, amount: float) -> np.ndarray:
    """Smooth noise along the pen's way, float32 (count, 2)."""
    knots = rng.normal(0, amount, (2, max(3, count // 6)))
    along = np.linspace(0, knots.shape[1] - 1, count)
    base = np.arange(knots.shape[1])
    return np.stack([np.interp(along, base, axis) for axis in knots], 1).astype(np.float32)
