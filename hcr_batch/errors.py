"""Exit codes and the errors that carry them.

Every error a user can meet is an :class:`HcrError`: one line saying what went
wrong, where (file and page) and what to do about it.
"""

from __future__ import annotations

import unicodedata
from enum import IntEnum

__all__ = [
    "ConfigError",
    "DocumentError",
    "ExitCode",
    "HcrError",
    "LockedError",
    "ModelError",
    "NoInputError",
    "OutputError",
    "PageError",
    "TemplateError",
    "TooLargeError",
    "UsageError",
    "printable",
]

UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of Unicode: control characters, halves of characters, ends of lines."""
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the order of those after them."""


class ExitCode(IntEnum):
    """What the process tells the shell; stable, documented in docs/troubleshooting.md."""

    OK = 0
    USAGE = 2
    BAD_CONFIG = 3
    BAD_MODEL = 4
    NO_INPUT = 5
    SOME_FAILED = 6
    ALL_FAILED = 7
    LOCKED = 8
    OUTPUT = 9
    INTERRUPTED = 130


class HcrError(Exception):
    """Base of all errors with a message for the user.

    Parameters
    ----------
    message : str
        What went wrong, where, and the remedy, on one line; made `printable`.
    """

    exit_code = ExitCode.USAGE

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


def printable(text: str) -> str:
    r"""The text on one line, with escapes for what could steer a terminal.

    Names of files may hold anything; `\xff` stands for a byte that is no text.
    """
    return "".join(map(_shown, text)) if not text.isprintable() else text


def _shown(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    if unicodedata.category(character) in UNPRINTABLE or character in TURNING:
        return character.encode("unicode_escape").decode()
    return character


class UsageError(HcrError):
    """The command line asks for something that makes no sense."""

    exit_code = ExitCode.USAGE


class ConfigError(HcrError):
    """A configuration or template is malformed."""

    exit_code = ExitCode.BAD_CONFIG


class TemplateError(ConfigError):
    """A template has a fault.

    Parameters
    ----------
    message : str
        With file and line.
    table, place, key : str, int, str
        The table, its place among those of its name (from 0), and the key where it is.
    problem : str
        What is wrong there.
    """

    def __init__(self, message: str, table: str, place: int, key: str, problem: str) -> None:
        super().__init__(message)
        self.table, self.place, self.key, self.problem = table, place, key, problem

    def __reduce__(self) -> tuple[type[TemplateError], tuple[str, str, int, str, str]]:
        """As it is sent from process to process."""
        return type(self), (str(self), self.table, self.place, self.key, self.problem)


class ModelError(HcrError):
    """The model is missing, damaged or made for another normalizer."""

    exit_code = ExitCode.BAD_MODEL


class NoInputError(HcrError):
    """None of the paths given holds a document."""

    exit_code = ExitCode.NO_INPUT


class DocumentError(HcrError):
    """One document cannot be read; the run goes on without it."""

    exit_code = ExitCode.SOME_FAILED


class PageError(DocumentError):
    """A page of a document cannot be read, while others may be.

    Parameters
    ----------
    message : str
    page : int, optional
        Its number, from 1; that of what has but one where left out.
    """

    def __init__(self, message: str, page: int = 1) -> None:
        super().__init__(message)
        self.page = page

    def __reduce__(self) -> tuple[type[PageError], tuple[str, int]]:
        """As it is sent from process to process."""
        return type(self), (str(self), self.page)


class TooLargeError(PageError):
    """A page has more pixels than the settings allow, or takes more memory."""


class LockedError(HcrError):
    """Another run is writing to the same output."""

    exit_code = ExitCode.LOCKED


class OutputError(HcrError):
    """Results cannot be written where they should go."""

    exit_code = ExitCode.OUTPUT
