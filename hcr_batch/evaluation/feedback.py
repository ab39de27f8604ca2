"""What reviewers answered, turned into thresholds: by charset, for strings, by field.

A reviewed sample of the unflagged characters, and the flagged ones that were
looked at anyway, say how sure a reading of these forms has to be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.decoding.field_answers import narrowest
from hcr_batch.errors import NoInputError
from hcr_batch.evaluation.matching import fold
from hcr_batch.evaluation.sampling import (
    ReviewedCharacter,
    SilentError,
    silent_error,
    threshold_for,
)
from hcr_batch.forms.template_files import load_templates
from hcr_batch.journal.journal import Journal
from hcr_batch.journal.reviewed import answered_cells
from hcr_batch.recognition.calibration import clopper_pearson_upper
from hcr_batch.recognition.model_card import (
    NOTHING_ACCEPTED,
    STRINGS,
    ModelCard,
    Threshold,
    parse_thresholds,
)
from hcr_batch.results.form_names import form_of

__all__ = [
    "FEWEST_ANSWERS",
    "Feedback",
    "ReadCharacter",
    "calibrated_card",
    "fit_feedback",
    "read_characters",
]

FEWEST_ANSWERS = 100
"""Answered characters, among them some that were not flagged, from which a charset or a field has a
threshold of its own: from so many without an error the rate lies below 3.6 % with 97.5 % certainty.
"""


IN_CELLS, IN_STRINGS = ("comb", "boxes"), ("free",)
"""Kinds of fields; characters in strings that are read whole have thresholds of their own."""
UNSURE = ((), ("low_confidence",))
"""Reasons of characters of which the threshold decides; those flagged for more stay so."""


@dataclass(frozen=True)
class ReadCharacter:
    """A character of the results that is flagged for its low confidence, or not at all.

    Attributes
    ----------
    confidence : float
    flagged : bool
    right : bool or None
        Whether the reviewer says what the machine says; None where nobody has looked.
    charset : str
        All characters that may stand in its field.
    field : str
        `form.field` of the template, or empty.
    in_string : bool
        It stands in a string.
    """

    confidence: float
    flagged: bool
    right: bool | None
    charset: str
    field: str = ""
    in_string: bool = False

    @property
    def group(self) -> str:
        """Name of the thresholds that hold for it, but for those of its field."""
        return STRINGS if self.in_string else narrowest(self.charset)


@dataclass(frozen=True)
class Feedback:
    """What the answers of a charset or a field say.

    Attributes
    ----------
    group : str
        Name of the charset, `strings`, or `form.field`.
    answers : int
    thresholds : tuple of Threshold
        One a target error of the card.
    before, after : SilentError
        Of the unflagged characters, by the card in use and by the new threshold
        for the wanted target; the latter fitted on each half of the answers and
        measured on the other.
    old, new : float
        Thresholds for the wanted target.
    """

    group: str
    answers: int
    thresholds: tuple[Threshold, ...]
    before: SilentError
    after: SilentError
    old: float
    new: float


def fit_feedback(
    characters: Iterable[ReadCharacter], card: ModelCard, wanted: float, in_use: float = 0.0
) -> tuple[Feedback, ...]:
    """Fit thresholds to reviewed results.

    Parameters
    ----------
    characters : iterable of ReadCharacter
        All of the results, reviewed or not: each answer stands for as many of
        its kind, flagged or not, as there are to one that was looked at.
    card : ModelCard
        Of the model that read them.
    wanted : float
        Target error, 0 to 1, for which the silent error is told.
    in_use : float
        The threshold that the results were made with, where they were made
        with one for all; 0 where with those of the card.

    Returns
    -------
    tuple of Feedback
        Charsets first; those with too few answers are left out.
    """
    groups: dict[tuple[bool, str], list[ReadCharacter]] = defaultdict(list)
    for one in characters:
        if one.in_string and STRINGS not in card.thresholds:
            continue
        groups[False, one.group].append(one)
        if one.field:
            groups[True, one.field].append(one)
    return tuple(
        _fitted(group, card, wanted, in_use, name)
        for (_, name), group in sorted(groups.items())
        if _is_enough(group)
    )


def read_characters(journal: Journal, templates: Sequence[Path]) -> Iterator[ReadCharacter]:
    """The characters of results, but those flagged for more than a low confidence.

    Parameters
    ----------
    journal : Journal
    templates : sequence of Path
        Forms that the results were read with.
    """
    charsets = {
        f"{template.name}.{field.name}": field.rule.charset
        for template in (load_templates(templates) if templates else ())
        for page in template.pages
        for field in page.fields
    }
    for cell, truth in answered_cells(journal):
        reading = cell.reading
        is_field = cell.kind in (*IN_CELLS, *IN_STRINGS)
        if is_field and reading.character and reading.reasons in UNSURE:
            field = ".".join(form_of(cell.form, cell.field)[1:])
            known = field in charsets
            yield ReadCharacter(
                reading.confidence,
                reading.flagged,
                None if truth is None else fold(truth) == fold(reading.character),
                charsets.get(field, CHARACTERS),
                field if known else "",
                cell.kind in IN_STRINGS,
            )


def calibrated_card(
    card: ModelCard, characters: Iterable[ReadCharacter], wanted: float, in_use: float
) -> tuple[dict[str, Any], tuple[Feedback, ...]]:
    """A card with the thresholds of :func:`fit_feedback`, and those groups.

    Raises
    ------
    NoInputError
        Too few characters are answered.
    """
    groups = fit_feedback(characters, _with_strings(card), wanted, in_use)
    if not groups:
        raise NoInputError(
            f"fewer than {FEWEST_ANSWERS} characters answered, or none that was not flagged;"
            " review some with hcr-batch review --sample 5%"
        )
    found = {one.group: [asdict(entry) for entry in one.thresholds] for one in groups}
    thresholds = {**card.document.get("thresholds", {}), **found}
    return {**card.document, "thresholds": thresholds}, groups


def _with_strings(card: ModelCard) -> ModelCard:
    """The card with the thresholds of its line reader for characters in strings, if it has one."""
    lines = card.document.get("line_reader")
    if lines is None:
        return card
    known = parse_thresholds({STRINGS: lines["character_thresholds"]})
    return replace(card, thresholds={**known, **card.thresholds})


def _is_enough(group: Sequence[ReadCharacter]) -> bool:
    answered = [one for one in group if one.right is not None]
    return len(answered) >= FEWEST_ANSWERS and not all(one.flagged for one in answered)


def _fitted(
    group: Sequence[ReadCharacter], card: ModelCard, wanted: float, in_use: float, name: str
) -> Feedback:
    known = group[0].group
    answered = _answered(group)
    targets = {entry.target_error for entry in card.thresholds.get(known, ())} | {wanted}

    def current(target: float) -> float:
        return in_use or card.threshold(target, known, name)

    def threshold(characters: Sequence[ReviewedCharacter], target: float) -> float:
        return _fitted_threshold(characters, target, current(target))

    new = {target: threshold(answered, target) for target in sorted(targets)}
    unflagged = [one for one in group if not one.flagged and one.right is not None]
    halves = answered[::2], answered[1::2]
    accepted = [
        one
        for fitted_on, measured_on in (halves, halves[::-1])
        for one in _above(measured_on, threshold(fitted_on, wanted))
    ]
    return Feedback(
        name,
        len(answered),
        tuple(_entry(answered, target, found) for target, found in new.items()),
        silent_error(sum(not one.right for one in unflagged), len(unflagged)),
        _weighed_error(accepted),
        current(wanted),
        new[wanted],
    )


def _answered(group: Sequence[ReadCharacter]) -> list[ReviewedCharacter]:
    """Answered characters, each standing for its share of all that are flagged, or are not."""
    found = []
    for flagged in (False, True):
        kind = [one for one in group if one.flagged == flagged]
        seen = [one for one in kind if one.right is not None]
        found += [
            ReviewedCharacter(one.confidence, bool(one.right), len(kind) / len(seen))
            for one in seen
        ]
    return found


def _fitted_threshold(
    characters: Sequence[ReviewedCharacter], target: float, current: float
) -> float:
    """The lowest threshold that would keep the target with one error more; else no lower one.

    One error more: a hundred answers without a mistake do not promise one in a thousand.
    """
    weight = sum(one.weight for one in characters) / max(len(characters), 1)
    one_more = ReviewedCharacter(NOTHING_ACCEPTED, False, weight)
    lowest = threshold_for([*characters, one_more], target)
    if lowest is not None:
        return lowest
    lowest = threshold_for(characters, target)
    return NOTHING_ACCEPTED if lowest is None else max(lowest, current)


def _above(characters: Sequence[ReviewedCharacter], threshold: float) -> list[ReviewedCharacter]:
    return [one for one in characters if one.confidence >= threshold]


def _weighed_error(characters: Sequence[ReviewedCharacter]) -> SilentError:
    """Error rate of characters that stand for many or few, as of so many equal ones."""
    total = sum(one.weight for one in characters)
    if not total:
        return silent_error(0, 0)
    equal = total**2 / sum(one.weight**2 for one in characters)
    wrong = sum(one.weight for one in characters if not one.right) / total
    return silent_error(round(wrong * equal), round(equal))


def _entry(
    answered: Sequence[ReviewedCharacter], target: float, threshold: float
) -> Threshold:
    accepted, error = _above(answered, threshold), _weighed_error(_above(answered, threshold))
    total = sum(one.weight for one in answered)
    share = sum(one.weight for one in accepted) / total
    return Threshold(target, threshold, share, clopper_pearson_upper(error.wrong, error.count))
