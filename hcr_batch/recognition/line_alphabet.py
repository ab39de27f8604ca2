"""The characters that the line reader tells apart."""

from __future__ import annotations

from hcr_batch.recognition.calibration import CHARACTERS

__all__ = ["GAP", "LINE_CHARACTERS", "MARKS"]

MARKS = ".,-/&@'+:()"
"""Marks that are read in strings."""
LINE_CHARACTERS = CHARACTERS + " " + MARKS
"""Characters of a line in the order of the network's outlets; the blank parts words."""
GAP = len(LINE_CHARACTERS)
"""The outlet for a column between characters (the blank of connectionist temporal
classification)."""
