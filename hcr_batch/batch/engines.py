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
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from hcr_batch.errors import ExitCode, HcrError

__all__ = [
    "TASKS_AHEAD",
    "TICK",
    "HandlerFactory",
    "Lost",
    "Pool",
    "Worker",
    "WorkersUnavailableError",
    "run_tasks",
]

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
    pool: _ProcessPool[Task, Result] = _ProcessPool(make_handler, next_task, time_limit)
    try:
        while pool.hand_out(jobs):
            yield from pool.results()
    finally:
        pool.stop()


class Worker(ABC, Generic[Task]):
    """Something that works on tasks, with those that it holds, in order.

    Attributes
    ----------
    tasks : deque
    ready : bool
        It has given a sign of life.
    seconds : float
        Time that the first of its tasks has taken so far.
    """

    def __init__(self) -> None:
        self.tasks: deque[Task] = deque()
        self.ready = False
        self.seconds = 0.0

    @property
    @abstractmethod
    def awaited(self) -> Any:
        """Where its next answer comes from; None where none is due."""

    @abstractmethod
    def give(self, task: Task) -> None:
        """Hand it another task."""

    @abstractmethod
    def stop(self) -> None:
        """End it at once."""

    def take(self) -> Task:
        """The task that it is done with."""
        self.seconds = 0.0
        return self.tasks.popleft()


AnyWorker = TypeVar("AnyWorker", bound=Worker[Any])


class Pool(ABC, Generic[Task, Result, AnyWorker]):
    """Workers, and the tasks given back by lost ones."""

    def __init__(
        self,
        make_handler: HandlerFactory[Task, Result],
        next_task: Callable[[], Task | None],
        time_limit: Callable[[Task], float] | None,
    ) -> None:
        self._make_handler = make_handler
        self._next_task = next_task
        self._time_limit = time_limit
        self._workers: list[AnyWorker] = []
        self._returned: deque[Task] = deque()

    @abstractmethod
    def hand_out(self, jobs: int) -> bool:
        """Fill up the workers, evenly; False when nothing is left to do or to wait for."""

    def results(self) -> Iterator[tuple[Task, Result | Lost]]:
        """What is ready now, or after one tick at the most."""
        awaited = {worker.awaited: worker for worker in self._workers if worker.awaited}
        start = time.monotonic()
        ready = self._wait(list(awaited))
        # A run that was stopped (Ctrl-Z) or a machine that slept did not work meanwhile.
        passed = min(time.monotonic() - start, 2 * TICK)
        for source, worker in awaited.items():
            worker.seconds += passed if worker.ready else 0.0
            if source in ready:
                yield from self._received(worker)
            elif worker.seconds > (limit := self._limit(worker)):
                yield from self._replaced(worker, Lost(f"not done within {limit:.0f} s"))

    def stop(self) -> None:
        """End all workers at once."""
        for worker in self._workers:
            worker.stop()

    @abstractmethod
    def _wait(self, sources: list[Any]) -> list[Any]:
        """Those of the sources that have an answer, after one tick at the most."""

    @abstractmethod
    def _received(self, worker: AnyWorker) -> Iterator[tuple[Task, Result | Lost]]:
        """What the answer of a worker means."""

    @abstractmethod
    def _replaced(self, worker: AnyWorker, loss: Lost) -> Iterator[tuple[Task, Lost]]:
        """Put another worker in place of one that is lost."""

    def _task(self) -> Task | None:
        return self._returned.popleft() if self._returned else self._next_task()

    def _limit(self, worker: AnyWorker) -> float:
        """Seconds that a worker's task may take; its start may take any time."""
        if not (worker.ready and self._time_limit):
            return math.inf
        return self._time_limit(worker.tasks[0])


class _Process(Worker[Task]):
    """A process with the tasks that it holds."""

    def __init__(self, make_handler: HandlerFactory[Task, Result]) -> None:
        super().__init__()
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(make_handler, other), daemon=True)
        _start_deaf(self.process)
        # Only the process holds this end now, so its death is seen as an end of file.
        other.close()

    @property
    def awaited(self) -> Connection | None:
        return self.connection if self.tasks else None

    def give(self, task: Task) -> None:
        self.tasks.append(task)
        # A worker that has died is found out when its results are waited for.
        with suppress(OSError):
            self.connection.send(task)

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


class _ProcessPool(Pool[Task, Result, _Process[Task]]):
    """Processes, started as there is work for them."""

    def hand_out(self, jobs: int) -> bool:
        for depth in range(1, TASKS_AHEAD + 1):
            for place in range(jobs):
                if place < len(self._workers) and len(self._workers[place].tasks) >= depth:
                    continue
                task = self._task()
                if task is None:
                    return any(worker.tasks for worker in self._workers)
                if place == len(self._workers):
                    self._workers.append(_Process(self._make_handler))
                self._workers[place].give(task)
        return True

    def _wait(self, sources: list[Connection]) -> list[Any]:
        return wait(sources, TICK)

    def _received(self, worker: _Process[Task]) -> Iterator[tuple[Task, Result | Lost]]:
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            loss = worker.loss()
            if not worker.ready:
                raise WorkersUnavailableError(
                    f"worker processes cannot start: {loss.reason}; free some memory and try again"
                ) from None
            yield from self._replaced(worker, loss)
            return
        if isinstance(message, HcrError):
            raise message
        if worker.ready:
            yield worker.take(), message
        worker.ready = True

    def _replaced(self, worker: _Process[Task], loss: Lost) -> Iterator[tuple[Task, Lost]]:
        """End a worker; its first task is lost, the others go back."""
        worker.stop()
        task = worker.take()
        self._returned.extend(worker.tasks)
        self._workers[self._workers.index(worker)] = _Process(self._make_handler)
        yield task, loss


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
