"""From the layers of a sheet to a scanned or photographed picture of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.training.synthesis.canvas import DPI, MM, FormSheet

__all__ = ["Bend", "bend_sheet", "printed_sheet", "random_bend", "scan_paper"]

Rng = np.random.Generator
Picture = np.ndarray
"""float32, 0 black to 1 white."""


@dataclass(frozen=True)
class Bend:
    """Where each pixel of the picture comes from on the sheet, float32 maps for cv2.remap."""

    columns: np.ndarray
    rows: np.ndarray

    def layer(self, image: np.ndarray, border: float = 0) -> np.ndarray:
        """An image of the sheet, bent."""
        return cv2.remap(
            image,
            self.columns,
            self.rows,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=border,
        )

    def labels(self, image: np.ndarray) -> np.ndarray:
        """The same for values that must not be mixed."""
        return cv2.remap(
            image,
            self.columns,
            self.rows,
            cv2.INTER_NEAREST,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=0,
        )


def random_bend(rng: Rng, source: int, size: int) -> Bend:
    """The middle `size` pixels of a sheet of `source`, turned, scaled, in perspective, curled."""
    angle = rng.normal(0, 0.8) if rng.random() < 0.75 else rng.uniform(-5, 5)
    scale = float(np.clip(np.exp(rng.normal(0, 0.12)), 0.75, 1.25))
    stretch = np.exp(rng.normal(0, 0.015))
    middle = size / 2
    turn = np.deg2rad(angle)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = matrix / scale * (stretch, 1 / stretch)
    axis = np.arange(size, dtype=np.float32) - middle
    x, y = np.meshgrid(axis, axis)
    if rng.random() < 0.25:  # a photograph
        tilt = rng.normal(0, 0.00015, 2)
        depth = 1 + tilt[0] * x + tilt[1] * y
        x, y = x / depth, y / depth
    columns = matrix[0, 0] * x + matrix[0, 1] * y
    rows = matrix[1, 0] * x + matrix[1, 1] * y
    if rng.random() < 0.2:  # curl
        wave = rng.uniform(400, 1500)
        phase = rng.uniform(0, 2 * np.pi)
        rows = rows + rng.uniform(1, 7) * np.sin(2 * np.pi * columns / wave + phase)
        columns = columns + rng.uniform(0, 3) * np.sin(2 * np.pi * rows / wave + phase)
    centre = source / 2
    return Bend((columns + centre).astype(np.float32), (rows + centre).astype(np.float32))


def turned(shape: tuple[int, int], matrix: np.ndarray) -> Bend:
    """A page of `shape` turned and moved by a matrix (2, 3) from the page to the picture."""
    inverse = cv2.invertAffineTransform(matrix)
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    x = inverse[0, 0] * columns + inverse[0, 1] * rows + inverse[0, 2]
    y = inverse[1, 0] * columns + inverse[1, 1] * rows + inverse[1, 2]
    return Bend(x.astype(np.float32), y.astype(np.float32))


def bend_sheet(sheet: FormSheet, bend: Bend) -> FormSheet:
    """All layers of a sheet, bent; places are left out."""
    rows, columns = bend.rows.shape
    bent = FormSheet(rows, columns)
    for name in ("line", "print", "writing"):
        old, new = getattr(sheet, name), getattr(bent, name)
        both = bend.layer(np.dstack([old.cover, old.tone]))
        new.cover, new.tone = both[..., 0].copy(), both[..., 1].copy()
    bent.tint = bend.layer(sheet.tint, 1.0)
    bent.picture, bent.cover_up = bend.layer(sheet.picture), bend.layer(sheet.cover_up)
    return bent


def printed_sheet(sheet: FormSheet, rng: Rng, through: np.ndarray | None = None) -> Picture:
    """Light that each pixel of a sheet reflects; correction fluid lies over the print.

    Parameters
    ----------
    through : ndarray of float32, optional
        Darkness of the back page, mirrored, that shines through.
    """
    paper = np.full(sheet.shape, rng.uniform(0.72, 1.0), np.float32)
    if rng.random() < 0.25:
        paper *= 1 + _clouds(rng, sheet.shape, rng.uniform(8, 120)) * rng.uniform(0.005, 0.03)
    if through is not None:
        paper *= 1 - through
    light = paper * sheet.tint
    light *= 1 - sheet.line.tone.astype(np.float32) / 255
    light *= 1 - sheet.print.tone.astype(np.float32) / 255
    fluid = sheet.cover_up.astype(np.float32) / 255
    light = light * (1 - fluid) + fluid * paper * rng.uniform(0.97, 1.06)
    ink = sheet.writing.tone.astype(np.float32) / 255
    if rng.random() < 0.5:  # grain of the paper under pencil, pressure of the pen
        ink *= 1 - rng.uniform(0.1, 0.5) * np.abs(_clouds(rng, sheet.shape, rng.uniform(2, 12)))
    return light * (1 - ink)


def _clouds(rng: Rng, shape: tuple[int, int], grain: float) -> np.ndarray:
    """Smooth noise from -1 to 1 about, float32; `grain` in pixels."""
    small = (max(2, int(shape[0] / grain) + 2), max(2, int(shape[1] / grain) + 2))
    noise = rng.uniform(-1, 1, small).astype(np.float32)
    return cv2.resize(noise, shape[::-1], interpolation=cv2.INTER_CUBIC)


SCANS = {"flatbed": 0.52, "phone": 0.22, "fax": 0.18, "copy": 0.08}
"""Ways to scan and how often they come."""


def scan_paper(light: Picture, rng: Rng, scans: Mapping[str, float] = SCANS) -> np.ndarray:
    """What a scanner or a telephone makes of it: (rows, columns) uint8 at the sheet's resolution.

    Bilevel scans are such that the caller must look where ink is still to be seen.
    """
    picture = _lit(light, rng)
    kind = rng.choice(list(scans), p=list(scans.values()))
    if kind == "phone":
        picture = _phone(picture, rng)
    elif kind == "copy":
        picture = _copy(picture, rng)
    elif rng.random() < 0.6:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.1))
    picture = _dirt(picture, rng)
    return _bilevel(picture, rng) if kind == "fax" else _digitized(picture, rng)


def _lit(picture: Picture, rng: Rng) -> Picture:
    """Uneven light, shadows, folds, streaks."""
    rows, columns = picture.shape
    across = np.linspace(-1, 1, columns, dtype=np.float32)[None]
    down = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    if rng.random() < 0.4:
        picture = picture * (
            1 - rng.uniform(-0.12, 0.12) * across - rng.uniform(-0.12, 0.12) * down
        )
    if rng.random() < 0.12:  # edge of a shadow
        side = across * rng.normal() + down * rng.normal() + rng.uniform(-0.7, 0.7)
        picture = picture * (
            1 - rng.uniform(0.1, 0.5) / (1 + np.exp(np.clip(-side * rng.uniform(5, 60), -30, 30)))
        )
    if rng.random() < 0.14:  # fold
        flip = rng.random() < 0.5
        edge = np.abs(
            (across if flip else down)
            - rng.uniform(-0.9, 0.9)
            + rng.normal(0, 0.02) * (down if flip else across)
        )
        picture = picture * (1 - rng.uniform(-0.15, 0.4) * np.exp(-edge * rng.uniform(60, 300)))
    if rng.random() < 0.06:  # streaks of the scanner's feeder
        for _ in range(int(rng.integers(1, 4))):
            column = int(rng.integers(columns - 2))
            picture[:, column : column + int(rng.integers(1, 3))] *= rng.uniform(0.5, 1.0)
    return picture


def _phone(picture: Picture, rng: Rng) -> Picture:
    picture = picture * rng.uniform(0.35, 1.0)
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 1.9))
    if rng.random() < 0.3:  # shaken
        length = int(rng.integers(3, 7))
        kernel = np.zeros((length, length), np.float32)
        turn = rng.uniform(0, np.pi)
        half = (length - 1) / 2
        offset = np.array([np.cos(turn), np.sin(turn)]) * half
        cv2.line(
            kernel,
            tuple(np.round(half - offset).astype(int).tolist()),
            tuple(np.round(half + offset).astype(int).tolist()),
            1.0,
        )
        picture = cv2.filter2D(picture, -1, kernel / kernel.sum())
    if rng.random() < 0.4:  # sharpened by the telephone
        soft = cv2.GaussianBlur(picture, (0, 0), rng.uniform(1, 2.5))
        picture = picture + rng.uniform(0.3, 1.2) * (picture - soft)
    return picture + rng.normal(0, rng.uniform(0.003, 0.035), picture.shape).astype(np.float32)


SPECKLED_SHARE = 0.5
"""Of the photocopies."""


def _copy(picture: Picture, rng: Rng) -> Picture:
    """A photocopy: steep, grainy, with holes in solid ink."""
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 1.3))
    picture = picture * (
        1 + rng.uniform(0.02, 0.15) * _clouds(rng, picture.shape, rng.uniform(1.5, 4))
    )
    middle = rng.uniform(0.4, 0.8) * float(np.percentile(picture, 80))
    copied = 1 / (1 + np.exp(-(picture - middle) * rng.uniform(8, 25)))
    return _speckled(copied, rng) if rng.random() < SPECKLED_SHARE else copied


def _speckled(picture: Picture, rng: Rng) -> Picture:
    """Specks all over, as a copy of a copy has them."""
    specks = rng.random(picture.shape) < rng.uniform(0.0005, 0.004)
    grown = cv2.dilate(specks.astype(np.uint8), np.ones(rng.integers(1, 4, 2), np.uint8)) > 0
    return np.where(grown, picture * rng.uniform(0, 0.6), picture)


def _dirt(picture: Picture, rng: Rng) -> Picture:
    if rng.random() < 0.25:
        rows, columns = picture.shape
        for _ in range(int(rng.integers(1, 40))):
            at = (int(rng.integers(columns)), int(rng.integers(rows)))
            radius = 1 if rng.random() < 0.8 else int(rng.integers(1, 4))
            cv2.circle(picture, at, radius, rng.uniform(0, 0.7), -1)
    return picture


def _digitized(picture: Picture, rng: Rng) -> np.ndarray:
    """Noise, another resolution, JPEG."""
    if rng.random() < 0.5:
        picture = picture + rng.normal(0, rng.uniform(0, 0.03), picture.shape).astype(np.float32)
    if rng.random() < 0.2:  # levels drawn apart
        low, high = np.percentile(picture, [0.5, 90])
        picture = (picture - rng.uniform(0, 1) * low) / max(high - rng.uniform(0, 1) * low, 0.2)
    dpi = rng.choice([DPI, rng.uniform(75, 180), 300, 400], p=[0.42, 0.35, 0.17, 0.06])
    size = picture.shape
    gray = (np.clip(_resized(picture, dpi / DPI), 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.6:
        quality = int(rng.uniform(20, 96))
        gray = cv2.imdecode(cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 0)
    return _back(gray, size)


FAX = (204, 98)
"""Dots an inch across and down of a coarse fax."""


def _bilevel(picture: Picture, rng: Rng) -> np.ndarray:
    """One bit a pixel at 100 to 300 dpi, by a threshold or with dots."""
    size = picture.shape
    if rng.random() < 0.1:
        picture = cv2.resize(picture, None, fx=FAX[0] / DPI, fy=FAX[1] / DPI)
    else:
        dpi = rng.choice([100, 150, 200, 300], p=[0.08, 0.35, 0.35, 0.22])
        picture = _resized(picture, dpi / DPI)
    small = np.clip(picture, 0, 1)
    paper = float(np.percentile(small, 85))
    way = rng.random()
    if way < 0.6:
        threshold: float | np.ndarray = paper * rng.uniform(0.5, 0.93)
    elif way < 0.85:
        blurred = cv2.GaussianBlur(small, (0, 0), rng.uniform(6, 20))
        threshold = blurred * rng.uniform(0.85, 0.96)
    else:
        threshold = paper * (0.5 + 0.5 * rng.uniform(0, 1, small.shape))
        if rng.random() < 0.5:
            threshold = paper * np.tile(_BAYER, (small.shape[0] // 4 + 1, small.shape[1] // 4 + 1))
            threshold = threshold[: small.shape[0], : small.shape[1]]
    return _back(np.where(small > threshold, 255, 0).astype(np.uint8), size)


_BAYER = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) + 0.5) / 16


def _resized(picture: Picture, scale: float) -> Picture:
    if abs(scale - 1) < 0.01:
        return picture
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=way)


def _back(gray: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """To the sheet's resolution, as a page is scaled for the network."""
    if gray.shape == size:
        return gray
    way = cv2.INTER_AREA if gray.shape[0] > size[0] else cv2.INTER_LINEAR
    return cv2.resize(gray, size[::-1], interpolation=way)


def surround(
    light: Picture, bend: Bend, rng: Rng, extent: tuple[float, float, float, float]
) -> tuple[Picture, np.ndarray]:
    """Put a desk, a lid or black behind a sheet that ends within the picture.

    Parameters
    ----------
    extent : tuple of float
        Left, top, right, bottom of the paper on the sheet, pixels.

    Returns
    -------
    tuple of ndarray
        The picture, and where the paper is (bool).
    """
    left, top, right, bottom = extent
    inside = (
        (bend.columns >= left) & (bend.columns < right) & (bend.rows >= top) & (bend.rows < bottom)
    )
    kind = rng.choice(["black", "white", "desk", "stripes"])
    level = {"black": rng.uniform(0, 0.15), "white": rng.uniform(0.8, 1.0)}.get(
        kind, rng.uniform(0.1, 0.9)
    )
    ground = np.full(light.shape, level, np.float32)
    if kind in ("desk", "stripes"):
        wood = _clouds(
            rng, (light.shape[0], 40 if kind == "stripes" else light.shape[1]), rng.uniform(3, 60)
        )
        ground += rng.uniform(0.02, 0.3) * cv2.resize(wood, light.shape[::-1])
    soft = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), rng.uniform(0.5, 2))
    shadow = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), rng.uniform(3, 15))
    ground *= 1 - rng.uniform(0, 0.6) * shadow
    return light * soft + ground * (1 - soft), inside


def punch(light: Picture, rng: Rng) -> tuple[Picture, np.ndarray]:
    """A punched hole or a staple; the picture, and where paper is left (bool)."""
    paper = np.ones(light.shape, np.uint8)
    rows, columns = light.shape
    at = (int(rng.integers(columns)), int(rng.integers(rows)))
    cv2.circle(paper, at, round(rng.uniform(2.2, 3.3) * MM), 0, -1)
    light = np.where(paper > 0, light, rng.choice([0.02, 0.1, 0.9])).astype(np.float32)
    return light, paper > 0
