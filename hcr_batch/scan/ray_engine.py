"""The cluster engine: one function over many tasks, in actors of a Ray cluster.

The only module that imports Ray. Each actor makes its handler once and holds
a few tasks at a time, so that nothing piles up however many tasks there are.
What an actor that is lost had in hand goes to another one.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import ray
from ray.exceptions import RayError, RayTaskError

from hcr_batch.errors import HcrError
from hcr_batch.scan.local_engine import (
    TASKS_AHEAD,
    TICK,
    HandlerFactory,
    LostTask,
    Pool,
    Worker,
    WorkersUnavailableError,
)

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
) -> Generator[tuple[Task, Result | LostTask], None, None]:
    """Hand every task to a handler, as `hcr_batch.scan.local_engine.run_tasks` does.

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
    tuple of (task, result or LostTask)
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
        pool: _ActorPool[Task, Result] = _ActorPool(make_handler, next_task, time_limit)
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


class _Handle(Worker[Task]):
    """An actor with the tasks that it holds, each with the reference of its result."""

    def __init__(self, make_handler: HandlerFactory[Task, Result]) -> None:
        super().__init__()
        self._actor = _RemoteActor.remote(make_handler)
        self._start = self._actor.failure.remote()
        self._results: deque[ray.ObjectRef[Any]] = deque()

    @property
    def awaited(self) -> Any:
        """A sign of life, then results in the order of its tasks."""
        if not self.ready:
            return self._start
        return self._results[0] if self._results else None

    def give(self, task: Task) -> None:
        self.tasks.append(task)
        self._results.append(self._actor.run.remote(task))

    def take(self) -> Task:
        self._results.popleft()
        return super().take()

    def stop(self) -> None:
        ray.kill(self._actor, no_restart=True)


class _ActorPool(Pool[Task, Result, _Handle[Task]]):
    """Actors, all started at once."""

    def __init__(
        self,
        make_handler: HandlerFactory[Task, Result],
        next_task: Callable[[], Task | None],
        time_limit: Callable[[Task], float] | None,
    ) -> None:
        super().__init__(make_handler, next_task, time_limit)
        self._tries: Counter[Task] = Counter()
        self._false_starts = 0

    def hand_out(self, jobs: int) -> bool:
        """As in every pool; actors that are not there yet get nothing."""
        there = [worker for worker in self._workers if worker.ready]
        for depth in range(1, TASKS_AHEAD + 1):
            for worker in there:
                if len(worker.tasks) < depth:
                    task = self._task()
                    if task is None:
                        return any(worker.tasks for worker in there)
                    worker.give(task)
        return bool(there) or self._has_work(jobs)

    def _has_work(self, count: int) -> bool:
        """Whether actors are worth waiting for; they are started if there are none."""
        task = self._task()
        if task is None:
            return False
        self._returned.appendleft(task)
        if not self._workers:
            self._workers = [_Handle(self._make_handler) for _ in range(count)]
        return True

    def _wait(self, sources: list[ray.ObjectRef[Any]]) -> list[Any]:
        ready, _ = ray.wait(sources, num_returns=1, timeout=TICK)
        return ready

    def _received(self, worker: _Handle[Task]) -> Iterator[tuple[Task, Result | LostTask]]:
        try:
            message = ray.get(worker.awaited)
        except RayTaskError as error:
            yield from self._replaced(worker, LostTask(str(error).splitlines()[-1]))
            return
        except RayError:
            yield from self._replaced(worker, None)
            return
        if worker.ready:
            yield worker.take(), message
        elif message:
            raise message
        worker.ready, self._false_starts = True, 0

    def _replaced(
        self, worker: _Handle[Task], loss: LostTask | None
    ) -> Iterator[tuple[Task, LostTask]]:
        """Put an actor in place of one that is lost; its first task is so too, if it is at fault.

        An actor may be lost with its node, by no fault of the task in work:
        that is found out by trying it again.
        """
        worker.stop()
        self._workers[self._workers.index(worker)] = _Handle(self._make_handler)
        if not worker.tasks:
            self._false_starts += 1
            if self._false_starts >= TRIES:
                raise WorkersUnavailableError(
                    "actors cannot start on the cluster; is the same hcr-batch installed there?"
                )
            return
        task, *rest = worker.tasks
        self._returned.extend(rest)
        self._tries[task] += 1
        if loss or self._tries[task] >= TRIES:
            loss = loss or LostTask(f"{TRIES} processes ended while reading it")
            yield task, loss
        else:
            self._returned.append(task)
