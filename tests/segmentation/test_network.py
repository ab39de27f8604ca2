"""The network takes pages of any size, and says so where its file is damaged."""

import numpy as np
import pytest
from drawn_form import paper, row_of_boxes, scanned

from hcr_batch.errors import ModelError
from hcr_batch.segmentation.network import CHANNELS, load_segmenter


@pytest.fixture(scope="module")
def segmenter():
    return load_segmenter()


@pytest.mark.parametrize("shape", [(1, 1), (37, 611), (640, 200), (401, 402)])
def test_every_pixel_gets_its_probabilities_whatever_the_size_of_the_page(segmenter, shape):
    maps = segmenter(np.full(shape, 230, np.uint8))
    assert maps.shape == (len(CHANNELS), -(-shape[0] // 2), -(-shape[1] // 2))
    assert maps.dtype == np.uint8


def test_the_same_page_gets_the_same_answer_after_another(segmenter):
    gray = scanned(paper(60, 40))
    first = segmenter(gray)
    segmenter(paper(30, 50))
    assert (segmenter(gray) == first).all()


def test_lines_and_cells_of_a_drawn_form_are_seen(segmenter):
    gray = paper(150, 60)
    boxes = row_of_boxes(gray, 60, 100, 12)
    maps = dict(zip(CHANNELS, segmenter(scanned(gray)), strict=True))
    middles = [(int(b.y + b.height / 2) // 2, int(b.x + b.width / 2) // 2) for b in boxes]
    assert min(maps["cell"][middle] for middle in middles) > 128
    assert maps["line"][round(boxes[0].y) // 2, 60:290].mean() > 128
    assert maps["writing"].max() < 128


@pytest.mark.parametrize("content", [b"", b"no network", b"TFL3" * 100])
def test_a_damaged_file_is_one_line_that_names_it(tmp_path, content):
    path = tmp_path / "segmenter.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"segmenter\.tflite.*restore"):
        load_segmenter(path)


def test_a_missing_file_is_one_line_that_names_it(tmp_path):
    with pytest.raises(ModelError, match=r"none\.tflite"):
        load_segmenter(tmp_path / "none.tflite")
