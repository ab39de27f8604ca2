"""Fields with their ink, what is asked of their readings, and the answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from hcr_batch.alphabet import CHARSETS
from hcr_batch.characters.field_ink import FieldInk
from hcr_batch.characters.string_candidates import TextLine
from hcr_batch.forms.rules import Rule
from hcr_batch.recognition.model_card import NOTHING_ACCEPTED
from hcr_batch.types import Box, Field, Reading

__all__ = ["FieldAnswer", "FieldGlyphs", "Thresholds", "narrowest"]


@dataclass(frozen=True)
class FieldGlyphs(FieldInk):
    """A field with its ink and the rule of its text."""

    rule: Rule = dataclasses.field(default_factory=Rule)

    @classmethod
    def of(cls, ink: FieldInk, rule: Rule) -> FieldGlyphs:
        """The same ink under a rule."""
        names = (field.name for field in dataclasses.fields(ink))
        return cls(**{name: getattr(ink, name) for name in names}, rule=rule)

    def by_line(self) -> list[FieldGlyphs]:
        """Each line of a free area as a field of its own, named `f012`, `f012-2`, `f012-3`.

        People write one answer below the other where a form leaves room: name, street, town; and
        beside it in tables without upright lines.
        """
        if len(self.lines) < 2:
            return [self]
        return [
            dataclasses.replace(self, field=_of_line(self.field, line, number), lines=(line,))
            for number, line in enumerate(self.lines, start=1)
        ]


def _of_line(field: Field, line: TextLine, number: int) -> Field:
    name = field.name if number == 1 else f"{field.name}-{number}"
    return dataclasses.replace(field, name=name, box=line.box)


@dataclass(frozen=True)
class Thresholds:
    """The least confidence that needs no person, by charset.

    Attributes
    ----------
    of_charset : callable
        From `alnum`, `digits` or `upper` to a confidence.
    of_strings : float
        That of strings that are read whole,
    of_string_characters : float
        and of characters of those that are not sure as a whole.
    of_fields : mapping
        By the name on the page, of fields whose writing was measured by itself.
    """

    of_charset: Callable[[str], float]
    of_strings: float = NOTHING_ACCEPTED
    of_string_characters: float = NOTHING_ACCEPTED
    of_fields: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def of(self, charset: str, field: str = "") -> float:
        """That of the field, else of the narrowest charset of the model with all of `charset`."""
        return self.of_fields.get(field) or self.of_charset(narrowest(charset))

    def of_line(self, field: str) -> tuple[float, float]:
        """That of a string of a field read whole, and of its characters if it is in doubt."""
        if field in self.of_fields:
            return NOTHING_ACCEPTED, self.of_fields[field]
        return self.of_strings, self.of_string_characters

    @property
    def strict(self) -> float:
        """For what a rule has corrected: the writing itself said otherwise."""
        return max(map(self.of_charset, CHARSETS))


@lru_cache(maxsize=64)
def narrowest(charset: str) -> str:
    """Name of the narrowest of the model's charsets that holds all of these characters."""
    fitting = [name for name, wide in CHARSETS.items() if set(charset) <= set(wide)]
    return min(fitting, key=lambda name: len(CHARSETS[name]))


@dataclass(frozen=True)
class FieldAnswer:
    """The cells of a field with their readings.

    Attributes
    ----------
    cells : list of Box and Reading
    joint : float or None
        Probability that all are right, where a rule or a string tells it.
    confirmed : float
        Mean probability that its strings, cut into characters, give those that were read whole.
    """

    cells: list[tuple[Box, Reading]]
    joint: float | None = None
    confirmed: float = 1.0
