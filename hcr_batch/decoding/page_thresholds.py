"""From which confidence on the readings of a page need no person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hcr_batch.config import RecognitionSettings
from hcr_batch.decoding.field_answers import Thresholds
from hcr_batch.recognition.line_card import LineCard
from hcr_batch.recognition.model_card import NOTHING_ACCEPTED, STRINGS, ModelCard

if TYPE_CHECKING:
    from hcr_batch.forms.matching_form import MatchedForm

__all__ = ["page_thresholds"]

STRING_CHARACTERS = 4
"""A string may be wrong as often as so many characters may: usual answers hold 4 to 10."""


def page_thresholds(
    wanted: RecognitionSettings,
    card: ModelCard,
    line_card: LineCard | None,
    form: MatchedForm | None = None,
) -> Thresholds:
    """The thresholds for a page.

    Parameters
    ----------
    wanted : RecognitionSettings
        With one threshold for all, or a target error.
    card : ModelCard
    line_card : LineCard or None
        Of the line reader; None where the model has none.
    form : MatchedForm, optional
        The known form that the page is.
    """
    return Thresholds(
        lambda charset: wanted.threshold or card.threshold(wanted.target_error, charset),
        *_of_lines(wanted, card, line_card),
        {} if wanted.threshold or not form else _of_fields(wanted, card, form),
    )


def _of_lines(
    wanted: RecognitionSettings, card: ModelCard, line_card: LineCard | None
) -> tuple[float, float]:
    """Thresholds of strings read whole, and of their characters.

    What was measured on the user's own forms holds for each character, however sure its string.
    """
    if wanted.threshold or line_card is None:
        return wanted.threshold, wanted.threshold
    target = wanted.target_error
    if STRINGS in card.thresholds:
        return NOTHING_ACCEPTED, card.threshold(target, STRINGS)
    return (
        line_card.threshold(STRING_CHARACTERS * target),
        line_card.character_threshold(target),
    )


def _of_fields(wanted: RecognitionSettings, card: ModelCard, form: MatchedForm) -> dict[str, float]:
    """Thresholds of the fields that the card knows, by their names on the page."""
    names = {field.name: form.template_field(field.name) for field in form.fields}
    return {
        name: card.threshold(wanted.target_error, field=known)
        for name, known in names.items()
        if known in card.thresholds
    }
