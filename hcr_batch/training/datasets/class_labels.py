"""Which character a class number, a folder's name or a mapping file means."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.errors import NoInputError, UsageError

__all__ = [
    "CLASS_LISTS",
    "character_of_folder",
    "class_characters",
    "labels_from_numbers",
    "read_mapping",
]

MERGED = string.digits + string.ascii_uppercase + "abdefghnqrt"
"""The 47 classes of EMNIST Balanced and ByMerge, in their order."""

CLASS_LISTS: Mapping[str, Mapping[int, str]] = {
    "byclass": dict(enumerate(CHARACTERS)),
    "bymerge": dict(enumerate(MERGED)),
    "balanced": dict(enumerate(MERGED)),
    "letters": dict(enumerate(string.ascii_uppercase, start=1)),
    "digits": dict(enumerate(string.digits)),
    "mnist": dict(enumerate(string.digits)),
    "a-z": dict(enumerate(string.ascii_uppercase)),
    "alnum36": dict(enumerate(string.digits + string.ascii_uppercase)),
}
"""Character by class number for the usual sets; the first six are EMNIST's splits."""

CASES = {"letters": "folded", "bymerge": "merged", "balanced": "merged", "a-z": "merged"}
"""What a capital stands for in a set, where that is not known case; see CharacterSet."""

CASE_WORDS: Mapping[str, Callable[[str], str]] = {
    **dict.fromkeys(("upper", "uppercase", "cap", "caps", "capital", "big", "u"), str.upper),
    **dict.fromkeys(("lower", "lowercase", "small", "low", "l"), str.lower),
    **dict.fromkeys(("digit", "num", "number"), str),
}
"""Words beside a letter in names of folders that a file system without case can hold."""


def class_characters(classes: str) -> Mapping[int, str]:
    """Character by class number.

    Parameters
    ----------
    classes : str
        A key of :data:`CLASS_LISTS`, the path of a mapping file, or the
        characters themselves in the order of their numbers from 0.

    Raises
    ------
    UsageError
        It is none of these.
    NoInputError
        The mapping file is no mapping.
    """
    if classes in CLASS_LISTS:
        return CLASS_LISTS[classes]
    if Path(classes).is_file():
        return read_mapping(Path(classes))
    if len(classes) > 1 and set(classes) <= set(CHARACTERS) and len(set(classes)) == len(classes):
        return dict(enumerate(classes))
    known = ", ".join(CLASS_LISTS)
    raise UsageError(
        f"--classes {classes}: give {known}, a mapping file, or the characters in their order"
    )


def read_mapping(path: Path) -> dict[int, str]:
    """Read EMNIST's mapping file: a class number and the code of its character a line.

    Where two codes stand in a line (upper and lower case, in the split
    `letters`), the first is taken.

    Raises
    ------
    NoInputError
        A line is not of that form, or names none of the 62 characters.
    """
    try:
        rows = [line.split() for line in path.read_text(encoding="ascii").splitlines() if line]
        mapping = {int(row[0]): chr(int(row[1])) for row in rows}
    except (OSError, ValueError, IndexError) as error:
        raise NoInputError(
            f"{path}: not a mapping file ({error}); a line is a class number and a code: 10 65"
        ) from error
    foreign = sorted(set(mapping.values()) - set(CHARACTERS))
    if foreign or not mapping:
        raise NoInputError(f"{path}: code {foreign or 'missing'}; wanted are 0-9, A-Z, a-z")
    return mapping


def labels_from_numbers(
    numbers: np.ndarray, characters: Mapping[int, str], place: str
) -> np.ndarray:
    """Characters (N,) of class numbers (N,).

    Raises
    ------
    NoInputError
        A number is no class; `place` is named in the message.
    """
    found = np.unique(numbers)
    unknown = [int(number) for number in found if int(number) not in characters]
    if unknown:
        least, most = min(characters), max(characters)
        raise NoInputError(
            f"{place}: class {unknown[0]} is not one of {least} to {most}; choose other --classes"
        )
    table = np.full(int(found.max(initial=0)) + 1, "", "U1")
    for number in found:
        table[number] = characters[int(number)]
    return table[numbers]


def character_of_folder(name: str) -> str | None:
    """The character that a folder's name stands for; None where it stands for none.

    Understood are the character itself, a letter with a word for its case
    (`upper_A`, `a_lower`, `small-b`), a code point (`U+0041`, `0x41`), NIST's
    hexadecimal codes (`30` to `7a`) and Chars74K's `Sample001` to `Sample062`.
    """
    if len(name) == 1:
        return name if name in CHARACTERS else None
    for pattern in (r"(?:u\+|0x)([0-9a-f]{2,6})", r"([3-7][0-9a-f])"):
        if match := re.fullmatch(pattern, name, re.IGNORECASE):
            return _known(chr(int(match[1], 16)))
    if match := re.fullmatch(r"sample0(\d\d)", name, re.IGNORECASE):
        number = int(match[1]) - 1
        return CHARACTERS[number] if 0 <= number < len(CHARACTERS) else None
    return _spelled(re.split(r"[\s_.-]+", name))


def _spelled(parts: list[str]) -> str | None:
    if len(parts) != 2:
        return None
    for word, letter in (parts, parts[::-1]):
        if len(letter) == 1 and word.lower() in CASE_WORDS:
            return _known(CASE_WORDS[word.lower()](letter))
    return None


def _known(character: str) -> str | None:
    return character if character in CHARACTERS else None
