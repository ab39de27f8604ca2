"""Packages that a small installation may lack, asked for before any work is done."""

from __future__ import annotations

from importlib.util import find_spec

__all__ = ["check_for_forms"]


def check_for_forms(what: str) -> None:
    """See that SciPy is there, by which known forms are laid on scans.

    It is a quarter of the installation.

    Raises
    ------
    UsageError
        It is missing: told at once, and not in the middle of a night.
    """
    from hcr_batch.errors import UsageError

    if find_spec("scipy") is None:
        raise UsageError(f"{what} needs what is not installed; run: pip install scipy")
