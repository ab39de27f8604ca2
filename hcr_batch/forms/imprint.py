"""What is printed on a form, or on a page: its lines and its print as two masks."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from hcr_batch.segmentation.layers import LIKELY, Layers

__all__ = ["PER_MM", "Imprint", "as_text", "form_imprint", "from_text", "page_imprint"]

PER_MM = 2.0
"""Pixels a millimetre of a form's imprint: words come apart, and a page takes some kilobytes."""
LINE_LEVEL = 100
"""Of 255: a pixel is line from here on; thin walls are faint."""
COVERED = 64
"""Of 255: share of a pixel that is printed from which it is."""
OUTERMOST = 0.02
"""Share of the print on either side that may be dirt, or writing taken for print."""
LEVELS = np.array([0, 85, 170, 255], np.uint8)
"""Gray of a pixel that is bare, line, print, and both."""


@dataclass(frozen=True, eq=False)
class Imprint:
    """Masks of what is printed.

    Attributes
    ----------
    lines, words : ndarray of uint8, shape (rows, columns)
        255 where there are lines of the form, and where there is print.
    scale : float
        Pixels a millimetre of a form, or a pixel of a page.
    """

    lines: np.ndarray
    words: np.ndarray
    scale: float
    _smaller: dict[float, tuple[np.ndarray, np.ndarray]] = field(
        default_factory=dict, init=False, repr=False
    )

    _rough: dict[tuple[float, float], np.ndarray] = field(
        default_factory=dict, init=False, repr=False
    )

    def reduced(self, factor: float) -> tuple[np.ndarray, np.ndarray]:
        """Lines and words so many times smaller; made once, for a page is compared often."""
        if factor not in self._smaller:
            lines, words = (
                cv2.resize(mask, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
                for mask in (self.lines, self.words)
            )
            self._smaller[factor] = lines, words
        return self._smaller[factor]

    def rough_words(self, factor: float, blur: float) -> np.ndarray:
        """Words at so many times their resolution, blurred; made once, for many forms are sought.

        Parameters
        ----------
        factor : float
        blur : float
            Standard deviation in pixels of the result.
        """
        if (factor, blur) not in self._rough:
            method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
            words = cv2.resize(self.words, None, fx=factor, fy=factor, interpolation=method)
            self._rough[factor, blur] = cv2.GaussianBlur(words, (0, 0), blur)
        return self._rough[factor, blur]

    @cached_property
    def extents(self) -> np.ndarray:
        """Width and height of the words, and of the lines, in pixels; float64 (4,)."""
        extents = []
        for mask in (self.words, self.lines):
            for axis in (0, 1):
                share = np.cumsum((mask > 0).sum(axis=axis)) / max(1, np.count_nonzero(mask))
                first, last = np.searchsorted(share, [OUTERMOST, 1 - OUTERMOST])
                extents.append(float(last - first))
        return np.array(extents)

    def without(self, sheets: Iterable[np.ndarray], kept: np.ndarray) -> Imprint:
        """What is printed on a page but for other forms on it.

        Parameters
        ----------
        sheets : iterable of ndarray of float64, shape (4, 2)
            Corners of the other forms' paper, in pixels of the page.
        kept : ndarray of float64, shape (4, 2)
            Those of the form of which everything stays.
        """
        shown = np.ones_like(self.lines)
        for sheet, value in [*((sheet, 0) for sheet in sheets), (kept, 1)]:
            cv2.fillPoly(shown, [np.round(sheet * self.scale).astype(np.int32)], value)
        return Imprint(self.lines * shown, self.words * shown, self.scale)

    def turned(self, turns: int) -> Imprint:
        """The same after so many quarter turns clockwise."""
        lines, words = (
            np.ascontiguousarray(np.rot90(mask, -turns)) for mask in (self.lines, self.words)
        )
        return Imprint(lines, words, self.scale)


def page_imprint(layers: Layers) -> Imprint:
    """What is printed on a page, at the resolution of its layers."""
    return Imprint(*_masks(layers), 1 / layers.scale)


def form_imprint(layers: Layers) -> Imprint:
    """What is printed on a form, `PER_MM` pixels a millimetre."""
    rows, columns = layers.line.shape
    size = tuple(round(side / layers.pixels_per_mm * PER_MM) for side in (columns, rows))
    lines, words = (
        np.where(cv2.resize(mask, size, interpolation=cv2.INTER_AREA) >= COVERED, 255, 0)
        for mask in _masks(layers)
    )
    return Imprint(lines.astype(np.uint8), words.astype(np.uint8), PER_MM)


def _masks(layers: Layers) -> tuple[np.ndarray, np.ndarray]:
    lines = cv2.threshold(layers.line, LINE_LEVEL, 255, cv2.THRESH_BINARY)[1]
    words = cv2.threshold(layers.printed, LIKELY, 255, cv2.THRESH_BINARY)[1]
    return lines, words


def as_text(imprint: Imprint) -> str:
    """A form's imprint as a PNG in base64."""
    levels = (imprint.lines > 0) + 2 * (imprint.words > 0)
    picture = Image.fromarray(levels.astype(np.uint8), "P")
    picture.putpalette(np.repeat(LEVELS[:, None], 3, axis=1).tobytes())
    file = io.BytesIO()
    picture.save(file, "PNG", bits=2, optimize=True)
    return base64.b64encode(file.getvalue()).decode("ascii")


def from_text(text: str, width_mm: float, height_mm: float) -> Imprint:
    """A form's imprint from a PNG in base64.

    Raises
    ------
    ValueError
        It is none, or not one of a page of this size.
    """
    try:
        picture = Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=["PNG"])
        expected = np.round(np.array([width_mm, height_mm]) * PER_MM)
        if np.abs(np.array(picture.size) - expected).max() > 1:
            raise ValueError("is a picture of another page")
        levels = np.asarray(picture.convert("L"))
    except (
        binascii.Error,
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        SyntaxError,
    ) as error:
        raise ValueError("is no picture") from error
    lines, words = ((levels == LEVELS[1]) | (levels == LEVELS[3]), levels >= LEVELS[2])
    return Imprint(lines * np.uint8(255), words * np.uint8(255), PER_MM)
