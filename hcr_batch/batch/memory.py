"""The memory of a process: what unpacks to gigabytes ends it, and not the machine."""

from __future__ import annotations

import gc
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hcr_batch.batch.engines import HandlerFactory

__all__ = ["MemoryLimited", "keep_loaded"]

LOOKED_THROUGH_AFTER = 10_000
"""So many objects more than at the last look, Python looks for garbage: a page leaves none."""


@dataclass(frozen=True)
class MemoryLimited:
    """Makes a handler in a process that from then on may take no more memory of its own.

    What goes beyond is refused: Python raises a MemoryError, other code may
    end the process. Where the system has no such limit there is none.

    Parameters
    ----------
    make_handler : callable
        As `run_tasks` takes it.
    gigabytes : float
        Of 2^30 bytes.
    """

    make_handler: HandlerFactory[Any, Any]
    gigabytes: float

    def __call__(self) -> Any:
        """Set the limit and make the handler."""
        with suppress(ImportError, ValueError, OSError):  # Windows; a stricter limit is there
            import resource

            most = round(self.gigabytes * (1 << 30))
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        return self.make_handler()


def keep_loaded() -> None:
    """Look for garbage seldom, and not in what is loaded now."""
    gc.freeze()
    gc.set_threshold(LOOKED_THROUGH_AFTER)
