"""The text model, counted from words."""

import numpy as np

from hcr_batch.decoding import known_words
from hcr_batch.decoding.text_model import EDGE
from hcr_batch.training.line_reader.text_model_files import letter_table, word_shares, write_words


def number(letter):
    return EDGE if letter == "." else ord(letter) - ord("a")


def chance(table, text):
    return np.exp(table[tuple(map(number, text))])


def test_letters_after_three_are_probabilities_that_follow_the_words():
    table = letter_table(["anna", "anne", "hanna"] * 10)
    assert np.allclose(np.exp(table).sum(axis=-1), 1)
    assert chance(table, "anna") > 5 * chance(table, "annz") > 0
    assert chance(table, "nna.") > chance(table, "nnaq")
    assert chance(table, "zqxn") > chance(table, "zqxb"), "what is unknown follows shorter habits"


def test_words_of_lists_and_names_of_two_countries_are_written_and_read(tmp_path, monkeypatch):
    frequencies = {"en": {"tree": 3e-4, "o'clock": 1e-4}, "de": {"Bäume": 2e-4, "42": 1e-4}}
    (tmp_path / "english-words.10").write_text("House\ntree's\ntree\n")
    (tmp_path / "american-words.20").write_text("tree\nelm\n")
    for country, names in (("de_DE", "'Jörg', 'Anna-Lena'"), ("se_SE", "'jorg', 'Elm'")):
        folder = tmp_path / "person" / country
        folder.mkdir(parents=True)
        text = f"class P:\n    first_names = ({names})\n    formats = ('{{{{x}}}}', 'never')\n"
        (folder / "__init__.py").write_text(text, encoding="utf-8")
    shares = word_shares(tmp_path, tmp_path, frequencies)
    assert sorted(shares) == ["baume", "elm", "house", "jorg", "tree"]
    assert shares["tree"] > shares["house"] > 0, "lists know both, and one is often written"
    assert shares["tree"] > shares["baume"], "most is written in English"
    write_words(tmp_path / "words.npz", shares)
    monkeypatch.setattr(known_words, "WORDS_FILE", tmp_path / "words.npz")
    known = known_words.known_words.__wrapped__()
    assert list(known.words) == ["baume", "elm", "house", "jorg", "tree"]
    assert known.word("jorg", 3, 4) > known.word("elm", 1, 2), "a name of two countries"
