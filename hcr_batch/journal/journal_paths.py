"""Names of the files that lie beside the results."""

from __future__ import annotations

from pathlib import Path

__all__ = ["journal_path", "lock_path"]


def journal_path(output: Path) -> Path:
    """`results.hcr.sqlite` for `results.csv`, whatever the format."""
    return output.with_name(f"{output.stem}.hcr.sqlite")


def lock_path(output: Path) -> Path:
    """`results.hcr.lock` for `results.csv`; it is there only while a run holds it."""
    return output.with_name(f"{output.stem}.hcr.lock")
