"""One hand a word, and print in the midst of print is print."""

import cv2
import numpy as np
import pytest

from hcr_batch.segmentation.layers import Layers
from hcr_batch.segmentation.network import CHANNELS
from hcr_batch.segmentation.pens import WordInk, pen_odds, word_ink
from hcr_batch.segmentation.seen_page import seen_page
from hcr_batch.segmentation.word_consistency import with_consistent_words
from hcr_batch.segmentation.words import Words

PRINT, WRITING = CHANNELS.index("print"), CHANNELS.index("writing")


def consistent(maps, page):
    layers = Layers(maps, 2.0)
    return with_consistent_words(layers, seen_page(page, maps.shape[1:], layers.pixels_per_mm))


def sentence(words, height=10, last_height=None, gap=5):
    """Layers of one line of words, each a block of print or writing."""
    maps = np.zeros((len(CHANNELS), 60, 400), np.uint8)
    x = 10
    for number, (channel, width) in enumerate(words):
        high = last_height if last_height and number == len(words) - 1 else height
        maps[channel, 40 - high : 40, x : x + width] = 255
        x += width + gap
    return consistent(maps, np.full((120, 800), 255, np.uint8))


def test_the_last_word_of_a_printed_sentence_is_print():
    layers = sentence([(PRINT, 60), (PRINT, 50), (PRINT, 70), (WRITING, 40)])
    assert not (layers.written >= 128).any()


@pytest.mark.parametrize(
    "changes",
    [
        {"last_height": 16},  # larger than the print
        {"gap": 14},  # where an answer usually begins
        {"words": [(PRINT, 30), (WRITING, 60)]},  # after a short label
    ],
)
def test_an_answer_behind_print_stays_writing(changes):
    usual = {"words": [(PRINT, 60), (PRINT, 50), (PRINT, 70), (WRITING, 40)]}
    layers = sentence(**{**usual, **changes})
    assert (layers.written >= 128).any()


def test_a_letter_of_a_printed_word_that_is_called_writing_is_print():
    layers = sentence([(PRINT, 20), (WRITING, 6), (PRINT, 20)], gap=1)
    assert not (layers.written >= 128).any()


def test_a_word_whose_tail_touches_a_dotted_line_stays_writing():
    maps = np.zeros((len(CHANNELS), 60, 400), np.uint8)
    for x in range(5, 395, 2):
        maps[PRINT, 44, x] = 255
    maps[WRITING, 30:40, 40:90] = maps[WRITING, 40:45, 60:62] = 255
    layers = consistent(maps, np.full((120, 800), 255, np.uint8))
    assert (layers.written[30:40, 40:90] >= 128).all()
    assert not (layers.written[44, 100:] >= 128).any()


LABELS = 8
"""Rows of print of a made form."""
SURE, DOUBTED = 240, 90
"""What the network says of writing, of 255."""


def form(answers):
    """A page of black labels and, below, answers of a gray, thinner pen; and its layers.

    The network is sure of the labels; of each answer it is told how sure it is.
    """
    maps = np.zeros((len(CHANNELS), 300, 300), np.uint8)
    page = np.full((600, 600), 245, np.uint8)
    for row, chance in enumerate([5] * LABELS + answers):
        line = page[2 * row_top(row) : 2 * row_top(row) + 24]
        gray, width = (20, 3) if row < LABELS else (110, 2)
        for x in range(40, 232, 24):
            cv2.line(line, (x, 2), (x, 20), gray, width)
            cv2.line(line, (x, 10), (x + 10, 10), gray, width)
        is_ink = line.reshape(12, 2, 300, 2).min(axis=(1, 3)) < 200
        maps[WRITING, row_top(row) : row_top(row) + 12][is_ink] = chance
        maps[PRINT, row_top(row) : row_top(row) + 12][is_ink] = 255 - chance
    return maps, page


def row_top(row):
    return 10 + 18 * row


def test_a_word_that_the_network_doubts_is_of_the_pen_that_wrote_the_others():
    maps, page = form([SURE] * 5 + [DOUBTED])
    layers = consistent(maps, page)
    is_answer = maps[WRITING] >= DOUBTED
    np.testing.assert_array_equal(layers.written >= 128, is_answer)


def test_a_sign_that_looks_written_is_print_where_its_ink_is_that_of_the_labels():
    maps, page = form([SURE] * 6)
    sign = maps[:, row_top(3) : row_top(4)]
    sign[WRITING][sign[PRINT] > 0] = 165
    layers = consistent(maps, page)
    assert not (layers.written[row_top(3) : row_top(4)] >= 128).any()


def test_a_mark_beside_its_label_stays_one():
    maps, page = form([SURE] * 6)
    label = maps[:, row_top(3) : row_top(4)]
    mark = label[PRINT] > 0
    mark[:, 60:] = False
    label[WRITING][mark], label[PRINT][mark] = SURE, 5
    layers = consistent(maps, page)
    assert (layers.written[row_top(3) : row_top(4)][mark] >= 128).all()


def boxed(answers, gray):
    """A form whose answers, print to the network, stand each in a box of its own."""
    maps, page = form([5] * len(answers))
    for row in range(LABELS, LABELS + len(answers)):
        top, bottom = 2 * row_top(row) - 5, 2 * row_top(row) + 24
        line = page[top + 5 : bottom]
        line[line < 200] = gray
        cv2.rectangle(page, (20, top), (260, bottom), 20, 2)
        walls = np.zeros(page.shape, np.uint8)
        cv2.rectangle(walls, (20, top), (260, bottom), 255, 2)
        maps[CHANNELS.index("line")] |= walls.reshape(300, 2, 300, 2).max(axis=(1, 3))
    return consistent(maps, page).written[row_top(LABELS) :] >= 128


def test_what_stands_alone_in_boxes_and_looks_like_no_label_is_writing():
    assert boxed([0, 1, 2], 110).any()


def test_headings_in_boxes_that_look_like_the_labels_are_print():
    assert not boxed([0, 1], 20).any()


def test_pen_and_print_that_look_alike_are_left_as_the_network_says():
    rng = np.random.default_rng(5)
    alike = WordInk(rng.normal(0.8, 0.02, 60), np.exp(rng.normal(1.2, 0.05, 60)))
    shares = np.array([0.9] * 20 + [0.05] * 38 + [0.4, 0.6])
    odds = pen_odds(shares, np.full(60, 300), alike, np.zeros(60, bool))
    assert ((odds > 0) == (shares > 0.5)).all()


@pytest.mark.parametrize("blur", [0.5, 0.9])
@pytest.mark.parametrize("width", [3, 5, 8])
def test_the_width_of_strokes_is_measured_through_blur(width, blur):
    y, x = np.mgrid[:200, :300]
    ring = abs(np.hypot((x + 0.5) % 100 - 50, (y + 0.5) % 100 - 50) - 35) <= width / 2
    page = cv2.GaussianBlur(np.where(ring, 60, 240).astype(np.uint8), (0, 0), blur)
    inked = (page < 235).reshape(100, 2, 150, 2).any(axis=(1, 3)).astype(np.uint8)
    ink = word_ink(seen_page(page, inked.shape, 4.0), Words.parted_by(1.0, inked))
    assert ink.width[1] == pytest.approx(width, rel=0.25)
    assert 0.55 <= ink.darkness[1] <= 0.8


def test_a_page_of_speckle_is_no_burden():
    rng = np.random.default_rng(3)
    maps = np.zeros((len(CHANNELS), 1200, 900), np.uint8)
    for y in range(4, 1190, 12):
        for x in range(4, 890, 12):
            maps[int(rng.choice([PRINT, WRITING])), y : y + 7, x : x + 6] = 200
    page = rng.integers(0, 255, (2400, 1800), dtype=np.uint8)
    layers = consistent(maps, page)
    assert layers.maps.shape == maps.shape
