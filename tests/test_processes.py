import os
import signal
import subprocess
import sys
from pathlib import Path
from queue import SimpleQueue

import pytest
from fake_handlers import Double, Echo, Printer, Raiser, Taker

from hcr_batch.processes import ENDED, MemoryLimited, Process, WorkersUnavailableError
from hcr_batch.scan.local_engine import LostTask, run_tasks
from hcr_batch.scan.worker import ReadTask, read_pages

PATIENCE = 30.0
TESTS = Path(__file__).parent


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


def ends_with_its_parent(program):
    """Whether what a program leaves running ends with it: only then is its stderr closed."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE, cwd=TESTS)
    return int(done.stdout) > 0


def test_a_process_ends_with_its_parent():
    assert ends_with_its_parent(
        "import os\nfrom hcr_batch.processes import Process\n"
        "process = Process()\nprint(process._process.pid, flush=True)\nos._exit(0)"
    )


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_process_in_the_middle_of_its_work_ends_with_its_parent():
    assert ends_with_its_parent(
        "import os, time\nfrom queue import SimpleQueue\nfrom hcr_batch.processes import Process\n"
        "from fake_handlers import Counter\n"
        "process, arrivals = Process(), SimpleQueue()\nprocess.listen(arrivals)\n"
        "process.send(Counter())\narrivals.get()\nprocess.send(10**12)\ntime.sleep(0.3)\n"
        "print(process._process.pid, flush=True)\nos._exit(0)"
    )


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_comes_while_a_process_is_started_is_not_lost(monkeypatch, number):
    begin, before = subprocess.Popen, signal.signal(number, signal.default_int_handler)

    def interrupted(*arguments, **options):
        os.kill(os.getpid(), number)
        return begin(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            Process()
    finally:
        signal.signal(number, before)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_processes_are_deaf_to_signals_from_their_first_moment():
    tasks = iter(range(1, 3))
    with Process() as process:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(process._process.pid, number)
        assert dict(run_tasks(Double(), lambda: next(tasks, None), 1, ahead=[process])) == {
            1: 2,
            2: 4,
        }


def test_an_error_of_the_system_within_a_handler_is_no_end_in_peace():
    tasks = iter([OSError(5, "Input/output error")])
    ((_, lost),) = run_tasks(Raiser(), lambda: next(tasks, None), jobs=1)
    assert lost == LostTask("the process reading it ended (exit code 1)")


def test_what_libraries_print_of_damage_is_not_seen(capfd):
    tasks = iter(["words"])
    assert dict(run_tasks(Printer(), lambda: next(tasks, None), jobs=1)) == {"words": ""}
    assert "from C" not in capfd.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="no limits of memory here")
def test_a_worker_takes_no_more_memory_than_it_may():
    tasks = iter([100, 2000, 200])
    found = dict(run_tasks(MemoryLimited(Taker(), 1.0), lambda: next(tasks, None), jobs=1))
    assert found == {100: 100, 2000: "refused", 200: 200}
    assert not any(isinstance(result, LostTask) for result in found.values())


def test_a_file_that_needs_more_is_told_which_setting_to_raise(tmp_path):
    class Hungry:
        def pages(self, *_):
            raise MemoryError

    outcome = read_pages(ReadTask(tmp_path / "a.png", "sha", 1, 8), Hungry())
    assert outcome.failure == f"{tmp_path / 'a.png'}: too large for batch.max_memory_gb; raise it"
    assert outcome.transient


def test_where_no_process_can_be_started_it_is_said(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(WorkersUnavailableError, match="no process can be started"):
        Process()
