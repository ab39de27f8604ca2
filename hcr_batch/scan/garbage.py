"""How often a process looks for what nobody uses any more."""

from __future__ import annotations

import gc

__all__ = ["keep_loaded"]

LOOKED_THROUGH_AFTER = 10_000
"""So many objects more than at the last look, Python looks for garbage: a page leaves none."""


def keep_loaded() -> None:
    """Look for garbage seldom, and not in what is loaded now."""
    gc.freeze()
    gc.set_threshold(LOOKED_THROUGH_AFTER)
