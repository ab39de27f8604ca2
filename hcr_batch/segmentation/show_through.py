"""What shines through from the other side of the paper: faint beside the front, and blurred."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

from hcr_batch.arrays.box_sides import marked_shares
from hcr_batch.arrays.components import labelled
from hcr_batch.arrays.quantiles import quantile_of_counts
from hcr_batch.segmentation.layers import LIKELY, Layers
from hcr_batch.segmentation.network import CHANNELS
from hcr_batch.segmentation.seen_page import SeenPage, of_squares

__all__ = ["without_show_through"]

AROUND = np.ones((3, 3), np.uint8)
"""A pixel of the layers and those beside it."""
FAINT = 0.45
"""Share of the usual darkness of a layer's ink below which some may shine through,"""
BLURRED = 0.65
"""where its edges are, for its darkness, less steep than this share of the usual: paper blurs. Of
pale combs and pencil on 17 forms it was never below 0.78, of what shines through 0.32 to 0.42."""
DARK = 0.7
"""Share of the usual darkness from which ink is the front's."""
USUAL = 0.9
"""Quantile of the darkness of a layer's ink that is usual for the front, were a good part of it
of the back."""
LEAST_SHARE = 0.03
"""Less of a layer that is faint is left as it is: most pages have none, and cost nothing more."""
AROUND_MM = 2.0
"""Darkness and steepness are those of the ink so near."""
PALE = 0.4
"""Share of the usual darkness of lines below which walls may be of the back. Of 33 drawn pages
those of the back were below 0.26, those of the front above 0.72."""
WALLS_MM = 1.4
"""The walls of a cell lie so near to what is seen of its inside."""
ALL_PALE = 0.8
"""Share of the lines around a cell that are pale, were its walls of the back."""
WRITTEN_MM2 = 0.5
"""A cell with so much dark writing is of the front, whatever its walls."""
FILLED = 0.12
"""Where this share of the cells with pale walls is filled, pale walls are the form's own,"""
FEWEST_FILLED = 3
"""and where fewer of the others are, the form is a blank one: nothing tells what its own are."""


def without_show_through(layers: Layers, seen: SeenPage) -> Layers:
    """The layers without what is both much fainter and much softer than the rest of them.

    Parameters
    ----------
    layers : Layers
    seen : SeenPage
        The page that the network saw.
    """
    darkness = seen.darkest_near
    inks = (layers.maps[CHANNELS.index(name)] >= LIKELY for name in ("line", "print", "writing"))
    faint = [inked for inked in inks if _has_faint(inked, darkness)]
    if faint:
        layers = _without_soft_ink(layers, faint, seen, darkness)
    return _without_cells_of_the_back(layers, darkness)


def _without_soft_ink(
    layers: Layers, inks: Sequence[np.ndarray], seen: SeenPage, darkness: np.ndarray
) -> Layers:
    """The layers without what shines through of some of them, each bool (rows, columns)."""
    steepness = _steepness(seen)
    side = round(AROUND_MM * layers.pixels_per_mm) // 2 * 2 + 1
    gone = np.any([_shines_through(ink, darkness, steepness, side) for ink in inks], axis=0)
    if not gone.any():
        return layers
    maps = layers.maps.copy()
    maps[:, cv2.dilate(gone.astype(np.uint8), AROUND) > 0] = 0
    return dataclasses.replace(layers, maps=maps)


def _without_cells_of_the_back(layers: Layers, darkness: np.ndarray) -> Layers:
    """The layers without cells whose walls are far paler than the front's and that hold no ink.

    What is written there stays in its layer: were it pencil, it must not be lost.
    """
    line, pen = layers.line >= LIKELY, layers.written >= LIKELY
    pale = line & (darkness < PALE * _usual(darkness, line))
    if np.count_nonzero(pale) < LEAST_SHARE * np.count_nonzero(line):
        return layers
    sides = _grown_cells(layers)
    pale_share = marked_shares(pale, sides) / np.maximum(marked_shares(line, sides), 1e-6)
    dark_pen = pen & (darkness >= FAINT * _usual(darkness, pen))
    size = (sides[:, 2:] - sides[:, :2]).prod(axis=1) / layers.pixels_per_mm**2
    filled = marked_shares(dark_pen, sides) * size >= WRITTEN_MM2
    back = pale_share >= ALL_PALE
    is_blank = np.count_nonzero(filled & ~back) < FEWEST_FILLED
    if is_blank or np.count_nonzero(back & filled) >= FILLED * np.count_nonzero(back):
        return layers
    maps, gone = layers.maps.copy(), np.zeros_like(line)
    for left, top, right, bottom in sides[back & ~filled].tolist():
        gone[top:bottom, left:right] = True
    for name, part in (("line", gone & pale), ("cell", gone), ("check", gone), ("area", gone)):
        maps[CHANNELS.index(name), part] = 0
    return dataclasses.replace(layers, maps=maps)


def _grown_cells(layers: Layers) -> np.ndarray:
    """Left, top, right and bottom of the cells with their walls, int (N, 4)."""
    cell = (layers.cell >= LIKELY).astype(np.uint8)
    _, stats, _ = labelled(cell)
    first, size = stats[1:, :2], stats[1:, 2:4]
    rim = round(WALLS_MM * layers.pixels_per_mm)
    rows, columns = cell.shape
    sides = np.hstack([first - rim, first + size + rim])
    return np.clip(sides, 0, [columns, rows, columns, rows])


def _usual(darkness: np.ndarray, inked: np.ndarray) -> float:
    return quantile_of_counts(_counts(darkness, inked), USUAL)


def _counts(darkness: np.ndarray, inked: np.ndarray) -> np.ndarray:
    """How many of the pixels of a layer, bool (rows, columns), have each darkness; int (256,)."""
    return np.bincount(darkness[inked], minlength=256)


def _steepness(seen: SeenPage) -> np.ndarray:
    """How steep the edges at each place are, uint8."""
    steep = cv2.morphologyEx(seen.gray, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8))
    return cv2.dilate(of_squares(np.maximum, steep), AROUND)


def _has_faint(inked: np.ndarray, darkness: np.ndarray) -> bool:
    """Whether a good part of a layer, bool (rows, columns), is faint beside the rest of it."""
    counts = _counts(darkness, inked)
    faint = counts[np.arange(256) < FAINT * quantile_of_counts(counts, USUAL)]
    return bool(counts.any() and faint.sum() >= LEAST_SHARE * counts.sum())


def _shines_through(
    inked: np.ndarray, darkness: np.ndarray, steepness: np.ndarray, side: int
) -> np.ndarray:
    """Which pixels of a layer, bool (rows, columns), shine through; bool of that shape."""
    usual = _usual(darkness, inked)
    faint, dark = inked & (darkness < FAINT * usual), inked & (darkness >= DARK * usual)
    if not dark.any():
        return np.zeros_like(inked)
    softest = BLURRED * float(np.median(steepness[dark] / darkness[dark].astype(np.float32)))
    # Only what is faint itself counts, not the front beside it.
    amount, steep = (
        cv2.boxFilter(values * faint, cv2.CV_32F, (side, side), normalize=False)
        for values in (darkness, steepness)
    )
    return faint & (steep < softest * amount)
