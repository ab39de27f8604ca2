"""IDX files, as MNIST and EMNIST come: images and labels in files of their own.

The format: two zero bytes, a type code (8 for unsigned bytes), the number of
dimensions, each dimension as a big-endian 32-bit number, then the values
(LeCun, Cortes and Burges, "The MNIST database of handwritten digits").
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hcr_batch.errors import NoInputError, UsageError
from hcr_batch.training.datasets.character_sets import CharacterSet, infer_cases, new_set
from hcr_batch.training.datasets.class_labels import (
    CASES,
    CLASS_LISTS,
    class_characters,
    labels_from_numbers,
    read_mapping,
)
from hcr_batch.training.datasets.glyph_pixels import light_ink, upright

__all__ = ["IdxPair", "find_pairs", "read_idx", "read_pair"]

GZIP_MAGIC = b"\x1f\x8b"
UNSIGNED_BYTES = 8
SPLIT = re.compile(r"emnist-(byclass|bymerge|balanced|letters|digits|mnist)-(train|test)")
IMAGES = re.compile(r"images([-.])idx3")


@dataclass(frozen=True)
class IdxPair:
    """A file of images with its file of labels.

    Attributes
    ----------
    images, labels : Path
    split : str
        EMNIST's split; `mnist` where the name is MNIST's own; empty if neither.
    emnist : bool
        Whether it is named as EMNIST's files are, which lie transposed.
    """

    images: Path
    labels: Path
    split: str
    emnist: bool


def find_pairs(source: Path, split: str | None = None, part: str | None = None) -> list[IdxPair]:
    """The IDX pairs of a folder, or the one pair of a file of images.

    Parameters
    ----------
    source : Path
        A file `...images-idx3-ubyte` (or `.gz`), or a folder of such files.
    split : str, optional
        Of EMNIST; needed where the folder holds several.
    part : str, optional
        `train` or `test`; both where left out.

    Raises
    ------
    NoInputError
        There is none, or the labels are missing.
    UsageError
        Several splits and none chosen: they hold the same writing.
    """
    names = sorted(source.rglob("*images*idx3*")) if source.is_dir() else [source]
    pairs = [_pair(path) for path in names]
    chosen = [
        pair
        for pair in pairs
        if (split is None or pair.split == split) and (part is None or _part(pair) == part)
    ]
    if not chosen:
        wanted = " ".join(filter(None, (split, part)))
        raise NoInputError(f"{source}: no IDX files {wanted}; wanted is ...-images-idx3-ubyte.gz")
    splits = sorted({pair.split for pair in chosen})
    if len(splits) > 1:
        raise UsageError(f"{source}: holds {', '.join(splits)}; choose one with --split")
    return chosen


def read_pair(
    pair: IdxPair, classes: str | None = None, transposed: bool | None = None, ink: str = "auto"
) -> CharacterSet:
    """Read images and labels as a set of upright glyphs with light ink.

    Parameters
    ----------
    pair : IdxPair
    classes : str, optional
        As :func:`class_characters` takes it; from the mapping file beside
        EMNIST's files or the split's name where left out.
    transposed : bool, optional
        Whether the images lie by columns; from the name where left out.
    ink : str
        One of :data:`INKS`.

    Raises
    ------
    NoInputError
        A file is missing or damaged, or the two do not fit each other.
    """
    images, numbers = read_idx(pair.images), read_idx(pair.labels)
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        raise NoInputError(f"{pair.images}: holds arrays of {images.shape}; wanted is (N, 28, 28)")
    if numbers.shape != images.shape[:1]:
        raise NoInputError(f"{pair.labels}: {len(numbers)} labels for {len(images)} images")
    split = classes or pair.split
    characters = class_characters(classes) if classes else _characters(pair)
    labels = labels_from_numbers(numbers, characters, str(pair.labels))
    if pair.emnist if transposed is None else transposed:
        images = upright(images)
    cases = CASES.get(split) or infer_cases(labels)
    return new_set(pair.images.name.split(".")[0], light_ink(images, ink), labels, cases=cases)


def read_idx(path: Path) -> np.ndarray:
    """The array of an IDX file of unsigned bytes, compressed or not.

    Raises
    ------
    NoInputError
        It is missing, damaged, cut off, or no such file.
    """
    try:
        content = path.read_bytes()
        if content.startswith(GZIP_MAGIC):
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise NoInputError(f"{path}: cannot be read ({error}); fetch it again") from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != UNSIGNED_BYTES:
        raise NoInputError(f"{path}: not an IDX file of bytes; is it the right file?")
    begin = 4 + 4 * content[3]
    if len(content) < begin:
        raise NoInputError(f"{path}: cut off within its head; fetch it again")
    shape = tuple(np.frombuffer(content[4:begin], ">u4").astype(np.int64).tolist())
    values = np.frombuffer(content, np.uint8, offset=begin)
    if len(values) != int(np.prod(shape)):
        raise NoInputError(f"{path}: cut off or damaged, {len(values)} values for {shape}")
    return values.reshape(shape)


def _pair(images: Path) -> IdxPair:
    labels = images.with_name(IMAGES.sub(r"labels\1idx1", images.name))
    if labels.name == images.name:
        raise NoInputError(f"{images}: not named as a file of images (...images-idx3-ubyte)")
    if not labels.is_file():
        # One of the two may have been unpacked.
        other = labels.name.removesuffix(".gz") if labels.suffix == ".gz" else f"{labels.name}.gz"
        labels = labels.with_name(other)
    if not images.is_file() or not labels.is_file():
        missing = labels if images.is_file() else images
        raise NoInputError(f"{missing}: missing; images and labels belong together")
    match = SPLIT.search(images.name)
    plain = "mnist" if re.match(r"(train|t10k|test)-images", images.name) else ""
    return IdxPair(images, labels, match[1] if match else plain, match is not None)


def _part(pair: IdxPair) -> str:
    return "test" if re.search(r"test|t10k", pair.images.name) else "train"


def _characters(pair: IdxPair) -> Mapping[int, str]:
    mapping = pair.images.with_name(f"emnist-{pair.split}-mapping.txt")
    if pair.emnist and mapping.is_file():
        return read_mapping(mapping)
    if pair.split in CLASS_LISTS:
        return CLASS_LISTS[pair.split]
    raise UsageError(f"{pair.images}: its name tells no classes; give --classes")
