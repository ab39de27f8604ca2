"""Forms whose lines are printed in a light gray: seen on a page that is made darker."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from dataclasses import replace

from hcr_batch.preprocess.binarize import paper_surface
from hcr_batch.segmentation.faint_ink import darker
from hcr_batch.segmentation.layers import Layers
from hcr_batch.segmentation.network import Segmenter
from hcr_batch.segmentation.page_scale import segmented
from hcr_batch.types import Page

__all__ = ["has_faint_lines", "seen_darker"]

DARKER = 3.0
"""Power to which the brightness of a page, as a share of its paper's, is raised: of combs of three
quarters of it, 235 cells, 68 to 81 were seen on three pages, 94 to 227 with 2, 244 to 254 with 3,
and no more with 4 and 6."""
FAINT = 1.2
"""Lines are faint where a darker page shows so many times the cells: of 20 forms one had three
times as many, and the others less than 1.05."""


def has_faint_lines(plain: Iterable[Sized], darker: Iterable[Sized]) -> bool:
    """Whether the cells of fields found on a darker page are more than on the plain one."""
    return sum(map(len, darker)) >= FAINT * max(1, sum(map(len, plain)))


def seen_darker(page: Page, segmenter: Segmenter) -> tuple[Page, Layers]:
    """The page at its true resolution, and the layers that it has where it is made darker.

    Parameters
    ----------
    page : Page
        Level, dark ink on light paper.
    segmenter : Segmenter
    """
    paper = paper_surface(page.gray, page.pixels_per_mm)
    better, layers = segmented(replace(page, gray=darker(page.gray, paper, DARKER)), segmenter)
    return replace(page, dpi=better.dpi), layers
