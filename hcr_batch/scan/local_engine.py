"""The local engine: one function over many tasks, in processes of this machine.

A task goes to a handler, which each process makes once from a picklable
factory. Results come as they are ready, in any order, while only a few tasks
are on their way: memory stays flat however many there are. A process that
dies or hangs costs the task it was at, and nothing else.
"""

from __future__ import annotations

import math
import signal
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from hcr_batch.errors import HcrError
from hcr_batch.processes import ENDED, Process, WorkersUnavailableError, ending

__all__ = [
    "TASKS_AHEAD",
    "TICK",
    "HandlerFactory",
    "LostTask",
    "Pool",
    "Worker",
    "WorkersUnavailableError",
    "run_tasks",
]

Task = TypeVar("Task")
Result = TypeVar("Result")
HandlerFactory = Callable[[], Callable[[Task], Result]]

KILLED = -getattr(signal, "SIGKILL", 9)
"""Exit code of a process that the system has killed; Windows has no such signal."""

TASKS_AHEAD = 2
"""Tasks handed to a worker at a time: one in work, one waiting, so that it is never idle."""

TICK = 1.0
"""Seconds after which the time of the tasks in work is looked at."""


@dataclass(frozen=True)
class LostTask:
    """Takes the place of the result of a task that ended its process, or was ended with it.

    `transient` says that another try may go well.
    """

    reason: str
    transient: bool = False


def run_tasks(
    make_handler: HandlerFactory[Task, Result],
    next_task: Callable[[], Task | None],
    jobs: int,
    time_limit: Callable[[Task], float] | None = None,
    ahead: Iterable[Process] = (),
) -> Generator[tuple[Task, Result | LostTask], None, None]:
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
    ahead : iterable of Process
        Some that are there already, for the first tasks; whoever started
        them ends them.

    Yields
    ------
    tuple of (task, result or LostTask)
        As they are ready. Closing the generator ends the workers at once.

    Raises
    ------
    HcrError
        What `make_handler` raised, or workers that cannot start.
    """
    pool: _LocalPool[Task, Result] = _LocalPool(make_handler, next_task, time_limit, ahead)
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

    def results(self) -> Iterator[tuple[Task, Result | LostTask]]:
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
                yield from self._replaced(worker, LostTask(f"not done within {limit:.0f} s"))

    def stop(self) -> None:
        """End all workers at once."""
        for worker in self._workers:
            worker.stop()

    @abstractmethod
    def _wait(self, sources: list[Any]) -> list[Any]:
        """Those of the sources that have an answer, after one tick at the most."""

    @abstractmethod
    def _received(self, worker: AnyWorker) -> Iterator[tuple[Task, Result | LostTask]]:
        """What the answer of a worker means."""

    @abstractmethod
    def _replaced(self, worker: AnyWorker, loss: LostTask) -> Iterator[tuple[Task, LostTask]]:
        """Put another worker in place of one that is lost."""

    def _task(self) -> Task | None:
        return self._returned.popleft() if self._returned else self._next_task()

    def _limit(self, worker: AnyWorker) -> float:
        """Seconds that a worker's task may take; its start may take any time."""
        if not (worker.ready and self._time_limit):
            return math.inf
        return self._time_limit(worker.tasks[0])


class _LocalWorker(Worker[Task]):
    """A process with the tasks that it holds."""

    def __init__(
        self,
        make_handler: HandlerFactory[Task, Result],
        process: Process,
        arrivals: SimpleQueue[Process],
    ) -> None:
        super().__init__()
        self.process = process
        process.listen(arrivals)
        process.send(make_handler)

    @property
    def awaited(self) -> Process | None:
        return self.process if self.tasks else None

    def give(self, task: Task) -> None:
        self.tasks.append(task)
        self.process.send(task)

    def stop(self) -> None:
        self.process.stop()

    def loss(self) -> LostTask:
        """Why it has ended."""
        code = self.process.wait()
        return LostTask(ending(code), transient=code == KILLED)


class _LocalPool(Pool[Task, Result, _LocalWorker[Task]]):
    """Processes, started as there is work for them; `ahead` are those that were before."""

    def __init__(
        self,
        make_handler: HandlerFactory[Task, Result],
        next_task: Callable[[], Task | None],
        time_limit: Callable[[Task], float] | None,
        ahead: Iterable[Process],
    ) -> None:
        super().__init__(make_handler, next_task, time_limit)
        self._ahead = deque(ahead)
        self._arrivals: SimpleQueue[Process] = SimpleQueue()

    def hand_out(self, jobs: int) -> bool:
        for depth in range(1, TASKS_AHEAD + 1):
            for place in range(jobs):
                if place < len(self._workers) and len(self._workers[place].tasks) >= depth:
                    continue
                task = self._task()
                if task is None:
                    return any(worker.tasks for worker in self._workers)
                if place == len(self._workers):
                    self._workers.append(self._worker())
                self._workers[place].give(task)
        return True

    def stop(self) -> None:
        for worker in self._workers:
            worker.process.kill()
        super().stop()

    def _worker(self) -> _LocalWorker[Task]:
        process = self._ahead.popleft() if self._ahead else Process()
        return _LocalWorker(self._make_handler, process, self._arrivals)

    def _wait(self, sources: list[Process]) -> list[Process]:
        if not any(process.answers for process in sources):
            with suppress(Empty):
                self._arrivals.get(timeout=TICK)
        return [process for process in sources if process.answers]

    def _received(self, worker: _LocalWorker[Task]) -> Iterator[tuple[Task, Result | LostTask]]:
        answer = worker.process.answers.popleft()
        if answer is ENDED:
            loss = worker.loss()
            if not worker.ready:
                raise WorkersUnavailableError(
                    f"worker processes cannot start: {loss.reason}; free some memory and try"
                    " again, or restore the model if it is not the one that comes with the program"
                )
            yield from self._replaced(worker, loss)
        elif worker.ready:
            yield worker.take(), answer
        elif isinstance(answer, HcrError):
            raise answer
        else:
            worker.ready = True

    def _replaced(
        self, worker: _LocalWorker[Task], loss: LostTask
    ) -> Iterator[tuple[Task, LostTask]]:
        """End a worker; its first task is lost, the others go back."""
        worker.stop()
        task = worker.take()
        self._returned.extend(worker.tasks)
        self._workers[self._workers.index(worker)] = self._worker()
        yield task, loss
