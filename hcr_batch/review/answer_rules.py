"""The rules of known forms, held against what a reviewer answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hcr_batch.alphabet import CHARSETS
from hcr_batch.evaluation.matching import fold
from hcr_batch.journal.corrections import Correction, Kind, is_same_place
from hcr_batch.results.form_names import form_of

if TYPE_CHECKING:
    from hcr_batch.forms.template_files import Template, TemplateField
    from hcr_batch.journal.cell_table import PlacedField
    from hcr_batch.results.records import CellRecord
    from hcr_batch.types import SourceBox

__all__ = ["FieldRules", "GivenCharacter"]


WORDS = {
    "upper": "capitals",
    "lower": "small letters",
    "alnum": "letters and digits",
    "date:%d%m%Y": "a date: day, month, year",
    "date:%m%d%Y": "a date: month, day, year",
    "date:%Y%m%d": "a date: year, month, day",
    "date:%d%m%y": "a date: day, month, year of two digits",
    "luhn": "check digit",
    "mod97": "check digits",
}
"""What a template calls otherwise than a clerk does."""


@dataclass(frozen=True)
class GivenCharacter:
    """What is to stand in a cell; None where it is open or illegible, empty where it is blank."""

    box: SourceBox
    character: str | None


@dataclass(frozen=True)
class FieldRules:
    """The fields of templates by form and name; those of other forms have no rule."""

    fields: Mapping[tuple[str, str], TemplateField] = field(default_factory=dict)

    @classmethod
    def of(cls, templates: Iterable[Template]) -> FieldRules:
        """The rules of templates."""
        return cls(
            {
                (template.name, entry.name): entry
                for template in templates
                for page in template.pages
                for entry in page.fields
                if entry.kind != "check"
            }
        )

    def summary(self, placed: PlacedField) -> str:
        """What a field takes, for people; empty where it has no rule."""
        rule = self._rule(placed)
        return in_words(rule.summary) if rule else ""

    def spelled(self, placed: PlacedField, character: str) -> str:
        """The character in the case that the field takes, where it takes one of them."""
        rule = self._rule(placed)
        if rule is None or character in rule.rule.charset:
            return character
        other = character.swapcase()
        return other if other in rule.rule.charset else character

    def complaint(
        self,
        placed: PlacedField,
        given: Sequence[GivenCharacter],
        corrections: Sequence[Correction],
    ) -> str:
        """What is wrong with a field if these answers are taken; empty if nothing is.

        The whole text is looked at only where all of it is known: what the
        program was sure of, what was answered before, and what is answered now.
        """
        rule = self._rule(placed)
        if rule is None:
            return ""
        for one in given:
            if one.character and not _is_among(one.character, rule.rule.charset):
                return f"{one.character} cannot stand in {rule.name} ({in_words(rule.summary)})"
        characters = [_character(cell, given, corrections) for cell in placed.field.cells]
        known = [character for character in characters if character is not None]
        if len(known) < len(characters):
            return ""
        text = "".join(character or " " for character in known).strip()
        text = text.replace(" ", "") if rule.kind == "free" else text
        if not text:
            return f"{rule.name} must not be blank" if rule.rule.required else ""
        if rule.rule.allows(text) or rule.rule.allows(fold(text)):
            return ""
        return f"{text} does not fit {rule.name} ({in_words(rule.summary)})"

    def _rule(self, placed: PlacedField) -> TemplateField | None:
        return self.fields.get(form_of(placed.form, placed.field.name)[1:])


def in_words(summary: str) -> str:
    """A rule as a clerk would put it, as far as there are words for it."""
    return ", ".join(_in_words(part) for part in summary.split(", "))


def _in_words(part: str) -> str:
    rest, found = part, []
    for kind in ("upper", "lower", "digits"):
        if CHARSETS[kind] in rest:
            rest = rest.replace(CHARSETS[kind], "")
            found.append(WORDS.get(kind, kind))
    return " and ".join([*found, *([rest] if rest else [])]) if found else WORDS.get(part, part)


def _is_among(character: str, charset: str) -> bool:
    return character in charset or fold(character) in map(fold, charset)


def _character(
    cell: CellRecord, given: Sequence[GivenCharacter], corrections: Sequence[Correction]
) -> str | None:
    """What stands in a cell once the answers are taken."""
    box, reading = cell.box, cell.reading
    for one in given:
        if one.box == box:
            return one.character
    for answer in reversed(corrections):
        if is_same_place(answer.place.box, box):
            if answer.kind is Kind.ILLEGIBLE:
                return None
            if answer.kind is not Kind.OPEN:
                return answer.character
            break
    return None if reading.flagged else reading.character
