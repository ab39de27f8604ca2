"""Lines of writing: what stands beside each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hcr_batch.types import Box

__all__ = ["parted", "text_rows"]

SAME_LINE = 0.4
"""Ink whose height overlaps a line's by this share belongs to it."""


def text_rows(parts: list[Box]) -> list[Box]:
    """Join the boxes of ink that stand on one line.

    The tallest come first: a dot or comma then falls to the line it belongs to.
    """
    rows: list[list[float]] = []
    for part in sorted(parts, key=lambda b: -b.height):
        shared = [min(r[3], part.bottom) - max(r[1], part.y) for r in rows]
        best = int(np.argmax(shared)) if shared else -1
        if best >= 0 and shared[best] >= SAME_LINE * part.height:
            row = rows[best]
            row[0], row[2] = min(row[0], part.x), max(row[2], part.right)
        else:
            rows.append([part.x, part.y, part.right, part.bottom])
    rows.sort(key=lambda r: r[1])
    return [Box(x, y, right - x, bottom - y) for x, y, right, bottom in rows]


def parted(boxes: Sequence[Box], gap: float) -> list[list[int]]:
    """Numbers of the boxes of one line, parted where more paper than `gap` is between.

    From left to right.
    """
    groups: list[list[int]] = []
    end = -np.inf
    for number in sorted(range(len(boxes)), key=lambda n: boxes[n].x):
        if boxes[number].x - end > gap:
            groups.append([])
        groups[-1].append(number)
        end = max(end, boxes[number].right)
    return groups
