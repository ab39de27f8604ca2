"""The LiteRT backend keeps standard error for messages to the user."""

import hashlib
import json
import os
import random
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest

from hcr_batch.config import data_folder
from hcr_batch.errors import ModelError
from hcr_batch.inference.litert import LiteRTNetwork
from hcr_batch.recognition import load_recognizer

NETWORK = data_folder("models") / "default" / "model.tflite"


def test_loading_and_running_write_nothing_to_standard_error(capfd):
    network = LiteRTNetwork(NETWORK)
    for count in (1, 64, 70):
        assert network(np.zeros((count, 28, 28), np.uint8)).shape[0] == count
    assert capfd.readouterr().err == ""


def test_standard_error_works_again_after_loading(capfd):
    LiteRTNetwork(NETWORK)
    os.write(2, b"a message")
    assert capfd.readouterr().err == "a message"


def test_a_process_without_standard_error_can_load_it():
    program = (
        "import os; os.close(2)\nfrom pathlib import Path\n"
        "from hcr_batch.inference.litert import LiteRTNetwork\n"
        f"LiteRTNetwork(Path({str(NETWORK)!r}))\nprint('loaded')"
    )
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert done.stdout.strip() == "loaded"


def test_a_damaged_file_is_a_model_error_and_nothing_else_is_printed(tmp_path, capfd):
    damaged = tmp_path / "model.tflite"
    damaged.write_bytes(NETWORK.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"model\.tflite"):
        LiteRTNetwork(damaged)
    assert capfd.readouterr().err == ""


def test_a_network_that_was_tampered_with_runs_or_is_refused(tmp_path):
    """With a card that matches it; the tables at its end decide what is run."""
    content, run = NETWORK.read_bytes(), 0
    card = json.loads(NETWORK.with_name("card.json").read_text())
    glyphs = np.random.default_rng(1).integers(0, 256, (70, 28, 28)).astype(np.uint8)
    for seed in range(40):
        chance, changed = random.Random(seed), bytearray(content)
        for _ in range(3):
            changed[len(content) - chance.randrange(1, 12_000)] = chance.randrange(256)
        (tmp_path / "model.tflite").write_bytes(changed)
        card["files"]["model.tflite"] = hashlib.sha256(changed).hexdigest()
        (tmp_path / "card.json").write_text(json.dumps(card))
        with suppress(ModelError):
            assert np.isfinite(load_recognizer(tmp_path).scores(glyphs).characters).all()
            run += 1
    assert 0 < run < 30
