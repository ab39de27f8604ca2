from dataclasses import replace

import pytest

from hcr_batch.evaluation.matching import (
    PredictedCell,
    PredictedField,
    TruthField,
    align,
    fold,
    match_fields,
)
from hcr_batch.evaluation.scoring import Tally, compare, score, score_page
from hcr_batch.types import SourceBox


def cells(text, flagged="", x=0, y=0):
    """One 10-pixel cell a character; `_` is a blank cell; those in `flagged` are flagged."""
    return tuple(
        PredictedCell(SourceBox(x + 10 * place, y, 10, 10), char.strip("_"), char in flagged)
        for place, char in enumerate(text)
    )


def field(text, name="f001", **places):
    return PredictedField(name, cells(text, **places))


def test_fold_joins_look_alikes_and_nothing_else():
    assert fold("cijkmopsuvwxyz") == "CIJKMOPSUVWXYZ"
    assert fold("l") == "I"
    assert fold("abdefghnqrt0A") == "abdefghnqrt0A"


def test_align_pairs_wrong_missed_and_invented():
    assert [(text, cell and cell.character) for text, cell in align("1234", cells("1934"))] == [
        ("1", "1"), ("2", "9"), ("3", "3"), ("4", "4"),
    ]  # fmt: skip
    assert [cell is None for _, cell in align("1234", cells("134"))] == [False, True, False, False]
    assert [text for text, _ in align("12", cells("192"))] == ["1", "", "2"]


def test_a_right_field_found_by_name():
    tally = score_page([TruthField("name", "MaX 12")], [field("Max_12_", "name")])
    assert tally == Tally(
        fields=1, fields_found=1, fields_right=1, characters=5, found=5, right=5, read=5
    )


def test_wrong_characters_are_silent_unless_flagged():
    tally = score_page([TruthField("no", "1234")], [field("1784", "no", flagged="7")])
    assert (tally.right, tally.read, tally.flagged, tally.silent) == (2, 4, 1, 1)
    assert (tally.digits, tally.digits_right, tally.fields_right) == (4, 2, 0)
    assert tally.shares()["silent_errors"] == 1 / 3
    assert tally.shares()["human_effort"] == 1 / 4


def test_a_character_read_in_a_blank_cell_is_invented():
    tally = score_page([TruthField("no", "12")], [field("127", "no")])
    assert (tally.invented, tally.silent, tally.right, tally.fields_right) == (1, 1, 2, 0)


def test_a_character_read_as_blank_is_missed():
    tally = score_page([TruthField("no", "123")], [field("1_3", "no")])
    assert (tally.found, tally.missed, tally.right) == (2, 1, 2)


def test_a_flagged_cell_without_character_is_found_but_not_right():
    no_character = PredictedCell(SourceBox(10, 0, 10, 10), "", flagged=True)
    predicted = PredictedField("no", (*cells("1"), no_character))
    tally = score_page([TruthField("no", "12")], [predicted])
    assert (tally.found, tally.right, tally.silent, tally.flagged) == (2, 1, 0, 1)


def test_ink_that_is_no_character_is_invented_once_and_never_right():
    scribble = PredictedCell(SourceBox(20, 0, 10, 10), "", flagged=True)
    predicted = PredictedField("no", (*cells("12"), scribble, replace(scribble)))
    tally = score_page([TruthField("no", "12")], [predicted])
    assert (tally.characters, tally.found, tally.right, tally.invented) == (2, 2, 2, 2)
    assert (tally.read, tally.fields_right) == (4, 0)


@pytest.mark.parametrize("read", ["", "_", "1", "1111", "12?4", "9?9?9", "1_2_3_4", "x1234x1234"])
def test_no_character_of_the_truth_counts_twice(read):
    read_cells = tuple(
        replace(cell, character="", flagged=True) if cell.character == "?" else cell
        for cell in cells(read)
    )
    tally = score_page([TruthField("no", "1234")], [PredictedField("no", read_cells)])
    assert tally.right <= tally.found <= tally.characters == 4
    assert tally.found + tally.invented == tally.read


def test_fields_are_found_by_place_whatever_they_say():
    truth = [
        TruthField("a", "12", SourceBox(0, 0, 40, 10)),
        TruthField("b", "34", SourceBox(0, 50, 40, 10)),
    ]
    matches, left = match_fields(truth, [field("99", "f001", y=50), field("12", "f002")])
    read = {match.name: "".join(cell.character for cell in found) for match, found in matches}
    assert read == {"a": "12", "b": "99"}
    assert left == []


def test_a_run_over_two_fields_is_divided_by_their_places():
    truth = [
        TruthField("a", "12", SourceBox(0, 0, 20, 10)),
        TruthField("b", "34", SourceBox(20, 0, 20, 10)),
    ]
    tally = score_page(truth, [field("1234")])
    assert (tally.fields_right, tally.right, tally.extra) == (2, 4, 0)


def test_a_field_that_lies_elsewhere_is_not_found():
    tally = score_page([TruthField("a", "12", SourceBox(500, 500, 40, 10))], [field("12")])
    assert (tally.fields_found, tally.found, tally.characters, tally.extra) == (0, 0, 2, 2)


def test_fields_without_places_are_paired_for_the_most_right_characters():
    truth = [TruthField("phone", "12345"), TruthField("birthday", "12945")]
    matches, _ = match_fields(truth, [field("12945", "f001"), field("12845", "f002")])
    read = {match.name: "".join(cell.character for cell in found) for match, found in matches}
    assert read == {"phone": "12845", "birthday": "12945"}


def test_a_text_read_in_pieces_is_put_together():
    predicted = [
        field("31", "f001"),
        field("12", "f002", x=100),
        field("1999", "f003", x=200),
        field("XY", "f004", x=300),
    ]
    tally = score_page([TruthField("birthday", "31121999")], predicted)
    assert (tally.found, tally.right, tally.fields_right) == (8, 8, 1)
    assert tally.extra == 2


def test_unknown_ink_beside_a_text_stays_outside_it():
    mark = PredictedField("f002", (PredictedCell(SourceBox(50, 0, 10, 10), "", flagged=True),))
    tally = score_page([TruthField("no", "1234")], [field("1234"), mark])
    assert (tally.right, tally.invented, tally.fields_right) == (4, 0, 1)


def test_far_away_pieces_do_not_belong_to_a_text():
    predicted = [field("3112", "f001"), field("1999", "f002", y=400)]
    tally = score_page([TruthField("birthday", "31121999")], predicted)
    assert (tally.found, tally.right, tally.extra) == (4, 4, 4)


def test_unlike_texts_are_not_paired():
    tally = score_page([TruthField("name", "ANNA")], [field("BXRT")])
    assert (tally.fields_found, tally.found, tally.extra, tally.extra_silent) == (0, 0, 4, 4)


def test_an_empty_field_found_by_place_shows_what_was_invented():
    tally = score_page([TruthField("a", "", SourceBox(0, 0, 30, 10))], [field("_7_")])
    assert (tally.fields_found, tally.invented, tally.fields_right) == (1, 1, 0)


def test_what_is_read_on_files_without_truth_is_extra():
    truth = {("a.png", 1): [TruthField("no", "1")]}
    predicted = {
        ("forms/a.png", 1): [field("1", "no")],
        ("forms/blank.png", 1): [field("__8", flagged="8")],
    }
    tallies = score(truth, predicted)
    assert tallies["forms/a.png"].fields_right == 1
    assert tallies["forms/blank.png"] == Tally(extra=1)


def test_a_file_missing_from_the_results_is_missed_whole():
    tallies = score({("a.png", 1): [TruthField("no", "123")]}, {})
    assert tallies["a.png"] == Tally(fields=1, characters=3, digits=3)


def test_fields_are_compared_one_by_one():
    truth = {("a.png", 1): [TruthField("no", "123"), TruthField("name", "ANNA")]}
    predicted = {("a.png", 1): [field("1_7x", "no", flagged="7")]}
    assert [(item.field, item.text, item.read) for item in compare(truth, predicted)] == [
        ("no", "123", "1 7x"),
        ("name", "ANNA", None),
    ]
