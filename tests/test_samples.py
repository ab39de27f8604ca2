"""The sample forms and their truth fit together."""

import csv
from pathlib import Path

import numpy as np
import pytest

from hcr_batch.config import load_settings
from hcr_batch.documents import discover, open_pages

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
