"""One character a picture: predictions apart from any form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hcr_batch.characters.crops import character_cells
from hcr_batch.characters.isolate import isolate_cell
from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.config import DocumentSettings
from hcr_batch.decoding.neighbours import with_context
from hcr_batch.decoding.readings import blank_reading, glyph_reading
from hcr_batch.documents import MemoryFile, read_picture
from hcr_batch.probabilities import fold_cases, folded_within, given_inside
from hcr_batch.recognition.recognizers import Recognizer
from hcr_batch.types import Reading

__all__ = [
    "Prediction",
    "picture_glyphs",
    "predict_glyphs",
    "predict_pictures",
    "read_glyphs",
]


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


def picture_glyphs(picture: np.ndarray) -> np.ndarray:
    """The glyph of a picture that holds one character; two where it may be light on dark too.

    Parameters
    ----------
    picture : ndarray of uint8, shape (rows, columns)
        Gray, of any size, ink darker or lighter than the ground.

    Returns
    -------
    ndarray of uint8, shape (1 or 2, 28, 28)
    """
    return np.stack([normalize_ink(isolate_cell(cell)) for cell in character_cells(picture)])


def read_glyphs(path: Path | MemoryFile, settings: DocumentSettings) -> tuple[np.ndarray, int]:
    """The glyphs of a picture file, and of how many pixels they were made.

    For a process that reads what others have sent: it gives back little, and leaves little to do.

    Raises
    ------
    DocumentError
        It cannot be read.
    """
    picture = read_picture(path, settings)
    return picture_glyphs(picture), picture.size


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
        As :func:`picture_glyphs` takes them.
    recognizer : Recognizer
    target_error : float
        Accepted share of wrong characters among those not flagged, 0 to 1.
    charset : str
        A key of :data:`hcr_batch.alphabet.CHARSETS`.

    Returns
    -------
    list of Prediction
    """
    return predict_glyphs(list(map(picture_glyphs, pictures)), recognizer, target_error, charset)


def predict_glyphs(
    glyphs: Sequence[np.ndarray],
    recognizer: Recognizer,
    target_error: float,
    charset: str = "alnum",
) -> list[Prediction]:
    """Read the glyphs of pictures, each uint8 (1 or 2, 28, 28); otherwise as above."""
    stacked = np.concatenate([np.zeros((0, 28, 28), np.uint8), *glyphs])
    shares = _within(charset, recognizer.probabilities(stacked))
    shares[~stacked.any(axis=(1, 2))] = 0
    ends = np.cumsum([0, *map(len, glyphs)])
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
