"""Labelled glyphs from the project's .npz files, split by writer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from hcr_batch.errors import NoInputError
from hcr_batch.glyphs.normalize import normalize_ink

__all__ = [
    "CharacterSet",
    "ink_of_cell",
    "load_set",
    "normalized_raw",
    "split_by_writer",
]


@dataclass(frozen=True)
class CharacterSet:
    """Glyphs of one source with what is known about them.

    Attributes
    ----------
    name : str
        Name of the file without its ending.
    images : ndarray of uint8, shape (N, 28, 28)
    labels : ndarray of str, shape (N,)
    writers : ndarray of str, shape (N,)
        Who wrote it; where that is not known, every glyph has its own.
    weights : ndarray of float32, shape (N,)
        Trust in the label, 0 to 1.
    rows : ndarray of int64, shape (N,)
        Place of each glyph in its file.
    raw : ndarray of uint8, shape (N, rows, columns), optional
        The cells as scanned, dark ink on light paper.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    writers: np.ndarray
    weights: np.ndarray
    rows: np.ndarray
    raw: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: np.ndarray) -> CharacterSet:
        """The glyphs at `index` (integers or a mask)."""
        raw = None if self.raw is None else self.raw[index]
        return replace(
            self,
            images=self.images[index],
            labels=self.labels[index],
            writers=self.writers[index],
            weights=self.weights[index],
            rows=self.rows[index],
            raw=raw,
        )


def load_set(
    folder: Path, name: str, low_trust: Mapping[str, Mapping[str, float]] | None = None
) -> CharacterSet:
    """Read `<folder>/<name>.npz` with `images`, `labels` and, where known, more.

    Parameters
    ----------
    folder : Path
    name : str
    low_trust : mapping, optional
        Factors on the trust in labels by the value of a further array of the
        file, for example ``{"style": {"CURSIVE": 0.3}}``.

    Raises
    ------
    NoInputError
        The file is missing or is not such a set.
    """
    path = folder / f"{name}.npz"
    try:
        with np.load(path) as stored:
            values = {key: stored[key] for key in stored.files}
        return _from_arrays(name, values, low_trust or {})
    except (OSError, KeyError, ValueError) as error:
        raise NoInputError(
            f"{path}: no readable character set ({error}); give the folder with --data or HCR_DATA"
        ) from error


def _from_arrays(
    name: str, values: dict[str, np.ndarray], low_trust: Mapping[str, Mapping[str, float]]
) -> CharacterSet:
    count = len(values["labels"])
    writers = values["writer"] if "writer" in values else np.arange(count)
    weights = np.ones(count, np.float32)
    for key, factors in low_trust.items():
        for value, factor in factors.items():
            weights[values[key] == value] *= factor
    return CharacterSet(
        name=name,
        images=values["images"],
        labels=values["labels"].astype("U1"),
        writers=writers.astype(str),
        weights=weights,
        rows=np.arange(count),
        raw=values.get("raw64"),
    )


def split_by_writer(
    data: CharacterSet, held_share: float, seed: int
) -> tuple[CharacterSet, CharacterSet]:
    """Part a set so that no writer stands on both sides.

    Returns
    -------
    kept, held : CharacterSet
        `held` has about `held_share` (0 to 1) of the writers.
    """
    writers = np.unique(data.writers)
    np.random.default_rng(seed).shuffle(writers)
    held = np.isin(data.writers, writers[: round(held_share * len(writers))])
    return data.take(~held), data.take(held)


def ink_of_cell(gray: np.ndarray) -> np.ndarray:
    """Dark ink of a clean cell as soft light ink on black: Otsu's threshold, ramped.

    Parameters
    ----------
    gray : ndarray of uint8, shape (rows, columns)

    Returns
    -------
    ndarray of uint8, shape (rows, columns)
    """
    level, _ = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    ramp = (level + 24 - gray.astype(np.float32)) * (255 / 48)
    return np.clip(ramp, 0, 255).astype(np.uint8)


def normalized_raw(data: CharacterSet) -> CharacterSet:
    """The same characters with glyphs made from their raw cells by the program's normalizer."""
    glyphs = [normalize_ink(ink_of_cell(cell)) for cell in data.raw]
    return replace(data, images=np.stack(glyphs), raw=None)
