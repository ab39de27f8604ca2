"""One character a picture: predictions apart from any form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hcr_batch.characters.crops import character_cells
from hcr_batch.decoding.neighbours import with_context
from hcr_batch.decoding.readings import blank_reading, glyph_reading
from hcr_batch.probabilities import fold_cases, folded_within, given_inside
from hcr_batch.recognition.recognizers import Recognizer
from hcr_batch.types import Reading

__all__ = ["Prediction", "predict_pictures"]


@dataclass(frozen=True)
class Prediction:
    """What a picture of one character shows.

    Attributes
    ----------
    reading : Reading
        As in a scan: empty for a blank picture and for ink that is no character.
    probabilities : ndarray of float32, shape (62,)
        By class, small letters summed under the capital that they look like;
        what they lack to 1 is ink that is no character. All 0 where there is no ink.
    """

    reading: Reading
    probabilities: np.ndarray


def predict_pictures(
    pictures: Sequence[np.ndarray],
    recognizer: Recognizer,
    target_error: float,
    charset: str = "alnum",
) -> list[Prediction]:
    """Read pictures that hold one character each.

    Parameters
    ----------
    pictures : sequence of ndarray of uint8, each (rows, columns)
        Gray, of any size, ink darker or lighter than the ground.
    recognizer : Recognizer
    target_error : float
        Accepted share of wrong characters among those not flagged, 0 to 1.
    charset : str
        A key of :data:`hcr_batch.alphabet.CHARSETS`.

    Returns
    -------
    list of Prediction
    """
    cells = [character_cells(picture) for picture in pictures]
    glyphs = [recognizer.normalize(cell) for group in cells for cell in group]
    stacked = np.stack(glyphs) if glyphs else np.zeros((0, 28, 28), np.uint8)
    shares = _within(charset, recognizer.probabilities(stacked))
    shares[~stacked.any(axis=(1, 2))] = 0
    ends = np.cumsum([0, *map(len, cells)])
    threshold = recognizer.card.threshold(target_error, charset)
    return [_surest(shares[first:last], threshold) for first, last in zip(ends, ends[1:])]


def _within(charset: str, probabilities: np.ndarray) -> np.ndarray:
    """Probabilities given the charset, each picture by itself; float32 (N, 62)."""
    if charset == "alnum":
        alone = [with_context(row) for row in probabilities[:, None]]
        return fold_cases(np.concatenate([probabilities[:0], *alone]))
    return given_inside(folded_within(probabilities, charset), probabilities)


def _surest(rows: np.ndarray, threshold: float) -> Prediction:
    """The likelier of the two ways to see a picture, if there are two."""
    row = rows[int(np.argmax(np.max(rows, axis=1)))]
    return Prediction(glyph_reading(row, threshold) if row.any() else blank_reading(), row)
