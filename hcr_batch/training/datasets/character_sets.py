"""Labelled glyphs from the project's .npz files, split by writer."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from hcr_batch.alphabet import MERGED_PAIRS
from hcr_batch.characters.isolate import isolate_cell
from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.errors import NoInputError, OutputError

__all__ = [
    "CharacterSet",
    "find_sets",
    "infer_cases",
    "joined",
    "load_set",
    "new_set",
    "normalized",
    "read_arrays",
    "set_folder",
    "split_by_writer",
    "unseen_part",
    "write_set",
]

CASES = ("known", "merged", "folded")
"""What a capital may stand for, the vaguest last; see :class:`CharacterSet`."""


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
    cases : str
        What a capital among the labels stands for: itself (`known`), either
        case where the two look alike (`merged`), either case (`folded`).
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    writers: np.ndarray
    weights: np.ndarray
    rows: np.ndarray
    raw: np.ndarray | None = None
    cases: str = "known"

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

    def with_cases(self, cases: str) -> CharacterSet:
        """The same glyphs; what a capital stands for is the vaguer of what is known and `cases`."""
        return replace(self, cases=max(self.cases, cases, key=CASES.index))

    def with_images(self, images: np.ndarray) -> CharacterSet:
        """The same characters with other glyphs (N, 28, 28)."""
        return replace(self, images=images)


def new_set(
    name: str,
    images: np.ndarray,
    labels: np.ndarray,
    writers: np.ndarray | None = None,
    cases: str = "known",
) -> CharacterSet:
    """A set of glyphs (N, 28, 28) and labels (N,), all trusted; see :class:`CharacterSet`."""
    count = len(labels)
    writers = np.arange(count) if writers is None else writers
    rows, weights = np.arange(count), np.ones(count, np.float32)
    return CharacterSet(
        name, images, labels.astype("U1"), writers.astype(str), weights, rows, cases=cases
    )


def joined(parts: Sequence[CharacterSet]) -> CharacterSet:
    """Several sets as one under the first one's name; raw cells stay where all have them.

    Writers are told apart by set; capitals mean what they mean in the vaguest of them.
    """
    if len(parts) == 1:
        return parts[0]
    writers = [[f"{n}:{writer}" for writer in part.writers] for n, part in enumerate(parts)]
    raws = [part.raw for part in parts if part.raw is not None]
    same_shape = len(raws) == len(parts) and len({raw.shape[1:] for raw in raws}) == 1
    return CharacterSet(
        name=parts[0].name,
        images=np.concatenate([part.images for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        writers=np.concatenate([np.asarray(names, str) for names in writers]),
        weights=np.concatenate([part.weights for part in parts]),
        rows=np.arange(sum(map(len, parts))),
        raw=np.concatenate(raws) if same_shape else None,
        cases=max((part.cases for part in parts), key=CASES.index),
    )


def write_set(path: Path, data: CharacterSet) -> None:
    """Write a set as .npz, whole or not at all; :func:`load_set` reads it again.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    arrays: dict[str, Any] = {"images": data.images, "labels": data.labels}
    arrays["cases"] = np.array(data.cases)
    if len(np.unique(data.writers)) < len(data):
        arrays["writer"] = data.writers
    if data.raw is not None:
        arrays["raw64"] = data.raw
    temporary = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written ({error.strerror}); check --out") from error


def infer_cases(labels: np.ndarray) -> str:
    """What capitals stand for in a set that does not say, told by its labels.

    Returns
    -------
    str
        `known` where lower-case letters of the look-alike pairs, or no letters
        at all, are among the labels; else `merged`.
    """
    letters = {label for label in np.unique(labels).tolist() if label.isalpha()}
    return "known" if not letters or letters & set(MERGED_PAIRS.lower()) else "merged"


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
    values = read_arrays(path)
    try:
        return _from_arrays(name, values, low_trust or {})
    except KeyError as error:
        raise NoInputError(f"{path}: has no array {error}; it is not a character set") from error


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an .npz file by name.

    Raises
    ------
    NoInputError
        It is missing or damaged.
    """
    try:
        with np.load(path) as stored:
            return {key: stored[key] for key in stored.files}
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error) as error:
        raise NoInputError(
            f"{path}: cannot be read ({error}); give the folder with --data or HCR_DATA"
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
        cases=str(values["cases"]) if "cases" in values else infer_cases(values["labels"]),
    )


def find_sets(folder: Path, names: Sequence[str] = ()) -> list[Path]:
    """The sets of a folder (or of its folder `characters`) by name; all without `names`.

    Files with `images` and `labels` are sets; others, such as pen strokes, are passed over.

    Raises
    ------
    NoInputError
        A name has no file, or the folder holds no set.
    """
    inner = set_folder(folder)
    paths = [inner / f"{name}.npz" for name in names] or sorted(inner.glob("*.npz"))
    missing = [path for path in paths if not path.is_file()]
    if missing or not paths:
        place = missing[0] if missing else inner / "*.npz"
        raise NoInputError(f"{place}: no such set; give the folder with --data or HCR_DATA")
    return [path for path in paths if names or _is_set(path)]


def set_folder(folder: Path) -> Path:
    """Where the sets of a data folder lie: in `characters`, or in itself."""
    inner = folder / "characters"
    return inner if inner.is_dir() else folder


def _is_set(path: Path) -> bool:
    try:
        with np.load(path) as stored:
            return {"images", "labels"} <= set(stored.files)
    except (OSError, ValueError, EOFError, BadZipFile):
        return False


def unseen_part(path: Path, recipe: Mapping[str, Any]) -> CharacterSet:
    """What a model trained by `recipe` (of its card) has not learned from.

    Returns
    -------
    CharacterSet
        The held-out writers of a source of the recipe; any other set whole.
    """
    for source in recipe.get("sources", ()):
        if source["name"] == path.stem:
            data = _trusted(path, source.get("low_trust"))
            data = data.with_cases(source.get("cases", CASES[0]))
            return split_by_writer(data, source["held"], recipe["seed"])[1]
    return load_set(path.parent, path.stem)


def _trusted(path: Path, low_trust: Mapping[str, Mapping[str, float]] | None) -> CharacterSet:
    try:
        return load_set(path.parent, path.stem, low_trust)
    except NoInputError:  # of the same name, but without the arrays that tell whom to trust less
        return load_set(path.parent, path.stem)


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


def normalized(cells: np.ndarray) -> np.ndarray:
    """Glyphs (N, 28, 28) made from raw cells (N, rows, columns) by the program's normalizer."""
    return np.stack([normalize_ink(isolate_cell(cell)) for cell in cells])
