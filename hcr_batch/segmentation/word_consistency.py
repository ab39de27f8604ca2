"""One hand a word: what the network calls print in a written word, or writing in a printed one."""

from __future__ import annotations

import numpy as np

from hcr_batch.arrays.box_sides import contains
from hcr_batch.arrays.components import Components
from hcr_batch.segmentation.closed_boxes import standing_alone
from hcr_batch.segmentation.layers import LIKELY, Layers
from hcr_batch.segmentation.letters import LetterJudge, have_written_letters
from hcr_batch.segmentation.network import CHANNELS
from hcr_batch.segmentation.pens import pen_odds, word_ink
from hcr_batch.segmentation.seen_page import SeenPage
from hcr_batch.segmentation.words import Words

__all__ = ["with_consistent_words"]

LETTER_GAP_MM = 1.0
"""Letters of one word are no further apart; print has 0.3 mm, spaced capitals 0.8."""
DOT_MM = 0.8
"""Lower ink makes no words: a dotted line to write on would be one with what is written on it."""
MINORITY = 0.35
"""Share of a printed word that may be called writing: more is writing upon print, and stays so."""
WORD_GAP_MM = 1.6
"""Words of one printed sentence are no further apart; an answer seldom stands so near to print."""
FEW_WORDS = 0.25
"""Share of a sentence that may be called writing and is print like the rest, where its words"""
AS_HIGH = 1.2
"""are not higher than this, by the mean of the printed ones."""

LEAST_PIXELS = 30
"""Pixels of ink of a word whose pen can be told,"""
LETTERS_MM = (1.5, 16.0)
"""and its height in millimetres: no lines, no pictures."""
MOST_WORDS = 1000
"""Words of a page whose ink is compared, those with most of it; pages of text have 600."""
SURE = 100
"""Of 255: a pixel is surely of one kind where the network's answers differ by so much;"""
BOTH = 0.2
"""a word with this share of either, whose middles are"""
APART = 0.35
"""of its width apart, is a mark beside its label: on 19 real forms eight such were 0.42 and more
apart, four words of hands that the network doubts 0.27 and less."""
SURE_PRINT = -2.75
"""Logarithm of the odds of a pen below which letters are not looked at. Of 32 words of neat hands
that were taken for print on copies of real pages the least had -2.5."""
ANSWER_BOX = (20.0, 1.5)
"""Greatest height in millimetres, and least width by height, of a box for an answer."""


def with_consistent_words(
    layers: Layers, seen: SeenPage, judge: LetterJudge | None = None
) -> Layers:
    """The layers with the pixels of each word that are called otherwise than most of it.

    A heading of which some letters look written would be an answer else, and
    the even letters of a tidy hand would be lost. What the network doubts is
    told by the ink: one pen, and one press, made the words of a page. What is still
    print is written where its letters are.

    Parameters
    ----------
    layers : Layers
    seen : SeenPage
        The page that the network saw.
    judge : callable, optional
        Tells written letters from printed ones.
    """
    ink = ((layers.written >= LIKELY) | (layers.printed >= LIKELY)).astype(np.uint8)
    ink = _without_dots(ink, DOT_MM * layers.pixels_per_mm)
    words = Words.parted_by(LETTER_GAP_MM * layers.pixels_per_mm, ink)
    sentences = Words.parted_by(WORD_GAP_MM * layers.pixels_per_mm, ink)
    line = np.zeros(len(words.height), int)
    line[words.of] = sentences.of
    inks = (layers.written, layers.printed)
    pen, press = (words.total(words.at(part) >= LIKELY) for part in inks)
    to_press = pen <= MINORITY * (pen + press)
    to_press |= _in_print(pen, press, line, words.height)
    to_pen = (pen >= press) & ~to_press
    odds = _odds_by_ink(words, layers, seen)
    told = (odds != 0) & ((odds > 0) != (pen >= press))
    to_pen = np.where(told, odds > 0, to_pen)
    to_press = np.where(told, odds < 0, to_press)
    if judge:
        doubtful = ~to_pen & (odds > SURE_PRINT)
        to_pen |= have_written_letters(words, doubtful, layers, seen, judge)
        to_press &= ~to_pen
    maps = layers.maps.copy()
    pens, presses = maps[CHANNELS.index("writing")], maps[CHANNELS.index("print")]
    _move(presses, pens, words.places[to_pen[words.of]])
    _move(pens, presses, words.places[to_press[words.of]])
    return layers.with_pens(maps)


def _without_dots(ink: np.ndarray, least: float) -> np.ndarray:
    """Ink, uint8 of 0 and 1, without connected pieces that are lower than so many pixels."""
    pieces = Components.of(ink)
    places = np.flatnonzero(ink.view(bool))
    kept = np.zeros_like(ink)
    kept.ravel()[places] = (pieces.height >= least)[pieces.labels.ravel()[places]]
    return kept


def _odds_by_ink(words: Words, layers: Layers, seen: SeenPage) -> np.ndarray:
    """Logarithm of the odds that a pen made each word, (N,); 0 where its ink does not tell."""
    written, printed = (words.at(part).astype(int) for part in (layers.written, layers.printed))
    pen, press = words.total(written), words.total(printed)
    look = word_ink(seen, words.only(words.at(layers.line) < LIKELY))
    height = words.height / layers.pixels_per_mm
    known = (words.pixels >= LEAST_PIXELS) & (height >= LETTERS_MM[0]) & (height <= LETTERS_MM[1])
    known &= (look.width > 0) & ~_are_two(words, written - printed, layers.written.shape[1])
    known[0] = False
    # Each is compared with each; speckled pages have thousands.
    by_ink = np.argsort(-words.pixels * known, kind="stable")
    known[by_ink[MOST_WORDS:]] = False
    odds = np.zeros(len(known))
    shares = pen[known] / np.maximum(pen[known] + press[known], 1)
    alone = _fill_boxes(words, layers)[known]
    odds[known] = pen_odds(shares, words.pixels[known], look.of(known), alone)
    return odds


def _are_two(words: Words, surer: np.ndarray, columns: int) -> np.ndarray:
    """Which words are ink of a pen and print side by side: a mark and its label; bool (N,).

    Parameters
    ----------
    words : Words
    surer : ndarray of int, shape (pixels,)
        By how much the network rather takes each pixel for a pen's than for print.
    columns : int
        Of the layers.
    """
    kinds = (surer > SURE, surer < -SURE)
    pen, press = map(words.total, kinds)
    column = words.places % columns
    middles = [
        words.total(column * kind) / np.maximum(count, 1)
        for kind, count in zip(kinds, (pen, press), strict=True)
    ]
    apart = abs(middles[0] - middles[1]) >= APART * words.width
    return np.logical_and(np.minimum(pen, press) >= BOTH * words.pixels, apart)


def _fill_boxes(words: Words, layers: Layers) -> np.ndarray:
    """Which words stand in a box of their own, such as answers are written in; bool (N,)."""
    boxes = layers.closed
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    fits = (height <= ANSWER_BOX[0] * layers.pixels_per_mm) & (width >= ANSWER_BOX[1] * height)
    fitting = np.flatnonzero(fits)
    alone = fitting[standing_alone(boxes, fitting, layers.pixels_per_mm)]
    return np.any(contains(boxes[alone], words.middle), axis=0)


def _in_print(
    pen: np.ndarray, press: np.ndarray, line: np.ndarray, height: np.ndarray
) -> np.ndarray:
    """Which words are part of a printed sentence; bool (N,).

    Parameters
    ----------
    pen, press : ndarray of int, shape (N,)
        Pixels of each word that are called writing and print.
    line : ndarray of int, shape (N,)
        Number of the sentence of each word.
    height : ndarray of int, shape (N,)
    """
    is_print = press > pen
    pens, presses, prints = (np.bincount(line, values) for values in (pen, press, is_print))
    usual = np.bincount(line, height * is_print) / np.maximum(prints, 1)
    few = pens <= FEW_WORDS * (pens + presses)
    return few[line] & (height <= AS_HIGH * usual[line])


def _move(source: np.ndarray, target: np.ndarray, places: np.ndarray) -> None:
    """What the source says at some places, numbers of pixels, goes to the target."""
    target.ravel()[places] = np.maximum(target.ravel()[places], source.ravel()[places])
    source.ravel()[places] = 0
