"""Boxes on a form in which nobody writes: header bars, photographs, patterns."""

from __future__ import annotations

import numpy as np

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


def why_covered(field: Field, page: Page) -> str:
    """Why nobody can write in a field, in words; empty where somebody can.

    Parameters
    ----------
    field : Field
        In pixels of the page.
    page : Page
        Blank or filled.
    """
    paper = float(np.quantile(page.gray[::4, ::4], PAPER))
    shares = [_dark_share(cell.box, page.gray, DARK * paper) for cell in field.cells]
    if np.median(shares) < DARK_SHARE:
        return ""
    scale = 1 / page.pixels_per_mm
    place = f"at {field.box.x * scale:.1f}, {field.box.y * scale:.1f} mm"
    return f"a dark bar or a picture {place}"


def _dark_share(box: Box, gray: np.ndarray, level: float) -> float:
    inset = INSET * min(box.width, box.height)
    rows = slice(max(0, round(box.y + inset)), max(1, round(box.bottom - inset)))
    columns = slice(max(0, round(box.x + inset)), max(1, round(box.right - inset)))
    inside = gray[rows, columns]
    return float((inside < level).mean()) if inside.size else 0.0
