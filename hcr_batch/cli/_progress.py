"""What a person at the terminal sees of a scan."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from hcr_batch.errors import printable
from hcr_batch.scan.observers import FileEvent, Observer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hcr_batch.scan.request import ScanSummary

__all__ = ["Terminal"]


class Terminal(Observer):
    """Messages on standard error; a progress bar too where that is a terminal.

    Parameters
    ----------
    quiet : bool
        Failures alone.
    """

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Any = None

    def begun(self, files: int, conditions: Mapping[str, object]) -> None:
        if self._bar is not None:  # a run that begins anew
            self._bar.close()
        if not self._quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=files, unit="file", smoothing=0.1, leave=False)

    def known(self, name: str) -> None:
        if self._bar is not None:
            self._bar.update()

    def file_done(self, event: FileEvent) -> None:
        if event.failure:
            self.note(_told(event.failure, event.names))
        if self._bar is not None:
            self._bar.update(len(event.names))

    def known_failure(self, name: str, failure: str) -> None:
        self.known(name)
        if not self._quiet:
            self.note(f"{_told(failure, [name])} (an earlier run; --retry-failed tries again)")

    def note(self, message: str) -> None:
        if self._bar is not None:
            self._bar.clear()
        click.echo(message, err=True)

    def finished(self, summary: ScanSummary) -> None:
        if self._bar is not None:
            self._bar.close()
        if not self._quiet:
            for line in summary.lines():
                click.echo(printable(line), err=True)


def _told(failure: str, names: Iterable[str]) -> str:
    """A failure, and the files that it does not name: it is of a content, which copies share."""
    copies = [name for name in map(printable, names) if name not in failure]
    return f"{failure}; the same content: {', '.join(copies)}" if copies else failure
