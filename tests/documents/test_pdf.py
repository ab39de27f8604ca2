import dataclasses
import io
import shutil

import numpy as np
import pypdfium2
import pytest
from pdf_maker import WHOLE_PAGE, page_pdf, stream
from PIL import Image, ImageDraw

from hcr_batch.config import load_settings
from hcr_batch.documents import open_pages
from hcr_batch.errors import DocumentError

SETTINGS = load_settings().documents
A4 = (595, 842)
SIZE = (1240, 1754)
MARK = (200, 300, 400, 500)


def scan(mode="L"):
    image = Image.new("L", SIZE, 255)
    left, top, right, bottom = MARK
    ImageDraw.Draw(image).rectangle((left, top, right - 1, bottom - 1), fill=0)
    return image.convert(mode)


def jpeg(image):
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=92)
    return stream.getvalue()


def jpeg_object(image, entries=b""):
    space = {"L": b"DeviceGray", "RGB": b"DeviceRGB"}[image.mode]
    head = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8" % image.size
    return stream(jpeg(image), head + b"/ColorSpace/%s/Filter/DCTDecode%s" % (space, entries))


def read(path, **changes):
    return list(open_pages(path, dataclasses.replace(SETTINGS, **changes)))


def read_bytes(tmp_path, content, **changes):
    (tmp_path / "a.pdf").write_bytes(content)
    return read(tmp_path / "a.pdf", **changes)


def centre_of_ink(gray):
    """Row and column of the dark spot's centre as shares of the page."""
    return np.mean(np.nonzero(gray < 128), axis=1) / gray.shape


def mark_in_source(page):
    rows, columns = np.nonzero(page.gray < 128)
    corners = [
        (page.to_source @ (columns.min(), rows.min(), 1))[:2],
        (page.to_source @ (columns.max() + 1, rows.max() + 1, 1))[:2],
    ]
    return (*np.min(corners, axis=0), *np.max(corners, axis=0))


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_pages_that_are_scans_are_read_pixel_by_pixel(tmp_path, mode):
    scan(mode).save(tmp_path / "a.pdf", save_all=True, append_images=[scan(mode)], resolution=150.0)
    pages = read(tmp_path / "a.pdf")
    assert [page.number for page in pages] == [1, 2]
    for page in pages:
        assert page.source_size == SIZE
        assert page.dpi == pytest.approx(150, rel=0.01)
        assert mark_in_source(page) == pytest.approx(MARK, abs=1)


def test_jpeg_scan_has_the_pixels_of_its_stream(tmp_path):
    # Light, or it would be taken for light ink on dark paper as often as not.
    noisy = Image.effect_noise(SIZE, 60).point(lambda level: 128 + level // 2)
    (page,) = read_bytes(tmp_path, page_pdf(WHOLE_PAGE, jpeg_object(noisy)))
    with Image.open(io.BytesIO(jpeg(noisy))) as own:
        assert np.array_equal(page.gray, np.asarray(own))


def test_what_stands_in_the_pixels_by_chance_is_no_mask(tmp_path):
    words = io.BytesIO()
    scan().save(words, "JPEG", comment=b" /IM /Mask /Decode ")
    head = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8" % SIZE
    image = stream(words.getvalue(), head + b"/ColorSpace/DeviceGray/Filter/DCTDecode")
    (page,) = read_bytes(tmp_path, page_pdf(WHOLE_PAGE, image))
    assert np.array_equal(page.gray, np.asarray(Image.open(words)))


@pytest.mark.parametrize(
    ("rotation", "first_dark"),
    [(0, (200, 300)), (90, (1254, 200)), (180, (840, 1254)), (270, (300, 840))],
)
def test_rotated_page_is_shown_upright_and_maps_to_the_image(tmp_path, rotation, first_dark):
    entries = b"/Rotate %d" % rotation
    (page,) = read_bytes(tmp_path, page_pdf(WHOLE_PAGE, jpeg_object(scan()), entries))
    rows, columns = np.nonzero(page.gray < 128)
    assert (columns.min(), rows.min()) == pytest.approx(first_dark, abs=1)
    assert page.source_size == SIZE
    assert mark_in_source(page) == pytest.approx(MARK, abs=1)


@pytest.mark.parametrize(
    "placement",
    [b"-595 0 0 -842 595 842", b"0 842 -595 0 595 0", b"595 0 0 -842 0 842"],
)
def test_image_turned_by_its_matrix_looks_as_when_rendered(tmp_path, placement):
    content = page_pdf(b"q %s cm /Im Do Q" % placement, jpeg_object(scan()))
    (page,) = read_bytes(tmp_path, content)
    rendered = pypdfium2.PdfDocument(content)[0].render(scale=150 / 72, grayscale=True).to_numpy()
    assert centre_of_ink(page.gray) == pytest.approx(centre_of_ink(rendered), abs=0.003)
    assert mark_in_source(page) == pytest.approx(MARK, abs=1)


def test_inline_image_is_read_as_image(tmp_path):
    bits = np.full((80, 7), 255, np.uint8)
    bits[20:40, 2:4] = 0
    content = b"q 595 0 0 842 0 0 cm BI /W 56 /H 80 /BPC 1 /CS /G /F /AHx ID "
    content += bits.tobytes().hex().encode() + b"> EI Q"
    (page,) = read_bytes(tmp_path, page_pdf(content))
    assert page.source_size == (56, 80)
    assert mark_in_source(page) == pytest.approx((16, 20, 32, 40))


def test_hidden_text_of_an_earlier_recognition_does_not_matter(tmp_path):
    content = WHOLE_PAGE + b" BT 3 Tr /F 12 Tf 100 100 Td (hidden) Tj ET"
    (page,) = read_bytes(tmp_path, page_pdf(content, jpeg_object(scan())))
    assert page.source_size == SIZE
    assert mark_in_source(page) == pytest.approx(MARK, abs=1)


def test_visible_text_over_an_image_is_rendered(tmp_path):
    content = WHOLE_PAGE + b" BT /F 60 Tf 100 100 Td (HHH) Tj ET"
    (page,) = read_bytes(tmp_path, page_pdf(content, jpeg_object(scan())))
    assert page.source_size == (1653, 2339)
    assert mark_in_source(page)[3] > 1900


def test_masked_image_shows_paper_where_it_is_transparent(tmp_path):
    mask = stream(b"\0", b"/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8"
                  b"/ColorSpace/DeviceGray")  # fmt: skip
    image = jpeg_object(Image.new("L", SIZE, 0), b"/SMask 7 0 R")
    (page,) = read_bytes(tmp_path, page_pdf(WHOLE_PAGE, image, more=[mask]))
    assert page.gray.min() == 255
    assert page.gray.shape == pytest.approx(SIZE[::-1], abs=2)


def test_drawn_page_is_rendered_at_the_resolution_set(tmp_path):
    content = page_pdf(b"0 0 0 rg 72 698 72 72 re f")
    (page,) = read_bytes(tmp_path, content)
    assert page.gray.shape == (2339, 1653)
    assert page.dpi == pytest.approx(200, rel=0.001)
    assert mark_in_source(page) == pytest.approx((200, 200, 400, 400), abs=1)
    (page,) = read_bytes(tmp_path, content, pdf_dpi=100.0)
    assert mark_in_source(page) == pytest.approx((100, 100, 200, 200), abs=1)


def test_page_of_pixels_for_points_is_drawn_as_a_sheet(tmp_path):
    content = page_pdf(b"0 0 0 rg 300 300 300 300 re f").replace(
        b"[0 0 595 842]", b"[0 0 2480 3508]"
    )
    (page,) = read_bytes(tmp_path, content)
    assert page.gray.shape == pytest.approx((2339, 1653), rel=0.01)
    assert page.dpi == pytest.approx(200, rel=0.01)


def test_rendering_keeps_below_the_limit_of_pixels(tmp_path):
    (page,) = read_bytes(tmp_path, page_pdf(b"0 0 9 9 re f"), max_megapixels=1.0)
    assert page.gray.size <= 1.01e6


def test_form_field_values_are_drawn(tmp_path):
    widget = (
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(HHHHH)/Rect[100 600 400 640]/F 4"
        b"/DA(/F 24 Tf 0 g)/P 3 0 R>>"
    )
    catalogue = b"/AcroForm<</Fields[7 0 R]/NeedAppearances true/DA(/F 24 Tf 0 g)"
    catalogue += b"/DR<</Font<</F 6 0 R>>>>>>"
    (page,) = read_bytes(
        tmp_path, page_pdf(b"", page_entries=b"/Annots[7 0 R]", catalogue=catalogue, more=[widget])
    )
    left, top, right, bottom = mark_in_source(page)
    assert 270 < left < right < 1120
    assert 550 < top < bottom < 680
    assert page.gray[300, 300] == 255


def test_truncated_pdf_is_an_error(tmp_path):
    scan().save(tmp_path / "whole.pdf")
    whole = (tmp_path / "whole.pdf").read_bytes()
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(DocumentError, match=r"a.pdf.*again"):
            read_bytes(tmp_path, whole[: int(len(whole) * share)])


def test_garbage_pdf_is_an_error(tmp_path):
    with pytest.raises(DocumentError, match=r"a.pdf.*again"):
        read_bytes(tmp_path, b"%PDF-1.4\nnothing here\n%%EOF\n")


def test_encrypted_pdf_is_an_error(tmp_path):
    encrypted = page_pdf(b"", more=[
        b"<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>" % (b"28" * 32, b"5A" * 32)
    ]).replace(b"/Root 1 0 R", b"/Root 1 0 R/Encrypt 7 0 R/ID[<00><00>]")  # fmt: skip
    with pytest.raises(DocumentError, match=r"a.pdf: encrypted with a password"):
        read_bytes(tmp_path, encrypted)


def test_image_above_the_limit_of_pixels_is_refused(tmp_path):
    with pytest.raises(DocumentError, match=r"page 1: 2 megapixels"):
        read_bytes(tmp_path, page_pdf(WHOLE_PAGE, jpeg_object(scan())), max_megapixels=1.0)


@pytest.mark.skipif(not shutil.which("pdftoppm"), reason="poppler is not installed")
def test_poppler_renders_the_same(tmp_path):
    content = page_pdf(b"0 0 0 rg 72 698 72 72 re f")
    (page,) = read_bytes(tmp_path, content, pdf_renderer="poppler")
    assert page.dpi == pytest.approx(200, rel=0.001)
    assert mark_in_source(page) == pytest.approx((200, 200, 400, 400), abs=1)


def test_missing_poppler_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DocumentError, match=r"poppler is not installed"):
        read_bytes(tmp_path, page_pdf(b""), pdf_renderer="poppler")


def test_real_scanned_pdf(hcr_data):
    pages = read(hcr_data / "forms/quexf_filled_1.pdf")
    assert [page.number for page in pages] == [1, 2, 3, 4]
    assert {page.source_size for page in pages} == {(1240, 1753)}
    assert all(page.dpi == pytest.approx(149, abs=1) for page in pages)
