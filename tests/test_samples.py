"""The sample forms: they fit their truth, and one scan of them reads what they say."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from hcr_batch.cli import main
from hcr_batch.config import load_settings
from hcr_batch.documents import discover, open_pages
from hcr_batch.evaluation.score_tables import field_table, read_results, read_truth, score_table
from hcr_batch.evaluation.scoring import Tally, compare
from hcr_batch.evaluation.scoring import score as measure

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


@pytest.fixture(scope="module")
def truth():
    with (SAMPLES / "truth.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def pages():
    settings = load_settings().documents
    return {
        (source.name, page.number): page
        for source in discover([SAMPLES / "forms"])
        for page in open_pages(source.path, settings)
    }


def test_every_page_has_truth_and_every_truth_a_page(truth, pages):
    assert {(row["file"], int(row["page"])) for row in truth} == set(pages)


def test_true_fields_lie_on_their_pages_and_hold_ink_where_they_have_text(truth, pages):
    for row in truth:
        page = pages[row["file"], int(row["page"])]
        x, y, width, height = (int(row[side]) for side in ("x", "y", "width", "height"))
        field = page.gray[y : y + height, x : x + width]
        assert field.shape == (height, width), row
        assert (np.percentile(field, 2) < np.median(field) - 40) or not row["text"], row


def test_samples_have_believable_resolutions(pages):
    resolutions = {name: round(page.dpi) for (name, _), page in pages.items()}
    assert resolutions["household-survey-90dpi.jpg"] == 90
    assert resolutions["library-cards.tif"] == 300
    assert resolutions["expense-claims.pdf"] == 200
    assert resolutions["nist-hsf.png"] == pytest.approx(300, rel=0.02)


@dataclass(frozen=True)
class Scanned:
    """What one scan of the samples gave: its files, and its score by name."""

    folder: Path
    tallies: dict[str, Tally]
    report: str

    @property
    def all(self) -> Tally:
        return sum(self.tallies.values(), Tally())


@pytest.fixture(scope="module")
def scanned(tmp_path_factory):
    """One scan of the samples with the default model, beside their truth."""
    folder = tmp_path_factory.mktemp("samples")
    with pytest.raises(SystemExit) as left:
        main(
            [
                *("scan", str(SAMPLES / "forms"), "--out", str(folder / "results.csv"), "--quiet"),
                *("--fields", str(folder / "fields.csv"), "--overlay", str(folder / "pictures")),
            ]
        )
    assert left.value.code == 0
    pages = read_truth(SAMPLES / "truth.csv"), read_results(folder / "results.csv")
    tallies = measure(*pages)
    wrong = (item for item in compare(*pages) if item.tally.right < item.tally.characters)
    return Scanned(folder, tallies, f"{score_table(tallies)}\n\n{field_table(wrong)}")


def test_every_field_of_the_samples_is_found(scanned):
    assert scanned.all.fields_found == scanned.all.fields == 114, scanned.report


def test_nearly_every_character_of_the_samples_has_its_cell(scanned):
    assert scanned.all.found >= 0.99 * scanned.all.characters, scanned.report
    assert scanned.all.invented <= 0.04 * scanned.all.characters, scanned.report


def test_nine_in_ten_characters_of_the_samples_are_read_right(scanned):
    assert scanned.all.right >= 0.90 * scanned.all.characters, scanned.report


def test_nearly_all_digits_of_the_samples_are_read_right(scanned):
    assert scanned.all.digits_right >= 0.96 * scanned.all.digits, scanned.report


def test_hardly_a_character_of_the_samples_is_wrong_without_a_flag(scanned):
    trusted = scanned.all.read - scanned.all.flagged
    assert trusted >= 0.5 * scanned.all.read, scanned.report
    assert scanned.all.silent <= 0.01 * trusted, scanned.report


@pytest.mark.parametrize(
    ("file", "share"), [("membership.png", 0.97), ("payment-slip.png", 0.95), ("nist-hsf.png", 0.9)]
)
def test_plain_samples_are_read_almost_without_an_error(scanned, file, share):
    tally = scanned.tallies[file]
    assert tally.right >= share * tally.characters, scanned.report


def test_a_scan_of_the_samples_has_a_row_and_a_picture_for_every_page(scanned, pages):
    with (scanned.folder / "fields.csv").open(newline="", encoding="utf-8") as file:
        rows = [(row["file"], int(row["page"])) for row in csv.DictReader(file)]
    assert rows == sorted(pages)
    pictures = {path.name for path in (scanned.folder / "pictures").iterdir()}
    assert pictures == {f"{name}.p{number}.png" for name, number in pages}
