"""Each network that a scan runs is compared with its card first: exit code 4, and what to do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CARDS = {
    "model.tflite": "card.json",
    "line_reader.tflite": "line_reader.json",
    "segmenter.tflite": "segmenter.json",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    root = tmp_path_factory.mktemp("copy") / "program"
    for name in ("hcr_batch", "configs"):
        shutil.copytree(ROOT / name, root / name)
    return root


@pytest.fixture
def program(copy):
    """A copy of the program, to be damaged."""
    models = Path("models", "default")
    (copy / models).mkdir(parents=True, exist_ok=True)
    for name in (*CARDS, *CARDS.values()):
        shutil.copy(ROOT / models / name, copy / models)
    return copy


def run(program, *words):
    return subprocess.run(
        [sys.executable, "-m", "hcr_batch", *map(str, words)],
        cwd=program.parent,
        env={**os.environ, "PYTHONPATH": str(program)},
        capture_output=True,
        text=True,
    )


def scan(program):
    form = ROOT / "samples" / "forms" / "payment-slip.png"
    return run(program, "scan", form, "--out", "results.csv", "--quiet")


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_every_network_of_the_program_has_a_card():
    folder = ROOT / "models" / "default"
    assert {path.name for path in folder.glob("*.tflite")} == set(CARDS)


@pytest.mark.parametrize("network", CARDS)
def test_a_network_with_one_changed_bit_is_not_run(program, network):
    flip_a_bit(program / "models" / "default" / network)
    for done in (scan(program), run(program, "doctor")):
        assert done.returncode == 4, done.stderr
        assert f"{network}: damaged or of another version than its {CARDS[network]}" in done.stderr
        assert "restore the model folder" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert not (program.parent / "results.csv").exists()


@pytest.mark.parametrize("network", CARDS)
@pytest.mark.parametrize("content", [None, b"[]", b'{"files": 7}', b"\xff\xfe"], ids=str)
def test_a_network_without_its_card_is_not_run(program, network, content):
    card = program / "models" / "default" / CARDS[network]
    card.unlink() if content is None else card.write_bytes(content)
    done = scan(program)
    assert done.returncode == 4, done.stderr
    assert CARDS[network] in done.stderr
    assert len(done.stderr.splitlines()) == 1
