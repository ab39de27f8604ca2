"""What a random sample of unflagged characters says of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hcr_batch.recognition.calibration import clopper_pearson_upper

__all__ = ["ReviewedCharacter", "SilentError", "silent_error", "threshold_for"]

LEVEL = 0.95
"""Of the two-sided confidence interval."""


@dataclass(frozen=True)
class ReviewedCharacter:
    """How sure the machine was, whether it was right, and how many characters it stands for."""

    confidence: float
    right: bool
    weight: float = 1.0


@dataclass(frozen=True)
class SilentError:
    """Wrong characters in a sample of unflagged ones, with the interval of the rate in all."""

    wrong: int
    count: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """Share of wrong ones in the sample."""
        return self.wrong / self.count if self.count else 0.0


def silent_error(wrong: int, count: int) -> SilentError:
    """Error rate of a sample with its 95 % interval.

    Notes
    -----
    Clopper and Pearson, 1934: exact, never too narrow.
    """
    tail = 1 - (1 - LEVEL) / 2
    if not count:
        return SilentError(0, 0, 0.0, 1.0)
    low = 1 - clopper_pearson_upper(count - wrong, count, tail)
    return SilentError(wrong, count, low, clopper_pearson_upper(wrong, count, tail))


def threshold_for(characters: Sequence[ReviewedCharacter], target: float) -> float | None:
    """The lowest confidence from which on no more than `target` of the characters are wrong.

    Parameters
    ----------
    characters : sequence of ReviewedCharacter
        A sampled one has the weight of all that it was drawn from: 50 for a sample of 2 %.
    target : float
        Accepted share of wrong characters, 0 to 1.

    Returns
    -------
    float or None
        None where even the surest characters are wrong too often.
    """
    best, wrong, count = None, 0.0, 0.0
    ordered = sorted(characters, key=lambda one: -one.confidence)
    for one, following in zip(ordered, [*ordered[1:], None]):
        wrong += one.weight * (not one.right)
        count += one.weight
        # Equal confidences are accepted together or not at all.
        ends_group = following is None or following.confidence < one.confidence
        if ends_group and wrong <= target * count:
            best = one.confidence
    return best
