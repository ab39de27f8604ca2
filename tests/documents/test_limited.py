import dataclasses
import time

import numpy as np
import pytest
from hostile_files import SEEDS, many_scans, packed_pdf, pictures, png_of, saved, tiled_tiff

from hcr_batch.config import load_settings
from hcr_batch.documents import LimitedReader, MemoryFile, open_pages, read_picture
from hcr_batch.errors import DocumentError, TooLargeError

SETTINGS = load_settings().documents


@pytest.fixture(scope="module")
def reader():
    with LimitedReader(1.0, 60.0) as made:
        yield made


@pytest.mark.parametrize("name", ["scanned.pdf", "drawn.pdf", "lzw.tif", "gray.jpg", "plain.webp"])
def test_pages_are_those_that_a_scan_has(reader, name):
    file = MemoryFile(name, SEEDS[name])
    same = list(open_pages(file, SETTINGS))
    for page, other in zip(reader.pages(file, SETTINGS), same, strict=True):
        assert page.number == other.number
        assert page.gray.tobytes() == other.gray.tobytes()
    assert [page.number for page in reader.pages(file, SETTINGS, 1, 1)] == [1]


def test_pictures_are_those_that_are_read_without(reader, tmp_path):
    (tmp_path / "a.png").write_bytes(SEEDS["gray.png"])
    for file in (tmp_path / "a.png", MemoryFile("a.png", SEEDS["palette.png"])):
        assert np.array_equal(reader.picture(file, SETTINGS), read_picture(file, SETTINGS))


@pytest.mark.skipif("sys.platform != 'linux'", reason="no limits of memory here")
def test_what_unpacks_to_gigabytes_costs_its_process_alone(reader):
    bomb = packed_pdf(b" ", 2000)
    assert len(bomb) < 20_000
    with pytest.raises(DocumentError, match=r"bomb\.pdf, page 1: .*; reduce it or save it"):
        list(reader.pages(MemoryFile("bomb.pdf", bomb), SETTINGS))
    assert len(list(reader.pages(MemoryFile("a.pdf", SEEDS["scanned.pdf"]), SETTINGS))) == 3


@pytest.mark.parametrize("name", ["slow.pdf", "slow.jpg"])
def test_what_never_ends_is_ended(name):
    drawing = b"0 0 m 595 842 l 10 w S 0 842 m 595 0 l S\n"
    slow = packed_pdf(drawing, 60) if name == "slow.pdf" else many_scans(90, 4000)
    begin = time.monotonic()
    with LimitedReader(1.0, 0.5) as reader:
        with pytest.raises(DocumentError, match=r"slow.*: not done within 0\.5 s; reduce it"):
            list(reader.pages(MemoryFile(name, slow), SETTINGS))
        with pytest.raises(DocumentError, match=r"slow.*: (not done within 0\.5 s|a PDF)"):
            reader.picture(MemoryFile(name, slow), SETTINGS)
        assert time.monotonic() - begin < 30
        assert reader.picture(MemoryFile("a.png", SEEDS["gray.png"]), SETTINGS).size


def test_errors_of_the_document_stay_what_they_are(reader):
    small = dataclasses.replace(SETTINGS, max_megapixels=0.001)
    with pytest.raises(TooLargeError, match=r"a\.pdf, page 1: 0\.?\d* megapixels"):
        list(reader.pages(MemoryFile("a.pdf", SEEDS["scanned.pdf"]), small))


def test_a_process_that_is_gone_is_replaced(reader):
    reader.picture(MemoryFile("a.png", SEEDS["gray.png"]), SETTINGS)
    reader._process.kill()
    with pytest.raises(DocumentError, match=r"a\.png: the process reading it ended"):
        reader.picture(MemoryFile("a.png", SEEDS["gray.png"]), SETTINGS)
    assert reader.picture(MemoryFile("a.png", SEEDS["gray.png"]), SETTINGS).size


@pytest.mark.parametrize(
    ("content", "megapixels", "expected"),
    [
        (tiled_tiff(1000, (32752, 65520)), 100, "takes 8.6 GB to decode, more than the 1.2 all"),
        (tiled_tiff(1000, (16384, 16384), samples=4, bits=16), 100, "takes 2.2 GB to decode"),
        (tiled_tiff(1000, (16384, 16384), samples=3, bits=16), 100, "takes 1.6 GB to decode"),
        (saved(pictures(), "WEBP"), 0.02, "to decode"),
        (saved([pictures()[0].convert("F")], "TIFF"), 0.02, "to decode"),
        (tiled_tiff(1000, (0, 7)), 100, "damaged"),
    ],
    ids=range(6),
)
def test_large_tiles_and_deep_colours_count_before_they_take_memory(content, megapixels, expected):
    few, file = dataclasses.replace(SETTINGS, max_megapixels=megapixels), MemoryFile("a", content)
    with LimitedReader(0.5, 60.0) as reader:
        with pytest.raises(DocumentError, match=expected):
            list(reader.pages(file, few))
        with pytest.raises(DocumentError, match=expected):
            reader.picture(file, few)


def test_a_jpeg_of_many_scans_is_refused_before_it_takes_time(reader):
    begin = time.monotonic()
    with pytest.raises(DocumentError, match=r"a JPEG of 20\d\d scans"):
        reader.picture(MemoryFile("a.jpg", many_scans(2000)), SETTINGS)
    assert time.monotonic() - begin < 5
    assert reader.picture(MemoryFile("a.jpg", SEEDS["progressive.jpg"]), SETTINGS).size
    # Of a large picture fewer do as much harm.
    few = dataclasses.replace(SETTINGS, max_megapixels=1.0)
    with pytest.raises(DocumentError, match=r"a JPEG of \d\d scans"):
        reader.picture(MemoryFile("a.jpg", many_scans(20)), few)
    assert reader.picture(MemoryFile("a.jpg", many_scans(20, 400)), few).size


def test_a_picture_that_lies_of_its_size_takes_no_more_than_it_may(reader):
    with pytest.raises(DocumentError):
        reader.picture(MemoryFile("a.png", png_of(17_000, 17_000)), SETTINGS)
