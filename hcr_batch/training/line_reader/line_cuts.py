"""Held-out lines read the other way too: cut into characters, as the pipeline finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.characters.normalize import normalize_inks
from hcr_batch.characters.string_candidates import find_strings
from hcr_batch.characters.writing import Parts, Writing
from hcr_batch.config import Settings, load_settings
from hcr_batch.decoding.cut_support import CutLine
from hcr_batch.decoding.field_answers import FieldGlyphs
from hcr_batch.decoding.known_words import known_words
from hcr_batch.decoding.line_parts import LinePart, cut_parts, weighed
from hcr_batch.decoding.machine_print import NOTHING_KNOWN
from hcr_batch.recognition.line_confidence import LineConfidence, comparable_text
from hcr_batch.recognition.recognizers import Recognizer
from hcr_batch.training.line_reader.line_held import HeldLine
from hcr_batch.training.line_reader.line_metrics import HeldRead
from hcr_batch.types import Box, Cell, Field

__all__ = ["PER_MM", "HeldCut", "ReadTwice", "cuts_of", "writing_of"]

MARGIN = 8
"""Pixels of paper around a line."""
PER_MM = 8.0
"""Pixels of a millimetre, as at 200 dpi."""
STROKE = 85
"""Soft ink from which it is a stroke."""


@dataclass(frozen=True)
class HeldCut:
    """A held-out line cut into characters.

    Attributes
    ----------
    text : str
        As its characters read alone.
    line : CutLine, optional
        What has a say in the line read whole; None where the ink falls into several lines.
    part : LinePart, optional
        The same with the characters that part it best.
    """

    text: str
    line: CutLine | None
    part: LinePart | None


@dataclass(frozen=True)
class ReadTwice:
    """A held-out line read whole, which counts, and cut into characters, which may confirm it."""

    read: HeldRead
    cut: str

    @property
    def agrees(self) -> bool:
        """Both say the same, case and look-alikes taken for one."""
        return comparable_text(self.read.text) == comparable_text(self.cut)

    @property
    def is_known(self) -> bool:
        """All words of the line read whole are known ones."""
        return known_words().hold(self.read.text)

    def sure(self, trust: LineConfidence) -> float:
        """Probability that the line read whole is right."""
        return trust.probability(self.read.weight, self.agrees, self.is_known)


def writing_of(line: HeldLine) -> tuple[Writing, Field]:
    """The line as the handwriting of a page, and a free field around it."""
    soft = np.pad(line.ink, MARGIN)
    mask = (soft >= STROKE).view(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    corners = np.array([cv2.boundingRect(outline) for outline in outlines]).reshape(-1, 4)
    corners[:, 2:] += corners[:, :2]
    box = Box(1, 1, soft.shape[1] - 2, soft.shape[0] - 2)
    parts = Parts(list(outlines), corners)
    return Writing(soft, mask, soft * mask, parts), Field("line", "free", box, (Cell(box),))


def cuts_of(held: Sequence[HeldLine], recognizer: Recognizer) -> list[HeldCut]:
    """Lines cut into characters, as the pipeline cuts them."""
    settings = load_settings()
    return [_cut(line, recognizer, settings) for line in held]


def _cut(line: HeldLine, recognizer: Recognizer, settings: Settings) -> HeldCut:
    writing, field = writing_of(line)
    lines = find_strings(writing, [field], PER_MM, settings.glyphs)[0]
    glyphs = FieldGlyphs(field, lines=lines)
    scores = recognizer.scores(normalize_inks(list(glyphs.inks())))
    parts = [weighed(part, glyphs.rule) for part in cut_parts(glyphs, scores, NOTHING_KNOWN)]
    text = "".join(part.text for part in parts)
    if len(parts) != 1:
        return HeldCut(text, None, None)
    return HeldCut(text, CutLine.of(lines[:1], scores.characters), parts[0])
