"""Reads handprinted characters from scanned forms, offline.

>>> from hcr_batch import load_recognizer, scan_document
>>> recognizer = load_recognizer()
>>> pages = scan_document("form.png", recognizer)
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["__version__", "load_recognizer", "scan_document"]

__version__ = "0.2.0"

_HOMES = {
    "load_recognizer": "hcr_batch.recognition",
    "scan_document": "hcr_batch.pipeline",
}
"""Where the public names live; imported at first use, so that `--help` is quick."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
