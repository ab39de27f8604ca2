"""At which scale a PDF page is drawn, whatever draws it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hcr_batch.documents.raster import estimated_dpi, has_usual_size

if TYPE_CHECKING:
    from hcr_batch.config import DocumentSettings

__all__ = ["POINTS_PER_INCH", "largest_scale", "points_per_inch", "render_scale"]

POINTS_PER_INCH = 72.0


def points_per_inch(size: tuple[float, float]) -> float:
    """Points to the inch of a page of (width, height) points.

    72 by the standard, but some programs write pixels for points: a page no
    printer takes is understood as a sheet of paper.
    """
    nominal = (POINTS_PER_INCH, POINTS_PER_INCH)
    return POINTS_PER_INCH if has_usual_size(size, nominal) else estimated_dpi(*size)


def render_scale(size: tuple[float, float], settings: DocumentSettings) -> float:
    """Pixels a point so that a page of (width, height) points is drawn at `pdf_dpi`."""
    return min(settings.pdf_dpi / points_per_inch(size), largest_scale(size, settings))


def largest_scale(size: tuple[float, float], settings: DocumentSettings) -> float:
    """Pixels a point with which a page of (width, height) points has `max_megapixels`."""
    return math.sqrt(settings.max_megapixels * 1e6 / (size[0] * size[1]))
