"""Arrays in .npz files: the program's own sets, and Keras' mnist.npz."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.errors import NoInputError
from hcr_batch.training.datasets.character_sets import CharacterSet, load_set, new_set, read_arrays
from hcr_batch.training.datasets.class_labels import class_characters, labels_from_numbers
from hcr_batch.training.datasets.glyph_pixels import light_ink, upright

__all__ = ["read_npz"]


def read_npz(
    path: Path, classes: str | None = None, transposed: bool | None = None, ink: str = "auto"
) -> CharacterSet:
    """Read a set of `images` and `labels`, or of `x_train`, `y_train`, `x_test`, `y_test`.

    Labels that are numbers mean digits unless `classes` says otherwise.

    Raises
    ------
    NoInputError
        It is neither, or a label is none of the 62 characters.
    """
    arrays = read_arrays(path)
    if {"images", "labels"} <= arrays.keys() and arrays["labels"].dtype.kind == "U":
        data = load_set(path.parent, path.stem)
    else:
        images, numbers = _keras_arrays(arrays, path)
        characters = class_characters(classes or "digits")
        data = new_set(path.stem, images, labels_from_numbers(numbers, characters, str(path)))
    if data.images.shape[1:] != (28, 28) or len(data.images) != len(data):
        raise NoInputError(f"{path}: images are {data.images.shape}; wanted is (N, 28, 28)")
    unknown = sorted(set(data.labels.tolist()) - set(CHARACTERS))
    if unknown:
        raise NoInputError(f"{path}: label {unknown[0]!r} is none of 0-9, A-Z, a-z")
    images = upright(data.images) if transposed else data.images
    return data.with_images(light_ink(images.astype(np.uint8, copy=False), ink))


def _keras_arrays(arrays: dict[str, np.ndarray], path: Path) -> tuple[np.ndarray, np.ndarray]:
    pairs: tuple[tuple[str, str], ...] = (("images", "labels"), ("x_train", "y_train"))
    for names in pairs:
        if set(names) <= arrays.keys():
            images, numbers = (arrays[name] for name in names)
            if "x_test" in arrays and names[0] == "x_train":
                images = np.concatenate([images, arrays["x_test"]])
                numbers = np.concatenate([numbers, arrays["y_test"]])
            if numbers.dtype.kind not in "iu":
                raise NoInputError(f"{path}: labels of type {numbers.dtype}; wanted are numbers")
            return images.squeeze(), numbers.ravel()
    raise NoInputError(f"{path}: holds {', '.join(arrays)}; wanted are images and labels")
