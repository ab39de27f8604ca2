"""Small sets of pen strokes in the formats of UNIPEN's, made up."""

import string
from pathlib import Path

import numpy as np

CROSS = ([(0, 0), (50, 100), (100, 0)], [(10, 50), (90, 50)])


def write_pens(folder: Path) -> None:
    """unipen_strokes, unipen_words and unipen_symbols below `folder`/characters."""
    characters = string.digits + string.ascii_letters
    (folder / "characters").mkdir(parents=True, exist_ok=True)
    _write(folder, "unipen_strokes", "char_offset", "labels", list(characters))
    _write(folder, "unipen_words", "item_offset", "text", ["AB", "house", "12"])
    _write(folder, "unipen_symbols", "item_offset", "text", [",", "-", "/"])


def _write(folder, name, offset, texts, labels):
    strokes = CROSS * len(labels)
    starts = np.cumsum([0] + [len(stroke) for stroke in strokes])[:-1]
    np.savez(
        folder / "characters" / f"{name}.npz",
        points=np.concatenate([np.array(stroke, np.int16) for stroke in strokes]),
        stroke_offset=starts.astype(np.int32),
        **{offset: 2 * np.arange(len(labels) + (offset == "char_offset"), dtype=np.int32)},
        **{texts: np.array(labels)},
    )
