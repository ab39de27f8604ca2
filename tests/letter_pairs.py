"""Count the letter pairs of `hcr_batch/decoding/letter_pairs.csv`.

    pip install faker && python tests/letter_pairs.py hcr_batch/decoding/letter_pairs.csv

The words are the names of people and places, jobs and plain words that the
package Faker (MIT licence) holds for languages written with Latin letters.
Each different word counts once, so that no list's favourites prevail.
"""

import importlib
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator

import numpy as np

LOCALES = (
    "cs_CZ da_DK de_AT de_CH de_DE en_AU en_CA en_GB en_IE en_IN en_US es_ES es_MX fi_FI fr_CH"
    " fr_FR hr_HR hu_HU id_ID it_IT nl_NL no_NO pl_PL pt_BR pt_PT ro_RO sv_SE tr_TR"
).split()
LISTS = {
    "person": "first_names first_names_male first_names_female last_names",
    "address": "cities city_names states countries street_prefixes street_suffixes towns"
    " city_prefixes city_suffixes provinces regions counties street_names",
    "job": "jobs",
    "color": "all_colors",
    "company": "company_suffixes",
    "lorem": "word_list",
}


def faker_words() -> list[str]:
    """All words of two and more letters, A to Z alone, sorted."""
    found = (word for entry in _entries() for word in re.findall("[A-Z]{2,}", _plain(entry)))
    return sorted(set(found))


def count_pairs(words: Iterable[str]) -> np.ndarray:
    """How often each letter follows another, int (27, 26); the last row: begins a word."""
    counts = np.zeros((27, 26), int)
    for word in words:
        places = [26, *(ord(letter) - ord("A") for letter in word)]
        np.add.at(counts, (places[:-1], places[1:]), 1)
    return counts


def _entries() -> Iterator[str]:
    for locale in LOCALES:
        for topic, names in LISTS.items():
            try:
                provider = importlib.import_module(f"faker.providers.{topic}.{locale}").Provider
            except ImportError:
                continue
            for name in names.split():
                yield from map(str, vars(provider).get(name, ()))


def _plain(text: str) -> str:
    """Capitals without accents."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().upper()


if __name__ == "__main__":
    np.savetxt(sys.argv[1], count_pairs(faker_words()), fmt="%d", delimiter=",")
