"""How far lines and characters are believed, fitted to lines whose text is known."""

import numpy as np
import pytest

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.config import DEFAULT_MODEL, data_folder
from hcr_batch.decoding.transcription import Transcription
from hcr_batch.recognition.line_confidence import CharacterEvidence
from hcr_batch.training.line_reader.line_trust import (
    JudgedLine,
    character_thresholds,
    character_trust,
    right_characters,
)
from hcr_batch.types import Box


def spelled(text, shapes=None):
    rows = np.eye(len(CHARACTERS))[[CHARACTERS.index(character) for character in text]]
    shapes = np.linspace(0.9, 0.8, len(text)) if shapes is None else np.array(shapes)
    boxes = (Box(0, 0, 1, 1),) * len(text)
    return Transcription(boxes, rows, np.zeros(len(text), bool), text, 0.5, shapes)


@pytest.mark.parametrize(
    ("read", "truth", "right"),
    [
        ("0SLO", "Oslo", "1111"),
        ("ARK", "APK", "101"),
        ("ARKX", "ARK", "1110"),
        ("AK", "ARK", "10"),
        ("AR", "ARK", "10"),
        ("", "ARK", ""),
    ],
)
def test_a_character_is_wrong_too_where_one_beside_it_is_lost(read, truth, right):
    found = right_characters(spelled(read), truth)
    assert "".join(map(str, found.astype(int))) == right


def test_of_two_the_less_clear_one_stands_for_what_is_lost_between_them():
    assert right_characters(spelled("AK", [0.3, 0.9]), "ARK").tolist() == [False, True]


def test_what_speaks_for_characters_is_weighed_by_which_were_right():
    rng = np.random.default_rng(1)
    lines = []
    for _ in range(400):
        texts, shapes, cuts = rng.uniform(0.05, 0.95, (3, 5))
        right = rng.random(5) < shapes
        lines.append(JudgedLine(CharacterEvidence(texts, shapes, cuts, 0.3), right))
    trust = character_trust(lines)
    assert trust.shapes > 0.7
    assert max(abs(trust.texts), abs(trust.cuts)) < 0.15
    loose = character_thresholds(lines, trust)[-1]
    assert loose.threshold > 0.9


def test_the_card_that_comes_with_the_program_keeps_the_default_target():
    from hcr_batch.recognition.line_reader import load_line_reader

    card = load_line_reader(data_folder("models") / DEFAULT_MODEL).card
    assert 0.5 < card.character_threshold(0.005) < 1
    assert card.character_threshold(0.01) <= card.character_threshold(0.005)
    assert card.character_threshold(1e-6) > 1
