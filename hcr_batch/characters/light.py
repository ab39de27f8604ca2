"""The light on the paper of a small picture, and the picture as if it were even."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

__all__ = ["PAPER_LEVEL", "even_light", "paper_light", "sampled"]

LIGHT_SAMPLES = 32
"""Pixels along the longer side that are enough to fit the light on the paper."""
LIGHT_ROUNDS = 6
"""Fits of the paper's light, each without what the one before found to be ink."""
LEAST_DEPTH = 4.0
"""Gray levels; what is less dark than this below the light is paper's own grain."""
LEAST_LIGHT = 16.0
"""Gray levels; paper is never held for darker than this."""
SHAPES = 16
"""Pictures of one source have few shapes; the terms of so many are kept, 200 kB each."""
PAPER_LEVEL = 235
"""Gray level of the paper once its light is even."""


def even_light(picture: np.ndarray) -> np.ndarray:
    """Divide a picture by the light on its paper, fitted without the ink.

    Parameters
    ----------
    picture : ndarray of uint8, shape (rows, columns)
        Gray, dark ink on light paper.

    Returns
    -------
    ndarray of uint8, same shape
        The paper is at :data:`PAPER_LEVEL` everywhere.
    """
    sample = sampled(picture)
    terms, paper = _terms(sample.shape), np.ones(sample.shape, bool)
    factors = _fitted(terms, sample, paper)
    for _ in range(LIGHT_ROUNDS):
        relief = sample - terms @ factors
        lighter = relief > -max(float(relief[paper].std()), LEAST_DEPTH)
        if (lighter == paper).all():
            break
        paper = lighter
        factors = _fitted(terms, sample, paper)
    light = np.maximum(_terms(picture.shape) @ factors, LEAST_LIGHT)
    return np.clip(picture * (PAPER_LEVEL / light), 0, 255).astype(np.uint8)


def sampled(picture: np.ndarray) -> np.ndarray:
    """Every so manieth pixel, about :data:`LIGHT_SAMPLES` along the longer side."""
    step = max(1, max(picture.shape) // LIGHT_SAMPLES)
    return picture[::step, ::step]


def paper_light(sample: np.ndarray, paper: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The second-order surface through the paper's pixels of a sample, by least squares.

    Parameters
    ----------
    sample : ndarray, shape (rows, columns)
    paper : ndarray of bool, same shape
        True where it shows paper.
    shape : tuple of int
        That of the surface that is wanted, float32.
    """
    return _terms(shape) @ _fitted(_terms(sample.shape), sample, paper)


def _fitted(terms: np.ndarray, sample: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Factors, float32 (6,), of the terms, (rows, columns, 6), of the surface through the paper."""
    known = terms[paper]
    factors: np.ndarray = np.linalg.lstsq(known.T @ known, known.T @ sample[paper], rcond=None)[0]
    return factors.astype(np.float32)


@lru_cache(SHAPES)
def _terms(shape: tuple[int, ...]) -> np.ndarray:
    """1, x, y, x², xy and y² with x and y from -1 to 1; float32 (rows, columns, 6)."""
    y = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, shape[1], dtype=np.float32)[None, :]
    return np.stack(np.broadcast_arrays(np.float32(1), x, y, x * x, x * y, y * y), axis=-1)
