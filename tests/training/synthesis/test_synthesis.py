"""Filled forms with exact layers."""

import numpy as np
import pytest
from pen_maker import write_pens
from PIL import ImageFont

from hcr_batch.errors import NoInputError
from hcr_batch.training.synthesis.answer_parts import draw_shaded_boxes, round_outline
from hcr_batch.training.synthesis.blanks import BlankForm, blank_forms, blank_sheet, is_held_out
from hcr_batch.training.synthesis.canvas import MM, FormSheet
from hcr_batch.training.synthesis.filled_pages import fill_form
from hcr_batch.training.synthesis.find_places import find_places
from hcr_batch.training.synthesis.form_drawing import FormDrawing
from hcr_batch.training.synthesis.form_hands import FormHand, Pen, random_hand
from hcr_batch.training.synthesis.handwriting import FormWriter
from hcr_batch.training.synthesis.penmanship import load_penmanship
from hcr_batch.training.synthesis.preprinted import print_units
from hcr_batch.training.synthesis.printing import Printer, load_printer
from hcr_batch.training.synthesis.samples import CHANNELS, SampleMaker
from hcr_batch.training.synthesis.shards import ShardReader, shards, write_shard
from hcr_batch.types import Box

LINE, PRINT, WRITING, CELL, AREA, CHECK = (1 << index for index in range(len(CHANNELS)))


@pytest.fixture(scope="module")
def skill(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pens")
    write_pens(folder)
    return load_penmanship(folder)


@pytest.fixture(scope="module")
def printer(tmp_path_factory):
    """The font that Pillow brings."""
    path = tmp_path_factory.mktemp("fonts") / "default.ttf"
    path.write_bytes(ImageFont.load_default(12).font_bytes)
    return Printer((str(path),), ())


@pytest.fixture(scope="module")
def form(tmp_path_factory):
    """A form of eight cells, a box with print in it, an empty box and a ruled line."""
    path = tmp_path_factory.mktemp("forms") / "form.pdf"
    path.write_bytes(drawn_pdf())
    cells = tuple(Box(20 + 6 * i, 30, 6, 7) for i in range(8))
    return BlankForm(path, "somebody/forms", cells)


def rectangle(x, y, width, height, painted="S"):
    """In mm from the upper left of an A4 page; PDF measures from below."""
    sides = (value * 72 / 25.4 for value in (x, 297 - y - height, width, height))
    return "{:.2f} {:.2f} {:.2f} {:.2f} re {}".format(*sides, painted)


def drawn_pdf() -> bytes:
    """A4 with 20 mm margins."""
    boxes = [rectangle(20 + 6 * i, 30, 6, 7) for i in range(8)]
    boxes += [rectangle(20, 60, 60, 10), rectangle(100, 60, 60, 10), rectangle(20, 90, 4, 4)]
    return pdf_of(*boxes, "BT /F1 13 Tf 60 653 Td (PRINTED ALREADY TEXT) Tj ET")


def pdf_of(*drawn) -> bytes:
    """A page of lines of 0.8 points and what else is drawn."""
    content = "\n".join(["0.8 w", *drawn]).encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595.3 841.9] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body = b"%PDF-1.4\n"
    for number, item in enumerate(objects, 1):
        body += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    return body + b"trailer << /Root 1 0 R >>\n%%EOF"


def samples(form, printer, skill, seed, count=4):
    maker = SampleMaker([form], printer, skill, seed)
    return [maker.sample() for _ in range(count)]


def test_the_same_seed_makes_the_same_crops(form, printer, skill):
    first, second = (samples(form, printer, skill, 5) for _ in range(2))
    for one, other in zip(first, second):
        assert np.array_equal(one.gray, other.gray)
        assert np.array_equal(one.truth, other.truth)
        assert np.array_equal(one.known, other.known)
    assert not np.array_equal(samples(form, printer, skill, 6)[0].gray, first[0].gray)


def test_crops_have_the_shapes_that_the_network_takes(form, printer, skill):
    for one in samples(form, printer, skill, 1, 8):
        assert one.gray.shape == (512, 512)
        assert one.truth.shape == one.known.shape == (256, 256)
        assert one.gray.dtype == one.truth.dtype == one.known.dtype == np.uint8
        assert one.truth.max() < 64


def test_all_channels_come_up(printer, skill):
    maker = SampleMaker([], printer, skill, 2)
    seen = np.bitwise_or.reduce([maker.sample().truth for _ in range(16)], None)
    assert seen == LINE | PRINT | WRITING | CELL | AREA | CHECK


def test_rules_and_print_of_a_pdf_come_apart(form):
    sheet = blank_sheet(form)
    text = np.s_[round(60 * MM) + 4 : round(70 * MM) - 4, round(20 * MM) + 4 : round(78 * MM)]
    assert sheet.print.tone[text].max() > 200
    assert sheet.line.tone[text].max() == 0
    wall = sheet.line.tone[round(33 * MM), round(26 * MM) - 3 : round(26 * MM) + 3]
    assert wall.max() > 200


def test_a_row_of_cells_beside_a_thick_frame_is_no_bar_code(tmp_path):
    places = [Box(22 + 5 * i, 30, 5, 6) for i in range(8)]
    walls = [rectangle(box.x, box.y, box.width, box.height) for box in places]
    frame = rectangle(19.9, 20, 1.9, 40, "f")
    bars = [rectangle(100 + 1.1 * i, 30, 0.6, 10, "f") for i in range(40)]
    path = tmp_path / "form.pdf"
    path.write_bytes(pdf_of(frame, *walls, *bars))
    sheet = blank_sheet(BlankForm(path, "somebody/forms", tuple(places)))
    assert [len(run) for run in sheet.places.cells] == [8]
    assert not sheet.print.cover[:, : round(80 * MM)].any()
    assert sheet.print.cover[round(35 * MM), round(105 * MM) : round(140 * MM)].any()


def test_a_dash_between_cells_is_no_cell_though_a_line_runs_below(tmp_path):
    places = [Box(20 + 6 * i, 30, 6, 7) for i in range(7)]
    walls = [rectangle(b.x, b.y, b.width, b.height) for i, b in enumerate(places) if i != 3]
    path = tmp_path / "form.pdf"
    path.write_bytes(pdf_of(*walls, rectangle(10, 37.5, 150, 0.2, "f")))
    sheet = blank_sheet(BlankForm(path, "somebody/forms", tuple(places)))
    assert [len(run) for run in sheet.places.cells] == [3, 3]


def test_a_low_comb_in_a_box_is_cells_though_nobody_says_so(tmp_path):
    teeth = [rectangle(30 + 5 * i, 44, 0.15, 1.5, "f") for i in range(7)]
    path = tmp_path / "form.pdf"
    path.write_bytes(pdf_of(rectangle(20, 30, 120, 16), rectangle(30, 45.4, 30, 0.15, "f"), *teeth))
    places = blank_sheet(BlankForm(path, "somebody/forms", ())).places
    assert [len(run) for run in places.cells] == [6]
    assert not places.areas


def test_places_of_a_form_are_found(form):
    places = blank_sheet(form).places
    assert [len(run) for run in places.cells] == [8]
    assert [round(box.x / MM) for box in places.areas if box.y > 50 * MM] == [100]
    assert [round(box.y / MM) for box in places.checks] == [90]


def test_cells_without_walls_are_one_area():
    """Fields of some PDFs part a box into cells that nobody sees on paper."""
    sheet = FormSheet(800, 800)
    sheet.line.frame(Box(100, 100, 400, 60), 2, 1.0)
    places = find_places(sheet, [[Box(100 + 50 * i, 100, 50, 60) for i in range(8)]])
    assert not places.cells
    assert [(box.x, box.width) for box in places.areas] == [(100, 400)]


def test_what_is_written_is_writing_and_nothing_else(skill):
    sheet = FormSheet(400, 800)
    sheet.places.cells.append([Box(100 + 50 * i, 100, 50, 60) for i in range(8)])
    rng = np.random.default_rng(1)
    writer = FormWriter(sheet, skill, random_hand(rng), rng)
    writer.fill_run(sheet.places.cells[0])
    assert writer.written
    assert all(one.in_cell for one in writer.written)
    assert sheet.writing.cover.any()
    assert not sheet.line.cover.any()
    assert not sheet.print.cover.any()


def test_a_tidy_hand_writes_a_character_the_same_way_each_time(skill, printer):
    """Tidy writing, also in the shapes of a font, is writing: none of it counts as print."""
    for lettering in ("", printer.latin[0]):
        unlike = []
        for tidy in (True, False):
            hand = FormHand(Pen(0.4, 1.0), 0.0, 0.8, 1.0, tidy=tidy, lettering=lettering)
            unlike.append(_differences(skill, hand))
        assert unlike[0] < 0.6 * unlike[1]


def _differences(skill, hand):
    """Share of the ink by which sixteen times the same character differ from their mean."""
    rng, sheet = np.random.default_rng(2), FormSheet(80, 16 * 80)
    writer = FormWriter(sheet, skill, hand, rng)
    for place in range(16):
        writer.character("A", Box(80 * place + 10, 10, 60, 60))
    assert not sheet.print.cover.any()
    drawn = sheet.writing.cover.reshape(80, 16, 80).astype(float)
    return np.abs(drawn - drawn.mean(axis=1, keepdims=True)).sum() / drawn.sum()


def test_units_in_areas_are_print(printer):
    sheet = FormSheet(200, 600)
    sheet.places.areas += [Box(20, 40, 300, 60), Box(20, 120, 300, 60)]
    rng = np.random.default_rng(0)
    while not sheet.print.cover.any():
        print_units(sheet, printer, rng)
    assert not sheet.writing.cover.any()
    _, columns = np.nonzero(sheet.print.cover)
    assert columns.min() >= 20
    assert columns.max() <= 320


@pytest.mark.parametrize("seed", range(4))
def test_shaded_boxes_are_told_from_their_surroundings_by_their_ground_alone(printer, seed):
    sheet = FormSheet(700, 700)
    drawing = FormDrawing(sheet, printer, np.random.default_rng(seed))
    draw_shaded_boxes(drawing, 20.0)
    assert not sheet.line.cover.any()
    inside = np.zeros(sheet.shape, bool)
    for area in sheet.places.areas:
        inside[drawing.pixels(area)] = True
    beside = ~inside & inside.any(axis=1)[:, None]
    assert inside.any()
    assert abs(sheet.tint[inside].mean() - sheet.tint[beside].mean()) > 0.01


def test_boxes_with_round_corners_are_drawn_all_around(printer):
    box, radius = Box(100, 100, 300, 60), 25.0
    outline = round_outline(box, radius)
    np.testing.assert_allclose(outline.min(axis=0), (100, 100))
    np.testing.assert_allclose(outline.max(axis=0), (400, 160))
    np.testing.assert_allclose(outline[0], outline[-1])
    steps = np.abs(np.diff(outline, axis=0))
    # Either along a side, or a small step around a corner.
    assert all(step.min() < 1e-6 or step.max() < radius / 2 for step in steps)


def test_a_filled_page_says_what_stands_in_its_cells(form, skill):
    page = fill_form(form, skill, seed=3)
    again = fill_form(form, skill, seed=3)
    assert np.array_equal(page.gray, again.gray)
    assert page.cells == again.cells
    assert len(page.cells) == 8
    assert page.gray.shape == (2339, 1654)
    for cell in page.cells:
        middle = page.gray[
            round(cell.box.y + 0.2 * cell.box.height) : round(cell.box.bottom - 4),
            round(cell.box.x + 8) : round(cell.box.right - 8),
        ]
        dark = np.median(page.gray) - float(middle.min())
        assert (dark > 40) == bool(cell.character)


def test_a_filled_page_at_another_resolution(form, skill):
    page, large = fill_form(form, skill, seed=3), fill_form(form, skill, seed=3, dpi=300)
    assert abs(large.gray.shape[0] - 1.5 * page.gray.shape[0]) < 2
    for cell, other in zip(page.cells, large.cells):
        assert other.box.x == pytest.approx(1.5 * cell.box.x, abs=1)
        assert other.box.width == pytest.approx(1.5 * cell.box.width, abs=0.01)


def test_sources_are_held_out_whole_and_always_the_same():
    held = [is_held_out(f"owner{i}/forms") for i in range(500)]
    assert held == [is_held_out(f"owner{i}/forms") for i in range(500)]
    assert 0.1 < np.mean(held) < 0.35


def test_a_ring_keeps_the_newest_shards(form, printer, skill, tmp_path):
    maker = SampleMaker([form], printer, skill, 1)
    for _ in range(3):
        write_shard(maker, tmp_path, keep=2, crops=2)
    assert [path.name[-1] for path in shards(tmp_path)] == ["1", "2"]
    gray, truth, known = ShardReader(tmp_path, 0).batch(3)
    assert gray.shape == (3, 512, 512)
    assert truth.shape == known.shape == (3, 256, 256)


def test_a_folder_without_forms_names_the_remedy(tmp_path):
    with pytest.raises(NoInputError, match=r"index\.csv"):
        blank_forms(tmp_path)


def test_a_folder_without_fonts_names_the_remedy(tmp_path):
    with pytest.raises(NoInputError, match="fonts"):
        load_printer(tmp_path)


def test_real_blank_forms(hcr_data):
    forms = blank_forms(hcr_data / "blank_forms")
    held = [form for form in forms if is_held_out(form.source)]
    assert 0.1 < len(held) / len(forms) < 0.3
    assert sum(len(form.cells) > 20 for form in held) > 20
