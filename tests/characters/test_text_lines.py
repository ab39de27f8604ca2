import numpy as np
import pytest

from hcr_batch.characters.pieces import Piece
from hcr_batch.characters.text_lines import text_lines
from hcr_batch.types import Box


def piece(x, y, width, height):
    return Piece(np.ones((height, width), bool), Box(x, y, width, height))


def word(x, y, letters=6, step=30, slope=0.0):
    return [piece(x + step * n, y + round(slope * step * n), 18, 24) for n in range(letters)]


def lines_of(*parts):
    """Each line by the left edges of its pieces."""
    return [sorted(part.box.x for part in line) for line in text_lines(list(parts))]


def test_two_words_below_each_other_are_two_lines_top_to_bottom():
    assert len(lines_of(*word(0, 40), *word(10, 0))) == 2
    assert lines_of(*word(0, 40), *word(10, 0))[0][0] == 10


@pytest.mark.parametrize("slope", [-0.2, -0.1, 0.1, 0.2])
def test_a_line_that_slopes_is_one(slope):
    assert len(lines_of(*word(0, 100, letters=12, slope=slope))) == 1


def test_letters_with_tails_stand_on_the_line_of_those_without():
    tails = [piece(195, 30, 16, 50), piece(255, 32, 16, 50)]
    assert len(lines_of(*word(0, 20), *tails, piece(225, 20, 18, 24))) == 1


def test_a_dot_and_a_broken_off_tail_belong_to_their_letters():
    dot, tail = piece(65, 5, 8, 12), piece(125, 52, 8, 14)
    assert len(lines_of(*word(0, 24), dot, tail)) == 1


def test_a_letter_cut_through_by_an_erased_line_stays_whole():
    halves = [piece(30 * n, y, 18, rows) for n in range(5) for y, rows in ((0, 16), (19, 20))]
    assert len(lines_of(*halves)) == 1


def test_a_short_answer_diagonally_above_a_long_one_is_a_line():
    number = word(420, 0, letters=3)
    assert [len(line) for line in lines_of(*number, *word(0, 42, letters=12))] == [3, 12]


def test_a_single_digit_above_another_is_a_line():
    assert len(lines_of(piece(0, 0, 6, 24), piece(0, 50, 18, 24))) == 2


def test_a_word_beneath_the_long_bar_of_its_own_tall_letter_is_one_line():
    bar = np.zeros((56, 150), bool)
    bar[:12], bar[:, 70:76] = True, True
    low = [piece(30 * n, 43, 22, 40) for n in range(6) if n != 2]
    assert len(lines_of(Piece(bar, Box(0, 0, 150, 56)), *low)) == 1


def test_answers_far_apart_on_one_line_are_two_from_left_to_right():
    far, near = word(400, 0, letters=2), word(0, 0, letters=3)
    assert lines_of(*far, *near) == [[0, 30, 60], [400, 430]]


def test_words_apart_as_words_are_stay_one_line():
    assert len(lines_of(*word(0, 0, letters=3), *word(120, 0, letters=3))) == 1
