"""Drawn parts of forms that are print alone: text, headings, bars, bubbles, marks, pictures."""

from __future__ import annotations

import cv2
import numpy as np

from hcr_batch.training.synthesis.canvas import MM, FormSheet
from hcr_batch.training.synthesis.form_drawing import FormDrawing
from hcr_batch.training.synthesis.printed_pictures import PICTURES
from hcr_batch.training.synthesis.printing import set_text
from hcr_batch.types import Box

__all__ = [
    "draw_bar",
    "draw_bubbles",
    "draw_capitals",
    "draw_hatching",
    "draw_heading",
    "draw_list",
    "draw_marks",
    "draw_picture",
    "draw_text",
]

LEADING = 1.4
"""From one line of text to the next, by the size of its letters."""


def draw_bubbles(form: FormDrawing, y: float) -> float:
    """Rings or brackets of a mark sheet with their letters, all of it print."""
    rng = form.rng
    pitch, rows = rng.uniform(4, 7) * MM, int(rng.integers(1, 6))
    size = rng.uniform(0.5, 0.7) * pitch
    letters = rng.choice(["0123456789", "ABCDE", "12345"])
    path = form.latin_font()
    flat, dark = rng.uniform(0.6, 1.0), rng.uniform(0.25, 1.0)
    filled = rng.choice([0.0, 0.1, 0.2])
    turn = np.linspace(0, 2 * np.pi, 25)
    ring = np.stack([0.5 * np.cos(turn), 0.5 * flat * np.sin(turn)], 1) * size
    x0 = form.margin + rng.uniform(0, 20) * MM
    for row in range(rows):
        for column, letter in enumerate(letters):
            middle = np.array([x0 + column * pitch, y + (row + 0.5) * pitch])
            form.sheet.print.strokes([ring + middle], rng.uniform(1, 2), dark)
            ink = set_text(letter, path, 0.62 * size)
            form.sheet.print.paste(
                ink, middle[0] - ink.shape[1] / 2, middle[1] - ink.shape[0] / 2, dark
            )
            if rng.random() < filled:
                disc = rng.uniform(0.8, 1.1) * ring * rng.uniform(0.3, 1.0)
                form.sheet.print.strokes(
                    [disc + middle, 0.4 * disc + middle], 0.35 * size, rng.uniform(0.4, 1.0)
                )
    return rows * pitch


def draw_text(form: FormDrawing, y: float) -> float:
    """Lines of text, large or small."""
    rng = form.rng
    size = rng.choice(
        [rng.uniform(1.5, 3), rng.uniform(2.5, 5), rng.uniform(5, 12)], p=[0.55, 0.37, 0.08]
    )
    rows = int(rng.integers(1, 8)) if size < 3.5 else 1
    x = form.margin + rng.uniform(0, 30) * MM
    for row in range(rows):
        form.text(x, y + row * size * LEADING * MM, size, int(rng.integers(3, 18)))
    return rows * size * LEADING * MM


def draw_list(form: FormDrawing, y: float) -> float:
    """Points below each other, each with a bullet, a ring, a dash, a number or a letter."""
    rng = form.rng
    size, rows = rng.uniform(1.6, 4), int(rng.integers(2, 10))
    leading = size * rng.uniform(1.2, 2.2) * MM
    x, indent = form.margin + rng.uniform(0, 30) * MM, rng.uniform(1.2, 3) * size * MM
    kind = rng.choice(["disc", "ring", "dash", "number", "letter"])
    side = rng.uniform(0.2, 0.5) * size * MM
    turn = np.linspace(0, 2 * np.pi, 17)
    ring = np.stack([np.cos(turn), np.sin(turn)], 1) * side / 2
    for row in range(rows):
        top = y + row * leading
        middle = np.array([x + side / 2, top + 0.6 * size * MM])
        if kind == "disc":
            disc = [ring + middle, 0.5 * ring + middle]
            form.sheet.print.strokes(disc, max(0.4 * side, 1), 1.0)
        elif kind == "ring":
            form.sheet.print.strokes([ring + middle], 1.0, 1.0)
        else:
            sign = {"dash": "-", "number": f"{row + 1}.", "letter": f"{chr(97 + row)})"}[str(kind)]
            ink = set_text(sign, form.latin_font(), size * MM)
            form.sheet.print.paste(ink, x, top + size * MM - ink.shape[0], form.print_dark)
        form.text(x + indent, top, size, int(rng.integers(1, 9)))
    return rows * leading


def draw_hatching(form: FormDrawing, y: float) -> float:
    """A band of slanted or upright strokes, or of dots, that parts one section from the next."""
    rng = form.rng
    height, width = rng.uniform(1, 6) * MM, rng.uniform(15, 150) * MM
    pitch, lean = rng.uniform(0.5, 2.5) * MM, rng.uniform(-1.2, 1.2)
    x = form.margin + rng.uniform(0, 20) * MM
    line = pitch * rng.uniform(0.15, 0.6)
    starts = np.arange(x, x + width, pitch)
    if rng.random() < 0.3:
        strokes = [np.array([(at, y + height / 2)]) for at in starts]
    else:
        strokes = [np.array([(at, y + height), (at + lean * height, y)]) for at in starts]
    form.sheet.print.strokes(strokes, line, form.print_dark)
    return height


def draw_capitals(form: FormDrawing, y: float) -> float:
    """Loose printed characters at even steps, as in examples of how to write."""
    rng = form.rng
    pitch, size = rng.uniform(3.5, 8) * MM, rng.uniform(2.2, 5) * MM
    path = form.latin_font()
    walls = rng.random() < 0.6
    line, dark = form.pen()
    x = form.margin + rng.uniform(0, 25) * MM
    for index in range(int(rng.integers(3, 20))):
        letter = str(rng.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")))
        ink = set_text(letter, path, size)
        box = Box(x + index * pitch, y, pitch, 1.5 * size)
        form.sheet.print.paste(
            ink,
            box.x + (pitch - ink.shape[1]) / 2,
            box.y + (box.height - ink.shape[0]) / 2,
            form.print_dark,
        )
        if walls:
            form.sheet.line.frame(box, line, dark)
    return 1.6 * size


def draw_marks(form: FormDrawing, y: float) -> float:
    """Marks by which scans are aligned, printed ticks and arrows, bullets: all of it print."""
    rng, layer = form.rng, form.sheet.print
    size = rng.uniform(1.2, 7) * MM
    kind = rng.choice(["disc", "square", "tick", "arrow", "corner", "cross"])
    turn = np.linspace(0, 2 * np.pi, 24)
    shapes = {
        "disc": np.stack([0.5 + 0.5 * np.cos(turn), 0.5 + 0.5 * np.sin(turn)], 1),
        "square": [(0, 0), (1, 0), (1, 1), (0, 1)],
        "tick": [(0, 0.6), (0.2, 0.5), (0.35, 0.75), (0.85, 0), (1, 0.05), (0.4, 1)],
        "arrow": [(0, 0.3), (0.5, 0.3), (0.5, 0), (1, 0.5), (0.5, 1), (0.5, 0.7), (0, 0.7)],
        "corner": [(0, 0), (1, 0), (1, 0.15), (0.15, 0.15), (0.15, 1), (0, 1)],
        "cross": [
            (0, 0.45),
            (0.45, 0.45),
            (0.45, 0),
            (0.55, 0),
            (0.55, 0.45),
            (1, 0.45),
            (1, 0.55),
            (0.55, 0.55),
            (0.55, 1),
            (0.45, 1),
            (0.45, 0.55),
            (0, 0.55),
        ],
    }
    outline = np.array(shapes[str(kind)]) * size
    drawn = np.zeros((int(size) + 2, int(size) + 2), np.uint8)
    cv2.fillPoly(drawn, [np.round(outline * 8).astype(np.int32)], 255, cv2.LINE_AA, 3)
    for _ in range(int(rng.choice([1, 1, 2, 5]))):
        layer.paste(drawn, rng.uniform(0, form.width), y, form.print_dark)
    return size if rng.random() < 0.5 else 0.0


def draw_heading(form: FormDrawing, y: float) -> float:
    """A large title or number, spaced or not, with or without a swing through it."""
    rng = form.rng
    size = rng.uniform(3.5, 13) * MM
    text, path = form.printer.words(rng, int(rng.integers(1, 4)))
    if rng.random() < 0.4:
        text = "".join(rng.choice(list("0123456789ABCDEFGHIKLMNOPRSTUVWXYZ -/"), 10))
    ink = set_text(text.upper() if rng.random() < 0.5 else text, path, size)
    if rng.random() < 0.3:  # italic
        lean = rng.uniform(0.1, 0.35)
        matrix = np.array([[1, -lean, lean * ink.shape[0]], [0, 1, 0]])
        ink = cv2.warpAffine(ink, matrix, (int(ink.shape[1] + lean * ink.shape[0]), ink.shape[0]))
    if rng.random() < 0.12:  # letters in outline
        ink = cv2.morphologyEx(ink, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    x = form.margin + rng.uniform(0, 40) * MM
    form.sheet.print.paste(ink, x, y, form.print_dark)
    if rng.random() < 0.1:
        along = np.linspace(0, 1, 30)
        swing = np.stack([x + along * ink.shape[1], y + size * (1.2 - 1.4 * along**2)], 1)
        form.sheet.print.strokes([swing], rng.uniform(2, 5), form.print_dark)
    return 1.2 * size


def draw_bar(form: FormDrawing, y: float) -> float:
    """A heading on a dark or gray bar, white or black."""
    rng = form.rng
    height = rng.uniform(3.5, 8) * MM
    bar = Box(form.margin, y, rng.uniform(25, 120) * MM, height)
    dark = rng.uniform(0.15, 1.0)
    form.block(bar, dark)
    text, path = form.printer.words(rng, int(rng.integers(1, 6)))
    ink = set_text(text, path, height * rng.uniform(0.45, 0.75))[:, : max(int(bar.width - MM), 3)]
    left, top = bar.x + MM, y + (height - ink.shape[0]) / 2
    if dark > 0.45:
        _reversed(form.sheet, ink, left, top)
    else:
        form.sheet.print.paste(ink, left, top, form.print_dark)
    return height


def _reversed(sheet: FormSheet, ink: np.ndarray, x: float, y: float) -> None:
    """White text on a dark ground: print by its cover, light by its tint."""
    whole = np.zeros(sheet.shape, np.uint8)
    rows, columns = whole.shape
    left, top = round(max(x, 0)), round(max(y, 0))
    part = ink[: max(rows - top, 0), : max(columns - left, 0)]
    whole[top : top + part.shape[0], left : left + part.shape[1]] = part
    share = whole.astype(np.float32) / 255
    sheet.tint[:] = sheet.tint * (1 - share) + share
    np.maximum(sheet.print.cover, whole, out=sheet.print.cover)


def draw_picture(form: FormDrawing, y: float) -> float:
    """A bar code, QR code, logo, stamp, photograph, watermark or screened ground."""
    rng = form.rng
    kind = PICTURES[int(rng.integers(len(PICTURES)))]
    height = rng.uniform(8, 28) * MM
    width = height * rng.uniform(0.7, 2.5)
    x = rng.uniform(-0.2, 0.9) * form.width
    kind(form, Box(x, y, width, height))
    return height if rng.random() < 0.6 else 0.0
