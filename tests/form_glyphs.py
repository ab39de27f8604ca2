"""Real handwriting for generated forms: glyphs of EMNIST, pen strokes of UNIPEN."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hcr_batch.characters.normalize import normalize_ink

__all__ = ["EmnistGlyphs", "GlyphSource", "StrokeGlyphs"]

LOOK_ALIKE = "cijklmopsuvwxyz"
"""Lower-case letters that EMNIST Balanced has under their capitals."""
FEWEST_CLASSES = 60
"""A writer with fewer of the 62 cannot fill a form alone."""
COARSEST_UNITS = 60
"""Characters of fewer digitizer units show its staircase."""
UNTIDY_CONTRIBUTORS = ("mot", "lav", "sie")


class GlyphSource(Protocol):
    """Where the characters of one form come from; one instance writes like one person."""

    def draw(self, character: str, height: float, pen: float) -> np.ndarray:
        """Ink, float32 from 0 to 1, tight, about `height` pixels high; `pen` pixels wide."""

    def writer(self, rng: np.random.Generator) -> GlyphSource:
        """Another person's hand."""


class EmnistGlyphs:
    """Glyphs of 28 x 28 pixels (NIST SD19, public domain), smoothly enlarged.

    `legible` is the share of each class that may be drawn, those first that
    are most like a printed character (and so no `l` for `L`).
    """

    def __init__(self, file: Path, legible: float = 1.0):
        with np.load(file) as data:
            images, labels = data["images"], data["labels"]
        self._choices = {
            str(label): _most_legible(images[labels == label], str(label), legible)
            for label in np.unique(labels)
        }
        self._rng, self._pen = np.random.default_rng(0), 2.5

    def writer(self, rng: np.random.Generator) -> EmnistGlyphs:
        other = object.__new__(EmnistGlyphs)
        other.__dict__.update(self.__dict__, _rng=rng, _pen=float(rng.uniform(2.3, 3.2)))
        return other

    def draw(self, character: str, height: float, pen: float) -> np.ndarray:
        images, pens = self._choices[character.upper() if character in LOOK_ALIKE else character]
        # One hand holds one pen: glyphs of nearly the same stroke.
        alike = np.argsort(np.abs(pens - self._pen))[: max(3, len(pens) // 3)]
        glyph = _tight(images[self._rng.choice(alike)])
        scale = height / max(glyph.shape[0], 0.6 * glyph.shape[1])
        # Drawn four times too large, so that the threshold below leaves a smooth edge.
        size = [max(4, round(4 * scale * side)) for side in glyph.shape[::-1]]
        large = cv2.resize(glyph, size, interpolation=cv2.INTER_CUBIC)
        large = cv2.GaussianBlur(large, (0, 0), max(0.8, 1.2 * scale))
        return cv2.resize(
            (large > 100).astype(np.float32),
            [max(1, side // 4) for side in size],
            interpolation=cv2.INTER_AREA,
        )


class StrokeGlyphs:
    """UNIPEN's pen strokes, drawn at the resolution of the page."""

    def __init__(self, file: Path):
        with np.load(file) as data:
            self._points = data["points"].astype(np.float32)
            self._strokes, self._characters = data["stroke_offset"], data["char_offset"]
            self._labels = data["labels"]
            tidy = ~np.isin([name[:3] for name in data["writer"]], UNTIDY_CONTRIBUTORS)
            tidy &= data["style"] != "CURSIVE"
            self._writers = np.where(tidy, data["writer"], "")
        self._chosen = np.flatnonzero(tidy)
        self._rng = np.random.default_rng(0)

    def writer(self, rng: np.random.Generator) -> StrokeGlyphs:
        other = object.__new__(StrokeGlyphs)
        other.__dict__.update(self.__dict__, _rng=rng)
        other._chosen = np.flatnonzero(self._writers == rng.choice(self._able()))
        return other

    def _able(self) -> list[str]:
        classes: dict[str, set[str]] = {}
        for name, label in zip(self._writers, self._labels, strict=True):
            classes.setdefault(name, set()).add(label)
        return sorted(
            name for name, known in classes.items() if name and len(known) >= FEWEST_CLASSES
        )

    def draw(self, character: str, height: float, pen: float) -> np.ndarray:
        strokes = self._pick(character)
        points = np.concatenate(strokes)
        low, extent = points.min(axis=0), np.ptp(points, axis=0)
        scale = height / max(extent[1], 0.6 * extent[0], 1.0)
        margin = pen + 1
        columns, rows = np.ceil(extent * scale + 2 * margin).astype(int)
        ink = np.zeros((rows, columns), np.uint8)
        for stroke in strokes:
            line = np.round(((stroke - low) * scale + margin) * 16).astype(np.int32)
            cv2.polylines(ink, [line], False, 255, max(1, round(pen)), cv2.LINE_AA, 4)
        return _tight(ink).astype(np.float32) / 255

    def _pick(self, character: str) -> list[np.ndarray]:
        own = self._chosen[self._labels[self._chosen] == character]
        pool = own if len(own) else np.flatnonzero(self._labels == character)
        for _ in range(20):
            strokes = self._strokes_of(self._rng.choice(pool))
            if np.ptp(np.concatenate(strokes), axis=0).max() >= COARSEST_UNITS:
                break
        return strokes

    def _strokes_of(self, index: int) -> list[np.ndarray]:
        ends = [*self._strokes, len(self._points)]
        first, last = self._characters[index], self._characters[index + 1]
        return [self._points[ends[stroke] : ends[stroke + 1]] for stroke in range(first, last)]


def _most_legible(images: np.ndarray, label: str, share: float) -> tuple[np.ndarray, np.ndarray]:
    """That share of a class which is most like the printed character, and its stroke widths."""
    if share < 1:
        printed = _printed(label)
        images = images[_likeness(images, printed).argsort()[::-1][: int(share * len(images))]]
    return images, np.array([_stroke_width(image) for image in images])


def _printed(label: str) -> np.ndarray:
    picture = Image.new("L", (96, 96))
    ImageDraw.Draw(picture).text((20, 10), label, fill=255, font=ImageFont.load_default(60))
    return normalize_ink(np.asarray(picture))


def _likeness(images: np.ndarray, printed: np.ndarray) -> np.ndarray:
    """Correlation of each blurred image with a blurred printed one."""
    soft = np.array([cv2.GaussianBlur(image, (0, 0), 2.0).ravel() for image in images], float)
    target = cv2.GaussianBlur(printed, (0, 0), 2.0).ravel().astype(float)
    soft -= soft.mean(axis=1, keepdims=True)
    target -= target.mean()
    return soft @ target / (np.linalg.norm(soft, axis=1) * np.linalg.norm(target))


def _stroke_width(image: np.ndarray) -> float:
    """Width of the strokes in pixels: four times the mean distance of ink from its edge."""
    ink = (image > 100).astype(np.uint8)
    distance = cv2.distanceTransform(ink, cv2.DIST_L2, 3)
    return 4 * float(distance[ink > 0].mean()) if ink.any() else 0.0


def _tight(ink: np.ndarray) -> np.ndarray:
    left, top, width, height = cv2.boundingRect((ink > 60).astype(np.uint8))
    return ink[top : top + height, left : left + width]
