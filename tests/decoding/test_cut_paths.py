"""The way over the pieces of a line that makes the most of its characters."""

import numpy as np
import pytest

from hcr_batch.alphabet import CHARACTERS, CHARSETS, SYMBOLS
from hcr_batch.characters.string_candidates import Candidate, TextLine
from hcr_batch.decoding.cut_paths import best_constrained_path, best_path
from hcr_batch.forms.rules import make_rule
from hcr_batch.probabilities import shape_confidence
from hcr_batch.types import Box


def line_of(pieces, spans, cuts=()):
    """A line of pieces ten pixels wide; `spans` are (first, last) of its candidates."""
    candidates = tuple(
        Candidate(
            first=first,
            last=last,
            starts_at_cut=first in cuts,
            gap=0.0,
            ink=np.zeros((20, 10), np.uint8),
            box=Box(10 * first, 0, 10 * (last - first + 1), 20),
        )
        for first, last in spans
    )
    return TextLine(Box(0, 0, 10 * pieces, 20), pieces, 20.0, candidates)


def path(line, shape_confidence):
    return best_path(line, np.array(shape_confidence, float))


def test_separate_characters_are_read_one_by_one():
    line = line_of(3, [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)])
    assert path(line, [0.99, 0.2, 0.98, 0.3, 0.99]) == [0, 2, 4]


def test_parts_of_one_character_are_joined():
    line = line_of(3, [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)])
    assert path(line, [0.3, 0.99, 0.4, 0.1, 0.97]) == [1, 4]


def test_connected_characters_are_parted_only_for_a_good_reason():
    line = line_of(2, [(0, 0), (0, 1), (1, 1)], cuts=(1,))
    assert path(line, [0.97, 0.02, 0.98]) == [0, 2]
    assert path(line, [0.9, 0.8, 0.9]) == [1]


@pytest.mark.parametrize("shape_confidence", [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.5, 1.0]])
def test_every_piece_is_covered_once(shape_confidence):
    line = line_of(2, [(0, 0), (0, 1), (1, 1)])
    chosen = [line.candidates[number] for number in path(line, shape_confidence)]
    covered = [piece for c in chosen for piece in range(c.first, c.last + 1)]
    assert covered == [0, 1]


def test_a_stroke_is_a_whole_character_whichever_it_is():
    row = np.zeros((1, 62), np.float32)
    for character, share in (("1", 0.5), ("I", 0.3), ("i", 0.15)):
        row[0, CHARACTERS.index(character)] = share
    assert shape_confidence(row)[0] == pytest.approx(0.95, abs=1e-4)
    assert shape_confidence(np.zeros((0, 62), np.float32)).shape == (0,)


def ruled(pattern, lines, readings):
    """Numbers of the candidates chosen under a pattern; `readings` are (character, share)."""
    rule = make_rule(CHARSETS["digits"], pattern, "none", blanks=False)
    symbols = np.full((len(readings), len(SYMBOLS)), 1e-6)
    for row, (character, share) in zip(symbols, readings, strict=True):
        row[SYMBOLS.index(character)] = share
    return best_constrained_path(lines, symbols, rule.automaton)


CONNECTED = [(0, 0), (0, 1), (1, 1)]
"""Two pieces, and both as one character, which is the likelier."""
AS_READ = [("1", 0.6), ("4", 0.97), ("7", 0.6)]


@pytest.mark.parametrize(
    ("pattern", "chosen"), [("[0-9]", [1]), ("[0-9]{2}", [0, 2]), ("[0-9]+", [1]), ("17", [0, 2])]
)
def test_a_line_is_parted_as_its_rule_wants_it(pattern, chosen):
    line = line_of(2, CONNECTED, cuts=(1,))
    assert ruled(pattern, [line], AS_READ) == chosen


def test_a_rule_runs_on_from_line_to_line():
    lines = [line_of(2, CONNECTED, cuts=(1,)), line_of(1, [(0, 0)])]
    readings = [*AS_READ, ("5", 0.9)]
    assert ruled("[0-9]{2}", lines, readings) == [1, 3]
    assert ruled("[0-9]{3}", lines, readings) == [0, 2, 3]


def test_pieces_that_fit_no_text_of_the_rule_are_left_to_the_shapes():
    line = line_of(2, CONNECTED, cuts=(1,))
    assert ruled("[0-9]{3}", [line], AS_READ) is None
