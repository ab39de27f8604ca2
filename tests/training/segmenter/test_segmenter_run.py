"""The page network: its shape, its fitting, its int8 form, its metrics."""

import dataclasses

import numpy as np
import pytest

from hcr_batch.config import data_folder
from hcr_batch.errors import ConfigError
from hcr_batch.training.synthesis.samples import CHANNELS, Sample

keras = pytest.importorskip("keras")

from hcr_batch.training.segmenter.segmenter_fit import (  # noqa: E402
    HISTORY,
    fit_pages,
    load_page_recipe,
    rate_at,
)
from hcr_batch.training.segmenter.segmenter_metrics import channel_metrics  # noqa: E402
from hcr_batch.training.segmenter.segmenter_network import (  # noqa: E402
    convert_page_network,
    count_page_operations,
    page_network,
    patches,
    pixel_loss,
    space_to_depth,
)

SHIPPED = data_folder("configs") / "train" / "segmenter.toml"


@pytest.fixture
def ring(tmp_path):
    """One shard of crops: dark bars that are lines, on white paper."""
    rng = np.random.default_rng(1)
    gray = np.full((6, 512, 512), 250, np.uint8)
    truth = np.zeros((6, 256, 256), np.uint8)
    for crop, labels, row in zip(gray, truth, rng.integers(20, 220, 6)):
        crop[2 * row : 2 * row + 4] = 10
        labels[row : row + 2] = 1
    folder = tmp_path / "crops" / "shard_000000"
    folder.mkdir(parents=True)
    np.save(folder / "gray.npy", gray)
    np.save(folder / "truth.npy", truth)
    np.save(folder / "known.npy", np.full_like(truth, 63))
    return tmp_path / "crops"


@pytest.fixture
def recipe():
    quick = {"minutes": 0.02, "batch_size": 2, "precision": "float32", "checkpoint_minutes": 9.0}
    return dataclasses.replace(load_page_recipe(SHIPPED), **quick)


def test_network_is_as_large_as_was_agreed():
    network = page_network()
    assert 100_000 < network.count_params() < 300_000
    assert network(np.zeros((1, 64, 96, 4), np.float32)).shape == (1, 64, 96, len(CHANNELS))
    # 7 thousand million took 49 ms of one core.
    assert count_page_operations(network) < 6.5e9


def test_blocks_of_four_pixels_become_channels_row_by_row():
    gray = np.arange(16, dtype=np.uint8).reshape(1, 4, 4)
    assert space_to_depth(gray)[0, 0, 1].tolist() == [2, 3, 6, 7]


def test_patches_are_squares_that_begin_two_pixels_outside_of_the_page():
    gray = np.arange(32, dtype=np.uint8).reshape(1, 4, 8)
    found = patches(gray)
    assert found.shape == (1, 2, 3, 16)
    assert not found[0, 0, 1, :8].any()
    assert (255 * (found[0, 0, 1, 8:] + 0.5)).round().tolist() == [2, 3, 4, 5, 10, 11, 12, 13]


def test_what_is_not_known_counts_for_nothing():
    logits = np.zeros((1, 2, 2, 6), np.float32)
    logits[0, 0, 0] = 50
    truth, known = np.zeros((1, 2, 2), np.uint8), np.full((1, 2, 2), 63, np.uint8)
    weights = np.ones(6, np.float32)
    assert float(pixel_loss(logits, truth, known, weights)) > 5
    known[0, 0, 0] = 0
    assert float(pixel_loss(logits, truth, known, weights)) == pytest.approx(np.log(2), rel=1e-5)


def test_a_run_leaves_history_and_checkpoint_and_goes_on(ring, recipe, tmp_path, monkeypatch):
    monkeypatch.setattr("hcr_batch.training.segmenter.segmenter_fit.SETTLED_BATCHES", 1)
    work, steps = tmp_path / "work", []
    fit_pages(recipe, work, ring, lambda model, step, loss: steps.append(step))
    spent = float(np.load(work / "checkpoint.npz")["minutes"])
    more = dataclasses.replace(recipe, minutes=spent + 0.01)
    network = fit_pages(more, work, ring, lambda model, step, loss: steps.append(step))
    assert 0 < steps[0] < steps[1]
    assert (work / "checkpoint.npz").exists()
    assert network.dtype_policy.compute_dtype == "float32"
    assert not list(work.glob("part_*"))
    assert (work / HISTORY).read_text(encoding="utf-8").count("\n") == 3


def test_int8_says_what_float_says():
    network = page_network()
    crops = np.random.default_rng(1).integers(0, 256, (3, 192, 320), np.uint8)
    content = convert_page_network(network, crops)
    interpreter_module = pytest.importorskip("ai_edge_litert.interpreter")
    interpreter = interpreter_module.Interpreter(model_content=content, num_threads=1)
    given, said = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    assert given["dtype"] == said["dtype"] == np.int8
    interpreter.resize_tensor_input(given["index"], (1, 49, 81, 16))
    interpreter.allocate_tensors()
    page = space_to_depth(crops[:1])
    scale, zero = given["quantization"]
    levels = np.round(patches(crops[:1]) / scale + zero).clip(-128, 127)
    interpreter.set_tensor(given["index"], levels.astype(np.int8))
    interpreter.invoke()
    scale, zero = said["quantization"]
    logits = (interpreter.get_tensor(said["index"]).astype(np.float32) - zero) * scale
    wanted = network(page.astype(np.float32) / 255 - 0.5, training=False).numpy()
    assert np.abs(logits - wanted).mean() < 0.05 * max(np.ptp(wanted), 0.1)


def test_rate_rises_stays_and_falls():
    recipe = dataclasses.replace(
        load_page_recipe(SHIPPED), minutes=100, warmup_minutes=2, falling_minutes=40
    )
    rates = [rate_at(recipe, minute) for minute in (0, 2, 50, 80, 100)]
    assert rates[0] < 0.1 * rates[1]
    assert rates[1] == rates[2] == recipe.learning_rate
    assert rates[3] == pytest.approx(recipe.learning_rate / 2)
    assert rates[4] == 0


def test_a_recipe_with_a_wrong_number_of_weights_is_refused(tmp_path):
    path = tmp_path / "segmenter.toml"
    text = SHIPPED.read_text(encoding="utf-8")
    path.write_text(text.replace("[2.0, 2.0, 2.0,", "[2.0,"), encoding="utf-8")
    with pytest.raises(ConfigError, match="one a channel"):
        load_page_recipe(path)


def test_figures_count_only_what_is_known():
    truth, known = np.zeros((4, 4), np.uint8), np.full((4, 4), 63, np.uint8)
    truth[0] = 1
    known[1, :2] = 0
    maps = np.zeros((6, 4, 4), np.uint8)
    maps[0, :2] = 255
    sample = Sample(np.zeros((8, 8), np.uint8), truth, known)
    line = channel_metrics(lambda gray: maps, [sample])["line"]
    assert line["recall"] == 1
    assert line["precision"] == pytest.approx(4 / 6)
