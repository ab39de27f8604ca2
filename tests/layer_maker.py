"""Layers as a perfect network would give them, for tests of what comes after it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from drawn_form import PIXELS_PER_MM, ink_of, scanned

from hcr_batch.characters.writing import Writing, strokes_of
from hcr_batch.config import load_settings
from hcr_batch.layout.cells import INNER
from hcr_batch.segmentation.layers import INPUT_DPI, LAYER_DPI, Layers
from hcr_batch.segmentation.network import CHANNELS
from hcr_batch.types import Box

__all__ = ["layers_of", "written_of"]

INK = 200
"""Gray levels below which a pixel of a drawn page is ink."""


def layers_of(
    form: np.ndarray,
    filled: np.ndarray | None = None,
    *,
    cells: Sequence[Box] = (),
    areas: Sequence[Box] = (),
    checks: Sequence[Box] = (),
) -> Layers:
    """The layers of a page drawn at 200 dpi.

    Parameters
    ----------
    form : ndarray of uint8, shape (rows, columns)
        The blank form; its ink is line.
    filled : ndarray of uint8, same shape, optional
        The form as it was filled in: what differs from the blank one is writing.
    cells, areas, checks : sequence of Box
        In pixels of the page.
    """
    maps = {name: np.zeros(form.shape, np.uint8) for name in CHANNELS}
    maps["line"][form < INK] = 255
    if filled is not None:
        maps["writing"][abs(filled.astype(int) - form) > 8] = 255
    for name, boxes, share in (
        ("cell", cells, INNER),
        ("check", checks, INNER),
        ("area", areas, 0.9),
    ):
        for box in boxes:
            x, y = box.x + box.width * (1 - share) / 2, box.y + box.height * (1 - share) / 2
            corner = (round(x + share * box.width), round(y + share * box.height))
            cv2.rectangle(maps[name], (round(x), round(y)), corner, 255, -1)
    half = np.stack([_halved(maps[name]) for name in CHANNELS])
    return Layers(half, INPUT_DPI / LAYER_DPI)


def written_of(form: np.ndarray, filled: np.ndarray) -> Writing:
    """The handwriting of a form, drawn at 200 dpi blank and filled."""
    settings = load_settings().glyphs
    layers = layers_of(form, filled)
    ink = ink_of(scanned(filled))
    return strokes_of(layers.written, ink, layers, PIXELS_PER_MM, settings)


def _halved(full: np.ndarray) -> np.ndarray:
    """A pixel of a layer is marked where one of its four of the page is."""
    rows, columns = (side // 2 * 2 for side in full.shape)
    return full[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2).max(axis=(1, 3))
