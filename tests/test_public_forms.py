"""The public forms: each sample is recognized by its template, and read under its rules."""

import csv
from pathlib import Path

import pytest
from public_forms import PUBLIC_FORMS

from hcr_batch.cli import main
from hcr_batch.evaluation.score_tables import read_results, read_truth
from hcr_batch.evaluation.scoring import Tally, score
from hcr_batch.forms.template_files import load_template

ROOT = Path(__file__).resolve().parents[1]
SAMPLES, TEMPLATES = ROOT / "samples" / "public", ROOT / "configs" / "forms"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("public") / "results.csv"
    with pytest.raises(SystemExit) as left:
        main(["scan", str(SAMPLES), "--template", str(TEMPLATES), "--out", str(out), "--quiet"])
    assert left.value.code == 0
    return out


def test_every_sample_is_read_as_its_form(results):
    with results.open(newline="", encoding="utf-8") as file:
        found = {(row["file"], row["field"]) for row in csv.DictReader(file)}
    for form in PUBLIC_FORMS:
        (page,) = load_template(TEMPLATES / f"{form.name}.toml").pages
        assert {(form.file, field.name) for field in page.fields} <= found
    assert "unknown_form" not in {name for _, name in found}


def test_the_samples_are_read_almost_without_an_error(results):
    tallies = score(read_truth(SAMPLES / "truth.csv"), read_results(results))
    whole = sum(tallies.values(), Tally())
    assert whole.right >= 0.97 * whole.characters
    assert whole.silent <= 0.01 * whole.characters
