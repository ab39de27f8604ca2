"""Characters drawn as a pen does it: polylines in a unit square."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["STROKES", "draw"]

STROKES = {
    "7": (((0.12, 0.1), (0.85, 0.1), (0.42, 0.95)),),
    "A": (((0.05, 0.95), (0.5, 0.05), (0.95, 0.95)), ((0.25, 0.62), (0.75, 0.62))),
    "H": (((0.1, 0.0), (0.1, 1.0)), ((0.9, 0.0), (0.9, 1.0)), ((0.1, 0.5), (0.9, 0.5))),
    "N": (((0.1, 1.0), (0.1, 0.0), (0.85, 1.0), (0.85, 0.0)),),
    "E": (((0.85, 0.0), (0.1, 0.0), (0.1, 1.0), (0.85, 1.0)), ((0.1, 0.5), (0.7, 0.5))),
    "4": (((0.6, 1.0), (0.6, 0.0), (0.05, 0.65), (0.95, 0.65)),),
}
"""The pen's way for each character: strokes of (x, y) points, y down."""


def draw(
    character: str,
    size: int = 280,
    pen: int = 14,
    height: float = 0.7,
    centre: tuple[float, float] = (0.5, 0.5),
    ink: int = 0,
    paper: int = 255,
) -> np.ndarray:
    """A square picture, uint8 (size, size); `height` and `centre` are shares of its side."""
    picture = np.full((size, size), paper, np.uint8)
    corner = (np.array(centre) - height / 2) * size
    for stroke in STROKES[character]:
        points = np.round((np.array(stroke) * height * size + corner) * 16).astype(np.int32)
        cv2.polylines(picture, [points], False, ink, pen, cv2.LINE_AA, shift=4)
    return picture
