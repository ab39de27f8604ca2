"""Folders of images, one a class, and images with their labels in the name of the folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from hcr_batch.characters.isolate import isolate_cell
from hcr_batch.characters.normalize import GLYPH_SIZE, normalize_ink
from hcr_batch.config import load_settings
from hcr_batch.documents import LimitedReader
from hcr_batch.errors import NoInputError
from hcr_batch.training.datasets.character_sets import CharacterSet, infer_cases, new_set
from hcr_batch.training.datasets.class_labels import character_of_folder
from hcr_batch.training.datasets.glyph_pixels import has_dark_ink

__all__ = ["read_folder"]

IMAGE_ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".gif", ".webp", ".pgm"}


def read_folder(folder: Path, ink: str = "auto") -> CharacterSet:
    """Read images that lie in folders named after their class, at any depth.

    The class is the nearest folder above an image whose name
    :func:`character_of_folder` understands. Images of 28 x 28 pixels with
    light ink are glyphs already; all others pass the program's own ink
    isolation and normalizer.

    Parameters
    ----------
    folder : Path
    ink : str
        One of :data:`INKS`; with `auto` each image tells for itself.

    Raises
    ------
    NoInputError
        No image lies in a folder of a class, or one cannot be read.
    DocumentError
        One takes too much time or memory.
    """
    found = list(_labelled(folder))
    if not found:
        raise NoInputError(
            f"{folder}: no images in folders named after a class (A, upper_A, U+0041, 41)"
        )
    with LimitedReader.of(load_settings().batch) as reader:
        grays = (reader.call(str(path), _gray, path) for path, _ in found)
        glyphs = np.stack([_glyph(gray, ink) for gray in grays])
    labels = np.array([label for _, label in found], "U1")
    return new_set(folder.resolve().name, glyphs, labels, cases=infer_cases(labels))


def _labelled(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in IMAGE_ENDINGS and not path.name.startswith("."):
            above = path.relative_to(folder).parts[-2::-1]
            label = next(filter(None, map(character_of_folder, above)), None)
            if label:
                yield path, label


def _glyph(gray: np.ndarray, ink: str) -> np.ndarray:
    dark = has_dark_ink(gray) if ink == "auto" else ink == "dark"
    if gray.shape == (GLYPH_SIZE, GLYPH_SIZE) and not dark:
        return gray
    return normalize_ink(isolate_cell(gray if dark else 255 - gray))


def _gray(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as image:
            if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
                paper = Image.new("RGBA", image.size, "white")
                return np.asarray(Image.alpha_composite(paper, image.convert("RGBA")).convert("L"))
            return np.asarray(image.convert("L"))
    except (OSError, UnidentifiedImageError, ValueError) as error:
        raise NoInputError(f"{path}: cannot be read as an image ({error}); remove it") from error
