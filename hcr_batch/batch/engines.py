"""The local engine: one function over many tasks, in processes of this machine.

A task goes to a handler, which each process makes once from a picklable
factory. Results come as they are ready, in any order, while only a few tasks
are on their way: memory stays flat however many there are. A process that
dies or hangs costs the task it was at, and nothing else.
"""

from __future__ import annotations

import math
import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

from hcr_batch.errors import ExitCode, HcrError

__all__ = ["HandlerFactory", "Lost", "WorkersUnavailableError", "run_tasks"]

Task = TypeVar("Task")
Result = TypeVar("Result")
HandlerFactory = Callable[[], Callable[[Task], Result]]

TASKS_AHEAD = 2
"""Tasks handed to a worker at a time: one in work, one waiting, so that it is never idle."""

TICK = 1.0
"""Seconds after which the time of the tasks in work is looked at."""

READY = "ready"

ENDINGS = (signal.SIGINT, signal.SIGTERM)
"""Signals that a terminal or a service manager sends to all processes of a run at once."""


@dataclass(frozen=True)
class Lost:
    """Takes the place of the result of a task that ended its process, or was ended with it.

    `passing` says that another try may go well.
    """

    reason: str
    passing: bool = False


class WorkersUnavailableError(HcrError):
    """Processes end before they are ready for work."""

    exit_code = ExitCode.OUTPUT


def run_tasks(
    make_handler: HandlerFactory[Task, Result],
    next_task: Callable[[], Task | None],
    jobs: int,
    time_limit: Callable[[Task], float] | None = None,
) -> Generator[tuple[Task, Result | Lost], None, None]:
    """Hand every task to a handler.

    Parameters
    ----------
    make_handler : callable
        Makes the handler, a function from task to result; picklable.
    next_task : callable
        Gives a task, picklable, or None where there is none at present; asked
        as workers are free, until there is none left and all results are had.
    jobs : int
        Processes.
    time_limit : callable, optional
        Seconds that a task may take before its process is ended.

    Yields
    ------
    tuple of (task, result or Lost)
        As they are ready. Closing the generator ends the workers at once.

    Raises
    ------
    HcrError
        What `make_handler` raised, or workers that cannot start.
    """
    pool: _Pool[Task, Result] = _Pool(make_handler, next_task, time_limit)
    try:
        while pool.hand_out(jobs):
            yield from pool.results()
    finally:
        pool.stop()


class _Worker(Generic[Task, Result]):
    """A process with the tasks that it holds, in order."""

    def __init__(self, make_handler: HandlerFactory[Task, Result]) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(make_handler, other), daemon=True)
        self.tasks: deque[Task] = deque()
        self.ready = False
        self.seconds = 0.0
        """Time that the first of its tasks has taken so far."""
        _start_deaf(self.process)
        # Only the process holds this end now, so its death is seen as an end of file.
        other.close()

    def give(self, task: Task) -> None:
        self.tasks.append(task)
        # A worker that has died is found out when its results are waited for.
        with suppress(OSError):
            self.connection.send(task)

    def take(self) -> Task:
        """The task that it is done with."""
        self.seconds = 0.0
        return self.tasks.popleft()

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()

    def loss(self) -> Lost:
        """Why it has died."""
        self.process.join()
        code = self.process.exitcode or 0
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        killed = name == "SIGKILL"
        cause = ", perhaps for want of memory" if name in ("SIGKILL", "SIGABRT") else ""
        return Lost(f"the process reading it ended ({name}){cause}", passing=killed)


class _Pool(Generic[Task, Result]):
    """Workers, started as there is work for them, and the tasks given back by dead ones."""

    def __init__(
        self,
        make_handler: HandlerFactory[Task, Result],
        next_task: Callable[[], Task | None],
        time_limit: Callable[[Task], float] | None,
    ) -> None:
        self._make_handler = make_handler
        self._next_task = next_task
        self._time_limit = time_limit
        self._workers: list[_Worker[Task, Result]] = []
        self._returned: deque[Task] = deque()

    def hand_out(self, jobs: int) -> bool:
        """Fill up the workers, evenly; False when nothing is left to do or to wait for."""
        for depth in range(1, TASKS_AHEAD + 1):
            for place in range(jobs):
                if place < len(self._workers) and len(self._workers[place].tasks) >= depth:
                    continue
                task = self._returned.popleft() if self._returned else self._next_task()
                if task is None:
                    return any(worker.tasks for worker in self._workers)
                if place == len(self._workers):
                    self._workers.append(_Worker(self._make_handler))
                self._workers[place].give(task)
        return True

    def results(self) -> Iterator[tuple[Task, Result | Lost]]:
        """What is ready now, or after one tick at the most."""
        busy = {worker.connection: worker for worker in self._workers if worker.tasks}
        start = time.monotonic()
        ready = wait(list(busy), TICK)
        # A run that was stopped (Ctrl-Z) or a machine that slept did not work meanwhile.
        passed = min(time.monotonic() - start, 2 * TICK)
        for connection, worker in busy.items():
            worker.seconds += passed if worker.ready else 0.0
            if connection in ready:
                yield from self._received(worker)
            elif worker.seconds > (limit := self._limit(worker.tasks[0])):
                yield self._replaced(worker, Lost(f"not done within {limit:.0f} s"))

    def stop(self) -> None:
        for worker in self._workers:
            worker.stop()

    def _received(self, worker: _Worker[Task, Result]) -> Iterator[tuple[Task, Result | Lost]]:
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            loss = worker.loss()
            if not worker.ready:
                raise WorkersUnavailableError(
                    f"worker processes cannot start: {loss.reason}; free some memory and try again"
                ) from None
            yield self._replaced(worker, loss)
            return
        if isinstance(message, HcrError):
            raise message
        if worker.ready:
            yield worker.take(), message
        worker.ready = True

    def _limit(self, task: Task) -> float:
        """Seconds that a task may take."""
        return self._time_limit(task) if self._time_limit else math.inf

    def _replaced(self, worker: _Worker[Task, Result], loss: Lost) -> tuple[Task, Lost]:
        """End a worker; its first task is lost, the others go back."""
        worker.stop()
        task = worker.take()
        self._returned.extend(worker.tasks)
        self._workers[self._workers.index(worker)] = _Worker(self._make_handler)
        return task, loss


def _start_deaf(process: BaseProcess) -> None:
    """Start a process that ignores Ctrl-C from its first moment: the parent decides."""
    try:
        before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDINGS}
    except ValueError:  # not in the main thread, where no Ctrl-C arrives
        process.start()
        return
    try:
        process.start()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _serve(make_handler: HandlerFactory[Task, Result], connection: Connection) -> None:
    """Main function of a worker: results for tasks, until the parent closes or is gone."""
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    handler: Callable[[Task], Result] | None = None
    greeting: str | HcrError = READY
    try:
        handler = make_handler()
    except HcrError as error:
        greeting = error
    # The parent closes its end, or is gone: then nobody waits for an answer.
    with suppress(EOFError, OSError):
        connection.send(greeting)
        while handler:
            connection.send(handler(connection.recv()))
