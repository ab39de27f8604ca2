import time
from collections import deque
from functools import partial

import pytest
from fake_handlers import DiesAtOnce, Double, Sleeper, WithoutModel

from hcr_batch.errors import HcrError, ModelError
from hcr_batch.scan.local_engine import LostTask, run_tasks


def run(make_handler, tasks, jobs, **options):
    return run_tasks(make_handler, partial(next, iter(tasks), None), jobs, **options)


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_has_its_result(jobs):
    results = dict(run(Double(), range(1, 50), jobs))
    assert results == {number: 2 * number for number in range(1, 50)}


def test_only_the_deadly_tasks_are_lost():
    tasks = [1, -1, 2, 3, -2, 4, 5, 6]
    results = dict(run(Double(), tasks, 2))
    died = {task for task, result in results.items() if isinstance(result, LostTask)}
    assert died == {-1, -2}
    assert results.keys() == set(tasks)
    assert "exit code 3" in results[-1].reason


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_handler_that_cannot_be_made_stops_the_run(jobs):
    with pytest.raises(ModelError, match="damaged"):
        list(run(WithoutModel(), range(5), jobs))


def test_workers_that_die_at_the_start_do_not_take_the_tasks_with_them():
    with pytest.raises(HcrError, match="cannot start"):
        list(run(DiesAtOnce(), range(5), 2))


def test_tasks_are_taken_as_workers_are_free():
    taken = []

    def tasks():
        for number in range(1000):
            taken.append(number)
            yield number

    results = run(Double(), tasks(), 2)
    for _ in range(10):
        next(results)
    assert len(taken) < 20
    results.close()


def test_closing_ends_the_workers_at_once():
    results = run(Sleeper(), range(10), 2)
    assert next(results)
    start = time.monotonic()
    results.close()
    assert time.monotonic() - start < 1


def test_a_task_that_hangs_is_ended_and_costs_only_itself():
    results = dict(run(Sleeper(), [0, 1, 0, 0], 1, time_limit=lambda task: 0.5))
    assert results[0] is None
    assert "not done within" in results[1].reason
    assert not results[1].transient


def test_tasks_that_come_up_later_are_run_too():
    tasks = deque([4])
    results = []
    for task, result in run_tasks(Double(), lambda: tasks.popleft() if tasks else None, 2):
        results.append(result)
        tasks.extend([task - 1] if task > 1 else [])
    assert results == [8, 6, 4, 2]
