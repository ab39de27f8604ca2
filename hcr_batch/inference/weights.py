"""Files of weights, compared with the cards beside them before they are run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from hcr_batch.errors import ModelError

__all__ = ["UNREADABLE", "file_hash", "read_hashes", "verify_file"]

UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What reading a file raises that is no card."""


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_hashes(path: Path) -> dict[str, str]:
    """SHA-256 (hex) by file name, of a card of which nothing else is needed.

    Raises
    ------
    ModelError
        It is missing, or is no card.
    """
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["files"])
    except FileNotFoundError as error:
        raise ModelError(f"{path}: missing; restore the model folder") from error
    except UNREADABLE as error:
        raise ModelError(f"{path}: not a readable card ({error}); restore it") from error


def verify_file(path: Path, hashes: Mapping[str, str], card_name: str) -> None:
    """Check that a weights file is the one its card speaks of.

    Parameters
    ----------
    path : Path
    hashes : mapping
        What the card has: SHA-256 (hex) by file name.
    card_name : str
        For the message.

    Raises
    ------
    ModelError
        The file is missing or differs from the card.
    """
    if path.name not in hashes:
        raise ModelError(f"{path}: its {card_name} does not name it; restore the model folder")
    try:
        same = file_hash(path) == hashes[path.name]
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}); restore the model folder"
        ) from error
    if not same:
        raise ModelError(
            f"{path}: damaged or of another version than its {card_name}; restore the model folder"
        )
