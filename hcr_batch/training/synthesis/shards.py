"""A ring of files with crops, written by one process and drawn from by another."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hcr_batch.training.synthesis.samples import CROP, Sample, SampleMaker

__all__ = ["SHARD_CROPS", "ShardReader", "shards", "write_shard"]

SHARD_CROPS = 128
"""Crops in one shard."""
NAME = "shard_{:06d}"


def shards(folder: Path) -> list[Path]:
    """The finished shards of a folder, oldest first."""
    return sorted(folder.glob(NAME.format(0).replace("000000", "[0-9]" * 6)))


def write_shard(maker: SampleMaker, folder: Path, keep: int, crops: int = SHARD_CROPS) -> Path:
    """Make a shard of crops, and remove all but the newest `keep`.

    Returns
    -------
    Path
        The new shard, a folder with one array a part of :class:`Sample`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = shards(folder)
    number = int(there[-1].name[-6:]) + 1 if there else 0
    path = folder / NAME.format(number)
    part = path.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    _save([maker.sample() for _ in range(crops)], part)
    part.rename(path)
    for old in [*there, path][:-keep]:
        shutil.rmtree(old, ignore_errors=True)
    return path


def _save(samples: Sequence[Sample], folder: Path) -> None:
    for name in ("gray", "truth", "known"):
        np.save(folder / f"{name}.npy", np.stack([getattr(sample, name) for sample in samples]))


class ShardReader:
    """Draws batches of crops from the shards that are there at the moment."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.rng = folder, np.random.default_rng(seed)

    def batch(self, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Gray crops (N, 512, 512), their truth and what is known of it (N, 256, 256), uint8.

        Raises
        ------
        NoInputError
            There is no shard.
        """
        drawn = [self._one() for _ in range(count)]
        gray, truth, known = (np.stack(parts) for parts in zip(*drawn))
        assert gray.shape[1:] == (CROP, CROP)
        return gray, truth, known

    def _one(self) -> list[np.ndarray]:
        while True:
            there = shards(self.folder)
            path = there[int(self.rng.integers(len(there)))]
            try:
                parts = [
                    np.load(path / f"{name}.npy", mmap_mode="r")
                    for name in ("gray", "truth", "known")
                ]
            except FileNotFoundError:  # removed by the writer meanwhile
                continue
            index = int(self.rng.integers(len(parts[0])))
            return [np.array(part[index]) for part in parts]
