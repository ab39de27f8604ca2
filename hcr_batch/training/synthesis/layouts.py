"""Drawn forms: parts to write in and printed parts, from the top of a sheet to its end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hcr_batch.training.synthesis import answer_parts, printed_parts
from hcr_batch.training.synthesis.canvas import MM, FormSheet
from hcr_batch.training.synthesis.form_drawing import FormDrawing
from hcr_batch.training.synthesis.printed_pictures import draw_stamp
from hcr_batch.training.synthesis.printing import Printer
from hcr_batch.types import Box

__all__ = ["draw_layout"]

PARTS: tuple[tuple[Callable[[FormDrawing, float], float], float], ...] = (
    (answer_parts.draw_cells, 6.0),  # unless told otherwise
    (answer_parts.draw_ruled_lines, 2.0),
    (answer_parts.draw_table, 2.2),
    (answer_parts.draw_boxes, 1.3),
    (answer_parts.draw_check_boxes, 1.4),
    (answer_parts.draw_shaded_boxes, 1.0),
    (answer_parts.draw_squared_paper, 0.3),
    (printed_parts.draw_bubbles, 0.5),
    (printed_parts.draw_text, 1.5),
    (printed_parts.draw_list, 0.7),
    (printed_parts.draw_hatching, 0.3),
    (printed_parts.draw_capitals, 1.0),
    (printed_parts.draw_marks, 0.5),
    (printed_parts.draw_heading, 1.0),
    (printed_parts.draw_bar, 0.8),
    (printed_parts.draw_picture, 0.8),
)
"""Parts and how often they come."""


STAMPED = 0.08
"""Of the sheets that bear a stamp upon all that."""


def draw_layout(
    sheet: FormSheet, printer: Printer, rng: np.random.Generator, cell_rows: float = 6.0
) -> None:
    """Fill a blank sheet with parts of forms from top to bottom.

    `cell_rows` is how often rows of character cells come, beside 15.3 for all else.
    """
    drawing = FormDrawing(sheet, printer, rng)
    rows, _ = sheet.shape
    weights = np.array([cell_rows, *(weight for _, weight in PARTS[1:])])
    y = rng.uniform(-6, 6) * MM
    while y < rows:
        part = PARTS[int(rng.choice(len(PARTS), p=weights / weights.sum()))][0]
        y += part(drawing, y) + rng.uniform(0.6, 6) * MM
    if rng.random() < STAMPED:
        height = rng.uniform(6, 25) * MM
        x, y = rng.uniform(-0.1, 0.8) * drawing.width, rng.uniform(-0.1, 0.8) * rows
        draw_stamp(drawing, Box(x, y, height * rng.uniform(1, 3.5), height))
