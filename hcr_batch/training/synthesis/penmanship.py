"""What the writers of made-up forms can write: pen strokes by class and writer, words, marks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hcr_batch.training.classifier.pen_strokes import StrokeSet, load_strokes
from hcr_batch.training.datasets.character_sets import read_arrays
from hcr_batch.training.synthesis.printing import latin_fonts

__all__ = ["Penmanship", "load_penmanship"]

LEAST_CLASSES = 20
"""Classes that a writer must have written to fill a form alone."""


@dataclass(frozen=True)
class Penmanship:
    """Strokes to write with: characters by class, words with their number of letters, marks.

    `lettering` are paths of fonts that look like somebody's hand.
    """

    characters: StrokeSet
    by_class: dict[str, np.ndarray]
    by_writer: tuple[dict[str, np.ndarray], ...]
    words: StrokeSet
    lengths: np.ndarray
    texts: np.ndarray
    marks: StrokeSet
    mark_texts: np.ndarray
    printed: np.ndarray
    lettering: tuple[str, ...] = ()


def load_penmanship(folder: Path, hand_fonts: Path | None = None) -> Penmanship:
    """Read the UNIPEN strokes of a data folder.

    Parameters
    ----------
    folder : Path
    hand_fonts : Path, optional
        Folder with fonts that look like handwriting, searched with its subfolders.

    Raises
    ------
    NoInputError
        A set is missing or damaged.
    """
    folder = folder / "characters"
    characters = read_arrays(folder / "unipen_strokes.npz")
    labels = characters["labels"]
    words = read_arrays(folder / "unipen_words.npz")
    marks = read_arrays(folder / "unipen_symbols.npz")
    return Penmanship(
        load_strokes(folder / "unipen_strokes.npz"),
        _by_class(labels, np.arange(len(labels))),
        _by_writer(labels, characters.get("writer", np.zeros(len(labels), int))),
        _items(words),
        np.array([len(text) for text in words["text"].tolist()]),
        words["text"],
        _items(marks),
        marks["text"],
        np.flatnonzero(words.get("style", np.array([])) == "PRINTED"),
        latin_fonts(hand_fonts) if hand_fonts else (),
    )


def _by_class(labels: np.ndarray, rows: np.ndarray) -> dict[str, np.ndarray]:
    order = np.argsort(labels[rows], kind="stable")
    classes, first = np.unique(labels[rows][order], return_index=True)
    return {str(c): part for c, part in zip(classes, np.split(rows[order], first[1:]))}


def _by_writer(labels: np.ndarray, writers: np.ndarray) -> tuple[dict[str, np.ndarray], ...]:
    """Characters by class of each writer of many classes."""
    order = np.argsort(writers, kind="stable")
    _, first = np.unique(writers[order], return_index=True)
    hands = [_by_class(labels, rows) for rows in np.split(order, first[1:])]
    return tuple(hand for hand in hands if len(hand) >= LEAST_CLASSES)


def _items(values: dict[str, np.ndarray]) -> StrokeSet:
    strokes = np.append(values["stroke_offset"].astype(np.int64), len(values["points"]))
    items = np.append(values["item_offset"].astype(np.int64), len(strokes) - 1)
    return StrokeSet(values["points"], strokes[strokes <= len(values["points"])], items)
