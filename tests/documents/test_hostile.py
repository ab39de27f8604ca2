"""Damaged, absurd and hostile files: a clear error or the right pages, memory and time bounded."""

import dataclasses
import os
import resource
import struct
import subprocess
import sys
import time

import numpy as np
import pytest
from hostile_files import (
    SEEDS,
    bomb_pdf,
    encrypted_pdf,
    gif_of,
    long_tiff,
    many_scans,
    mutations,
    pictures,
    png_of,
    saved,
    tiff_of,
)
from pdf_maker import WHOLE_PAGE, page_pdf, stream
from PIL import Image

from hcr_batch.config import load_settings
from hcr_batch.documents import MemoryFile, count_pages, open_pages, open_regular
from hcr_batch.errors import DocumentError, PageError

SETTINGS = load_settings().documents
GRAY = pictures()[0]
LYING = SEEDS["gray.jpg"].replace(b"\x00\x78\x00\xa0", b"\xff\xf0\xff\xf0")
"""A JPEG that says it is far larger than it is."""
JPEG_IMAGE = (
    b"/Type/XObject/Subtype/Image/Width 160/Height 120/BitsPerComponent 8"
    b"/ColorSpace/DeviceGray/Filter/DCTDecode"
)
NOISE = bytes(np.random.default_rng(3).integers(0, 256, 1200, np.uint8))


def read(name, content):
    return list(open_pages(MemoryFile(name, content), SETTINGS))


def failure(name, content):
    """The message with which a file is refused."""
    with pytest.raises(DocumentError) as caught:
        read(name, content)
    message = str(caught.value)
    assert message.startswith(name)
    assert "\n" not in message
    assert ";" in message  # what to do stands after it
    return message


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.png", b"", "is empty"),
        ("text.png", b"no picture but a letter\n" * 40, "no picture or PDF"),
        ("zero.png", png_of(0, 0), "no picture or PDF"),
        ("zero.tif", tiff_of(0, 0), "a TIFF of a kind"),
        ("tall.png", png_of(1, 60000, b"\0\xff" * 60000), "1 x 60000 pixels"),
        ("wide.png", png_of(60000, 1, b"\0" + b"\xff" * 60000), "60000 x 1 pixels"),
        ("bomb.png", png_of(100_000, 100_000), "10000 megapixels, more than the 300 allowed"),
        ("bomb.tif", tiff_of(100_000, 100_000), "10000 megapixels, more than the 300 allowed"),
        ("bomb.gif", gif_of(65_535, 65_535), "4295 megapixels"),
        ("locked.pdf", encrypted_pdf(), "encrypted with a password"),
        ("strip.pdf", page_pdf(b"").replace(b"[0 0 595 842]", b"[0 0 1 14000]"), "too narrow"),
        ("garbage.pdf", b"%PDF-1.4\nnothing\nstartxref\n9\n%%EOF\n", "damaged"),
    ],
)
def test_what_cannot_be_a_form_is_refused_in_one_line(name, content, expected):
    assert expected in failure(name, content)


def test_a_pdf_without_pages_is_refused(tmp_path):
    assert "password" in failure("locked.pdf", encrypted_pdf())
    # Not taken for encrypted, too, by what pdfium says of the one before.
    assert "damaged" in failure("no-pages.pdf", SEEDS["no-pages.pdf"])
    (tmp_path / "no-pages.pdf").write_bytes(SEEDS["no-pages.pdf"])
    with pytest.raises(DocumentError, match=r"no pages|without pages|damaged"):
        list(open_pages(tmp_path / "no-pages.pdf", SETTINGS))


@pytest.mark.parametrize("name", [name for name in SEEDS if name != "no-pages.pdf"])
def test_cut_short_anywhere_it_is_refused_or_whole(name):
    whole = [page.gray for page in read(name, SEEDS[name])]
    size = len(SEEDS[name])
    refusals = []
    for share in range(0, 100, 5):
        try:
            pages = read(name, SEEDS[name][: size * share // 100])
        except DocumentError as error:
            refusals.append(str(error))
        else:
            # What was cut off was padding or a trailer: nothing may be missing.
            assert [page.gray.tobytes() for page in pages] == [gray.tobytes() for gray in whole]
    assert all(message.startswith(name) and "\n" not in message for message in refusals)
    # Only the first picture of an animation is needed.
    assert len(refusals) >= (7 if name == "moving.gif" else 18)


@pytest.mark.parametrize("mode", ["CMYK", "P", "1", "LA", "RGBA", "I;16"])
def test_every_kind_of_pixels_is_read(mode):
    gray = pictures()[0]
    if mode == "I;16":
        image = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    else:
        image = gray.convert(mode)
    file_format = "TIFF" if mode == "CMYK" else "PNG"
    (page,) = read("any.tif", saved([image], file_format))
    assert page.gray[20:50, 20:50].max() <= 12
    assert np.median(page.gray[70:]) >= 140


def test_pixels_of_lab_are_as_gray_as_they_are_light():
    gray, even = pictures()[0], Image.new("L", (160, 120), 140)
    (page,) = read("lab.tif", saved([Image.merge("LAB", (gray, even, even))], "TIFF"))
    assert np.array_equal(page.gray, np.asarray(gray))


def test_a_packing_that_is_not_known_everywhere_is_named():
    content = bytearray(tiff_of(40, 30, SEEDS["plain.webp"]))
    place = next(n for n in range(10, 150, 12) if content[n : n + 2] == b"\x03\x01")
    content[place + 8 : place + 12] = struct.pack("<I", 50001)
    assert "packed by webp, which cannot be read here; save" in failure("webp.tif", bytes(content))


def with_tag(content, frame, number, value):
    """A little-endian TIFF, a short value of a tag of one of its frames replaced."""
    changed, place = bytearray(content), struct.unpack_from("<I", content, 4)[0]
    for _ in range(frame):
        count = struct.unpack_from("<H", content, place)[0]
        place = struct.unpack_from("<I", content, place + 2 + 12 * count)[0]
    for entry in range(place + 2, place + 2 + 12 * struct.unpack_from("<H", content, place)[0], 12):
        if struct.unpack_from("<H", content, entry)[0] == number:
            struct.pack_into("<HHIHH", changed, entry, number, 3, 1, value, 0)
    return bytes(changed)


@pytest.mark.parametrize(
    ("tag", "value", "reason"),
    [(259, 34661, "packed by method 34661, which cannot be read here"), (262, 777, "damaged")],
    ids=["packing", "colours"],
)
def test_a_frame_of_a_kind_that_nobody_knows_costs_no_other(tag, value, reason):
    file = MemoryFile("a.tif", with_tag(saved(pictures(3), "TIFF"), 1, tag, value))
    pages = open_pages(file, SETTINGS)
    assert next(pages).number == 1
    with pytest.raises(PageError, match=f"a.tif, page 2: {reason}") as caught:
        next(pages)
    assert caught.value.page == 2
    assert [page.number for page in open_pages(file, SETTINGS, 3)] == [3]
    assert count_pages(file, SETTINGS) == 3


@pytest.mark.parametrize(("tag", "value"), [(259, 34661), (262, 9)], ids=["packing", "colours"])
def test_a_tiff_that_is_whole_is_not_called_damaged_alone(tag, value):
    message = failure("a.tif", with_tag(saved([GRAY.convert("RGB")], "TIFF"), 0, tag, value))
    assert message.startswith("a.tif: a TIFF of a kind that cannot be read here")
    assert "save it again" in message


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_picture_is_read(file_format):
    (page,) = read("moving", saved(pictures(4), file_format, duration=50))
    assert page.source_size == (160, 120)
    assert page.gray[20:50, 12:50].max() < 60


@pytest.mark.parametrize(
    "resolution",
    [
        struct.pack("<f", float("nan")),
        struct.pack("<f", float("inf")),
        struct.pack("<f", -300.0),
        struct.pack("<II", 1, 0),
        struct.pack("<II", 0, 0),
        struct.pack("<II", 0xFFFFFFFF, 1),
    ],
)
def test_nonsense_for_a_resolution_is_not_believed(resolution):
    (page,) = read("odd.tif", tiff_of(40, 30, NOISE, resolution))
    assert np.isfinite(page.to_source).all()
    assert SETTINGS.min_dpi <= page.dpi <= SETTINGS.max_dpi


def test_a_pdf_page_of_five_metres_is_drawn_below_the_limit():
    content = page_pdf(b"0 0 0 rg 1000 1000 9000 9000 re f")
    (page,) = read("poster.pdf", content.replace(b"[0 0 595 842]", b"[0 0 14173 14173]"))
    assert page.gray.size <= SETTINGS.max_megapixels * 1e6
    assert 0.3 < np.mean(page.gray < 128) < 0.5


def test_an_image_within_a_form_of_a_pdf_counts_too():
    small = dataclasses.replace(SETTINGS, max_megapixels=10.0)
    with pytest.raises(DocumentError, match="page 1: 16 megapixels"):
        list(open_pages(MemoryFile("a.pdf", bomb_pdf(4000, in_form=True)), small))


MEASURE = """
import resource, sys
from pathlib import Path
from hcr_batch.config import load_settings
from hcr_batch.documents import open_pages
from hcr_batch.errors import DocumentError, PageError
limit = 1500 << 20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
settings = load_settings().documents
pages = failed = 0
for path in map(Path, sys.argv[1:]):
    try:
        pages += sum(1 for _ in open_pages(path, settings))
    except DocumentError as error:
        failed += "megapixels, more than the 300 allowed" in str(error)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(pages, failed, peak // 1024 if sys.platform != "darwin" else peak >> 20)
"""


def measured(*paths):
    """Pages read, files refused for their size, and peak memory in MB of a process of its own."""
    command = [sys.executable, "-c", MEASURE, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return tuple(map(int, done.stdout.split()))


@pytest.fixture(scope="module")
def idle_megabytes():
    return measured()[2]


def test_bombs_are_refused_before_they_take_memory(tmp_path, idle_megabytes):
    bombs = {
        "bomb.png": png_of(100_000, 100_000),
        "bomb.tif": tiff_of(100_000, 100_000),
        "bomb.gif": gif_of(65_535, 65_535),
        "bomb.pdf": bomb_pdf(100_000),
        "form.pdf": bomb_pdf(100_000, in_form=True),
    }
    for name, content in bombs.items():
        (tmp_path / name).write_bytes(content)
    pages, refused, peak = measured(*(tmp_path / name for name in bombs))
    assert (pages, refused) == (0, len(bombs))
    assert peak < idle_megabytes + 100


def test_ten_thousand_frames_are_read_one_by_one(tmp_path, idle_megabytes):
    path = tmp_path / "long.tif"
    path.write_bytes(long_tiff(10_000))
    pages, _, peak = measured(path)
    assert pages == 10_000
    assert peak < idle_megabytes + 150


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_a_pipe_is_refused_and_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    begin = time.monotonic()
    with pytest.raises(DocumentError, match=r"pipe\.png: .*pipe or device.*; check"):
        list(open_pages(tmp_path / "pipe.png", SETTINGS))
    assert time.monotonic() - begin < 5
    for other in (tmp_path / "pipe.png", "/dev/zero"):
        with pytest.raises(OSError, match="not a file"):
            open_regular(other)


def test_a_folder_is_no_document(tmp_path):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(DocumentError, match=r"folder\.png: cannot be read"):
        list(open_pages(tmp_path / "folder.png", SETTINGS))


def test_random_damage_raises_nothing_but_a_document_error():
    small = dataclasses.replace(SETTINGS, max_megapixels=4.0)
    begin, refusals, count = resource.getrusage(resource.RUSAGE_SELF).ru_utime, [], 280
    for number, (name, content) in enumerate(mutations(count, seed=5)):
        try:
            list(open_pages(MemoryFile(f"{number}-{name}", content), small))
        except DocumentError as error:
            refusals.append((f"{number}-{name}", str(error)))
    assert all(text.startswith(name) and "\n" not in text for name, text in refusals)
    assert 0 < len(refusals) < count
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - begin < 60


@pytest.mark.parametrize(
    ("name", "content", "bad", "count", "reason"),
    [
        ("a.tif", saved([GRAY, GRAY.convert("F"), GRAY], "TIFF"), 2, 3, "GB to decode"),
        ("a.pdf", page_pdf(WHOLE_PAGE, stream(LYING, JPEG_IMAGE)), 1, 1, "4293 megapixels"),
        ("b.pdf", page_pdf(WHOLE_PAGE, stream(many_scans(200, 120), JPEG_IMAGE)), 1, 1, "JPEG of"),
    ],
    ids=["deep", "lying", "scans"],
)
def test_a_page_that_takes_too_much_is_told_from_the_others(name, content, bad, count, reason):
    few = dataclasses.replace(SETTINGS, max_megapixels=0.025)
    for number in range(1, count + 1):
        pages = open_pages(MemoryFile(name, content), few, number, number)
        if number != bad:
            assert [page.number for page in pages] == [number]
            continue
        with pytest.raises(PageError, match=f"{name}, page {number}: .*{reason}") as caught:
            list(pages)
        assert caught.value.page == number
