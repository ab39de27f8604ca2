"""Probabilities of characters, given what their fields may hold and what stands beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hcr_batch.alphabet import BLANK, SYMBOLS
from hcr_batch.decoding.constrained_decoding import restricted
from hcr_batch.decoding.neighbours import with_context
from hcr_batch.decoding.word_support import with_known_words
from hcr_batch.forms.rules import Rule
from hcr_batch.probabilities import given_inside

__all__ = ["in_context", "weighted", "weighted_fields"]


def in_context(
    rows: np.ndarray, rule: Rule, after_blank: np.ndarray, field: np.ndarray | None = None
) -> np.ndarray:
    """Probabilities weighted by those of their neighbours, cases told apart.

    Parameters
    ----------
    rows : ndarray of float, shape (N, 62)
        Calibrated; what is missing to 1 is foreign ink.
    rule : Rule
        Of the fields.
    after_blank : ndarray of bool, shape (N,)
        True where a blank stands before the character.
    field : ndarray of int, shape (N,), optional
        The field that each character is of; all of one where left out.

    Returns
    -------
    ndarray of float, shape (N, 62)
    """
    charset = rule.charset
    if charset.isdigit():
        return restricted(rows, charset)[0]
    if any(map(str.islower, charset)) and any(map(str.isupper, charset)):
        return with_context(_masked(rows, charset), after_blank, field, rule.case)
    return with_context(restricted(rows, charset)[0], after_blank, field)


def weighted(
    rows: np.ndarray, rule: Rule, after_blank: np.ndarray, field: np.ndarray | None = None
) -> np.ndarray:
    """The same given the rule's charset, look-alikes under their capital; float32 (N, 62)."""
    near = in_context(rows, rule, after_blank, field)
    kept = restricted(near, rule.charset)[0].astype(np.float32)
    if rule.charset.isdigit():
        return kept
    return with_known_words(kept, np.zeros(len(kept), int) if field is None else field, after_blank)


def weighted_fields(
    rows: Sequence[np.ndarray], rules: Sequence[Rule], after_blank: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """Do so with each of F fields of a page, those of one kind together.

    Parameters
    ----------
    rows : sequence of ndarray of float, each (N, 62)
    rules : sequence of Rule
    after_blank : sequence of ndarray of bool, each (N,)

    Returns
    -------
    list of ndarray of float32, each (N, 62)
    """
    found: dict[int, np.ndarray] = {}
    kinds = [(rule.charset, rule.case) for rule in rules]
    for kind in dict.fromkeys(kinds):
        numbers = [number for number, other in enumerate(kinds) if other == kind]
        counts = [len(rows[number]) for number in numbers]
        together = weighted(
            np.concatenate([rows[number] for number in numbers]),
            rules[numbers[0]],
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
