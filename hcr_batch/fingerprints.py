"""What a reading is known by, beside its file and settings: the program and its networks."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import hcr_batch
from hcr_batch.config import DEFAULT_MODEL, data_folder

__all__ = ["READING_CODE", "code_fingerprint"]

READING_CODE = (
    "types.py",
    "alphabet.py",
    "geometry.py",
    "probabilities.py",
    "pipeline.py",
    "arrays",
    "documents",
    "inference",
    "preprocess",
    "segmentation",
    "layout",
    "characters",
    "recognition",
    "decoding",
    "forms",
    "results",
)
"""Parts of the program that decide what a reading is."""


@cache
def code_fingerprint() -> str:
    """SHA-256 (hex) of the source and networks that make readings: a new version reads anew.

    It is that of the program as it was started, whatever becomes of the files meanwhile.
    """
    digest = hashlib.sha256()
    root = Path(hcr_batch.__file__).parent
    for part in READING_CODE:
        place = root / part
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes() if path.exists() else b"")
    # A model of one's own takes the place of the recognizer's network, not of the others.
    for path in sorted((data_folder("models") / DEFAULT_MODEL).glob("*.tflite")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
