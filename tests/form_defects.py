"""What paper, scanner and file format do to a form."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

__all__ = ["CLEAN", "Defects", "degrade", "random_defects", "skew_matrix"]

MM_PER_INCH = 25.4


@dataclass(frozen=True)
class Defects:
    """Strengths of the defects; zero is none.

    Attributes
    ----------
    skew : float
        Degrees, clockwise.
    noise : float
        Standard deviation in gray levels.
    blur : float
        Sigma in pixels.
    shade : float
        How much darker, from 0 to 1, the darkest part of unevenly lit paper is.
    bleed : float
        Strength, from 0 to 1, of what shows through from the other side.
    speckle : float
        Dark dots a square centimetre.
    jpeg : int
        Quality.
    border : float
        Width in mm of the black border that a scanner lid leaves.
    bilevel : bool
        One bit a pixel.
    fold : float
        How much darker, from 0 to 1, a fold across the whole page is.
    holes : int
        Punched holes at the left edge, black on the scanner's lid.
    """

    skew: float = 0.0
    noise: float = 0.0
    blur: float = 0.0
    shade: float = 0.0
    bleed: float = 0.0
    speckle: float = 0.0
    jpeg: int = 0
    border: float = 0.0
    bilevel: bool = False
    fold: float = 0.0
    holes: int = 0


CLEAN = Defects()


def random_defects(rng: np.random.Generator, largest_skew: float = 3.5) -> Defects:
    """Draw the defects of one scan, each of them absent about as often as not."""

    def sometimes(share: float, low: float, high: float) -> float:
        return float(rng.uniform(low, high)) if rng.random() < share else 0.0

    bilevel = bool(rng.random() < 0.25)
    return Defects(
        skew=sometimes(0.8, -largest_skew, largest_skew),
        noise=sometimes(0.6, 2, 14),
        blur=sometimes(0.5, 0.4, 1.0),
        shade=sometimes(0.4, 0.1, 0.2 if bilevel else 0.45),
        bleed=sometimes(0.35, 0.05, 0.2),
        speckle=sometimes(0.2, 0.1, 0.6),
        jpeg=int(sometimes(0.4, 35, 85)),
        border=sometimes(0.15, 2, 8),
        bilevel=bilevel,
        fold=sometimes(0.1, 0.1, 0.3),
        holes=2 * int(sometimes(0.1, 1, 2)),
    )


def skew_matrix(shape: tuple[int, int], degrees: float) -> np.ndarray:
    """Affine map (2, 3) that turns a page of (rows, columns) about its middle."""
    rows, columns = shape
    return cv2.getRotationMatrix2D((columns / 2, rows / 2), -degrees, 1.0)


def degrade(
    gray: np.ndarray, back: np.ndarray, dpi: float, defects: Defects, rng: np.random.Generator
) -> np.ndarray:
    """Scan a page.

    Parameters
    ----------
    gray, back : ndarray of uint8, shape (rows, columns)
        The page as printed and filled, and the other side of the paper.
    dpi : float
    defects : Defects
    rng : Generator

    Returns
    -------
    ndarray of uint8, shape (rows, columns)
    """
    page = gray.astype(np.float32)
    if defects.bleed:
        page -= defects.bleed * cv2.GaussianBlur(255.0 - back[:, ::-1], (0, 0), dpi / 150)
    if defects.fold:
        page[:, int(rng.uniform(0.1, 0.9) * page.shape[1])] *= 1 - defects.fold
    for number in range(defects.holes):
        centre = (round(0.3 * dpi), round(len(page) * (0.35 + 0.3 * number)))
        cv2.circle(page, centre, round(0.11 * dpi), 20.0, -1, cv2.LINE_AA)
    if defects.skew:
        page = cv2.warpAffine(
            page,
            skew_matrix(page.shape, defects.skew),
            page.shape[::-1],
            borderValue=30 if defects.border else float(page.max()),
        )
    if defects.border:
        _blacken_edges(page, defects.border * dpi / MM_PER_INCH, rng)
    if defects.speckle:
        _speckle(page, defects.speckle * (2.54 / dpi) ** 2 * page.size, rng)
    if defects.shade:
        page *= _light(page.shape, defects.shade, rng)
    if defects.blur:
        page = cv2.GaussianBlur(page, (0, 0), defects.blur)
    if defects.noise:
        page += rng.standard_normal(page.shape, np.float32) * defects.noise
    return _stored(np.clip(page, 0, 255).astype(np.uint8), defects)


def _blacken_edges(page: np.ndarray, width: float, rng: np.random.Generator) -> None:
    left, top, right, bottom = (int(width * share) for share in rng.uniform(0, 1, 4))
    page[:top], page[:, :left] = 25, 25
    page[len(page) - bottom :], page[:, page.shape[1] - right :] = 25, 25


def _speckle(page: np.ndarray, count: float, rng: np.random.Generator) -> None:
    rows, columns = page.shape
    for _ in range(round(count)):
        centre = (int(rng.integers(columns)), int(rng.integers(rows)))
        cv2.circle(page, centre, int(rng.integers(0, 2)), float(rng.uniform(20, 120)), -1)


def _light(shape: tuple[int, int], depth: float, rng: np.random.Generator) -> np.ndarray:
    """A smooth field of light, from 1 - depth to 1."""
    coarse = cv2.resize(
        rng.random((3, 3)).astype(np.float32), (32, 32), interpolation=cv2.INTER_CUBIC
    )
    field = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    field = (field - field.min()) / max(float(np.ptp(field)), 1e-6)
    return 1 - depth * field


def _stored(gray: np.ndarray, defects: Defects) -> np.ndarray:
    if defects.bilevel:
        level = 0.72 * float(np.median(gray))
        return np.where(gray < level, 0, 255).astype(np.uint8)
    if defects.jpeg:
        _, stream = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, defects.jpeg])
        return cv2.imdecode(stream, cv2.IMREAD_GRAYSCALE)
    return gray
