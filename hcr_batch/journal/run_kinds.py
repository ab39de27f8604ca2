"""What a journal notes of a run, and so what may stand there: each kind says whether a value fits.

SQLite sees one text of JSON; what is in it is looked at here, before anything
relies on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

__all__ = ["are_conditions", "is_summary"]

Fits = Callable[[object], bool]

MOST = 2**63
"""Greater whole numbers than SQLite's own are never written."""


def are_conditions(value: object) -> bool:
    """Whether a value is what a scan notes when it begins."""
    return CONDITIONS(value)


def is_summary(value: object) -> bool:
    """Whether a value is what a scan notes when it ends."""
    return SUMMARY(value)


def _is_text(value: object) -> bool:
    """Whether it is a text that may be a path too: no zero in it, no half of a character."""
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        value.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and abs(value) < MOST


def _is_number(value: object) -> bool:
    return isinstance(value, float) or _is_whole(value)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_lists(value: object) -> bool:
    """Whether it is an object of lists of texts."""
    return isinstance(value, dict) and all(map(_are_texts, value.values()))


def _is_delimiter(value: object) -> bool:
    return _is_text(value) and len(str(value)) <= 1 and value not in ("\n", "\r", '"')


def _object(needed: Mapping[str, Fits], known: Mapping[str, Fits] | None = None) -> Fits:
    """An object with keys that it must have and some that later versions write, of these kinds."""
    kinds = {**needed, **(known or {})}

    def fits(value: object) -> bool:
        return (
            isinstance(value, dict)
            and needed.keys() <= value.keys()
            and all(is_one(value[key]) for key, is_one in kinds.items() if key in value)
        )

    return fits


def _or_none(kind: Fits) -> Fits:
    return lambda value: value is None or kind(value)


CONDITIONS = _object(
    {
        "program": _is_text,
        "model": _is_text,
        "model_fingerprint": _is_text,
        "settings": _is_text,
        "target_error": _is_number,
        "threshold": _is_number,
    },
    {
        "templates": _are_texts,
        "template_paths": _are_texts,
        "key_fields": _are_lists,
        "all_fields": _are_lists,
        "fields": _is_text,
        "delimiter": _is_delimiter,
    },
)
UNEVEN = _object({"pages": _is_whole, "example": _is_text, "like": _is_text})
SUMMARY = _object(
    {
        "new": _is_whole,
        "skipped": _is_whole,
        "failed": _is_whole,
        "seconds": _is_number,
        "interrupted": _is_whole,
    },
    {"holdings": _or_none(_object({}, {"uneven": _or_none(UNEVEN)}))},
)
