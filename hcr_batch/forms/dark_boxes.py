"""Boxes on a form in which nobody writes: header bars, photographs, patterns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hcr_batch.layout.fields import have_print
from hcr_batch.segmentation.layers import Layers
from hcr_batch.types import Box, Field, Page

__all__ = ["why_covered"]

INSET = 0.12
"""Share of its smaller side by which a box is looked at inside its lines."""
PAPER = 0.95
"""Share of the page's pixels that are darker than its paper."""
DARK = 0.75
"""Share of the paper's brightness below which a pixel is dark."""
DARK_SHARE = 0.45
"""Share of a box's pixels that are dark from which it is no box to write in: the boldest letter
leaves more of its cell white."""
SHADED = 0.94
"""Share of the brightness around a box below which its ground is shaded: grays of forms are 0.75
to 0.92, uneven light differs by less within such a distance."""
AROUND_MM, BRIGHT = 4.0, 0.9
"""How far above and below a box its surroundings reach, and the share of their pixels that is
darker than what counts as their ground."""
FEW = 0.5
"""Share of a page's fields; where more are shaded, that is how this form shows where to write."""


def why_covered(fields: Sequence[Field], page: Page, layers: Layers) -> list[str]:
    """Why nobody can write in each of some fields, in words; empty where somebody can.

    Parameters
    ----------
    fields : sequence of Field
        All of the page, in its pixels.
    page : Page
        Blank or filled.
    layers : Layers
        Of that page.
    """
    paper = float(np.quantile(page.gray[::4, ::4], PAPER))
    shaded = [_is_shaded(field.box, page) for field in fields]
    marked = sum(shaded) > FEW * len(fields)
    reasons = []
    for field, is_shaded in zip(fields, shaded, strict=True):
        bar = is_shaded and not marked and field.kind == "free" and have_print(layers, [field])
        if _is_dark(field, page.gray, DARK * paper):
            reasons.append(f"a dark bar or a picture {_place(field, page)}")
        else:
            reasons.append(f"a shaded bar {_place(field, page)}" if bar else "")
    return reasons


def _is_dark(field: Field, gray: np.ndarray, level: float) -> bool:
    insides = (_inside(cell.box, gray) for cell in field.cells)
    shares = [float((inside < level).mean()) if inside.size else 0.0 for inside in insides]
    return float(np.median(shares)) >= DARK_SHARE


def _is_shaded(box: Box, page: Page) -> bool:
    """Whether a box is darker than what is above and below it, in most of its columns."""
    inside = _inside(box, page.gray)
    if not inside.size:
        return False
    reach = INSET * min(box.width, box.height) + AROUND_MM * page.pixels_per_mm
    above_and_below = _inside(box, page.gray, reach)
    grounds = np.median(inside, axis=0), np.quantile(above_and_below, BRIGHT, axis=0)
    return bool(np.median(grounds[0] / np.maximum(grounds[1], 1)) < SHADED)


def _inside(box: Box, gray: np.ndarray, reach: float = 0.0) -> np.ndarray:
    """What lies within a box, in its columns so far above and below that too."""
    inset = INSET * min(box.width, box.height)
    rows = slice(max(0, round(box.y + inset - reach)), max(1, round(box.bottom - inset + reach)))
    columns = slice(max(0, round(box.x + inset)), max(1, round(box.right - inset)))
    return gray[rows, columns]


def _place(field: Field, page: Page) -> str:
    scale = 1 / page.pixels_per_mm
    return f"at {field.box.x * scale:.1f}, {field.box.y * scale:.1f} mm"
