"""Probabilities of characters, given what their fields may hold and what stands beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hcr_batch.forms.automata import BLANK, SYMBOLS
from hcr_batch.recognition.calibration import given_inside
from hcr_batch.recognition.constraints import restricted
from hcr_batch.recognition.context import with_context

__all__ = ["weighed", "weighed_fields"]


def weighed(
    rows: np.ndarray, charset: str, after_blank: np.ndarray, field: np.ndarray | None = None
) -> np.ndarray:
    """Probabilities under a charset, letters weighed by their neighbours.

    Parameters
    ----------
    rows : ndarray of float, shape (N, 62)
        Calibrated; what is missing to 1 is foreign ink.
    charset : str
    after_blank : ndarray of bool, shape (N,)
        True where a blank stands before the character.
    field : ndarray of int, shape (N,), optional
        The field that each character is of; all of one where left out.

    Returns
    -------
    ndarray of float32, shape (N, 62)
    """
    if charset.isdigit():
        return restricted(rows, charset)[0].astype(np.float32)
    if any(map(str.islower, charset)) and any(map(str.isupper, charset)):
        rows = _masked(rows, charset)
    else:
        rows = restricted(rows, charset)[0]
    return restricted(with_context(rows, after_blank, field), charset)[0].astype(np.float32)


def weighed_fields(
    rows: Sequence[np.ndarray], charsets: Sequence[str], after_blank: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """Do the same with each of F fields, those of one charset together.

    Parameters
    ----------
    rows : sequence of ndarray of float, each (N, 62)
    charsets : sequence of str
    after_blank : sequence of ndarray of bool, each (N,)

    Returns
    -------
    list of ndarray of float32, each (N, 62)
    """
    found: dict[int, np.ndarray] = {}
    for charset in dict.fromkeys(charsets):
        numbers = [number for number, other in enumerate(charsets) if other == charset]
        counts = [len(rows[number]) for number in numbers]
        together = weighed(
            np.concatenate([rows[number] for number in numbers]),
            charset,
            np.concatenate([after_blank[number] for number in numbers]),
            np.repeat(numbers, counts),
        )
        found.update(zip(numbers, np.split(together, np.cumsum(counts)[:-1]), strict=True))
    return [found[number] for number in range(len(rows))]


def _masked(rows: np.ndarray, charset: str) -> np.ndarray:
    """Probabilities given that a glyph is of a charset or foreign, its cases kept apart."""
    if len(charset) == rows.shape[1]:
        return rows
    members = np.array([symbol in charset for symbol in SYMBOLS[:BLANK]])
    return given_inside(rows * members, rows)
