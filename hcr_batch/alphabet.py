"""The alphabet, once: the 62 characters, the sets of them, and the symbols of rules and lines."""

from __future__ import annotations

import string

__all__ = [
    "BAR",
    "BARS",
    "BLANK",
    "CHARACTERS",
    "CHARSETS",
    "GAP",
    "LINE_CHARACTERS",
    "MARKS",
    "MERGED_PAIRS",
    "REPORTED_AS",
    "SIGNS",
    "SYMBOLS",
]

CHARACTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
"""The 62 characters in the order of every network and every array of probabilities."""
CHARSETS = {
    "alnum": CHARACTERS,
    "digits": string.digits,
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "letters": string.ascii_letters,
}
"""Charsets for which a model card holds thresholds."""
MERGED_PAIRS = "CIJKLMOPSUVWXYZ"
"""Letters whose two cases look alike: the 15 that EMNIST Balanced merges."""
BAR = "l"
"""The one small letter of the pairs whose usual shape, a bar, is not its capital's but an I's."""
BARS = "1I" + BAR
"""Characters that may be a mere upright stroke."""
REPORTED_AS = {c.lower(): c for c in MERGED_PAIRS} | {BAR: "I"}
"""Small letters that nobody can tell from a capital, and that capital."""

SYMBOLS = CHARACTERS + " "
"""What a rule is about: the 62 characters in the order of the recognizer, and the blank."""
BLANK = len(SYMBOLS) - 1
"""The place of the blank among them."""

SIGNS = "$%#"
"""Marks beside numbers, which forms often print into the space for the number."""
MARKS = ".,-/&@'+:()" + SIGNS
"""Marks that are read in strings; results leave them out."""
LINE_CHARACTERS = SYMBOLS + MARKS
"""Characters of a line in the order of the line reader's outlets; the blank parts words."""
GAP = len(LINE_CHARACTERS)
"""The outlet for a column between characters (the blank of connectionist temporal
classification)."""
