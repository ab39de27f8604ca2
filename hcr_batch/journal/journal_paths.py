"""The files that lie beside the results."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["is_writable", "journal_path", "lock_path"]


def journal_path(output: Path) -> Path:
    """`results.hcr.sqlite` for `results.csv`, whatever the format."""
    return output.with_name(f"{output.stem}.hcr.sqlite")


def lock_path(output: Path) -> Path:
    """`results.hcr.lock` for `results.csv`; it is there only while a run holds it."""
    return output.with_name(f"{output.stem}.hcr.lock")


def is_writable(path: Path) -> bool:
    """Whether a journal can be changed where it lies, or made; an archive may be read-only."""
    places = (path, path.parent) if path.exists() else ()
    return all(os.access(place, os.W_OK) for place in places)
