"""Documents in memory are read as files are."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from hcr_batch.config import load_settings
from hcr_batch.documents import MemoryFile, open_pages, read_picture
from hcr_batch.errors import DocumentError

SETTINGS = load_settings().documents
FORMS = Path(__file__).resolve().parents[2] / "samples" / "forms"


@pytest.mark.parametrize(
    "name", ["membership.png", "parking-permit.jpg", "library-cards.tif", "expense-claims.pdf"]
)
def test_the_pages_are_those_of_the_file(name):
    path = FORMS / name
    for page, same in zip(
        open_pages(MemoryFile(name, path.read_bytes()), SETTINGS),
        open_pages(path, SETTINGS),
        strict=True,
    ):
        assert page.dpi == same.dpi
        assert np.array_equal(page.gray, same.gray)


def test_what_is_damaged_is_refused_by_its_name(monkeypatch, tmp_path):
    pdf = (FORMS / "expense-claims.pdf").read_bytes()
    (tmp_path / "up.pdf").write_bytes(pdf)
    monkeypatch.chdir(tmp_path)
    # A file of the same name must not be taken in its place, by poppler or anything else.
    damaged = b"%PDF-1.5\n" + b"nonsense" * 50 + b"\nstartxref\n9\n%%EOF\n"
    for data in (b"", b"no picture", pdf[:5000], damaged):
        with pytest.raises(DocumentError, match=r"^up\.pdf: "):
            list(open_pages(MemoryFile("up.pdf", data), SETTINGS))


def test_white_strokes_on_nothing_are_seen(tmp_path):
    image = Image.new("RGBA", (40, 40))
    ImageDraw.Draw(image).rectangle((10, 10, 20, 30), fill=(255, 255, 255, 255))
    image.save(tmp_path / "white.png")
    gray = read_picture(tmp_path / "white.png", SETTINGS)
    assert (gray[5, 5], gray[15, 15]) == (255, 0)


def test_a_pdf_is_no_picture_of_a_character():
    with pytest.raises(DocumentError, match="hcr-batch scan"):
        read_picture(FORMS / "expense-claims.pdf", SETTINGS)
