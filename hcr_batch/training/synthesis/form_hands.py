"""Who fills a form: the pen, and how evenly it writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

__all__ = ["FormHand", "Pen", "random_hand"]

TIDY_SHARE = 0.3
"""Of the hands; taken for machine print where they were not learned from."""
LETTERED_SHARE = 0.25
"""Of the tidy hands that write with the shapes of a font."""


@dataclass(frozen=True)
class Pen:
    """Width in mm, darkness 0 to 1."""

    width: float
    dark: float


@dataclass
class FormHand:
    """How one person fills a form.

    A tidy hand writes each character nearly the same way each time, even and
    upright. `lettering` is the path of a font that looks handwritten, or "".
    """

    pen: Pen
    slant: float
    size: float
    fill: float
    kinds: Sequence[str] = field(default=("digits", "upper"))
    tidy: bool = False
    lettering: str = ""


def random_hand(rng: np.random.Generator, lettering: Sequence[str] = ()) -> FormHand:
    """Somebody with a pen, from a hard pencil to a felt pen."""
    width, dark = rng.choice(
        [
            (rng.uniform(0.2, 0.45), rng.uniform(0.5, 1.0)),  # ball pen
            (rng.uniform(0.15, 0.4), rng.uniform(0.08, 0.4)),  # pencil
            (rng.uniform(0.25, 0.5), rng.uniform(0.35, 0.75)),  # blue or red in gray
            (rng.uniform(0.5, 1.1), rng.uniform(0.6, 1.0)),  # felt
        ],
        p=[0.42, 0.2, 0.23, 0.15],
    )
    fill = rng.choice([0.0, 0.15, 0.5, 0.9], p=[0.06, 0.14, 0.35, 0.45])
    kinds = rng.choice(["digits", "upper", "upper", "lower"], 2)
    tidy = rng.random() < TIDY_SHARE
    lettered = bool(tidy and lettering and rng.random() < LETTERED_SHARE)
    return FormHand(
        Pen(width, dark),
        rng.normal(0, 0.04 if tidy else 0.1),
        rng.uniform(0.5, 0.95),
        fill,
        tuple(kinds),
        tidy,
        str(rng.choice(lettering)) if lettered else "",
    )
