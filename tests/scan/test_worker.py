"""What a worker makes of a file, without the processes around it."""

import dataclasses
import shutil
from pathlib import Path

import pytest
from fake_reader import FakeReader
from PIL import Image

from hcr_batch.config import load_settings
from hcr_batch.scan.worker import DrawTask, PageDrawer, PageReader, ReadTask
from hcr_batch.timing import STAGES

FORMS = Path(__file__).resolve().parents[2] / "samples" / "forms"
SETTINGS = load_settings()


@pytest.fixture(scope="module")
def read():
    """The function of a worker, with the model loaded."""
    return PageReader(SETTINGS)()


def test_a_form_is_read_and_its_stages_timed(read):
    outcome = read(ReadTask(FORMS / "payment-slip.png", "", 1, 8))
    assert (outcome.failure, outcome.total) == (None, 1)
    (page,) = outcome.pages
    assert sum(cell.occupied for field in page.fields for cell in field.cells) > 40
    stages = {time.stage: time.seconds for time in outcome.stages}
    assert set(stages) == set(STAGES)
    assert 0 < sum(stages.values()) <= outcome.seconds


def test_pages_are_read_as_asked_and_all_are_counted(read):
    outcome = read(ReadTask(FORMS / "library-cards.tif", "", 2, 2))
    assert [page.number for page in outcome.pages] == [2]
    assert {time.page for time in outcome.stages} == {2}
    with Image.open(FORMS / "library-cards.tif") as image:
        assert outcome.total == image.n_frames > 2


def test_a_damaged_file_fails_for_good_and_a_missing_one_for_now(read, tmp_path):
    damaged = tmp_path / "cut.png"
    damaged.write_bytes((FORMS / "payment-slip.png").read_bytes()[:2000])
    outcome = read(ReadTask(damaged, "", 1, 8))
    assert (outcome.pages, outcome.transient) == ((), False)
    assert str(damaged) in outcome.failure
    outcome = read(ReadTask(tmp_path / "gone.png", "", 1, 8))
    assert outcome.transient
    assert "gone.png" in outcome.failure


def test_a_defect_of_the_program_is_one_line_with_its_place(tmp_path):
    (tmp_path / "form").write_text("DEFECT")
    reader = FakeReader(tmp_path / "log")()
    failure = reader(ReadTask(tmp_path / "form", "", 1, 8)).failure
    assert "fake_reader.py:" in failure
    assert "report it" in failure
    assert "\n" not in failure


def test_every_page_of_a_file_is_drawn_or_the_reason_told(read, tmp_path):
    path = shutil.copy(FORMS / "payment-slip.png", tmp_path)
    pages = read(ReadTask(Path(path), "", 1, 8)).pages
    task = DrawTask(Path(path), "in/slip.png", pages)
    draw = PageDrawer(SETTINGS.documents, tmp_path / "pictures")()
    assert draw(task) is None
    with Image.open(tmp_path / "pictures" / "in" / "slip.png.p1.png") as picture:
        assert picture.width > 500
    Path(path).unlink()
    assert "payment-slip.png" in str(draw(task))


def test_the_good_frames_of_a_scan_are_read_and_the_damaged_one_told(read, tmp_path):
    path = tmp_path / "a.tif"
    with Image.open(FORMS / "payment-slip.png") as form:
        gray = form.convert("L")
    gray.save(path, save_all=True, append_images=[gray, gray], compression="tiff_lzw")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle - 3000 : middle + 3000] = b"\xff" * 6000
    path.write_bytes(content)
    outcome = read(ReadTask(path, "", 1, 8))
    assert (outcome.failure, outcome.total) == (None, 3)
    assert "a.tif, page 2: damaged" in outcome.damage
    first, second, third = outcome.pages
    assert len(first.fields) == len(third.fields) > 1
    assert [cell.reading.reasons for field in second.fields for cell in field.cells] == [
        ("unreadable",)
    ]


def small_and_large(path, *sizes):
    """A document of copies of a form, its sides so many times as long."""
    with Image.open(FORMS / "payment-slip.png") as form:
        gray = form.convert("L")
    pages = [gray.resize((gray.width * size, gray.height * size)) for size in sizes]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    return gray.width * gray.height / 1e6


@pytest.mark.parametrize("name", ["a.tif", "a.pdf"])
def test_a_page_that_is_too_large_costs_no_other(name, tmp_path):
    """And is told with the file, the page and the remedy; the others are drawn too."""
    megapixels = small_and_large(tmp_path / name, 1, 2, 1)
    documents = dataclasses.replace(SETTINGS.documents, max_megapixels=2 * megapixels)
    read = PageReader(dataclasses.replace(SETTINGS, documents=documents))()
    outcome = read(ReadTask(tmp_path / name, "", 1, 8))
    assert (outcome.failure, outcome.total) == (None, 3)
    assert f"{name}, page 2: " in outcome.damage
    assert "raise documents.max_megapixels" in outcome.damage
    first, second, third = outcome.pages
    assert len(first.fields) == len(third.fields) > 1
    assert [page.is_unreadable for page in outcome.pages] == [False, True, False]
    assert second.fields[0].cells[0].reading.reasons == ("unreadable",)
    draw = PageDrawer(documents, tmp_path / "drawn")()
    assert draw(DrawTask(tmp_path / name, name, (first, third))) is None
    drawn = {path.name for path in (tmp_path / "drawn").iterdir()}
    assert drawn == {f"{name}.p1.png", f"{name}.p3.png"}


def test_a_picture_that_is_too_large_fails_and_so_does_a_document_of_such(tmp_path):
    few = dataclasses.replace(SETTINGS.documents, max_megapixels=0.01)
    read = PageReader(dataclasses.replace(SETTINGS, documents=few))()
    small_and_large(tmp_path / "a.tif", 1, 1)
    for path in (FORMS / "payment-slip.png", tmp_path / "a.tif"):
        outcome = read(ReadTask(path, "", 1, 8))
        assert outcome.pages == ()
        assert f"{path}, page 1: " in outcome.failure
        assert "raise documents.max_megapixels" in outcome.failure


def test_pages_behind_many_that_cannot_be_read_are_read(tmp_path):
    """A task may have no sound page where the document has."""
    path, reader = tmp_path / "form", FakeReader(tmp_path / "log")()
    path.write_text("\f".join(["TORN", "TORN", "ABC"]))
    outcome = reader(ReadTask(path, "", 1, 2))
    assert (outcome.failure, outcome.total) == (None, 3)
    assert outcome.damage.endswith("page 1: torn; scan it again (and 1 more)")
    path.write_text("\f".join(["TORN", "TORN"]))
    assert "page 1: torn" in reader(ReadTask(path, "", 1, 2)).failure
