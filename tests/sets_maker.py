"""Small sets of drawn digits and letters in the form of the real ones."""

from pathlib import Path

import cv2
import numpy as np

from hcr_batch.characters.normalize import normalize_ink

LABELS = "0123AEaez"

RECIPE = """
network = "demo"
start_from = ""
keep_start = 0.0
seed = 4
batch_seed = 0
epochs = 9
epoch_glyphs = 100000
batch_size = 32
learning_rate = 0.003
lowest_rate = 0.0
warmup_epochs = 0.1
calm_epochs = 1
averaged_epochs = 1
weight_decay = 0.01
label_smoothing = 0.02
precision = "float32"
fonts = "{fonts}"
font_limit = 0
bilevel_share = 0.1
foreign_share = 0.1
printed_share = 0.0
printed_weight = 0.2
strokes = "unipen_strokes"
page_glyphs = 0
page_share = 0.0
teachers = []
teaching = 0.0
test_sets = ["later"]

[[source]]
name = "unipen"
share = 0.5
held = 0.25
cases = "known"
clean = false
weight = 1.0
terms = "made for a test"
low_trust = {{ style = {{ CURSIVE = 0.5 }} }}

[[source]]
name = "boxed"
share = 0.5
held = 0.25
cases = "merged"
clean = true
weight = 0.8
terms = "made for a test"
"""


def cell(character: str, rng: np.random.Generator) -> np.ndarray:
    """A gray cell (64, 64) with a character in OpenCV's stroke font."""
    gray = np.full((64, 64), 235, np.uint8)
    origin = (14 + int(rng.integers(-4, 5)), 46 + int(rng.integers(-4, 5)))
    width = int(rng.integers(1, 4))
    cv2.putText(gray, character, origin, cv2.FONT_HERSHEY_SIMPLEX, 1.4, 40, width, cv2.LINE_AA)
    return gray


def write_sets(folder: Path, count: int = 120) -> Path:
    """Write unipen, unipen_strokes, boxed and later as .npz, and recipe.toml; its path."""
    rng = np.random.default_rng(1)
    labels = np.array([LABELS[i % len(LABELS)] for i in range(count)])
    cells = np.stack([cell(str(label), rng) for label in labels])
    images = np.stack([normalize_ink(255 - one) for one in cells])
    writers = np.array([f"w{i // 10}" for i in range(count)])
    styles = np.where(np.arange(count) % 3, "PRINTED", "CURSIVE")
    np.savez(folder / "unipen.npz", images=images, labels=labels, writer=writers, style=styles)
    np.savez(folder / "boxed.npz", images=images, labels=labels, raw64=cells)
    np.savez(folder / "later.npz", images=images[:20], labels=labels[:20])
    points = rng.integers(0, 1000, (count * 12, 2)).astype(np.int16)
    np.savez(
        folder / "unipen_strokes.npz",
        points=points,
        stroke_offset=np.arange(0, len(points), 6).astype(np.int32),
        char_offset=np.arange(0, 2 * count + 1, 2).astype(np.int32),
    )
    recipe = folder / "recipe.toml"
    recipe.write_text(RECIPE.format(fonts=folder.as_posix()))
    return recipe
