"""The network takes pages of any size, and says so where its file is damaged."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from drawn_form import paper, row_of_boxes, scanned

from hcr_batch.config import DEFAULT_MODEL, data_folder
from hcr_batch.errors import ModelError
from hcr_batch.inference.weights import file_hash
from hcr_batch.recognition.model_card import write_card
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


def by_bare_network(gray):
    """Probabilities (6, rows, columns), all squares of a page at once."""
    network = Interpreter(str(data_folder("models") / DEFAULT_MODEL / "segmenter.tflite"))
    ingoing, outgoing = network.get_input_details()[0], network.get_output_details()[0]
    scale, zero = ingoing["quantization"]
    levels = np.pad(gray.astype(np.float32) / 255 - np.float32(0.5), 2)
    rows, columns = (side // 4 for side in levels.shape)
    squares = levels.reshape(rows, 4, columns, 4).transpose(0, 2, 1, 3)
    network.resize_tensor_input(ingoing["index"], (1, rows, columns, 16))
    network.allocate_tensors()
    values = np.round(squares.reshape(1, rows, columns, 16) / np.float32(scale) + zero)
    network.set_tensor(ingoing["index"], np.clip(values, -128, 127).astype(np.int8))
    network.invoke()
    scale, zero = outgoing["quantization"]
    logits = (network.get_tensor(outgoing["index"])[0].astype(float) - zero) * scale
    return np.round(255 / (1 + np.exp(-logits))).transpose(2, 0, 1)


@pytest.mark.parametrize("size", [(112, 96), (1184, 864)], ids=["part", "A4"])
def test_what_it_says_is_what_the_bare_network_says_of_all_squares_at_once(segmenter, size):
    rows, columns = size
    gray = np.full((2 * rows, 2 * columns), 240, np.uint8)
    for y in range(10, 2 * rows - 30, 100):
        row_of_boxes(gray, 5, y, columns // 40)
    gray[[0, -1]] = gray[:, [0, -1]] = 0  # no bare margins
    assert (segmenter(gray) == by_bare_network(gray)).all()


@pytest.mark.parametrize("ink", [0, 215, 255], ids=["black", "pale", "lighter than the paper"])
def test_bare_margins_are_left_out_and_change_nothing_on_the_form(segmenter, ink):
    gray = np.full((2368, 1728), 235, np.uint8)
    gray[1::2, ::2] += 3  # paper is never of one gray
    row_of_boxes(gray, 600, 1000, 12, level=ink)
    found, plain = segmenter(gray), by_bare_network(gray)
    assert not found[:, :300].any()
    assert plain[:, :300].max() < 32
    assert (found == plain)[:, 492:536, 292:572].all()


def test_memory_is_planned_once_for_pages_of_one_size_however_they_lay(segmenter, monkeypatch):
    segmenter(np.full((2339, 1654), 230, np.uint8))
    planned = []
    monkeypatch.setattr(Interpreter, "allocate_tensors", planned.append)
    for degrees in (0.3, 0.9, 1.7):
        turn = np.tan(np.radians(degrees))
        rows, columns = round(2339 + 1654 * turn), round(1654 + 2339 * turn)
        segmenter(np.full((rows, columns), 230, np.uint8))
    assert not planned


@pytest.fixture
def network(tmp_path):
    """Writes a file, with a card that names it."""

    def written(content):
        path = tmp_path / "segmenter.tflite"
        path.write_bytes(content)
        write_card(path.with_suffix(".json"), {"files": {path.name: file_hash(path)}})
        return path

    return written


@pytest.mark.parametrize("content", [b"", b"no network", b"TFL3" * 100])
def test_a_file_that_is_no_network_is_one_line_that_names_it(network, content):
    with pytest.raises(ModelError, match=r"segmenter\.tflite.*restore"):
        load_segmenter(network(content))


def test_another_file_than_that_of_the_card_is_refused(network):
    path = network((data_folder("models") / "default" / "segmenter.tflite").read_bytes())
    assert load_segmenter(path)(np.full((64, 64), 230, np.uint8)).shape[0] == len(CHANNELS)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ModelError, match=r"segmenter\.tflite: damaged or of another version"):
        load_segmenter(path)


def test_a_missing_file_is_one_line_that_names_it(network):
    path = network(b"")
    path.unlink()
    with pytest.raises(ModelError, match=r"segmenter\.tflite: cannot be read"):
        load_segmenter(path)
