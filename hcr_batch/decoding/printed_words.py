"""The words printed on a scanned form, read well enough to suggest names for its fields."""

from __future__ import annotations

import re
from collections.abc import Iterator

import cv2
import numpy as np

from hcr_batch.arrays.components import labelled
from hcr_batch.characters.line_strip import line_strip
from hcr_batch.decoding.transcription import likely_texts
from hcr_batch.documents.pdf_words import PrintedWord
from hcr_batch.geometry import in_millimetres
from hcr_batch.recognition.line_reader import LineReader
from hcr_batch.segmentation.layers import LIKELY, Layers
from hcr_batch.types import Box, Page

__all__ = ["mended", "printed_words"]

SPACE_MM = 2.0
"""Paper between the words of one line that are cut out together."""
WORD_GAP = 0.22
"""Heights of a line of print; paper that is wider parts two words: between letters it is 0.1
to 0.15, between words 0.25 to 0.4."""
LOWEST_MM, HIGHEST_MM = 1.0, 8.0
"""Height of a line of print: from the smallest notes to the title of a form."""
SHORTEST_MM = 2.0
"""Less is no word."""
FAINT = 64
"""Ink below this (of 255) is the soft edge of letters."""
FEWEST_LETTERS = 4
"""A digit within a word of so many letters is a letter: numbers of forms have fewer."""
AROUND_MM = 0.3
"""The layer of print is a little narrower than its ink."""


def printed_words(page: Page, layers: Layers, reader: LineReader) -> tuple[PrintedWord, ...]:
    """Read the print of a page.

    Parameters
    ----------
    page : Page
    layers : Layers
        Of that page.
    reader : LineReader

    Returns
    -------
    tuple of PrintedWord
        Places in millimetres of the page.
    """
    boxes, strips = [], []
    printed = layers.full(layers.printed, page.gray.shape)
    for line in _lines(layers):
        for box, ink in _parted(line, _ink(page, printed, line)):
            strip = line_strip(ink)
            if strip is not None:
                boxes.append(box)
                strips.append(strip.image)
    found = reader.probabilities(strips)
    texts = [mended(likely_texts(columns, reader.card)[0].text.strip()) for columns in found]
    return tuple(
        PrintedWord(text, in_millimetres(box, page.pixels_per_mm))
        for box, text in zip(boxes, texts, strict=True)
        if text
    )


def _lines(layers: Layers) -> Iterator[Box]:
    """Places of lines of print, in pixels of the page."""
    per_mm = layers.pixels_per_mm
    is_print = ((layers.printed >= LIKELY) & (layers.line < LIKELY)).astype(np.uint8)
    bridge = np.ones((1, round(SPACE_MM * per_mm)), np.uint8)
    joined = cv2.morphologyEx(is_print, cv2.MORPH_CLOSE, bridge)
    _, stats, _ = labelled(joined)
    margin = AROUND_MM * per_mm
    found = [
        (x - margin, y - margin, x + width + margin, y + height + margin)
        for x, y, width, height, _ in stats[1:].tolist()
        if LOWEST_MM <= height / per_mm <= HIGHEST_MM and width / per_mm >= SHORTEST_MM
    ]
    yield from layers.on_page(np.array(found, float).reshape(-1, 4))


def _ink(page: Page, printed: np.ndarray, box: Box) -> np.ndarray:
    """Soft ink of a line: what is dark there, as far as it is print."""
    rows = slice(max(0, round(box.y)), max(0, round(box.bottom)))
    columns = slice(max(0, round(box.x)), max(0, round(box.right)))
    gray, near = page.gray[rows, columns], printed[rows, columns]
    if not gray.size:
        return np.zeros((1, 1), np.uint8)
    paper = float(np.percentile(gray, 90))
    ink = np.clip((paper - gray.astype(np.float32)) * (255 / max(paper, 1.0)), 0, 255)
    kernel = np.ones((3, 3), np.uint8)
    return np.where(cv2.dilate(near, kernel) >= LIKELY, ink, 0).astype(np.uint8)


def _parted(box: Box, ink: np.ndarray) -> Iterator[tuple[Box, np.ndarray]]:
    """The words of a line with their ink."""
    inked = np.flatnonzero((ink >= FAINT).any(axis=0))
    if not len(inked):
        return
    ends = np.flatnonzero(np.diff(inked) > max(2.0, WORD_GAP * ink.shape[0]))
    firsts, lasts = inked[np.append(0, ends + 1)], inked[np.append(ends, len(inked) - 1)]
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        width = last + 1 - first
        yield Box(box.x + first, box.y, width, box.height), ink[:, first : last + 1]


def mended(word: str) -> str:
    """A word whose letters may have been read as digits: `0f` is `of`, `H1B` stays."""
    word = re.sub(r"^0(?=[a-zA-Z])|(?<=[a-z])0$", "o", word)
    word = re.sub(r"^1(?=[nstf]$)", "i", word)
    if sum(map(str.isalpha, word)) < FEWEST_LETTERS:
        return word
    inner = r"(?<=[a-zA-Z]){}(?=[a-zA-Z])"
    return re.sub(inner.format(0), "o", re.sub(inner.format(1), "i", word))
