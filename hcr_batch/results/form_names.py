"""Names on a page with several forms: each form's fields keep theirs, with a number behind."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hcr_batch.types import UNKNOWN_FORM

__all__ = ["NUMBERED", "form_of", "joined_forms", "numbered_field"]

NUMBERED = re.compile(r"(.+)#(\d+)")
"""Name of a field of the second form on a page, or of a later one; no template has such names."""


def joined_forms(forms: Iterable[str]) -> str:
    """The `form` of a page on which these forms lie, in order."""
    return "\n".join(forms)


def numbered_field(name: str, number: int) -> str:
    """What a field of a page's form of this number, from 1, is called."""
    return f"{name}#{number}" if number > 1 else name


def form_of(forms: str, name: str) -> tuple[int, str, str]:
    """Which form of a page a field belongs to.

    Parameters
    ----------
    forms : str
        The page's `form`.
    name : str
        The field's name on the page.

    Returns
    -------
    tuple of (int, str, str)
        Number of the form from 1, its template, and the field's name in it.
    """
    templates = forms.split("\n")
    match = NUMBERED.fullmatch(name)
    if match and 1 < int(match[2]) <= len(templates):
        return int(match[2]), templates[int(match[2]) - 1], match[1]
    if name == UNKNOWN_FORM:
        return len(templates) + 1, UNKNOWN_FORM, name
    return 1, templates[0], name
