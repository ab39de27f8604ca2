"""Engines: run one function over many tasks, in this process or in several.

A task goes to a handler, which each process makes once from a picklable
factory. Results come as they are ready, in any order, while only a few tasks
are on their way: memory stays flat however many there are.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

from hcr_batch.errors import ExitCode, HcrError

__all__ = ["WorkerDied", "run_tasks"]

Task = TypeVar("Task")
Result = TypeVar("Result")
HandlerFactory = Callable[[], Callable[[Task], Result]]

TASKS_AHEAD = 2
"""Tasks handed to a worker at a time: one in work, one waiting, so that it is never idle."""

READY = "ready"

ENDINGS = (signal.SIGINT, signal.SIGTERM)
"""Signals that a terminal or a service manager sends to all processes of a run at once."""


@dataclass(frozen=True)
class WorkerDied:
    """Takes the place of the result of a task that ended its process."""

    reason: str


class WorkersUnavailableError(HcrError):
    """Processes end before they are ready for work."""

    exit_code = ExitCode.OUTPUT


def run_tasks(
    make_handler: HandlerFactory, tasks: Iterable[Task], jobs: int
) -> Iterator[tuple[Task, Result | WorkerDied]]:
    """Hand every task to a handler.

    Parameters
    ----------
    make_handler : callable
        Makes the handler, a function from task to result; picklable if
        `jobs` is above 1.
    tasks : iterable
        Taken one by one as workers are free; picklable.
    jobs : int
        Processes; 1 works in this one.

    Yields
    ------
    tuple of (task, result or WorkerDied)
        As they are ready. Closing the generator ends the workers at once.

    Raises
    ------
    HcrError
        What `make_handler` raised, or workers that cannot start.
    """
    if jobs == 1:
        handler = make_handler()
        return ((task, handler(task)) for task in tasks)
    return _run_in_processes(make_handler, tasks, jobs)


class _Worker(Generic[Task, Result]):
    """A process with the tasks that it holds, in order."""

    def __init__(self, make_handler: HandlerFactory) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(make_handler, other), daemon=True)
        self.tasks: deque[Task] = deque()
        self.ready = False
        _start_deaf(self.process)
        # Only the process holds this end now, so its death is seen as an end of file.
        other.close()

    def give(self, task: Task) -> None:
        self.tasks.append(task)
        # A worker that has died is found out when its results are waited for.
        with suppress(OSError):
            self.connection.send(task)

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()

    def why_dead(self) -> str:
        self.process.join()
        code = self.process.exitcode or 0
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"the process reading it ended ({name}), perhaps for want of memory"


def _run_in_processes(
    make_handler: HandlerFactory, tasks: Iterable[Task], jobs: int
) -> Iterator[tuple[Task, Result | WorkerDied]]:
    waiting: Iterator[Task] = iter(tasks)
    returned: deque[Task] = deque()
    workers = [_Worker(make_handler) for _ in range(jobs)]
    try:
        while _hand_out(workers, returned, waiting):
            busy = {worker.connection: worker for worker in workers if worker.tasks}
            for connection in wait(list(busy)):
                worker = busy[connection]
                try:
                    message = connection.recv()
                except (EOFError, OSError):
                    result = _after_death(worker)
                    task = worker.tasks.popleft()
                    returned.extend(worker.tasks)
                    workers[workers.index(worker)] = _Worker(make_handler)
                    worker.stop()
                    yield task, result
                    continue
                if isinstance(message, HcrError):
                    raise message
                if not worker.ready:
                    worker.ready = True
                    continue
                yield worker.tasks.popleft(), message
    finally:
        for worker in workers:
            worker.stop()


def _hand_out(workers: list[_Worker], returned: deque, waiting: Iterator) -> bool:
    """Fill up the workers, evenly; False when nothing is left to do or to wait for."""
    for depth in range(1, TASKS_AHEAD + 1):
        for worker in workers:
            if len(worker.tasks) < depth:
                task = returned.popleft() if returned else next(waiting, None)
                if task is not None:
                    worker.give(task)
    return any(worker.tasks for worker in workers)


def _after_death(worker: _Worker) -> WorkerDied:
    reason = worker.why_dead()
    if not worker.ready:
        raise WorkersUnavailableError(f"worker processes cannot start: {reason}; try --jobs 1")
    return WorkerDied(reason)


def _start_deaf(process: multiprocessing.Process) -> None:
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


def _serve(make_handler: HandlerFactory, connection: Connection) -> None:
    """Main function of a worker: results for tasks, until the parent closes or is gone."""
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    try:
        handler = make_handler()
    except HcrError as error:
        connection.send(error)
        return
    connection.send(READY)
    try:
        while True:
            connection.send(handler(connection.recv()))
    except (EOFError, OSError):
        return
