"""Texts that stand on forms: numbers, dates, amounts, codes, names and words, made at random."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

__all__ = ["form_text", "read_words"]

LONGEST_WORD = 14
SIGNED_SHARE = 0.5
"""Of the amounts that have such a sign."""
DIGITS, UPPER, LOWER = string.digits, string.ascii_uppercase, string.ascii_lowercase

Rng = np.random.Generator


def read_words(folder: Path, limit: int = 40_000) -> tuple[str, ...]:
    """Words of the word lists (one a line) of a folder, without accents; names keep capitals.

    Parameters
    ----------
    folder : Path
        Such as /usr/share/dict; no words where it is not there.
    limit : int
        Words of each list at most, evenly taken.
    """
    if not folder.is_dir():
        return ()
    # Links name lists that are there under another name too.
    paths = sorted({path.resolve() for path in folder.iterdir() if path.resolve().is_file()})
    found: set[str] = set()
    for path in paths:
        lines = _lines(path)
        found.update(map(_plain, lines[:: max(1, len(lines) // limit)]))
    return tuple(sorted(found - {""}))


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="ignore").split("\n")


def _plain(word: str) -> str:
    """The word in the letters A to Z, or nothing where it is no word or too long."""
    letters = unicodedata.normalize("NFKD", word.strip().replace("ß", "ss").replace("ł", "l"))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return plain if plain.isascii() and plain.isalpha() and 2 <= len(plain) <= LONGEST_WORD else ""


def form_text(rng: Rng, words: Sequence[str]) -> str:
    """A text such as people write on forms, as often of digits as of letters.

    Parameters
    ----------
    rng : Generator
    words : sequence of str
        For names and words; letters at random where there are none.
    """
    kinds = [kind for kind, _ in KINDS]
    chances = np.array([chance for _, chance in KINDS])
    kind = kinds[int(rng.choice(len(kinds), p=chances / chances.sum()))]
    return kind(rng, words)


def _of(rng: Rng, alphabet: str, least: int, most: int) -> str:
    return "".join(rng.choice(list(alphabet), int(rng.integers(least, most + 1))))


def _pick(rng: Rng, *choices: str) -> str:
    return choices[int(rng.integers(len(choices)))]


def _a_word(rng: Rng, words: Sequence[str]) -> str:
    if not words or rng.random() < 0.08:
        return _of(rng, LOWER, 2, 9)
    return words[int(rng.integers(len(words)))]


def _number(rng: Rng, words: Sequence[str]) -> str:
    return _of(rng, DIGITS, 1, 12)


def _grouped(rng: Rng, words: Sequence[str]) -> str:
    mark = _pick(rng, " ", " ", "-", ".", "/")
    return mark.join(_of(rng, DIGITS, 2, 4) for _ in range(int(rng.integers(2, 5))))


def _date(rng: Rng, words: Sequence[str]) -> str:
    day, month = int(rng.integers(1, 32)), int(rng.integers(1, 13))
    year = int(rng.integers(1920, 2035))
    mark = _pick(rng, ".", "/", "-", "/", ".", " ", "")
    year_text = f"{year}" if rng.random() < 0.6 else f"{year % 100:02d}"
    padded = "02d" if not mark or rng.random() < 0.6 else "d"
    parts = [f"{day:{padded}}", f"{month:{padded}}", year_text]
    if rng.random() < 0.3:
        parts = parts[::-1]
    elif rng.random() < 0.2:
        parts = [parts[1], parts[0], parts[2]]
    return mark.join(parts)


def _month_date(rng: Rng, words: Sequence[str]) -> str:
    names = ("January", "February", "March", "April", "May", "June", "July", "August")
    month = _pick(rng, *names, "Sept", "Oct", "Nov", "Dec", "Jan", "Feb", "Mai", "Juni")
    month = month.upper() if rng.random() < 0.4 else month
    day, year = int(rng.integers(1, 32)), int(rng.integers(1920, 2035))
    return f"{day} {month} {year}" if rng.random() < 0.6 else f"{month} {day}, {year}"


def _amount(rng: Rng, words: Sequence[str]) -> str:
    whole = int(10 ** rng.uniform(0, 6))
    mark = _pick(rng, ".", ",")
    other = "," if mark == "." else "."
    text = f"{whole:,}".replace(",", other) if rng.random() < 0.5 else str(whole)
    text += f"{mark}{int(rng.integers(0, 100)):02d}" if rng.random() < 0.7 else _pick(rng, "", "-")
    if rng.random() < SIGNED_SHARE:
        return _signed(rng, text)
    return _pick(rng, "", "", "", "EUR ", "+", "-") + text


def _signed(rng: Rng, text: str) -> str:
    return _pick(rng, f"$ {text}", f"$ {text}", f"${text}", f"{text}%", f"{text} %", f"#{text}")


def _phone(rng: Rng, words: Sequence[str]) -> str:
    area, first, rest = (_of(rng, DIGITS, *ends) for ends in ((2, 4), (2, 4), (3, 4)))
    return _pick(
        rng,
        f"({area}) {first}-{rest}",
        f"{area}-{first}-{rest}",
        f"+{_of(rng, DIGITS, 2, 2)} {area} {first}{rest}",
        f"0{area}/{first}{rest}",
        f"{area} {first} {rest}",
    )


def _time(rng: Rng, words: Sequence[str]) -> str:
    hour, minute = int(rng.integers(0, 24)), int(rng.integers(0, 60))
    return f"{hour}{_pick(rng, ':', ':', '.')}{minute:02d}{_pick(rng, '', '', 'am', ' PM', ' h')}"


def _code(rng: Rng, words: Sequence[str]) -> str:
    mark = _pick(rng, "", "", "-", "/", " ", ".")
    parts = [
        _of(rng, _pick(rng, UPPER, DIGITS, UPPER + DIGITS), 1, 5)
        for _ in range(int(rng.integers(1, 4)))
    ]
    return mark.join(parts)


def _word(rng: Rng, words: Sequence[str]) -> str:
    return _a_word(rng, words)


def _lower_word(rng: Rng, words: Sequence[str]) -> str:
    return _a_word(rng, words).lower()


def _upper_word(rng: Rng, words: Sequence[str]) -> str:
    return _a_word(rng, words).upper()


def _phrase(rng: Rng, words: Sequence[str]) -> str:
    """Some words: an amount in letters, a remark, a firm; in capitals as often as not."""
    chosen = [_a_word(rng, words)[:9] for _ in range(int(rng.integers(2, 5)))]
    text = " ".join(chosen)
    return _pick(rng, text.upper(), text.upper(), text.lower(), text.capitalize())


def _name(rng: Rng, words: Sequence[str]) -> str:
    given, family = (_a_word(rng, words).capitalize() for _ in range(2))
    text = _pick(
        rng,
        f"{given[:9]} {family[:10]}",
        f"{given[0]}. {family}",
        f"{family[:10]}, {given[:8]}",
        f"{given[:7]}-{family[:8]}",
        given,
        f"{given[0]}'{family}",
        f"{given[:8]} & {family[:8]}",
    )
    return text.upper() if rng.random() < 0.5 else text


def _street(rng: Rng, words: Sequence[str]) -> str:
    number, name = _of(rng, DIGITS, 1, 3), _a_word(rng, words).capitalize()[:10]
    text = _pick(rng, f"{number} {name} St.", f"{name}str. {number}", f"{name} {number}")
    return text.upper() if rng.random() < 0.5 else text


def _mail(rng: Rng, words: Sequence[str]) -> str:
    user, place = (_a_word(rng, words).lower()[:8] for _ in range(2))
    return f"{user}{_pick(rng, '', '.', '1')}@{place}.{_pick(rng, 'com', 'de', 'org', 'fr')}"


def _mixed(rng: Rng, words: Sequence[str]) -> str:
    return _of(rng, DIGITS + UPPER + LOWER, 1, 8)


KINDS: tuple[tuple[Callable[[Rng, Sequence[str]], str], float], ...] = (
    (_number, 0.22),
    (_grouped, 0.04),
    (_date, 0.07),
    (_month_date, 0.02),
    (_amount, 0.10),
    (_phone, 0.04),
    (_time, 0.02),
    (_code, 0.07),
    (_upper_word, 0.19),
    (_word, 0.04),
    (_lower_word, 0.03),
    (_phrase, 0.07),
    (_name, 0.06),
    (_street, 0.03),
    (_mail, 0.02),
    (_mixed, 0.02),
)
"""Kinds of text and how often each is made."""
