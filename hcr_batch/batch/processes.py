"""Processes of this machine that work on what they are sent.

Each is a new Python that has nothing of its parent but the way to its modules:
quick to start, no lock or file held by accident, and gone with its parent.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO

from hcr_batch.errors import ExitCode, HcrError

__all__ = ["ENDED", "Process", "WorkersUnavailableError", "serve"]

READY = "ready"
"""First answer of a process that has made its handler."""

ENDED = object()
"""Stands after the last answer of a process."""

PROGRAM = "import sys; sys.path[:] = {}; from hcr_batch.batch.processes import serve; serve({})"

ENDINGS = (signal.SIGINT, signal.SIGTERM)
"""Signals that a terminal or a service manager sends to all processes of a run at once."""

HEAP = {
    "GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=134217728:glibc.malloc.trim_threshold=134217728"
}
"""Has the C library keep up to 128 MiB for the next page, in one piece: pictures of a page that
are given back to the system one by one are taken anew with thousands of page faults."""


class WorkersUnavailableError(HcrError):
    """Processes cannot be started, or end before they are ready for work."""

    exit_code = ExitCode.OUTPUT


class Process:
    """A process that makes a handler of the first message and answers all others by it.

    A context manager, which ends it.

    Parameters
    ----------
    imports : sequence of str
        Modules that it imports before it looks for a message.

    Attributes
    ----------
    answers : deque
        What has come and was not taken yet: `READY` or the HcrError with
        which the making of the handler failed, then the answers in order; at
        last `ENDED`.

    Raises
    ------
    WorkersUnavailableError
        The system starts no more processes.
    """

    def __init__(self, imports: Sequence[str] = ()) -> None:
        self.answers: deque[Any] = deque()
        program = PROGRAM.format(sys.path, tuple(imports))
        try:
            with _deaf():
                self._process = subprocess.Popen(
                    [sys.executable, "-c", program],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=HEAP | os.environ,
                )
        except OSError as error:
            raise WorkersUnavailableError(
                f"no process can be started ({error.strerror}); free some memory and try again"
            ) from error
        assert self._process.stdin
        assert self._process.stdout
        self._messages, self._source = self._process.stdin, self._process.stdout
        self._listener: Thread | None = None

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def send(self, message: object) -> None:
        """Send a message; one that has ended takes it without a word."""
        with suppress(OSError):
            pickle.dump(message, self._messages, pickle.HIGHEST_PROTOCOL)
            self._messages.flush()

    def listen(self, arrivals: SimpleQueue[Process]) -> None:
        """Begin to take in its answers; with each of them it puts itself into `arrivals`."""
        self._listener = Thread(target=self._take_in, args=(arrivals,), daemon=True)
        self._listener.start()

    def wait(self) -> int:
        """Its exit code, when it has ended; a signal that ended it is negative."""
        return self._process.wait()

    def kill(self) -> None:
        """End it, without waiting until it has."""
        self._process.kill()

    def stop(self) -> None:
        """End it and let go of all that belongs to it."""
        self._process.kill()
        self._process.wait()
        if self._listener:
            self._listener.join()
        self._source.close()
        with suppress(OSError):  # what it has not taken is lost
            self._messages.close()

    def _take_in(self, arrivals: SimpleQueue[Process]) -> None:
        try:
            # One that is ended while it writes leaves half an answer.
            with suppress(EOFError, OSError, pickle.UnpicklingError):
                while True:
                    self.answers.append(pickle.load(self._source))
                    arrivals.put(self)
        finally:
            self.answers.append(ENDED)
            arrivals.put(self)


@contextmanager
def _deaf() -> Iterator[None]:
    """What is started within ignores Ctrl-C from its first moment: the parent decides."""
    try:
        before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDINGS}
    except ValueError:  # not in the main thread, where no Ctrl-C arrives
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def serve(imports: Sequence[str]) -> None:
    """Main function of a process: answers to messages, until the parent has ended."""
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    messages, answers = _pipes()
    # What is loaded now stays: there is no garbage in it to look for.
    gc.disable()
    for name in imports:
        # What is missing is told of by the handler, which needs it.
        with suppress(ImportError):
            import_module(name)
    # Without a parent there are no messages, and nobody waits for an answer.
    with suppress(EOFError, OSError):
        handler = _made(pickle.load(messages), answers)
        gc.enable()
        while handler:
            _answer(handler(pickle.load(messages)), answers)


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes from and to the parent, kept apart from what others read and write."""
    pipes = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return pipes


def _made(
    make_handler: Callable[[], Callable[[Any], Any]], answers: BinaryIO
) -> Callable[[Any], Any] | None:
    try:
        handler = make_handler()
    except HcrError as error:
        _answer(error, answers)
        return None
    _answer(READY, answers)
    return handler


def _answer(message: object, answers: BinaryIO) -> None:
    pickle.dump(message, answers, pickle.HIGHEST_PROTOCOL)
    answers.flush()
