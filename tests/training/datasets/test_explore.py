"""What `hcr-batch data explore` finds in a set into which it was put."""

import csv
import re

import numpy as np
import pytest
from click.testing import CliRunner
from sets_maker import cell

from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.cli import cli
from hcr_batch.recognition import load_recognizer
from hcr_batch.training.datasets.character_sets import new_set, write_set
from hcr_batch.training.datasets.explore import (
    class_counts,
    exact_duplicates,
    near_duplicates,
    suspicious_labels,
)

TEXT = "ABEGHRa27" * 3


@pytest.fixture(scope="module")
def odd_set():
    """Row 27 equals row 0, row 28 row 1 but for noise, row 29 row 2 under another label."""
    rng = np.random.default_rng(4)
    glyphs = [normalize_ink(255 - cell(c, rng)) for c in TEXT]
    noisy = glyphs[1].copy()
    noisy[13:15, 13:15] ^= 3
    images = np.stack([*glyphs, glyphs[0], noisy, glyphs[2]])
    return new_set("odd", images, np.array(list(TEXT + "ABZ")))


def test_classes_are_counted_in_their_order(odd_set):
    counts = class_counts(odd_set)
    assert [one.label for one in counts] == list("27ABEGHRZa")
    assert {one.label: one.glyphs for one in counts}["A"] == 4


def test_equal_glyphs_are_found_whatever_their_labels(odd_set):
    found = {(pair.first, pair.second): pair.same_label for pair in exact_duplicates(odd_set)}
    assert found[0, 27] is True
    assert found[2, 29] is False


def test_glyphs_alike_but_for_noise_are_found_and_others_are_not(odd_set):
    pairs = {(pair.first, pair.second) for pair in near_duplicates(odd_set)}
    assert (1, 28) in pairs
    assert all(odd_set.labels[a] == odd_set.labels[b] for a, b in pairs)
    assert not np.array_equal(odd_set.images[1], odd_set.images[28])
    assert near_duplicates(odd_set, least=1.01) == []


def test_labels_that_the_recognizer_contradicts_are_suspicious(odd_set):
    suspects = {one.row: one for one in suspicious_labels(load_recognizer(), odd_set, sure=0.5)}
    assert (suspects[29].label, suspects[29].read) == ("Z", "E")
    assert 0 not in suspects


def test_command_writes_a_page_lists_and_pictures(odd_set, tmp_path):
    write_set(tmp_path / "odd.npz", odd_set)
    out = tmp_path / "look"
    words = ["data", "explore", str(tmp_path / "odd.npz"), "--out", str(out)]
    result = CliRunner().invoke(cli, words)
    assert result.exception is None
    assert result.stdout.splitlines()[1].split() == ["2", "3", "3"]
    page = (out / "index.html").read_text(encoding="utf-8")
    pictures = re.findall(r"src='([^']+)'", page)
    assert len([name for name in pictures if name.startswith("sheets/")]) == 10
    assert all((out / name).is_file() for name in pictures)
    with (out / "duplicates.csv").open() as file:
        rows = [(row["first"], row["second"]) for row in csv.DictReader(file)]
    assert ("0", "27") in rows
