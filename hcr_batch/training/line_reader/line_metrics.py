"""How well strings are read: whole, and character by character."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from hcr_batch.decoding.ctc_search import likeliest_answer
from hcr_batch.decoding.cut_support import CutLine
from hcr_batch.decoding.transcription import likely_texts
from hcr_batch.evaluation.score_tables import aligned
from hcr_batch.recognition.line_confidence import comparable_text
from hcr_batch.recognition.line_reader import LineReader
from hcr_batch.training.line_reader.line_held import HeldLine

__all__ = ["HeldRead", "edit_distance", "held_reads", "line_metrics", "table"]

DOUBTED = 0.5
"""Share of a text's characters that a reading has otherwise from which, with held-out words,
the text is doubted and not the reading: one in twenty is wrong."""
FEWEST = 30
"""Strings from which a style or a writer has metrics of its own."""


@dataclass(frozen=True)
class HeldRead:
    """A held-out line, what was read, and the share of that text among those found, 0 to 1."""

    line: HeldLine
    text: str
    weight: float

    @property
    def right(self) -> bool:
        """Whether it was read right, case and look-alikes taken for one."""
        return comparable_text(self.text) == comparable_text(self.line.text)

    @property
    def doubted(self) -> bool:
        """Whether the text that goes with a word is rather wrong than the reading."""
        away = edit_distance(comparable_text(self.text), comparable_text(self.line.text))
        return self.line.kind == "words" and away > DOUBTED * len(self.line.text)


def held_reads(
    reader: LineReader, held: Sequence[HeldLine], cuts: Sequence[CutLine | None] = ()
) -> list[HeldRead]:
    """Read held-out lines with the model of texts and, given those, what their cuts say."""
    strips = [line.strip.image for line in held]
    best = [
        likeliest_answer(likely_texts(columns, reader.card, cut))
        for columns, cut in zip_longest(reader.probabilities(strips), cuts)
    ]
    return [HeldRead(line, one.text, one.weight) for line, one in zip(held, best, strict=True)]


def edit_distance(read: str, true: str) -> int:
    """Insertions, deletions and replacements between two texts (Levenshtein)."""
    row = list(range(len(true) + 1))
    for place, a in enumerate(read, start=1):
        before, row[0] = row[0], place
        for k, b in enumerate(true, start=1):
            before, row[k] = row[k], min(row[k] + 1, row[k - 1] + 1, before + (a != b))
    return row[-1]


def line_metrics(reads: Iterable[HeldRead]) -> dict[str, Any]:
    """Share of strings right and of characters wrong, by kind, style and source.

    Case and look-alikes count as the same; `exact` counts them.

    Returns
    -------
    dict
        By name: `strings`, `right`, `exact`, `character_error`; and over the writers
        of words the median and the worst tenth of `right`.
    """
    groups: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    by_writer: defaultdict[str, list[bool]] = defaultdict(list)
    for read in reads:
        line = read.line
        groups[line.kind].append((read.text, line.text))
        groups[f"{line.kind}, {line.style or 'style unknown'}"].append((read.text, line.text))
        if line.kind == "words":
            by_writer[line.writer].append(read.right)
    found = {
        name: _figures(pairs)
        for name, pairs in groups.items()
        if len(pairs) >= FEWEST or "," not in name
    }
    return found | ({"writers": _spread(list(by_writer.values()))} if by_writer else {})


def table(metrics: Mapping[str, Mapping[str, float]]) -> str:
    """The metrics of a card as lines of text."""
    lines: list[tuple[str, ...]] = [("strings", "number", "right", "exact", "characters wrong")]
    for name, values in metrics.items():
        if "strings" in values:
            shares = (f"{values[key]:.4f}" for key in ("right", "exact", "character_error"))
            lines.append((name, str(values["strings"]), *shares))
    return aligned(lines, "<>>>>")


def _figures(pairs: Sequence[tuple[str, str]]) -> dict[str, float]:
    wrong = sum(edit_distance(comparable_text(read), comparable_text(true)) for read, true in pairs)
    characters = sum(len(comparable_text(true)) for _, true in pairs)
    return {
        "strings": len(pairs),
        "right": round(
            sum(comparable_text(read) == comparable_text(true) for read, true in pairs)
            / len(pairs),
            4,
        ),
        "exact": round(sum(read == true for read, true in pairs) / len(pairs), 4),
        "character_error": round(wrong / max(1, characters), 4),
    }


def _spread(writers: Sequence[Sequence[bool]]) -> dict[str, float]:
    shares = sorted(sum(right) / len(right) for right in writers)
    return {
        "writers": len(shares),
        "median_right": round(shares[len(shares) // 2], 4),
        "worst_tenth_right": round(shares[len(shares) // 10], 4),
    }
