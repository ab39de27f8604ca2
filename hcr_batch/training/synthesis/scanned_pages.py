"""Filled sheets as files of a scanner, and back from what was found on them to the sheet."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from hcr_batch.arrays.box_sides import shared_areas, sides_of
from hcr_batch.geometry import projected
from hcr_batch.training.synthesis.canvas import DPI, MM, FormSheet
from hcr_batch.training.synthesis.paper import printed_sheet, scan_paper
from hcr_batch.types import Box, Page

__all__ = ["overlaps", "scanned_page", "upright_around"]

LARGEST_TURN = 1.5
"""Degrees that a page lies askew at most."""
RESOLUTIONS = ((100, 150, 200, 300), (0.1, 0.2, 0.4, 0.3))
"""Of the file that is read, dots an inch, and how often."""


def scanned_page(sheet: FormSheet, rng: np.random.Generator) -> tuple[Page, np.ndarray]:
    """A filled sheet as a file of a scanner, a little askew, and the way back to it (3, 3)."""
    gray, matrix = _scanned(sheet, rng)
    values, shares = RESOLUTIONS
    return _filed(gray, matrix, float(rng.choice(values, p=shares)))


def upright_around(boxes: Sequence[Box], transform: np.ndarray) -> np.ndarray:
    """Sides (N, 4) of the upright rectangles around boxes that are turned a little."""
    corners = sides_of(boxes).T[:, [[0, 1], [2, 1], [0, 3], [2, 3]]].reshape(-1, 2)
    placed = projected(transform, corners).reshape(-1, 4, 2)
    return np.hstack([placed.min(axis=1), placed.max(axis=1)])


def overlaps(ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Shared area of boxes (N, 4) and (M, 4), of what both cover together, (N, M)."""
    ones, others = _thickened(ones), _thickened(others)
    both = shared_areas(ones, others)
    areas = [(places[:, 2:] - places[:, :2]).prod(axis=1) for places in (ones, others)]
    return both / (areas[0][:, None] + areas[1] - both)


def _thickened(places: np.ndarray) -> np.ndarray:
    """Boxes at least 2 mm wide and high."""
    missing = np.maximum(2 * MM - (places[:, 2:] - places[:, :2]), 0) / 2
    return np.hstack([places[:, :2] - missing, places[:, 2:] + missing])


def _scanned(sheet: FormSheet, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A filled sheet as it comes from a scanner, a little askew, and the turn (2, 3)."""
    light, matrix = printed_sheet(sheet, rng), _askew(sheet.shape, rng)
    rim = float(np.median(light))
    light = cv2.warpAffine(light, matrix, light.shape[::-1], borderValue=rim)
    return scan_paper(light, rng), matrix


def _filed(gray: np.ndarray, matrix: np.ndarray, dpi: float) -> tuple[Page, np.ndarray]:
    """The page at the resolution of its file, and the way from there back to the sheet."""
    scale = dpi / DPI
    if scale != 1:
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=way)
    rows, columns = gray.shape
    move = np.diag([scale, scale, 1.0]) @ np.vstack([matrix, [0, 0, 1]])
    return Page(gray, dpi, 1, np.eye(3), (columns, rows)), np.linalg.inv(move)


def _askew(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    angle = float(np.clip(rng.normal(0, 0.6), -LARGEST_TURN, LARGEST_TURN))
    return cv2.getRotationMatrix2D((shape[1] / 2, shape[0] / 2), angle, 1.0)
