"""Checks of a field as automata or lists: check digits, dates, lists of words."""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from pathlib import Path

from hcr_batch.alphabet import SYMBOLS
from hcr_batch.documents import open_regular
from hcr_batch.forms.automata import Machine, RuleError, of_steps

__all__ = ["Check", "parse_check"]

FIRST_YEAR, LAST_YEAR = 1900, 2099
"""Dates of a check lie from the first to the last year."""
MAX_WORDS = 500_000
MAX_LEXICON_BYTES = 32 << 20
MAX_DATE_FORMAT = 100
"""Characters; every day of two centuries is written in it."""
DAY_PARTS = frozenset("dmYybBjaA")
CLOCK_PARTS = {"H": range(24), "M": range(60), "S": range(60)}
WEIGHTED = re.compile(r"(?P<weights>\d{1,3}(,\d{1,3})*) mod (?P<modulus>\d{1,3})")
DIGITS = SYMBOLS[:10]
CAPITALS = SYMBOLS[:36]


@dataclass(frozen=True)
class Check:
    """What a check asks of a text: one of the three, the others None.

    Attributes
    ----------
    machine : Machine, optional
        Accepts the texts that pass; blanks do not count.
    words : tuple of str, optional
        All texts that pass, in no case in particular.
    valid : callable, optional
        Whether a text, capitals and without blanks, passes.
    """

    machine: Machine | None = None
    words: tuple[str, ...] | None = None
    valid: Callable[[str], bool] | None = None


def parse_check(text: str, folder: Path) -> Check:
    """Understand the `check` of a field.

    Parameters
    ----------
    text : str
        `none`, `luhn`, `mod97`, `date:FORMAT`, `lexicon:FILE`, `weighted:W,W,... mod M`
        or `stdnum:MODULE`.
    folder : Path
        Where the template lies; lexicons are relative to it.

    Raises
    ------
    RuleError
        It is none of these, or its file or format is unusable.
    """
    name, _, argument = text.partition(":")
    plain = {"none": Check, "luhn": _luhn, "mod97": _mod97}
    if text in plain:
        return plain[text]()
    if name == "date" and argument:
        return Check(words=_dates(argument))
    if name == "lexicon" and argument:
        return Check(words=_lexicon(_lexicon_file(folder, argument)))
    if name == "weighted" and argument:
        return _weighted(argument)
    if name == "stdnum" and argument:
        return Check(valid=_stdnum(argument))
    raise RuleError(
        'none of "none", "luhn", "mod97", "date:%d%m%Y", "lexicon:FILE", '
        '"weighted:3,1 mod 10", "stdnum:iban"'
    )


def _luhn() -> Check:
    """Luhn's sum, kept for both parities of what is still to come: 100 states."""

    def follow(state: tuple[int, ...], symbol: str) -> tuple[int, ...]:
        if symbol == " ":
            return state
        digit, (plain, doubled) = int(symbol), state
        return (doubled + digit) % 10, (plain + sum(divmod(2 * digit, 10))) % 10

    return Check(of_steps((0, 0), follow, lambda state: state[0] == 0, DIGITS + " "))


def _mod97() -> Check:
    """ISO 7064 MOD 97-10: as a number, letters as two digits, it leaves 1."""

    def follow(state: tuple[int, ...], symbol: str) -> tuple[int, ...]:
        if symbol == " ":
            return state
        value = _value(symbol)
        return ((state[0] * (10 if value < 10 else 100) + value) % 97,)

    return Check(of_steps((0,), follow, lambda state: state[0] == 1))


def _weighted(text: str) -> Check:
    """A weighted sum that the modulus divides; the weights begin anew when they end."""
    found = WEIGHTED.fullmatch(text)
    if not found:
        raise RuleError('write the weights from left to right, as "weighted:7,3,1 mod 10"')
    weights = tuple(int(weight) for weight in found["weights"].split(","))
    modulus = int(found["modulus"])
    if modulus < 2:
        raise RuleError("the modulus must be 2 or more")

    def follow(state: tuple[int, ...], symbol: str) -> tuple[int, ...]:
        if symbol == " ":
            return state
        place, total = state
        # In numbers modulo 11 an X stands for ten, as in an ISBN.
        value = 10 if modulus == 11 and symbol in "Xx" else _value(symbol)
        return (place + 1) % len(weights), (total + weights[place] * value) % modulus

    return Check(of_steps((0, 0), follow, lambda state: state[1] == 0))


def _value(symbol: str) -> int:
    """0 to 9, and A = 10 to Z = 35, in either case."""
    return int(symbol, 36)


def _dates(form: str) -> tuple[str, ...]:
    """All dates, times of day or both in a format of strptime, what cannot be read left out."""
    if len(form) > MAX_DATE_FORMAT:
        raise RuleError(f"a date format longer than {MAX_DATE_FORMAT} characters; shorten it")
    parts = re.findall(r"%(.)", form)
    unknown = sorted(set(parts) - DAY_PARTS - set(CLOCK_PARTS))
    if unknown or not parts:
        named = ", ".join(f"%{part}" for part in unknown) or "no directive"
        raise RuleError(f"a date format with {named}; it may hold %d %m %Y %y %b %B %j %H %M %S")
    days = _days(form) if DAY_PARTS & set(parts) else [form]
    clock = [part for part in CLOCK_PARTS if part in parts]
    times = list(product(*(CLOCK_PARTS[part] for part in clock)))
    if len(days) * len(times) > MAX_WORDS:
        raise RuleError(f"a date format with over {MAX_WORDS} values; leave the time out")
    return tuple(
        _filled(day, dict(zip(clock, time, strict=True))) for day in days for time in times
    )


def _days(form: str) -> list[str]:
    """The format with every day put in, its times of day left as they are."""
    kept = re.sub(r"%([HMS])", r"%%\1", form)
    first, last = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
    count = (last - first).days + 1
    every = ((first + timedelta(days)).strftime(kept) for days in range(count))
    return list(dict.fromkeys(every))


def _filled(text: str, time: dict[str, int]) -> str:
    for part, value in time.items():
        text = text.replace(f"%{part}", f"{value:02d}")
    return text


def _lexicon_file(folder: Path, name: str) -> Path:
    """A file that lies with the template; one from elsewhere may name no other of this machine."""
    path, asked = folder / name, Path(name)
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError) as error:  # links in a circle
        raise RuleError(f"the lexicon {name} cannot be read ({error})") from error
    if asked.is_absolute() or ".." in asked.parts or not inside:
        raise RuleError(f"the lexicon {name} does not lie with the template; put it beside it")
    return path


def _lexicon(path: Path) -> tuple[str, ...]:
    """The lines of a file, UTF-8; blank lines and those after `#` are no entries."""
    entries = [line.strip() for line in _text(path).splitlines()]
    entries = [entry for entry in entries if entry and not entry.startswith("#")]
    if not entries:
        raise RuleError(f"the lexicon {path} has no entries, one a line")
    if len(entries) > MAX_WORDS:
        raise RuleError(f"the lexicon {path} has over {MAX_WORDS} entries")
    return tuple(entries)


def _text(path: Path) -> str:
    try:
        # A template of somebody else's may name a pipe or a device, which never ends.
        with open_regular(path) as file:
            content = file.read(MAX_LEXICON_BYTES + 1)
        if len(content) > MAX_LEXICON_BYTES:
            raise RuleError(f"the lexicon {path} has over {MAX_LEXICON_BYTES >> 20} MB")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise RuleError(f"the lexicon {path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise RuleError(f"the lexicon {path} is not UTF-8") from error


def readable(words: Iterable[str], letters: str, blanks: bool) -> list[str]:
    """The ways in which words may stand in cells.

    Accents are dropped; a sign that no cell is read as (a hyphen, an apostrophe,
    a full stop) is left out, or is a blank.

    Parameters
    ----------
    letters : str
        The field's charset; it decides on the case.
    blanks : bool
        Whether blanks count.
    """
    change_case = _case_of(letters)
    result: dict[str, None] = {}
    for word in words:
        plain = change_case(_without_accents(word))
        if plain.isalnum():
            result[plain] = None
            continue
        shut = "".join(c for c in plain if c in SYMBOLS)
        open_ = " ".join("".join(c if c in SYMBOLS else " " for c in plain).split())
        for text in (" ".join(shut.split()), open_):
            result[text if blanks else text.replace(" ", "")] = None
    allowed = frozenset(letters + " ")
    return [text for text in result if text and allowed.issuperset(text)]


def _case_of(letters: str) -> Callable[[str], str]:
    """Turns words into the one case of a charset; leaves them where it has both, or none."""
    lower, upper = (any(map(test, letters)) for test in (str.islower, str.isupper))
    if upper == lower:
        return str
    return str.upper if upper else str.lower


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    decomposed = unicodedata.normalize("NFKD", word.replace("ß", "ss"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _stdnum(name: str) -> Callable[[str], bool]:
    """The validity test of a module of python-stdnum, which is slow to import."""
    import stdnum

    if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*", name):
        raise RuleError(f'"{name}" is no name of a python-stdnum module, such as iban or nl.bsn')
    try:
        return importlib.import_module(f"{stdnum.__name__}.{name}").is_valid
    except (ImportError, AttributeError) as error:
        raise RuleError(f'python-stdnum has no "{name}"; it has iban, ean, nl.bsn') from error
