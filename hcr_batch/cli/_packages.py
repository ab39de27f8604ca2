"""Packages that a small installation may lack, asked for before any work is done."""

from __future__ import annotations

from importlib.util import find_spec

__all__ = ["check_for_forms"]

FOR_FORMS = {"scipy": "scipy"}
"""What known forms need, by the name that is imported; a quarter of the installation."""


def check_for_forms(what: str) -> None:
    """See that the packages are there with which known forms are laid on scans.

    Raises
    ------
    UsageError
        One of them is missing: told at once, and not in the middle of a night.
    """
    from hcr_batch.errors import UsageError

    missing = " ".join(name for module, name in FOR_FORMS.items() if find_spec(module) is None)
    if missing:
        raise UsageError(f"{what} needs what is not installed; run: pip install {missing}")
