"""Words taken for print whose letters a hand has written."""

import cv2
import numpy as np
import pytest

from hcr_batch.segmentation.layers import Layers
from hcr_batch.segmentation.letters import have_written_letters
from hcr_batch.segmentation.network import CHANNELS
from hcr_batch.segmentation.page_scale import segmented
from hcr_batch.segmentation.seen_page import seen_page
from hcr_batch.segmentation.words import Words
from hcr_batch.types import Page

SIDE = 24
"""Pixels of the page that a letter, a blot here, is high."""


def page_of_words(*words, size=SIDE):
    """A page with a word a line, each of so many letters; its layers, and its words."""
    page = np.full((200 * len(words), 600), 245, np.uint8)
    for row, letters in enumerate(words):
        for number in range(letters):
            x, y = 40 + number * 4 * size // 5, 200 * row + 80
            cv2.rectangle(page, (x, y), (x + size // 2, y + size), 40, -1)
    maps = np.zeros((len(CHANNELS), page.shape[0] // 2, page.shape[1] // 2), np.uint8)
    maps[CHANNELS.index("print")] = 255 * (page[::2, ::2] < 128)
    layers = Layers(maps, 2.0)
    words = Words.parted_by(0.3 * size, (layers.printed > 0).astype(np.uint8))
    return page, layers, words


def judged(drawn, sure, printed):
    """What is said of the words where each letter in turn is so sure, and so much print."""
    page, layers, words = drawn
    seen, asked = seen_page(page, layers.line.shape, layers.pixels_per_mm), []

    def judge(inks):
        asked.extend(inks)
        return (np.resize(np.array(values, float), len(inks)) for values in (sure, printed))

    chosen = np.arange(len(words.height)) > 0
    return have_written_letters(words, chosen, layers, seen, judge), asked


def test_a_word_is_written_whose_letters_are():
    written, asked = judged(page_of_words(4, 4), [0.99], [-6, -6, -6, -6, 2, 2, 2, 2])
    assert written.tolist() == [False, True, False]
    assert len(asked) == 8
    assert all(ink.max() >= 240 and abs(ink.shape[0] - SIDE) <= 4 for ink in asked)


def test_letters_that_are_no_characters_prove_nothing():
    written, _ = judged(page_of_words(4), [0.5, 0.5, 0.5, 0.99], [-6])
    assert not written.any()


@pytest.mark.parametrize(
    ("sure", "printed", "is_written"), [(0.99, -6, 1), (0.99, -4, 0), (0.5, -6, 0)]
)
def test_one_letter_alone_is_written_where_it_is_a_sure_one(sure, printed, is_written):
    written, _ = judged(page_of_words(1), [sure], [printed])
    assert written.sum() == is_written


def test_small_print_is_not_asked_about():
    _, asked = judged(page_of_words(5, size=11), [0.99], [-6])
    assert not asked


def test_bubbles_around_digits_are_no_letters():
    drawn = page_of_words(4)
    for number in range(4):
        x, y = 40 + number * 19 + 6, 92
        cv2.rectangle(drawn[0], (x - 4, y - 10), (x + 4, y + 10), 245, -1)
        cv2.circle(drawn[0], (x, y), 3, 40, -1)
    _, asked = judged(drawn, [0.99], [-6])
    assert not asked


def test_a_blank_page_has_no_words_to_ask_about():
    written, asked = judged(page_of_words(0), [0.99], [-6])
    assert not written.any()
    assert not asked


@pytest.mark.parametrize("logit", [-6.0, 3.0])
def test_neat_writing_that_looks_like_print_is_told_by_its_letters(logit):
    gray = page_of_words(5, 5, 5)[0]

    def all_is_doubtful(seen):
        maps = np.zeros((len(CHANNELS), seen.shape[0] // 2, seen.shape[1] // 2), np.uint8)
        maps[CHANNELS.index("print")] = 140 * (seen[::2, ::2] < 128)
        maps[CHANNELS.index("writing")] = 60 * (seen[::2, ::2] < 128)
        return maps

    def judge(inks):
        return np.full(len(inks), 0.99), np.full(len(inks), logit)

    page = Page(gray, 200.0, 1, np.eye(3), gray.shape[::-1])
    _, layers = segmented(page, all_is_doubtful, judge)
    assert (layers.written >= 128).any() == (logit < 0)
    assert (layers.printed >= 128).any() == (logit > 0)
