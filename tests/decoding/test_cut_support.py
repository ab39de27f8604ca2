import itertools

import numpy as np
import pytest

from hcr_batch.alphabet import CHARACTERS, LINE_CHARACTERS
from hcr_batch.characters.string_candidates import Candidate, TextLine
from hcr_batch.decoding.ctc_search import Hypothesis
from hcr_batch.decoding.cut_paths import LEAST, candidate_costs
from hcr_batch.decoding.cut_support import MARK, MOST, STRAY, CutLine, supported
from hcr_batch.recognition.line_confidence import LOOK_ALIKES
from hcr_batch.types import Box

PIECE = 30


def line_of(pieces):
    """A line of pieces; each candidate is one of them or two that are neighbours."""
    candidates = tuple(
        Candidate(first, last, False, 0.2, np.zeros((1, 1), np.uint8), box_of(first, last))
        for first in range(pieces)
        for last in range(first, min(first + 2, pieces))
    )
    return TextLine(box_of(0, pieces - 1), pieces, 20.0, candidates)


def box_of(first, last):
    return Box(first * PIECE, 0, (last - first) * PIECE + 20, 20)


def text(spelled, weight=0.5):
    numbers = tuple(LINE_CHARACTERS.index(c) for c in spelled)
    return Hypothesis(numbers, tuple(range(len(numbers))), weight, 0.0)


def cut_that_reads(spelled, sure=0.9):
    """A line whose single pieces look like some characters, and whose pairs like nothing."""
    line = line_of(len(spelled))
    rows = np.full((len(line.candidates), len(CHARACTERS)), 1e-3)
    for number, candidate in enumerate(line.candidates):
        if candidate.first == candidate.last:
            rows[number, CHARACTERS.index(spelled[candidate.first])] = sure
    return CutLine.of([line], rows)


def test_the_text_that_the_pieces_show_gains():
    found = supported([text("BAZAR", 0.6), text("BATAR", 0.4)], cut_that_reads("BATAR"))
    assert [one.text for one in found] == ["BATAR", "BAZAR"]
    assert sum(one.weight for one in found) == pytest.approx(1)


def test_look_alikes_case_marks_and_blanks_make_no_difference():
    cut = cut_that_reads("S01")
    for spelled in ("s01", "5OI", "S0 1"):
        found = supported([text("S01"), text(spelled)], cut)
        assert [one.weight for one in found] == pytest.approx([0.5, 0.5])


def test_no_text_is_held_for_far_behind_where_a_line_can_not_be_cut():
    cut = cut_that_reads("QQQQQQQQ", sure=0.999)
    found = supported([text("running", 0.5), text("QQQQQQQQ", 0.5)], cut)
    assert found[1].weight > np.exp(-0.26 * MOST) / 2


def test_nothing_is_made_of_nothing():
    assert supported([], cut_that_reads("A")) == []


def best_by_hand(line, rows, spelled):
    """Every way to take candidates one after the other for the characters, or for none."""
    costs = candidate_costs(line)
    gains = np.log(np.maximum(rows @ LOOK_ALIKES, LEAST))
    ink = [c for c in spelled if c != " "]

    def ways(piece, place):
        if piece == line.pieces:
            return 0.0 if place == len(ink) else -np.inf
        best = -np.inf
        for number, candidate in enumerate(line.candidates):
            if candidate.first != piece:
                continue
            covered = candidate.last - candidate.first + 1
            after = candidate.last + 1
            best = max(best, covered * np.log(STRAY) - costs[number] + ways(after, place))
            if place < len(ink):
                known = ink[place] in CHARACTERS
                gain = gains[number, CHARACTERS.index(ink[place])] if known else np.log(MARK)
                best = max(best, covered * gain - costs[number] + ways(after, place + 1))
        return best

    return ways(0, 0)


@pytest.mark.parametrize("seed", range(5))
def test_texts_gain_as_by_trying_every_way(seed):
    rng = np.random.default_rng(seed)
    line = line_of(4)
    rows = rng.dirichlet(np.full(62, 0.05), len(line.candidates))
    texts = ["7A", "b2c", "x-9", "a b", "Q"]
    says = np.array([best_by_hand(line, rows, spelled) for spelled in texts])
    says = np.maximum(says, says.max() - MOST)
    ranked = supported([text(t) for t in texts], CutLine.of([line], rows))
    found = {one.text: one.weight for one in ranked}
    for one, other in itertools.combinations(range(len(texts)), 2):
        ratio = np.log(found[texts[one]] / found[texts[other]])
        assert ratio == pytest.approx(0.25 * (says[one] - says[other]))


def test_a_text_runs_on_from_line_to_line():
    halves = [line_of(2), line_of(3)]
    rows = [np.full((len(half.candidates), len(CHARACTERS)), 1e-3) for half in halves]
    for half, own, spelled in zip(halves, rows, ("NE", "WTN"), strict=True):
        for number, candidate in enumerate(half.candidates):
            if candidate.first == candidate.last:
                own[number, CHARACTERS.index(spelled[candidate.first])] = 0.9
    found = supported(
        [text("NEW T", 0.6), text("NE WTN", 0.4)], CutLine.of(halves, np.concatenate(rows))
    )
    assert found[0].text == "NE WTN"
