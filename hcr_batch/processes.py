"""Processes of this machine that work on what they are sent.

Each is a new Python that has nothing of its parent but the way to its modules:
quick to start, no lock or file held by accident, gone with its parent, and
where asked for limited in memory. All that decodes what others have made does
it in one of these.
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
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO, TextIO

from hcr_batch.errors import ExitCode, HcrError

__all__ = [
    "ENDED",
    "READY",
    "MemoryLimited",
    "Process",
    "WorkersUnavailableError",
    "ending",
    "serve",
]

READY = "ready"
"""First answer of a process that has made its handler."""

ENDED = object()
"""Stands after the last answer of a process."""

PROGRAM = "import sys; sys.path[:] = {}; from hcr_batch.processes import serve; serve({}, {})"

ENDINGS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Signals that a terminal or a service manager sends to all processes of a run at once."""

POSIX = hasattr(signal, "pthread_sigmask") and find_spec("fcntl") is not None
"""Whether the system knows masks of signals, and pipes that tell of their end by one."""

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
        try:
            theirs, ours = os.pipe()
        except OSError as error:
            raise _not_started(error) from error
        self._life = os.fdopen(ours, "wb")
        program = PROGRAM.format(sys.path, tuple(imports), theirs if POSIX else None)
        try:
            with _held_back():
                self._process = subprocess.Popen(
                    [sys.executable, "-c", program],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=HEAP | os.environ,
                    pass_fds=(theirs,) if POSIX else (),
                )
        except OSError as error:
            self._life.close()
            raise _not_started(error) from error
        finally:
            os.close(theirs)
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
        self._life.close()
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


@dataclass(frozen=True)
class MemoryLimited:
    """Makes a handler in a process that from then on may take no more memory of its own.

    What goes beyond is refused: Python raises a MemoryError, other code may
    end the process. Where the system has no such limit there is none.

    Parameters
    ----------
    make_handler : callable
        Makes the function from message to answer; picklable.
    gigabytes : float
        Of 2^30 bytes.
    """

    make_handler: Callable[[], Callable[[Any], Any]]
    gigabytes: float

    def __call__(self) -> Any:
        """Set the limit and make the handler."""
        with suppress(ImportError, ValueError, OSError):  # Windows; a stricter limit is there
            import resource

            most = round(self.gigabytes * (1 << 30))
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        return self.make_handler()


def ending(code: int) -> str:
    """What the exit code of a process that ended too early says."""
    name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    cause = ", perhaps for want of memory" if name in ("SIGKILL", "SIGABRT") else ""
    return f"the process reading it ended ({name}){cause}"


def _not_started(error: OSError) -> WorkersUnavailableError:
    return WorkersUnavailableError(
        f"no process can be started ({error.strerror}); free some memory, or raise the limits of"
        " processes and open files, and try again"
    )


@contextmanager
def _held_back() -> Iterator[None]:
    """Signals that end a run wait until it is over, and are not lost.

    What is started within holds them back from its first moment to its last:
    the parent decides when it ends.
    """
    if not POSIX:
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def serve(imports: Sequence[str], life: int | None) -> None:
    """Main function of a process: answers to messages, until the parent has ended.

    Parameters
    ----------
    imports : sequence of str
        Modules to import before the first message.
    life : int or None
        Descriptor of a pipe that nothing comes through: it is closed when the parent ends.
    """
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    if life is not None:
        _end_with_parent(life)
    messages, answers, sys.stderr = _pipes()
    # What is loaded now stays: there is no garbage in it to look for.
    gc.disable()
    for name in imports:
        # What is missing is told of by the handler, which needs it.
        with suppress(ImportError):
            import_module(name)
    handler = _made(_next_message(messages), answers)
    gc.enable()
    while handler:
        _answer(handler(_next_message(messages)), answers)


def _end_with_parent(life: int) -> None:
    """Have the system end this process with its parent, whatever it is at.

    A decoder in the middle of a picture looks at no pipe and lets no other
    thread run; a signal that nobody handles ends it all the same. Where pipes
    send none, as on macOS, it ends with the next message that it looks for.
    """
    import fcntl
    import select

    with suppress(AttributeError, OSError):
        fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([life], [], [], 0)[0]:  # the parent has ended before that
        sys.exit()


def _next_message(messages: BinaryIO) -> Any:
    """What the parent has sent; without a parent there is nothing left to do."""
    try:
        return pickle.load(messages)
    except (EOFError, OSError, pickle.UnpicklingError):
        sys.exit()


def _pipes() -> tuple[BinaryIO, BinaryIO, TextIO]:
    """The pipes from and to the parent, and for its own errors, kept apart from those of others.

    What libraries of C print of damaged pictures says nothing that their errors do not say.
    """
    # Where standard error is closed this takes its place.
    nothing = os.open(os.devnull, os.O_RDWR)
    messages, answers, errors = (os.dup(descriptor) for descriptor in range(3))
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    if nothing > 2:
        os.close(nothing)
    return (
        os.fdopen(messages, "rb"),
        os.fdopen(answers, "wb"),
        os.fdopen(errors, "w", errors="backslashreplace"),
    )


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
    try:
        pickle.dump(message, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()
    except OSError:  # nobody waits for it any more
        sys.exit()
