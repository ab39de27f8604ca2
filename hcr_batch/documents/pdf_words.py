"""The words printed on the pages of a PDF that holds its text."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from hcr_batch.documents.acroform import shown_place
from hcr_batch.types import MillimetreBox

__all__ = ["PrintedWord", "pdf_words"]

WORD_GAP = 0.6
"""Heights of a character; what stands further apart are two words, though no blank is between
them. Around the ink of a 1 there is more paper than between other characters."""


@dataclass(frozen=True)
class PrintedWord:
    """A word printed on a form, or several in a row; its place in millimetres."""

    text: str
    box: MillimetreBox


def pdf_words(path: Path, number: int) -> tuple[PrintedWord, ...]:
    """The words of a page, from 1, in the order of the file; none of a page without text."""
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError:
        return ()
    with closing(document):
        if number > len(document):
            return ()
        page = document[number - 1]
        return tuple(_words(page, page.get_textpage()))


def _words(page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage) -> Iterator[PrintedWord]:
    word, box = "", None
    for character, place in _characters(page, text):
        if box is not None and (not character.strip() or not _goes_on(box, place)):
            yield PrintedWord(word, box)
            word, box = "", None
        if character.strip():
            word, box = word + character, _joined(box, place)
    if box is not None:
        yield PrintedWord(word, box)


def _characters(
    page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage
) -> Iterator[tuple[str, MillimetreBox]]:
    sides = [ctypes.c_double() for _ in range(4)]
    for index in range(text.count_chars()):
        code = pdfium.FPDFText_GetUnicode(text, index)
        pdfium.FPDFText_GetCharBox(text, index, *sides)
        left, right, bottom, top = (side.value for side in sides)
        yield chr(code), shown_place(page, (left, right), (bottom, top))


def _goes_on(box: MillimetreBox, place: MillimetreBox) -> bool:
    height = max(box.height, place.height)
    same_line = min(box.bottom, place.bottom) - max(box.y, place.y) > -WORD_GAP * height
    return same_line and -height < place.x - box.right <= WORD_GAP * height


def _joined(box: MillimetreBox | None, place: MillimetreBox) -> MillimetreBox:
    if box is None:
        return place
    left, top = min(box.x, place.x), min(box.y, place.y)
    right, bottom = max(box.right, place.right), max(box.bottom, place.bottom)
    return MillimetreBox(left, top, right - left, bottom - top)
