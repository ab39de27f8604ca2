"""What generated forms ask, and plausible answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from form_sheet import Question

__all__ = ["random_questions"]

FIRST_NAMES = ["ANNA", "PETER", "MARIA", "SOPHIE", "DAVID", "FATIMA", "GRACE", "HUGO", "ZOE"]
LAST_NAMES = ["MILLER", "SCHMIDT", "JOHNSON", "ROSSI", "KOWALSKI", "VAZQUEZ", "BROWN", "NGUYEN"]
STREETS = ["HIGH STREET 12", "OAK AVENUE 7", "BAKER ROAD 221", "STATION WAY 48", "MILL LANE 3"]
CITIES = ["BERLIN", "NEW YORK", "QUEBEC", "PARIS", "OXFORD", "KINGSTON", "VIENNA", "LUXEMBOURG"]
MIXED = ["Jackson", "Wilhelm", "Bridget", "Quentin", "Fabrizio", "Holmberg"]

Answer = Callable[[np.random.Generator], str]


def _digits(count: int) -> Answer:
    return lambda rng: "".join(map(str, rng.integers(0, 10, count)))


def _one_of(values: list[str]) -> Answer:
    return lambda rng: str(rng.choice(values))


def _date(rng: np.random.Generator) -> str:
    return f"{rng.integers(1, 29):02d}{rng.integers(1, 13):02d}{rng.integers(1930, 2012)}"


def _code(rng: np.random.Generator) -> str:
    return "".join(rng.choice([*"ABCDEFGHKLMNPRSTUVWXYZ0123456789"], 7))


QUESTIONS: tuple[tuple[str, int, Answer], ...] = (
    ("First name", 14, _one_of(FIRST_NAMES)),
    ("Last name", 16, _one_of(LAST_NAMES)),
    ("Street", 20, _one_of(STREETS)),
    ("City", 15, _one_of(CITIES)),
    ("Postal code", 5, _digits(5)),
    ("Date of birth", 8, _date),
    ("Telephone", 11, _digits(10)),
    ("Member no", 8, _digits(8)),
    ("Account", 18, _digits(16)),
    ("Reference", 7, _code),
    ("Amount", 6, _digits(4)),
    ("Signed for", 12, _one_of(MIXED)),
    ("Department", 3, _digits(3)),
)
BLANK_SHARE = 0.15
"""Questions left without an answer."""
CELL_ANSWER_MM = 3.4
"""Room that one character of a string takes in a free box."""


def random_questions(
    rng: np.random.Generator, style: str, room: float, cell_width: float
) -> tuple[Question, ...]:
    """Draw the questions of a form.

    Parameters
    ----------
    rng : Generator
    style : str
        `free` gives free boxes, `table` rows with an entry and a code, all
        others rows of cells.
    room : float
        Width in mm between the margins.
    cell_width : float
        In mm.
    """
    if style == "table":
        return tuple(_table_row(rng, row) for row in range(int(rng.integers(5, 13))))
    asked = rng.permutation(len(QUESTIONS))[: int(rng.integers(6, len(QUESTIONS) + 1))]
    most = int((room - 38) / (1.25 * cell_width))
    return tuple(_asked(rng, QUESTIONS[index], style, most, cell_width) for index in asked)


def _asked(
    rng: np.random.Generator,
    question: tuple[str, int, Answer],
    style: str,
    most: int,
    cell_width: float,
) -> Question:
    label, cells, answer = question
    text = "" if rng.random() < BLANK_SHARE else answer(rng)
    if style == "free":
        width = max(12.0, 1.25 * cell_width * len(answer(rng)))
        return Question(label, text.replace(" ", ""), width=min(width, 1.25 * cell_width * most))
    cells = min(cells, most)
    return Question(label, text[:cells], cells)


def _table_row(rng: np.random.Generator, row: int) -> Question:
    entry = "" if rng.random() < BLANK_SHARE else str(rng.choice(FIRST_NAMES + LAST_NAMES))
    code = "" if rng.random() < BLANK_SHARE else _digits(int(rng.integers(2, 5)))(rng)
    return Question(f"Row {row + 1}", f"{entry}|{code}")
