"""What is printed on forms beside text: bar codes, logos, stamps, photographs, watermarks."""

from __future__ import annotations

import cv2
import numpy as np

from hcr_batch.training.synthesis.canvas import MM
from hcr_batch.training.synthesis.form_drawing import FormDrawing
from hcr_batch.training.synthesis.printing import set_text
from hcr_batch.types import Box

__all__ = ["PICTURES", "draw_stamp"]


def _pasted(form: FormDrawing, box: Box, dark: np.ndarray, doubtful: bool) -> None:
    """Darkness (0 to 255) as print, or as a picture of which nobody says what it is."""
    if not doubtful:
        form.sheet.print.paste(dark, box.x, box.y, form.print_dark)
        return
    rows, columns = form.sheet.shape
    left, top = max(round(box.x), 0), max(round(box.y), 0)
    part = dark[: max(rows - top, 0), : max(columns - left, 0)]
    where = np.s_[top : top + part.shape[0], left : left + part.shape[1]]
    form.sheet.tint[where] *= 1 - part.astype(np.float32) / 255
    form.sheet.picture[where] = 255


def _size(box: Box) -> tuple[int, int]:
    return max(4, int(box.height)), max(4, int(box.width))


def _bar_code(form: FormDrawing, box: Box) -> None:
    rng, (rows, columns) = form.rng, _size(box)
    module = rng.uniform(1.3, 4)
    bars = np.repeat(rng.random(int(columns / module) + 1) < 0.5, max(1, round(module)))[:columns]
    _pasted(form, box, np.tile(bars[None].astype(np.uint8) * 255, (rows, 1)), False)


def _matrix_code(form: FormDrawing, box: Box) -> None:
    rng, (rows, _) = form.rng, _size(box)
    count = int(rng.integers(14, 40))
    code = (rng.random((count, count)) < 0.5).astype(np.uint8) * 255
    if rng.random() < 0.7:
        for row, column in ((0, 0), (0, count - 7), (count - 7, 0)):
            code[row : row + 7, column : column + 7] = 255
            code[row + 1 : row + 6, column + 1 : column + 6] = 0
            code[row + 2 : row + 5, column + 2 : column + 5] = 255
    _pasted(form, box, cv2.resize(code, (rows, rows), interpolation=cv2.INTER_NEAREST), False)


def _logo(form: FormDrawing, box: Box) -> None:
    """Rings, stars and blots, with or without text."""
    rng, (rows, columns) = form.rng, _size(box)
    drawn = np.zeros((rows, columns), np.uint8)
    for _ in range(int(rng.integers(2, 8))):
        middle = (rng.uniform(0.2, 0.8, 2) * (columns, rows)).astype(int)
        radius = int(rng.uniform(0.08, 0.5) * rows)
        shade, thick = int(rng.choice([0, 160, 255])), int(rng.choice([-1, 1, 2, 4]))
        if rng.random() < 0.5:
            cv2.circle(drawn, tuple(middle.tolist()), radius, shade, thick, cv2.LINE_AA)
        else:
            turn = np.linspace(0, 2 * np.pi, int(rng.integers(3, 14)), endpoint=False)
            corners = radius * rng.uniform(0.3, 1.0, len(turn))
            star = np.stack([np.cos(turn) * corners, np.sin(turn) * corners], 1) + middle
            cv2.polylines(drawn, [star.astype(np.int32)], True, shade, max(thick, 1), cv2.LINE_AA)
            if thick < 0:
                cv2.fillPoly(drawn, [star.astype(np.int32)], shade, cv2.LINE_AA)
    _pasted(form, box, drawn, False)


def draw_stamp(form: FormDrawing, box: Box) -> None:
    """A rubber stamp: a ring or a frame with text, turned, pale, patchy."""
    rng, (rows, columns) = form.rng, _size(box)
    drawn = np.zeros((rows, columns), np.uint8)
    thick = int(rng.integers(2, 6))
    if rng.random() < 0.5:
        cv2.ellipse(
            drawn,
            (columns // 2, rows // 2),
            (columns // 2 - 4, rows // 2 - 4),
            0,
            0,
            360,
            255,
            thick,
            cv2.LINE_AA,
        )
    else:
        cv2.rectangle(drawn, (3, 3), (columns - 4, rows - 4), 255, thick)
    text, path = form.printer.words(rng, 2)
    ink = set_text(text, path, 0.25 * rows)[: rows // 2, : int(0.8 * columns)]
    top, left = (rows - ink.shape[0]) // 2, (columns - ink.shape[1]) // 2
    drawn[top : top + ink.shape[0], left : left + ink.shape[1]] |= ink
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), rng.normal(0, 15), 0.9)
    drawn = cv2.warpAffine(drawn, matrix, (columns, rows))
    patches = cv2.resize(rng.uniform(0.2, 1, (6, 12)).astype(np.float32), (columns, rows))
    cover = (drawn * (patches > 0.3)).astype(np.uint8)
    form.sheet.print.paste(cover, box.x, box.y, rng.uniform(0.3, 0.9))


def _photograph(form: FormDrawing, box: Box) -> None:
    """Soft blots as of a face or a landscape, with or without a screen."""
    rng, (rows, columns) = form.rng, _size(box)
    picture = np.zeros((rows, columns), np.float32)
    for cells in (3, 6, 14, 40):
        noise = rng.uniform(0, 1, (cells, cells)).astype(np.float32)
        picture += cv2.resize(noise, (columns, rows), interpolation=cv2.INTER_CUBIC) / cells**0.6
    cv2.ellipse(
        picture,
        (columns // 2, rows // 2),
        (columns // 4, rows // 3),
        0,
        0,
        360,
        float(picture.mean() * rng.uniform(0.5, 1.5)),
        -1,
    )
    picture = np.clip((picture - picture.min()) / np.ptp(picture) * rng.uniform(0.4, 1), 0, 1)
    if rng.random() < 0.35:
        picture = (picture > rng.uniform(0, 1, picture.shape)).astype(np.float32)
    _pasted(form, box, (picture * 255).astype(np.uint8), True)


def _watermark(form: FormDrawing, box: Box) -> None:
    """Large pale letters, or waves as on cheques, behind everything."""
    rng = form.rng
    rows, columns = form.sheet.shape
    pale = rng.uniform(0.03, 0.25)
    if rng.random() < 0.5:
        text, path = form.printer.words(rng, 1)
        ink = set_text(text[:12], path, rng.uniform(15, 50) * MM)
        box = Box(box.x - 0.5 * ink.shape[1], box.y, *ink.shape[::-1])
        _pasted(form, box, (ink * pale).astype(np.uint8), True)
        return
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    wave = y + rng.uniform(2, 12) * np.sin(x / rng.uniform(10, 60))
    lines = np.abs(np.mod(wave, rng.uniform(4, 14)) - 2) < rng.uniform(0.5, 1.2)
    where = np.s_[max(round(box.y), 0) : max(round(box.bottom), 0)]
    form.sheet.tint[where] *= 1 - pale * lines[where]


def _emblems(form: FormDrawing, box: Box) -> None:
    """Pale emblems behind everything, again and again, dark on light or light on dark."""
    rng, (rows, columns) = form.rng, form.sheet.shape
    side = int(rng.uniform(15, 45) * MM)
    emblem = np.zeros((side, side), np.uint8)
    middle = side // 2
    for share in rng.uniform(0.2, 0.95, 3).tolist():
        thick = int(rng.choice([-1, 2, 5, 12]))
        cv2.circle(emblem, (middle, middle), int(share * middle), int(rng.choice([0, 255])), thick)
    text, path = form.printer.words(rng, 1)
    ink = set_text(text, path, rng.uniform(0.12, 0.3) * side)[:, :side]
    top, left = int(rng.uniform(0, side - ink.shape[0])), (side - ink.shape[1]) // 2
    emblem[top : top + ink.shape[0], left : left + ink.shape[1]] ^= ink
    tiles = np.tile(emblem, (rows // side + 2, columns // side + 2))
    shift = rng.integers(0, side, 2)
    pale = tiles[shift[0] : shift[0] + rows, shift[1] : shift[1] + columns].astype(np.float32)
    form.sheet.tint *= 1 - rng.uniform(0.03, 0.25) * pale / 255
    form.sheet.picture[pale > 0] = 255


PICTURES = (_bar_code, _matrix_code, _logo, draw_stamp, _photograph, _watermark, _emblems)
