"""The cluster engine: one function over many tasks, in actors of a Ray cluster.

The only module that imports Ray. Each actor makes its handler once and holds
a few tasks at a time, so that nothing piles up however many tasks there are.
What an actor that is lost had in hand goes to another one.
"""

from __future__ import annotations

import math
import signal
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import ray
from ray.exceptions import RayError, RayTaskError

from hcr_batch.batch.engines import (
    TASKS_AHEAD,
    TICK,
    HandlerFactory,
    Lost,
    WorkersUnavailableError,
)
from hcr_batch.errors import HcrError

__all__ = ["run_on_ray"]

Task = TypeVar("Task")
Result = TypeVar("Result")

KNOCK_SECONDS = 10.0
"""Within so many a cluster's address must answer."""

TRIES = 3
"""Actors that may end with a task in work, or before they are ready, until it counts as the
task's fault, or the cluster's."""


def run_on_ray(
    make_handler: HandlerFactory[Task, Result],
    next_task: Callable[[], Task | None],
    jobs: int | None = None,
    time_limit: Callable[[Task], float] | None = None,
    address: str | None = None,
) -> Generator[tuple[Task, Result | Lost], None, None]:
    """Hand every task to a handler, as `hcr_batch.batch.engines.run_tasks` does.

    Parameters
    ----------
    make_handler, next_task, time_limit
        As there; tasks and handlers are pickled to nodes that have the same
        program installed.
    jobs : int, optional
        Actors; one a CPU of the cluster where left out.
    address : str, optional
        Of the cluster; where left out, that of RAY_ADDRESS, else one is
        started on this machine.

    Yields
    ------
    tuple of (task, result or Lost)
        As they are ready, each task once whatever is lost on the way. Closing
        the generator ends the actors.

    Raises
    ------
    HcrError
        What `make_handler` raised, a cluster that cannot be reached, or
        actors that cannot start.
    """
    with _connected(address):
        count = jobs or max(1, int(ray.cluster_resources().get("CPU", 1)))
        pool: _Pool[Task, Result] = _Pool(make_handler, next_task, time_limit)
        try:
            while pool.hand_out(count):
                yield from pool.results()
        finally:
            pool.stop()


@contextmanager
def _connected(address: str | None) -> Iterator[None]:
    """Be part of a cluster; Ray's own handling of SIGTERM would lose what is in work."""
    in_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    try:
        _knock(address)
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except (OSError, RayError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise WorkersUnavailableError(
            f"{address or 'Ray'}: no cluster to be reached ({reason}); check --ray-address"
        ) from error
    if in_main:
        signal.signal(signal.SIGTERM, before)
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str | None) -> None:
    """Raise an OSError if nothing answers at host:port: Ray itself tries for minutes."""
    host, _, port = (address or "").rpartition(":")
    if host and port.isdigit() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), KNOCK_SECONDS).close()


class _Actor:
    """Runs a handler, somewhere in the cluster."""

    def __init__(self, make_handler: HandlerFactory[Any, Any]) -> None:
        self._failure: HcrError | None = None
        try:
            self._handler = make_handler()
        except HcrError as error:
            self._failure = error

    def failure(self) -> HcrError | None:
        """Why there is no handler; the answer says that there is an actor."""
        return self._failure

    def run(self, task: Any) -> Any:
        return self._handler(task)


_RemoteActor: Any = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(_Actor)


class _Worker(Generic[Task, Result]):
    """An actor with the tasks that it holds, in order, each with the reference of its result."""

    def __init__(self, make_handler: HandlerFactory[Task, Result]) -> None:
        self._actor = _RemoteActor.remote(make_handler)
        self.tasks: deque[tuple[Task, ray.ObjectRef[Result]]] = deque()
        self.ready = False
        self.seconds = 0.0
        """Time that the first of its tasks has taken so far."""
        self._start = self._actor.failure.remote()

    @property
    def awaited(self) -> ray.ObjectRef[Any] | None:
        """What it is to give next: a sign of life, then results in the order of its tasks."""
        if not self.ready:
            return self._start
        return self.tasks[0][1] if self.tasks else None

    def give(self, task: Task) -> None:
        self.tasks.append((task, self._actor.run.remote(task)))

    def take(self) -> Task:
        self.seconds = 0.0
        return self.tasks.popleft()[0]

    def stop(self) -> None:
        ray.kill(self._actor, no_restart=True)


class _Pool(Generic[Task, Result]):
    """Actors, and the tasks given back by lost ones."""

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
        self._tries: Counter[Task] = Counter()
        self._false_starts = 0

    def hand_out(self, count: int) -> bool:
        """Fill up the actors that are there; False when nothing is left to do or to wait for."""
        there = [worker for worker in self._workers if worker.ready]
        for depth in range(1, TASKS_AHEAD + 1):
            for worker in there:
                if len(worker.tasks) < depth:
                    task = self._task()
                    if task is None:
                        return any(worker.tasks for worker in there)
                    worker.give(task)
        return bool(there) or self._has_work(count)

    def _has_work(self, count: int) -> bool:
        """Whether actors are worth waiting for; they are started if there are none."""
        task = self._task()
        if task is None:
            return False
        self._returned.appendleft(task)
        if not self._workers:
            self._workers = [_Worker(self._make_handler) for _ in range(count)]
        return True

    def _task(self) -> Task | None:
        return self._returned.popleft() if self._returned else self._next_task()

    def results(self) -> Iterator[tuple[Task, Result | Lost]]:
        """What is ready now, or after one tick at the most."""
        awaited = {worker.awaited: worker for worker in self._workers if worker.awaited}
        start = time.monotonic()
        ready, _ = ray.wait(list(awaited), num_returns=1, timeout=TICK)
        passed = min(time.monotonic() - start, 2 * TICK)
        for reference, worker in awaited.items():
            worker.seconds += passed if worker.ready else 0.0
            if reference in ready:
                yield from self._received(worker, reference)
            elif worker.seconds > (limit := self._limit(worker)):
                yield from self._replaced(worker, Lost(f"not done within {limit:.0f} s"))

    def stop(self) -> None:
        for worker in self._workers:
            worker.stop()

    def _received(
        self, worker: _Worker[Task, Result], reference: ray.ObjectRef[Any]
    ) -> Iterator[tuple[Task, Result | Lost]]:
        try:
            message = ray.get(reference)
        except RayTaskError as error:
            yield from self._replaced(worker, Lost(str(error).splitlines()[-1]))
            return
        except RayError:
            yield from self._replaced(worker, None)
            return
        if worker.ready:
            yield worker.take(), message
        elif message:
            raise message
        worker.ready, self._false_starts = True, 0

    def _limit(self, worker: _Worker[Task, Result]) -> float:
        """Seconds that an actor's task may take, or its start."""
        if not (worker.ready and self._time_limit):
            return math.inf
        return self._time_limit(worker.tasks[0][0])

    def _replaced(
        self, worker: _Worker[Task, Result], loss: Lost | None
    ) -> Iterator[tuple[Task, Lost]]:
        """Put an actor in place of one that is lost; its first task is so too, if it is at fault.

        An actor may be lost with its node, by no fault of the task in work:
        that is found out by trying it again.
        """
        worker.stop()
        self._workers[self._workers.index(worker)] = _Worker(self._make_handler)
        if not worker.tasks:
            self._false_starts += 1
            if self._false_starts >= TRIES:
                raise WorkersUnavailableError(
                    "actors cannot start on the cluster; is the same hcr-batch installed there?"
                )
            return
        task, *rest = (task for task, _ in worker.tasks)
        self._returned.extend(rest)
        self._tries[task] += 1
        if loss or self._tries[task] >= TRIES:
            loss = loss or Lost(f"{TRIES} processes ended while reading it")
            yield task, loss
        else:
            self._returned.append(task)
