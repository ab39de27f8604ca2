import dataclasses

import numpy as np
import pytest
from PIL import Image, ImageDraw, TiffImagePlugin

from hcr_batch.config import load_settings
from hcr_batch.documents import open_pages
from hcr_batch.errors import DocumentError, PageError

SETTINGS = load_settings().documents
SIZE = (300, 400)
MARK = (40, 60, 100, 90)
"""Left, top, right, bottom of the one dark spot."""


def picture(mode="L", size=SIZE, shift=0):
    image = Image.new("L", size, 255)
    left, top, right, bottom = MARK
    ImageDraw.Draw(image).rectangle((left + shift, top, right - 1 + shift, bottom - 1), fill=0)
    return image.convert(mode)


def read(path):
    return list(open_pages(path, SETTINGS))


def mark_in_source(page):
    """The dark spot's box, mapped to pixels of the file."""
    rows, columns = np.nonzero(page.gray < 128)
    corners = [
        (page.to_source @ (columns.min(), rows.min(), 1))[:2],
        (page.to_source @ (columns.max() + 1, rows.max() + 1, 1))[:2],
    ]
    return (*np.min(corners, axis=0), *np.max(corners, axis=0))


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("a.png", "1", {}),
        ("a.png", "L", {}),
        ("a.png", "RGB", {}),
        ("a.png", "P", {}),
        ("a.png", "LA", {}),
        ("a.png", "RGBA", {}),
        ("a.jpg", "L", {"quality": 95}),
        ("a.jpg", "RGB", {"quality": 95}),
        ("a.jpg", "CMYK", {"quality": 95}),
        ("a.tif", "1", {"compression": "group4"}),
        ("a.tif", "L", {"compression": "tiff_lzw"}),
        ("a.tif", "RGB", {"compression": "tiff_adobe_deflate"}),
        ("a.tif", "RGB", {"compression": "jpeg"}),
        ("a.tif", "CMYK", {}),
        ("a.webp", "RGB", {"lossless": True}),
        ("a.bmp", "RGB", {}),
        ("a.gif", "P", {}),
    ],
)
def test_formats_and_modes(tmp_path, name, mode, options):
    picture(mode).save(tmp_path / name, **options)
    (page,) = read(tmp_path / name)
    assert page.gray.dtype == np.uint8
    assert page.gray.flags["C_CONTIGUOUS"]
    assert page.source_size == SIZE
    assert mark_in_source(page) == pytest.approx(MARK, abs=1)
    assert page.gray[5, 5] >= 250
    assert page.gray[75, 70] <= 12


def save_deep(path, values):
    Image.fromarray(values.astype(np.uint16)).save(path)


@pytest.mark.parametrize("white", [4095, 65535])
@pytest.mark.parametrize("name", ["deep.png", "deep.tif"])
def test_deep_gray_is_scaled_to_eight_bits(tmp_path, name, white):
    values = np.full((400, 300), white)
    values[60:90, 40:100] = white // 8
    save_deep(tmp_path / name, values)
    (page,) = read(tmp_path / name)
    assert page.gray[5, 5] == 255
    assert page.gray[70, 50] == pytest.approx(32, abs=1)


def test_transparent_is_paper(tmp_path):
    ink = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    ImageDraw.Draw(ink).rectangle(MARK, fill=(0, 0, 0, 255))
    ink.save(tmp_path / "ink.png")
    (page,) = read(tmp_path / "ink.png")
    assert page.gray[5, 5] == 255
    assert page.gray[75, 70] == 0


def test_transparent_palette_entry_is_paper(tmp_path):
    image = Image.new("P", SIZE, 0)
    image.putpalette([0, 0, 0, 0, 0, 0])
    ImageDraw.Draw(image).rectangle(MARK, fill=1)
    image.save(tmp_path / "ink.png", transparency=0)
    (page,) = read(tmp_path / "ink.png")
    assert page.gray[5, 5] == 255
    assert page.gray[75, 70] == 0


@pytest.mark.parametrize("ink", [(20, 40, 160), (190, 20, 30), (40, 40, 40), (70, 70, 80)])
def test_ink_of_any_colour_is_dark_and_tinted_paper_light(tmp_path, ink):
    image = Image.new("RGB", SIZE, (255, 250, 200))
    ImageDraw.Draw(image).rectangle(MARK, fill=ink)
    image.save(tmp_path / "colour.png")
    (page,) = read(tmp_path / "colour.png")
    assert page.gray[75, 70] < 110 < 230 < page.gray[5, 5]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_exif_orientation_maps_back_to_the_file(tmp_path, name, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    options = {"tiffinfo": {274: orientation}} if name == "a.tif" else {"exif": exif}
    picture().save(tmp_path / name, **options)
    (page,) = read(tmp_path / name)
    turned = orientation >= 5
    assert page.gray.shape == (SIZE if turned else SIZE[::-1])
    assert page.source_size == SIZE
    assert mark_in_source(page) == pytest.approx(MARK, abs=1)


def test_orientation_6_is_shown_upright(tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    picture().save(tmp_path / "a.jpg", exif=exif)
    (page,) = read(tmp_path / "a.jpg")
    rows, columns = np.nonzero(page.gray < 128)
    assert (columns.min(), rows.min()) == pytest.approx((400 - MARK[3], MARK[0]), abs=1)


def test_resolution_tag_is_kept(tmp_path):
    picture(size=(1240, 1754)).save(tmp_path / "a.png", dpi=(150, 150))
    (page,) = read(tmp_path / "a.png")
    assert page.dpi == pytest.approx(150, abs=0.1)


@pytest.mark.parametrize("tags", [{}, {282: 204.0, 283: 98.0, 296: 1}], ids=["none", "no unit"])
def test_a_fax_is_not_squashed_whatever_its_tags_say(tmp_path, tags):
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        info[tag] = value
    path = tmp_path / "fax.tif"
    Image.new("1", (1728, 1145), 1).save(path, compression="group4", tiffinfo=info)
    (page,) = read(path)
    assert page.gray.shape == (pytest.approx(2383, abs=5), 1728)
    assert page.dpi == pytest.approx(204, abs=1)


def test_frames_of_a_tiff_are_pages_of_their_own_size(tmp_path):
    frames = [
        picture("1"),
        picture("L", shift=20),
        picture("RGB", size=(500, 350), shift=40),
    ]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    pages = read(tmp_path / "a.tif")
    assert [page.number for page in pages] == [1, 2, 3]
    assert [page.source_size for page in pages] == [SIZE, SIZE, (500, 350)]
    assert [round(mark_in_source(page)[0]) for page in pages] == [40, 60, 80]


@pytest.mark.parametrize("name", ["a.tif", "a.png"])
def test_pages_keep_their_pixels_when_others_are_read(tmp_path, name):
    frames = [Image.new("L", (200, 300), level) for level in (200, 220, 240)]
    more = {"save_all": True, "append_images": frames[1:]} if name == "a.tif" else {}
    frames[0].save(tmp_path / name, **more)
    pages = [*open_pages(tmp_path / name, SETTINGS), *open_pages(tmp_path / name, SETTINGS)]
    levels = [200, 220, 240] if name == "a.tif" else [200]
    assert [int(page.gray.min()) for page in pages] == 2 * levels
    assert [int(page.gray.max()) for page in pages] == 2 * levels


def test_thumbnail_of_a_tiff_is_no_page(tmp_path):
    with TiffImagePlugin.AppendingTiffWriter(tmp_path / "a.tif", new=True) as file:
        picture().save(file, "TIFF")
        file.newFrame()
        picture(size=(30, 40)).save(file, "TIFF", tiffinfo={254: 1})
    assert [page.source_size for page in read(tmp_path / "a.tif")] == [SIZE]


def test_content_decides_not_the_ending(tmp_path):
    picture().save(tmp_path / "jpeg-inside.png", format="JPEG")
    picture().save(tmp_path / "no-ending", format="PNG")
    assert len(read(tmp_path / "jpeg-inside.png")) == 1
    assert len(read(tmp_path / "no-ending")) == 1


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.png", {}),
        ("a.jpg", {}),
        ("a.tif", {"compression": "group4"}),
        ("a.tif", {"compression": "tiff_lzw"}),
        ("a.webp", {}),
        ("a.bmp", {}),
    ],
)
def test_truncated_file_is_an_error(tmp_path, name, options):
    noise = np.random.default_rng(1).integers(0, 2, (400, 300)).astype(np.uint8) * 255
    mode = "1" if options.get("compression") == "group4" else "L"
    Image.fromarray(noise).convert(mode).save(tmp_path / name, **options)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DocumentError) as caught:
        read(tmp_path / name)
    assert name in str(caught.value)
    assert "again" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_damaged_frame_is_named_after_the_good_ones(tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, (400, 300)).astype(np.uint8)
    frames = [Image.fromarray(noise) for _ in range(3)]
    frames[0].save(
        tmp_path / "a.tif", save_all=True, append_images=frames[1:], compression="tiff_lzw"
    )
    content = bytearray((tmp_path / "a.tif").read_bytes())
    middle = len(content) // 2
    content[middle - 3000 : middle + 3000] = b"\xff" * 6000
    (tmp_path / "a.tif").write_bytes(content)
    pages = open_pages(tmp_path / "a.tif", SETTINGS)
    assert next(pages).number == 1
    with pytest.raises(PageError, match=r"page 2") as caught:
        next(pages)
    assert caught.value.page == 2
    assert [page.number for page in open_pages(tmp_path / "a.tif", SETTINGS, 3)] == [3]


@pytest.mark.parametrize("content", [b"", b"just a text\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"])
def test_what_is_no_picture_is_an_error(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DocumentError, match=r"a.png"):
        read(tmp_path / "a.png")


def test_missing_file_is_an_error(tmp_path):
    with pytest.raises(DocumentError, match=r"gone.png"):
        read(tmp_path / "gone.png")


def test_too_large_is_refused_before_decoding(tmp_path):
    Image.new("1", (20000, 20000)).save(tmp_path / "a.png")
    pages = open_pages(tmp_path / "a.png", dataclasses.replace(SETTINGS, max_megapixels=100.0))
    with pytest.raises(DocumentError, match=r"400 megapixels.*max_megapixels"):
        next(pages)


def test_larger_than_pillows_own_limit_is_read_where_allowed(tmp_path):
    Image.new("1", (14000, 14000), 1).save(tmp_path / "a.tif", compression="group4")
    (page,) = read(tmp_path / "a.tif")
    assert page.source_size == (14000, 14000)


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "gif", "webp", "bmp"])
def test_random_damage_raises_no_other_error(tmp_path, ending):
    generator = np.random.default_rng(7)
    picture().save(tmp_path / f"a.{ending}")
    whole = (tmp_path / f"a.{ending}").read_bytes()
    failures = 0
    for _ in range(60):
        content = bytearray(whole)
        for place in generator.integers(0, min(len(content), 600), 4):
            content[place] = generator.integers(256)
        (tmp_path / "damaged").write_bytes(content)
        try:
            read(tmp_path / "damaged")
        except DocumentError:
            failures += 1
    assert failures > 0


def test_real_forms(hcr_data):
    (page,) = read(hcr_data / "forms/nist-hsf.png")
    assert page.source_size == (2560, 3300)
    assert page.dpi == pytest.approx(300, rel=0.02)
    (page,) = read(hcr_data / "forms/home-delivery.png")
    assert np.median(page.gray) > 200
