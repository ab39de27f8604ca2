"""CSV files with a label and 784 pixels a row, as Kaggle has them."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hcr_batch.errors import NoInputError, UsageError
from hcr_batch.training.datasets.character_sets import CharacterSet, infer_cases, new_set
from hcr_batch.training.datasets.class_labels import (
    CASES,
    class_characters,
    labels_from_numbers,
    read_mapping,
)
from hcr_batch.training.datasets.glyph_pixels import glyphs_from_rows, light_ink, upright
from hcr_batch.training.datasets.idx import SPLIT

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["read_csv"]

ROWS_AT_ONCE = 20_000
"""The 372,450 rows of the A-Z set are 700 MB of text: read in parts, 16 MB each."""
COLUMNS = 785


def read_csv(
    path: Path, classes: str | None = None, transposed: bool | None = None, ink: str = "auto"
) -> CharacterSet:
    """Read the Kaggle A-Z, EMNIST or MNIST CSV as a set of upright glyphs with light ink.

    A first row with names, as some copies have it, is passed over.

    Parameters
    ----------
    path : Path
        May be compressed (`.gz`, `.zip`).
    classes : str, optional
        As :func:`class_characters` takes it. Where left out: EMNIST's split if
        the name has one; digits or A-Z if the labels are 0 to 9 or 0 to 25.
    transposed : bool, optional
        Whether the pixels lie by columns; from the name where left out.
    ink : str
        One of :data:`INKS`.

    Raises
    ------
    NoInputError
        The file is missing, or is no such table.
    UsageError
        Neither name nor labels tell the classes.
    """
    parts = list(_parts(path))
    if not parts:
        raise NoInputError(f"{path}: holds no rows; wanted is a label and 784 pixels a row")
    numbers = np.concatenate([part[0] for part in parts])
    glyphs = glyphs_from_rows(np.concatenate([part[1] for part in parts]), str(path))
    match = SPLIT.search(path.name)
    name = classes or (match[1] if match else _usual(numbers, path))
    labels = labels_from_numbers(numbers, _characters(name, classes, path), str(path))
    if bool(match) if transposed is None else transposed:
        glyphs = upright(glyphs)
    cases = CASES.get(name) or infer_cases(labels)
    return new_set(path.name.split(".")[0], light_ink(glyphs, ink), labels, cases=cases)


def _characters(name: str, declared: str | None, path: Path) -> Mapping[int, str]:
    mapping = path.with_name(f"emnist-{name}-mapping.txt")
    if declared is None and mapping.is_file():
        return read_mapping(mapping)
    return class_characters(name)


def _usual(numbers: np.ndarray, path: Path) -> str:
    most = int(numbers.max(initial=0))
    if most < len(string.digits):
        return "mnist"
    if most < len(string.ascii_uppercase):
        return "a-z"
    raise UsageError(f"{path}: labels up to {most} may mean several sets; give --classes")


def _parts(path: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Labels int64 (n,) and pixels uint8 (n, 784), part by part."""
    import pandas as pd

    try:
        first = pd.read_csv(path, header=None, nrows=1, dtype=str)
        if first.shape[1] != COLUMNS:
            raise NoInputError(
                f"{path}: {first.shape[1]} columns; wanted are {COLUMNS}: a label and 784 pixels"
            )
        named = not all(str(value).isdigit() for value in first.iloc[0])
        with pd.read_csv(
            path, header=None, skiprows=int(named), chunksize=ROWS_AT_ONCE, dtype=np.int32
        ) as chunks:
            for chunk in chunks:
                yield _split(chunk.to_numpy(), path)
    except pd.errors.EmptyDataError:
        return
    except (OSError, ValueError, OverflowError, pd.errors.ParserError) as error:
        raise NoInputError(
            f"{path}: not a table of a label and 784 pixels ({error}); is it the right file?"
        ) from error


def _split(values: np.ndarray, path: Path) -> tuple[np.ndarray, np.ndarray]:
    if values.size and not 0 <= values[:, 1:].min() <= values[:, 1:].max() <= 255:
        raise NoInputError(f"{path}: pixels from {values.min()} to {values.max()}; wanted 0 to 255")
    return values[:, 0].astype(np.int64), values[:, 1:].astype(np.uint8)
