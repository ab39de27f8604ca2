"""What pens, scanners and forms do to ink: distortions of glyphs and of large characters."""

from __future__ import annotations

import cv2
import numpy as np

from hcr_batch.characters.normalize import GLYPH_SIZE, normalize_ink

__all__ = ["FULL", "MILD", "Strength", "bilevel", "distort", "elastic_fields", "scanned"]

WORK = 2 * GLYPH_SIZE
"""Distortions run at twice the size of a glyph, where pens can change by half a pixel."""


class Strength:
    """How much a distortion may change a glyph; 1 is what handwriting takes.

    Parameters
    ----------
    shape : float
        Factor of rotation, slant, aspect and elastic movement.
    damage : float
        Chance of each kind of damage relative to the full one.
    """

    def __init__(self, shape: float, damage: float) -> None:
        self.shape = shape
        self.damage = damage


FULL = Strength(shape=1.0, damage=1.0)
MILD = Strength(shape=0.25, damage=0.5)


def elastic_fields(rng: np.random.Generator, count: int = 256) -> np.ndarray:
    """Smooth random displacements in pixels of a glyph, float32 (count, 2, 56, 56)."""
    coarse = rng.normal(0, 1, (count, 2, 5, 5)).astype(np.float32)
    return np.stack(
        [[cv2.resize(axis, (WORK, WORK), interpolation=cv2.INTER_CUBIC) for axis in pair]
         for pair in coarse]
    )  # fmt: skip


def distort(
    glyph: np.ndarray, rng: np.random.Generator, fields: np.ndarray, strength: Strength = FULL
) -> np.ndarray:
    """Move, bend, thicken, thin and damage a glyph at random.

    Parameters
    ----------
    glyph : ndarray of uint8, shape (28, 28)
        White ink on black.
    rng : Generator
    fields : ndarray of float32
        From :func:`elastic_fields`.
    strength : Strength

    Returns
    -------
    ndarray of uint8, shape (28, 28)
        The longer side of the ink measures about 18 to 26 pixels.
    """
    large = _warped(glyph, rng, fields, strength.shape)
    large = _pen(large, rng)
    large = _damaged(large, rng, strength.damage)
    small = cv2.resize(large, (GLYPH_SIZE, GLYPH_SIZE), interpolation=cv2.INTER_AREA)
    return _toned(small, rng)


def scanned(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pass a large character through a scanner of random resolution, then normalize it.

    Parameters
    ----------
    ink : ndarray of uint8, shape (rows, columns)
        Light ink on black, at least some 40 pixels on its longer side.

    Returns
    -------
    ndarray of uint8, shape (28, 28)
    """
    low = _lowered(ink, int(np.exp(rng.uniform(np.log(12), np.log(56)))))
    if rng.random() < 0.6:
        low = cv2.GaussianBlur(low, (0, 0), rng.uniform(0.3, 0.9))
    if rng.random() < 0.4:
        noise = rng.normal(0, rng.uniform(4, 20), low.shape)
        low = np.clip(low + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        level = rng.uniform(0.35, 0.65) * float(low.max())
        _, low = cv2.threshold(low, level, 255, cv2.THRESH_BINARY)
    glyph = normalize_ink(low)
    return glyph if _is_drawing(glyph) else normalize_ink(ink)


def bilevel(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pass a large character, thinned, through a coarse 1-bit scan, then normalize it.

    The pen presses unevenly and the threshold is one for all: edges are jagged
    and thin strokes break.

    Parameters
    ----------
    ink : ndarray of uint8, shape (rows, columns)
        Light ink on black, at least some 40 pixels on its longer side.

    Returns
    -------
    ndarray of uint8, shape (28, 28)
    """
    low = _lowered(_thinned(ink, rng), int(rng.integers(16, 34)))
    pressure = cv2.resize(
        rng.normal(0, rng.uniform(0, 30), (6, 6)).astype(np.float32), low.shape[::-1]
    )
    grain = rng.normal(0, rng.uniform(5, 30), low.shape).astype(np.float32)
    dark = low > rng.uniform(70, 150) + pressure + grain
    glyph = normalize_ink(np.where(dark & (low > 20), 255, 0).astype(np.uint8))
    return glyph if _is_drawing(glyph) else normalize_ink(ink)


def _thinned(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Strokes thinner by up to some 6 % of the character's size, while half of the ink lasts."""
    width = 2 * int(rng.integers(0, 1 + max(1, round(0.03 * max(ink.shape))))) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    thin = cv2.erode(ink, kernel)
    return thin if 2 * np.count_nonzero(thin > 127) > np.count_nonzero(ink > 127) else ink


def _lowered(ink: np.ndarray, side: int) -> np.ndarray:
    """Reduce the longer side to `side` pixels, with a margin, at full contrast."""
    scale = side / max(ink.shape)
    size = (max(2, round(ink.shape[1] * scale)), max(2, round(ink.shape[0] * scale)))
    low = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    low = cv2.copyMakeBorder(low, 3, 3, 3, 3, cv2.BORDER_CONSTANT, value=0)
    return cv2.convertScaleAbs(low, alpha=255 / max(int(low.max()), 1))


def _is_drawing(glyph: np.ndarray) -> bool:
    """Neither empty nor drowned in noise."""
    return bool(8 < np.count_nonzero(glyph > 127) < 0.6 * glyph.size)


def _warped(
    glyph: np.ndarray, rng: np.random.Generator, fields: np.ndarray, amount: float
) -> np.ndarray:
    """Affine and elastic movement in one resampling, glyph to twice its size."""
    extent = max(cv2.boundingRect(glyph)[2:]) or GLYPH_SIZE
    wanted = rng.uniform(22.5, 25.5) if rng.random() < 0.5 else rng.uniform(18, 26)
    zoom = extent / wanted
    aspect = np.exp(rng.normal(0, 0.08 * amount))
    angle = np.clip(rng.normal(0, 5), -12, 12) * np.pi / 180 * amount
    slant = np.clip(rng.normal(0, 0.13), -0.35, 0.35) * amount
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = rotation @ np.array([[zoom * aspect, slant], [0, zoom / aspect]])
    shift = rng.normal(0, 0.7, 2)
    grid = (np.arange(WORK, dtype=np.float32) + 0.5) / 2 - GLYPH_SIZE / 2
    x, y = grid[None, :], grid[:, None]
    bend = fields[rng.integers(len(fields))] * np.float32(rng.uniform(0, 0.9) * amount)
    middle = GLYPH_SIZE / 2 - 0.5
    map_x = np.float32(matrix[0, 0]) * x + np.float32(matrix[0, 1]) * y + bend[0]
    map_y = np.float32(matrix[1, 0]) * x + np.float32(matrix[1, 1]) * y + bend[1]
    return cv2.remap(
        glyph,
        map_x + np.float32(middle + shift[0]),
        map_y + np.float32(middle + shift[1]),
        cv2.INTER_LINEAR,
    )


def _pen(large: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Make strokes thicker or thinner; never so thin that they vanish."""
    kind = rng.random()
    if kind < 0.45:
        return large
    size = int(rng.integers(2, 4))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    if kind < 0.7:
        return cv2.dilate(large, kernel, iterations=1 if rng.random() < 0.7 else 2)
    thin = cv2.erode(large, kernel)
    if thin.sum(dtype=np.int64) < 0.4 * large.sum(dtype=np.int64):
        return large
    return thin


def _damaged(large: np.ndarray, rng: np.random.Generator, chance: float) -> np.ndarray:
    """Broken strokes, rests of rulings, speckle, one-bit edges, compression."""
    draw = rng.random(5) / max(chance, 1e-6)
    if draw[0] < 0.08:
        start, end = rng.integers(0, WORK, (2, 2)).tolist()
        cv2.line(large, start, end, 0, int(rng.integers(1, 4)))
    if draw[1] < 0.08:
        _add_ruling(large, rng)
    if draw[2] < 0.06:
        rows, columns = rng.integers(0, WORK, (2, int(rng.integers(2, 14))))
        large[rows, columns] = rng.integers(90, 256)
    if draw[3] < 0.15:
        _, large = cv2.threshold(large, int(rng.integers(60, 190)), 255, cv2.THRESH_BINARY)
    if draw[4] < 0.03:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 60))]
        jpeg = cv2.imencode(".jpg", large, quality)[1]
        large = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE))
    return large


def _add_ruling(large: np.ndarray, rng: np.random.Generator) -> None:
    """Draw the rest of a box line near one edge, in place."""
    offset = int(rng.integers(0, 7))
    start, end = np.sort(rng.integers(0, WORK, 2))
    tilt = int(rng.integers(-2, 3))
    near = offset if rng.random() < 0.5 else WORK - 1 - offset
    points = [(int(start), near), (int(end), near + tilt)]
    if rng.random() < 0.5:
        points = [(y, x) for x, y in points]
    cv2.line(large, points[0], points[1], int(rng.integers(120, 256)), int(rng.integers(1, 4)))


def _toned(small: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blur, contrast and brightness of the ink."""
    kind = rng.random()
    if kind < 0.2:
        small = cv2.GaussianBlur(small, (0, 0), rng.uniform(0.35, 0.8))
    if kind < 0.6:
        return cv2.convertScaleAbs(small, alpha=rng.uniform(0.7, 1.8))
    return small
