"""Pieces of training samples on disk: made in one process, learned from in another."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import numpy as np

from hcr_batch.training.line_reader.line_samples import LineSample

__all__ = ["fresh_shards", "read_shard", "take_shards", "write_shard"]

WAIT_S = 0.5
"""Seconds between two looks at a ring that is full, or empty."""
PATTERN = "shard_*.npz"
USED = "used"
"""Part of the name of a piece that has been shown before."""


def write_shard(path: Path, samples: Sequence[LineSample]) -> None:
    """Write samples in one file, whole or not at all."""
    strips = [np.asfortranarray(sample.strip).ravel(order="F") for sample in samples]
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("wb") as file:
        np.savez(
            file,
            height=np.array(samples[0].strip.shape[0]),
            widths=np.array([sample.strip.shape[1] for sample in samples], np.int32),
            pixels=np.concatenate(strips),
            texts=np.array([sample.text for sample in samples]),
            real=np.array([sample.real for sample in samples]),
        )
    os.replace(temporary, path)


def read_shard(path: Path) -> list[LineSample]:
    """The samples of a file."""
    with np.load(path) as stored:
        values = {key: stored[key] for key in stored.files}
    height = int(values["height"])
    ends = np.cumsum(values["widths"]) * height
    parts = np.split(values["pixels"], ends[:-1])
    return [
        LineSample(np.ascontiguousarray(part.reshape(-1, height).T), str(text), bool(real))
        for part, text, real in zip(parts, values["texts"], values["real"], strict=True)
    ]


def fresh_shards(folder: Path) -> list[Path]:
    """The pieces that were not shown yet, the oldest first."""
    return sorted(path for path in folder.glob(PATTERN) if USED not in path.name)


def take_shards(folder: Path, passes: int) -> Iterator[list[LineSample]]:
    """The samples of one piece after the other, without end.

    One in `passes` is fresh, the others have been shown before; a piece is
    shown `passes` times in all, with others in between, then deleted. While no
    fresh one is there, used ones are shown again rather than waiting.
    """
    for turn in count():
        fresh = fresh_shards(folder)
        used = sorted(folder.glob(f"*{USED}*.npz"), key=lambda path: path.stat().st_mtime)
        while not fresh and not used:
            time.sleep(WAIT_S)
            fresh = fresh_shards(folder)
        takes_fresh = fresh and (turn % passes == 0 or not used)
        path = fresh[0] if takes_fresh else used[0]
        samples = read_shard(path)
        _mark(path, passes, spare=not fresh)
        yield samples


def _mark(path: Path, passes: int, spare: bool) -> None:
    """Count a showing of a piece in its name; delete it after the last."""
    stem, _, count = path.stem.partition(f"_{USED}")
    shown = int(count or 0) + 1
    if shown >= passes and not spare:
        path.unlink()
    else:
        renamed = path.with_name(f"{stem}_{USED}{shown}.npz")
        os.replace(path, renamed)
        os.utime(renamed)  # the longest unseen comes first
