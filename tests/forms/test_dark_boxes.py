import cv2
import numpy as np
import pytest

from hcr_batch.forms.dark_boxes import why_covered
from hcr_batch.segmentation.layers import LAYER_DPI, Layers
from hcr_batch.segmentation.network import CHANNELS
from hcr_batch.types import Box, Cell, Field, Page

DPI = 200.0
BAR = Box(100, 100, 800, 60)
WHITE = (Box(100, 300, 800, 60), Box(100, 500, 800, 60))


def judged(*boxes, shades, printed=(), kind="free"):
    """What is said of boxes on grounds of some gray, some of them with print inside."""
    gray = np.full((800, 1000), 255, np.uint8)
    maps = np.zeros((len(CHANNELS), 400, 500), np.uint8)
    for box, shade in zip(boxes, shades, strict=True):
        rows, columns = slice(box.y, box.y + box.height), slice(box.x, box.x + box.width)
        gray[rows, columns] = shade
        if box in printed:
            cv2.putText(gray, "PART I", (box.x + 200, box.y + 45), 0, 1.2, 20, 3)
            dark = (gray[::2, ::2] < 128).astype(np.uint8) * 255
            maps[CHANNELS.index("print")] = np.maximum(maps[CHANNELS.index("print")], dark)
    page = Page(gray, DPI, 1, np.eye(3), (1000, 800))
    fields = [Field("", kind, box, (Cell(box),)) for box in boxes]
    return why_covered(fields, page, Layers(maps, DPI / LAYER_DPI))


def test_a_shaded_bar_with_a_title_is_left_out():
    bar, *others = judged(BAR, *WHITE, shades=(225, 255, 255), printed=(BAR,))
    assert bar == "a shaded bar at 12.7, 12.7 mm"
    assert others == ["", ""]


def test_a_white_box_with_its_label_inside_is_a_field():
    assert judged(BAR, *WHITE, shades=(255, 255, 255), printed=(BAR, *WHITE)) == ["", "", ""]


def test_a_shaded_box_without_print_may_be_written_in():
    assert judged(BAR, *WHITE, shades=(225, 255, 255)) == ["", "", ""]


def test_a_form_whose_boxes_are_shaded_to_be_written_in_keeps_them():
    assert judged(BAR, *WHITE, shades=(225, 225, 255), printed=(BAR,)) == ["", "", ""]


@pytest.mark.parametrize("kind", ["free", "comb"])
def test_a_dark_bar_is_left_out_whatever_it_was_taken_for(kind):
    bar, *_ = judged(BAR, *WHITE, shades=(60, 255, 255), kind=kind)
    assert bar == "a dark bar or a picture at 12.7, 12.7 mm"


def test_uneven_light_shades_nothing():
    gray = np.tile(np.linspace(255, 200, 1000).astype(np.uint8), (800, 1))
    maps = np.full((len(CHANNELS), 400, 500), 255, np.uint8)
    page = Page(gray, DPI, 1, np.eye(3), (1000, 800))
    boxes = [Box(50, 100, 900, 60), Box(400, 300, 200, 60), Box(700, 300, 200, 60)]
    fields = [Field("", "free", box, (Cell(box),)) for box in boxes]
    assert why_covered(fields, page, Layers(maps, DPI / LAYER_DPI)) == ["", "", ""]
