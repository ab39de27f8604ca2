"""One hand a word, and print in the midst of print is print."""

import numpy as np
import pytest

from hcr_batch.segmentation.layers import Layers
from hcr_batch.segmentation.network import CHANNELS
from hcr_batch.segmentation.word_consistency import with_consistent_words

PRINT, WRITING = CHANNELS.index("print"), CHANNELS.index("writing")


def sentence(words, height=10, last_height=None, gap=5):
    """Layers of one line of words, each a block of print or writing."""
    maps = np.zeros((len(CHANNELS), 60, 400), np.uint8)
    x = 10
    for number, (channel, width) in enumerate(words):
        high = last_height if last_height and number == len(words) - 1 else height
        maps[channel, 40 - high : 40, x : x + width] = 255
        x += width + gap
    return with_consistent_words(Layers(maps, 2.0))


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
