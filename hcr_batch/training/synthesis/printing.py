"""Machine print: words in many fonts and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hcr_batch.errors import NoInputError
from hcr_batch.training.synthesis.canvas import MM, Layer

__all__ = ["Printer", "latin_fonts", "load_printer", "set_text"]

WORDS = """Name First Last
Date of birth Signature Address Street City State Zip Code Phone Email No Nr Yes
Total Amount Account Bank Form Page Please print in capital letters only Use black ink Vorname
Nachname Geburtsdatum Unterschrift Anschrift Datum Ort Telefon Betrag Summe Konto Bitte Nom
Prénom Adresse Ville Né le Signature du titulaire Montant Numéro Cognome Nome Luogo Residente
Apellido Fecha Dirección Firma Teléfono Nazwisko Imię Adres Data Podpis Kwota Kod pocztowy
Voornaam Handtekening Nomor Tanggal Jumlah Tanda Tangan the and or if for to see instructions
applicant employer income tax return section part box line number check one enter attach
schedule A B C D E F G X 1 2 3 4 5 10 12 2019 2024 0.00 1,234 12/31 (optional) (a) (b) §4 № • *
$ €""".split()
"""Words as they stand on forms."""
ENDINGS = {".ttf", ".otf", ".woff"}
LEAST_LETTERS = 20
"""Letters of its own script that a font must have to be used."""
MOST_LETTERS = 60
LATIN_SHARE = 0.85
LATIN = {"A", "z", "é"}
"""Letters by which a font is known to be a Latin one."""


@dataclass(frozen=True)
class Printer:
    """Paths of fonts with Latin letters, and of others with letters that they have."""

    latin: tuple[str, ...]
    other: tuple[tuple[str, str], ...]

    def words(self, rng: np.random.Generator, count: int) -> tuple[str, str]:
        """A text of `count` words and the path of a font that has them."""
        if self.other and rng.random() > LATIN_SHARE:
            path, letters = self.other[int(rng.integers(len(self.other)))]
            pick = rng.choice(list(letters), (count, 5))
            return " ".join("".join(word[: rng.integers(2, 6)]) for word in pick), path
        words = [WORDS[i] for i in rng.integers(len(WORDS), size=count)]
        text = " ".join(words)
        style = rng.random()
        text = text.upper() if style < 0.25 else text.lower() if style < 0.35 else text
        return text, self.latin[int(rng.integers(len(self.latin)))]


def load_printer(folder: Path) -> Printer:
    """Look through the fonts below a folder.

    Raises
    ------
    NoInputError
        No font with Latin letters is there.
    """
    latin, other = [], []
    for path in _fonts(folder):
        letters = _letters(path)
        if letters >= LATIN:
            latin.append(str(path))
        elif len(letters) > LEAST_LETTERS and "A" not in letters:
            drawn = _drawn(str(path), sorted(letters)[:: max(1, len(letters) // MOST_LETTERS)])
            if len(drawn) > LEAST_LETTERS:
                other.append((str(path), drawn))
    if not latin:
        raise NoInputError(f"{folder}: no fonts with Latin letters; install some")
    return Printer(tuple(latin), tuple(other))


def latin_fonts(folder: Path) -> tuple[str, ...]:
    """Paths of the fonts with Latin letters below a folder."""
    return tuple(str(path) for path in _fonts(folder) if _letters(path) >= LATIN)


def _fonts(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS)


def _letters(path: Path) -> set[str]:
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(path, lazy=True) as font:
            codes = font.getBestCmap() or {}
    except (TTLibError, OSError):
        return set()
    return {chr(code) for code in codes if 32 < code < 0xFFFF and chr(code).isalpha()}


def _drawn(path: str, letters: Sequence[str]) -> str:
    """Those letters that the font does not show as an empty box."""
    missing = set_text("\ue5ff", path, 20).tobytes()
    return "".join(c for c in letters if set_text(c, path, 20).tobytes() != missing)


@lru_cache(maxsize=256)
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


def set_text(text: str, path: str, size: float) -> np.ndarray:
    """A line of text, light on black; `size` is the em in pixels.

    Returns
    -------
    ndarray of uint8, shape (rows, columns)
        As wide as the text, as high as the font says.
    """
    font = _font(path, max(6, round(size)))
    left, top, right, bottom = font.getbbox(text)
    columns, rows = min(int(right - left) + 2, 2200), min(int(bottom - top) + 2, 600)
    image = Image.new("L", (max(columns, 1), max(rows, 1)), 0)
    ImageDraw.Draw(image).text((1 - left, 1 - top), text, 255, font=font)
    return np.asarray(image)


def print_words(
    layer: Layer,
    printer: Printer,
    rng: np.random.Generator,
    place: Sequence[float],
    count: int,
    dark: float,
) -> float:
    """Print `count` words at (x, y) with an em of so many mm; the width in pixels."""
    x, y, size = place
    text, path = printer.words(rng, count)
    ink = set_text(text, path, size * MM)
    layer.paste(ink, x, y, dark)
    return float(ink.shape[1])
