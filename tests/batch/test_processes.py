import subprocess
import sys
from queue import SimpleQueue

import pytest
from fake_handlers import Double, Echo, Printer

from hcr_batch.batch.engines import run_tasks
from hcr_batch.batch.processes import ENDED, Process, WorkersUnavailableError

PATIENCE = 30.0


def answers_of(process, arrivals, count):
    for _ in range(count):
        assert arrivals.get(timeout=PATIENCE) is process
    return list(process.answers)


def test_answers_come_in_order_and_then_its_end():
    arrivals = SimpleQueue()
    with Process() as process:
        process.listen(arrivals)
        for message in (Double(), 1, 2, -1):
            process.send(message)
        ready, *answers = answers_of(process, arrivals, 4)
        assert ready
        assert answers == [2, 4, ENDED]
        assert process.wait() == 3
        process.send(5)  # nobody is there any more


def test_what_a_handler_prints_or_asks_for_is_no_message():
    tasks = iter(["words", "more words"])
    results = dict(run_tasks(Printer(), lambda: next(tasks, None), jobs=1))
    assert results == {"words": "", "more words": ""}


def test_messages_may_be_larger_than_a_pipe():
    tasks = iter(["a" * 1_000_000, "b" * 1_000_000])
    results = [result for _, result in run_tasks(Echo(), lambda: next(tasks, None), jobs=1)]
    assert [len(result) for result in results] == [1_000_000, 1_000_000]


def test_processes_that_are_there_take_the_first_tasks():
    tasks = iter(range(1, 4))
    with Process(["decimal", "no_such_module"]) as process:
        assert len(dict(run_tasks(Double(), lambda: next(tasks, None), 1, ahead=[process]))) == 3
        assert process.answers.count(ENDED) == 1


def test_a_process_that_nothing_is_asked_of_ends_with_its_block():
    with Process() as process:
        pass
    assert process.wait() < 0


def test_a_process_ends_with_its_parent():
    program = (
        "import os, subprocess\nfrom hcr_batch.batch.processes import Process\n"
        "process = Process()\nprint(process._process.pid, flush=True)\nos._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=PATIENCE)
    # Only when the process has ended too is its end of the pipe for errors closed.
    assert int(done.stdout)


def test_where_no_process_can_be_started_it_is_said(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(WorkersUnavailableError, match="no process can be started"):
        Process()
