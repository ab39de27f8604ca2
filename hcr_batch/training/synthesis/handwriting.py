"""Handwriting from pen strokes: characters in cells, words in areas, marks, signatures."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.training.synthesis.canvas import MM, FormSheet, Layer, fit_cell
from hcr_batch.training.synthesis.form_hands import FormHand
from hcr_batch.training.synthesis.penmanship import Penmanship
from hcr_batch.training.synthesis.printing import set_text
from hcr_batch.types import Box

__all__ = [
    "FormWriter",
    "Written",
]

TIDY = 0.25
"""Unevenness of a tidy hand, by that of others."""
STRAIGHTEST = 0.035
"""Share of a character's height by which tidy strokes are drawn straighter at most."""
WOBBLE = 0.02
"""Share of its height by which a lettered character is bent, standard deviation."""
SMALL_SHARE = 0.12
"""Of the answers in areas that are written smaller than most hands can."""
OWN_HAND = 0.75
"""Share of hands whose characters all come from one writer."""
SPELLED_SHARE = 0.6
"""Of the lines that are written character by character."""
SMALL = "acegmnopqrsuvwxyz"
"""Letters without ascender."""
PRINTED_SHARE = 0.3
"""Of the words that are surely hand-printed, letter by letter."""
WIDE_MARK = 6.0
"""A mark this many times wider than high is scaled by its width."""


CLASSES = {
    "digits": string.digits,
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
}


@dataclass(frozen=True)
class Written:
    """A character in its cell (`in_cell`), or a word or number with the box of its ink."""

    text: str
    box: Box
    in_cell: bool


class FormWriter:
    """Writes on a sheet with one hand, and keeps what it has written.

    Parameters
    ----------
    sheet : FormSheet
    skill : Penmanship
    hand : FormHand
    rng : Generator
    """

    def __init__(
        self, sheet: FormSheet, skill: Penmanship, hand: FormHand, rng: np.random.Generator
    ) -> None:
        self.sheet, self.skill, self.hand, self.rng = sheet, skill, hand, rng
        self.written: list[Written] = []
        hands = skill.by_writer
        one = hands and rng.random() < OWN_HAND
        self.own = hands[int(rng.integers(len(hands)))] if one else skill.by_class
        self.uneven = TIDY if hand.tidy else 1.0
        self.straighter = rng.uniform(0, STRAIGHTEST) if hand.tidy else 0.0
        self.habits: dict[str, int] = {}

    def fill_places(self) -> None:
        """Fill what is there to be filled, as much of it as the hand does."""
        rng, places = self.rng, self.sheet.places
        for run in places.cells:
            if rng.random() < self.hand.fill:
                self.fill_run(run)
        for area in places.areas:
            if rng.random() < self.hand.fill * 0.85:
                self.fill_area(area)
        for check in places.checks:
            if rng.random() < self.hand.fill * 0.8:
                self.mark(check)

    def fill_run(self, run: Sequence[Box]) -> None:
        """Characters in some of the first cells of a run, or in all."""
        rng = self.rng
        kind = rng.choice(self.hand.kinds)
        count = len(run) if rng.random() < 0.5 else int(rng.integers(1, len(run) + 1))
        first = int(rng.integers(0, len(run) - count + 1)) if rng.random() < 0.2 else 0
        for cell in run[first : first + count]:
            if rng.random() < 0.92:
                label = str(rng.choice(list(CLASSES[kind])))
                self.character(label, cell)
                self.written.append(Written(label, cell, True))
            elif rng.random() < 0.3:
                self.symbol(fit_cell(cell))
        if rng.random() < 0.04:
            self.strike(Box(run[0].x, run[0].y, run[-1].right - run[0].x, run[0].height))

    def character(self, label: str, cell: Box) -> None:
        """One character inside a cell, now and then over its walls."""
        rng, place = self.rng, fit_cell(cell)
        size = self.hand.size * self._about(0.85, 1.12)
        height = place.height * min(size, 1.3)
        if label in SMALL:
            height *= self._about(0.6, 1.0)
        dx, dy = rng.normal(0, 0.07 * self.uneven, 2) * (place.width, place.height)
        self._write(
            label,
            Box(
                place.x + 0.5 * (1 - size) * place.width + dx,
                place.y + 0.5 * (place.height - height) + dy,
                place.width * size,
                height,
            ),
        )
        if label in "AOUaou" and rng.random() < 0.06:
            self._umlaut(place)

    def _about(self, low: float, high: float) -> float:
        """A number between two, near their middle where the hand is tidy."""
        middle = (low + high) / 2
        return float(middle + self.uneven * (self.rng.uniform(low, high) - middle))

    def _write(self, label: str, place: Box, centre: bool = True) -> float:
        """Draw a character as large as fits its place; its width."""
        if self.hand.lettering:
            return self._letter(label, place, centre)
        return self._put(self._strokes_of(label), place, centre)

    def _strokes_of(self, label: str) -> list[np.ndarray]:
        rows = self.own.get(label, self.skill.by_class[label])
        row = int(self.rng.choice(rows))
        if not self.hand.tidy:
            return self.skill.characters[row]
        strokes = self.skill.characters[self.habits.setdefault(label, row)]
        slack = self.straighter * float(np.ptp(np.concatenate(strokes)[:, 1]))
        return [_straighter(stroke, slack) for stroke in strokes]

    def _letter(self, label: str, place: Box, centre: bool) -> float:
        """Draw a character of a font that looks handwritten, a little bent; its width."""
        ink = _trimmed(set_text(label, self.hand.lettering, 1.5 * place.height))
        scale = min(place.height / ink.shape[0], place.width / ink.shape[1])
        size = max(2, round(scale * ink.shape[1])), max(2, round(scale * ink.shape[0]))
        ink = _bent(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), self.rng)
        rows, columns = ink.shape
        left = place.x + (0.5 * (place.width - columns) if centre else 0.0)
        top = place.y + (0.5 if centre else 1.0) * (place.height - rows)
        self.sheet.writing.paste(ink, left, top, self.hand.pen.dark * self.rng.uniform(0.85, 1.0))
        return float(columns)

    def _umlaut(self, place: Box) -> None:
        y = place.y + self.rng.uniform(-0.1, 0.12) * place.height
        dots = [np.array([[place.x + at * place.width, y]]) for at in (0.38, 0.62)]
        self._ink(dots)

    def fill_area(self, area: Box) -> None:
        """Words or numbers on one line or several, in an area or on a line to write on."""
        rng = self.rng
        if area.height > 9 * MM and rng.random() < 0.15:
            self.signature(area)
            return
        size = rng.uniform(1.4, 2.4) if rng.random() < SMALL_SHARE else rng.uniform(2.2, 6)
        height = min(area.height * rng.uniform(0.5, 0.9), size * MM)
        pitch = height * rng.uniform(1.2, 1.8)
        rows = max(1, int(area.height // pitch)) if rng.random() < 0.5 else 1
        top = area.y + rng.uniform(0, 1) * max(0.0, area.height - rows * pitch)
        for row in range(rows):
            y = top + row * pitch + 0.3 * (pitch - height)
            self.line_of_words(Box(area.x, y, area.width, height))
            if rng.random() < 0.3:
                break

    def line_of_words(self, line: Box) -> None:
        """Words, or digits one after the other, from the left until it is as full as wanted."""
        rng = self.rng
        x = line.x + rng.uniform(0.0, 0.15) * min(line.width, 20 * MM)
        end = line.x + line.width * rng.uniform(0.4, 1.02)
        drift = rng.normal(0, 0.012 * self.uneven)
        jitter = self.uneven * rng.uniform(0.0, 0.06) * line.height
        separate = self.hand.tidy or rng.random() < SPELLED_SHARE
        kind, gap = str(rng.choice(self.hand.kinds)), rng.uniform(0.1, 0.5) * line.height
        while x + 0.5 * line.height < end:
            y = line.y + drift * (x - line.x) + rng.normal(0, 1) * jitter
            if separate:
                x = self.spelled(Box(x, y, end - x, line.height), kind, gap)
            else:
                x += self.word(Box(x, y, end - x, line.height * rng.uniform(0.8, 1.15)))
            x += rng.uniform(0.25, 0.9) * line.height
            if rng.random() < 0.2:
                break

    def spelled(self, place: Box, kind: str, gap: float) -> float:
        """Some characters one after the other, evenly, marks among them; where they end."""
        rng, x, text = self.rng, place.x, ""
        count = int(rng.integers(1, 13))
        while x + 0.4 * place.height < place.right and len(text) < count:
            height = place.height * self._about(0.9, 1.05)
            if rng.random() < 0.08:
                item = int(rng.integers(len(self.skill.marks)))
                text += str(self.skill.mark_texts[item])
                low = Box(x, place.y + 0.6 * place.height, 0.3 * height, 0.45 * height)
                x += self._put(self.skill.marks[item], low) + gap
                continue
            label = str(rng.choice(list(CLASSES[kind])))
            if label in SMALL:
                height *= 0.72
            text += label
            low = Box(
                x, place.y + place.height - height, min(0.9 * height, place.right - x), height
            )
            x += max(self._write(label, low, centre=False), 0.1 * height)
            x += gap * self._about(0.7, 1.3)
        box = Box(place.x, place.y, x - place.x, place.height)
        self.written.append(Written(text, box, False))
        return x

    def word(self, place: Box) -> float:
        """One word no wider than its place; its width, 0 where none was found that fits."""
        rng, letters = self.rng, 2 + place.width / place.height * 2
        for _ in range(6):
            printed = len(self.skill.printed) and rng.random() < PRINTED_SHARE
            pool = self.skill.printed if printed else self.skill.lengths
            item = int(rng.integers(len(pool)))
            item = int(pool[item]) if printed else item
            if self.skill.lengths[item] <= letters:
                width = self._put(self.skill.words[item], place, centre=False)
                box = Box(place.x, place.y, width, place.height)
                self.written.append(Written(str(self.skill.texts[item]), box, False))
                return width
        return place.height

    def symbol(self, place: Box) -> None:
        """A comma, dash, slash, ..., as high as its place at most."""
        item = int(self.rng.integers(len(self.skill.marks)))
        self._put(self.skill.marks[item], place)

    def signature(self, place: Box) -> None:
        """A joined word, large, with a flourish."""
        rng = self.rng
        height = place.height * rng.uniform(0.6, 1.3)
        width = self.word(
            Box(
                place.x + rng.uniform(0, 0.3) * place.width,
                place.y + 0.5 * (place.height - height),
                0.7 * place.width,
                height,
            )
        )
        if rng.random() < 0.6:
            knots = rng.normal(0, 0.35, (int(rng.integers(4, 9)), 2)) * (width, height)
            middle = (place.x + 0.5 * place.width, place.y + 0.5 * place.height)
            self._ink([_smooth(knots + middle)])

    def scribble(self, place: Box) -> None:
        """A hasty line to and fro, over whatever stands there."""
        rng = self.rng
        count = int(rng.integers(5, 22))
        xs = place.x + place.width * (np.arange(count) / count + rng.normal(0, 0.06, count))
        ys = place.y + place.height * np.where(np.arange(count) % 2, 0.9, 0.1)
        ys += rng.normal(0, 0.12, count) * place.height
        self._ink([_smooth(np.stack([xs, ys], 1))])

    def strike(self, place: Box) -> None:
        """A line through, one or two."""
        rng = self.rng
        for _ in range(int(rng.integers(1, 3))):
            y = place.y + rng.uniform(0.3, 0.7, 3) * place.height
            xs = place.x + np.array([-0.05, 0.5, 1.05]) * place.width
            self._ink([_smooth(np.stack([xs, y], 1))])

    def mark(self, check: Box) -> None:
        """A tick, a cross, a filling, for a check box; often larger than the box."""
        rng = self.rng
        kind = rng.choice(
            ["tick", "cross", "fill", "slash", "letter", "ring"],
            p=[0.36, 0.36, 0.1, 0.08, 0.06, 0.04],
        )
        grow = rng.uniform(0.7, 1.6)
        x, y = check.x + check.width / 2, check.y + check.height / 2
        side = grow * max(check.width, check.height)
        corner = np.array([x, y]) - side / 2 + rng.normal(0, 0.1, 2) * side
        shapes: dict[str, list[list[tuple[float, float]]]] = {
            "tick": [[(0.1, 0.5), (0.4, 0.9), (1.1, -0.2)]],
            "cross": [[(0, 0), (1, 1)], [(1, 0), (0, 1)]],
            "slash": [[(0.05, 0.95), (0.95, 0.05)]],
        }
        if kind in shapes:
            lines = [np.array(line, float) for line in shapes[kind]]
            bent = [corner + side * (line + rng.normal(0, 0.08, line.shape)) for line in lines]
            self._ink([_smooth(line) for line in bent])
        elif kind == "fill":
            self._fill(Box(corner[0], corner[1], side, side))
        elif kind == "ring":
            turn = np.linspace(0, 2 * np.pi * rng.uniform(0.9, 1.2), 40)
            self._ink([np.stack([x + 0.9 * side * np.cos(turn), y + 0.6 * side * np.sin(turn)], 1)])
        else:
            self.character("X", Box(corner[0], corner[1], side, side))

    def _fill(self, place: Box) -> None:
        lines = int(self.rng.integers(4, 10))
        ys = np.repeat(np.linspace(0, 1, lines), 2)
        xs = np.resize([0, 1, 1, 0], len(ys)) + self.rng.normal(0, 0.06, len(ys))
        self._ink([np.stack([place.x + xs * place.width, place.y + ys * place.height], 1)])

    def _put(self, strokes: list[np.ndarray], place: Box, centre: bool = True) -> float:
        """Draw strokes as large as fits their place; their width."""
        points = np.concatenate(strokes)
        low, size = points.min(0), np.maximum(np.ptp(points, 0), 1.0)
        fits_width = place.width / size[0]
        scale = min(place.height / size[1], fits_width)
        if size[0] > WIDE_MARK * size[1]:
            scale = min(fits_width, place.height / size[0] * 2)
        aspect = self._about(0.88, 1.1)
        width, height = scale * size * (aspect, 1.0)
        left = place.x + (0.5 * (place.width - width) if centre else 0.0)
        top = place.y + (0.5 if centre else 1.0) * (place.height - height)
        slant = self.hand.slant + self.rng.normal(0, 0.04 * self.uneven)
        moved = [(stroke - low) * (scale * aspect, scale) for stroke in strokes]
        for stroke in moved:
            stroke[:, 0] -= slant * (stroke[:, 1] - height / 2)
        self._ink([np.add(stroke, (left, top)) for stroke in moved])
        return float(width)

    def _ink(self, strokes: list[np.ndarray]) -> None:
        pen, rng = self.hand.pen, self.rng
        width = pen.width * MM * self._about(0.88, 1.12)
        draw_strokes_on(self.sheet.writing, strokes, width, pen.dark * rng.uniform(0.85, 1.0))


def draw_strokes_on(layer: Layer, strokes: list[np.ndarray], width: float, dark: float) -> None:
    """Draw strokes on the part of a layer that they touch, which is fast."""
    points = np.concatenate(strokes)
    margin = width + 2
    rows, columns = layer.cover.shape
    low, high = points.min(0) - margin, points.max(0) + margin
    left, top = max(int(low[0]), 0), max(int(low[1]), 0)
    right, bottom = int(high[0]) + 1, int(high[1]) + 1
    if left >= columns or top >= rows or right <= 0 or bottom <= 0:
        return
    part = Layer(min(bottom, rows) - top, min(right, columns) - left)
    part.strokes([stroke - (left, top) for stroke in strokes], width, dark)
    where = np.s_[top : top + part.cover.shape[0], left : left + part.cover.shape[1]]
    np.maximum(layer.cover[where], part.cover, out=layer.cover[where])
    np.maximum(layer.tone[where], part.tone, out=layer.tone[where])


def _smooth(knots: np.ndarray) -> np.ndarray:
    """A curve near the knots, (n, 2)."""
    along = np.linspace(0, len(knots) - 1, 14 * len(knots))
    curve = np.stack([np.interp(along, np.arange(len(knots)), knots[:, i]) for i in (0, 1)], 1)
    padded = np.pad(curve, ((4, 4), (0, 0)), "edge")
    kernel = np.ones(9) / 9
    return np.stack([np.convolve(padded[:, i], kernel, "valid") for i in (0, 1)], 1)


def _straighter(stroke: np.ndarray, slack: float) -> np.ndarray:
    """A stroke (n, 2) without the bends that leave it by `slack` at most."""
    if len(stroke) < 3 or slack <= 0:
        return stroke
    points = np.ascontiguousarray(stroke, np.float32)[:, None]
    return cv2.approxPolyDP(points, slack, False)[:, 0].astype(float)


def _trimmed(ink: np.ndarray) -> np.ndarray:
    """The part of a picture of ink that is not blank."""
    rows, columns = np.nonzero(ink.max(1))[0], np.nonzero(ink.max(0))[0]
    if not len(rows):
        return ink
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _bent(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A character as the same hand would write it another time."""
    rows, columns = ink.shape
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    coarse = rng.normal(0, WOBBLE * rows, (2, 4, 4)).astype(np.float32)
    dx, dy = (cv2.resize(one, (columns, rows), interpolation=cv2.INTER_CUBIC) for one in coarse)
    return cv2.remap(ink, x + dx, y + dy, cv2.INTER_LINEAR)
