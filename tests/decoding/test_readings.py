"""What is reported of a glyph, and when a person must look."""

import numpy as np
import pytest

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.decoding.readings import blank_reading, check_reading, glyph_reading, glyph_readings


def probabilities(**shares):
    row = np.zeros(62, np.float32)
    for character, share in shares.items():
        row[CHARACTERS.index(character.strip("_"))] = share
    return row


def test_a_sure_character_needs_no_one():
    reading = glyph_reading(probabilities(A=0.995, R=0.004), 0.9)
    assert reading.character == "A"
    assert reading.confidence == pytest.approx(0.995)
    assert not reading.flagged
    assert reading.reasons == ()


def test_a_doubtful_one_is_flagged_with_its_alternatives_likeliest_first():
    row = probabilities(B=0.5, _8=0.3, R=0.1, P=0.05, D=0.04)
    reading = glyph_reading(row, 0.9)
    assert reading.character == "B"
    assert reading.flagged
    assert reading.reasons == ("low_confidence",)
    assert [character for character, _ in reading.alternatives] == ["8", "R", "P"]
    assert [share for _, share in reading.alternatives] == pytest.approx([0.3, 0.1, 0.05])


def test_a_reason_flags_even_a_sure_one():
    reading = glyph_reading(probabilities(A=1.0), 0.9, ("touching",))
    assert (reading.character, reading.flagged, reading.reasons) == ("A", True, ("touching",))


@pytest.mark.parametrize("row", [probabilities(), probabilities(A=0.3, _4=0.1)])
def test_foreign_ink_is_no_letter(row):
    reading = glyph_reading(row, 0.1)
    assert reading.character == ""
    assert reading.flagged
    assert "not_a_character" in reading.reasons
    assert reading.confidence == pytest.approx(1 - row.sum())
    assert len(reading.alternatives) <= 3


def test_confidence_never_exceeds_one():
    assert glyph_reading(probabilities(A=1.00001), 0.9).confidence == 1.0


def test_a_blank_cell_is_empty_and_needs_no_one():
    reading = blank_reading()
    assert (reading.character, reading.flagged, reading.alternatives) == ("", False, ())
    assert 0.9 < reading.confidence <= 1


def test_a_cross_in_a_check_box_in_either_case():
    assert check_reading(probabilities(X=0.6, x=0.39), 0.9, False).flagged is False
    assert check_reading(probabilities(V=0.6, Y=0.2, v=0.15), 0.9, False).flagged is False
    doubtful = check_reading(probabilities(A=0.8), 0.9, False)
    assert doubtful.character == "X"
    assert doubtful.reasons == ("low_confidence",)


@pytest.mark.parametrize(("character", "read"), [("3", "3"), ("B", "B"), ("0", "X"), ("J", "X")])
def test_a_code_in_a_check_box_is_read_and_shown_and_no_tick_or_ring(character, read):
    reading = check_reading(probabilities(**{character: 0.97}), 0.9, False)
    assert (reading.character, reading.flagged) == (read, True)


def test_many_readings_are_those_of_each_glyph():
    rows = [probabilities(A=0.7, R=0.2), probabilities(b=0.3), probabilities(A=0.99, a=0.01)]
    reasons = [(), ("touching",), ("printed",)]
    alone = [glyph_reading(row, 0.9, reason) for row, reason in zip(rows, reasons, strict=True)]
    assert glyph_readings(np.stack(rows), 0.9, reasons) == alone
    assert glyph_readings(np.zeros((0, 62), np.float32), 0.9, []) == []
