"""What Windows and macOS lack is missed by nobody: modules, signals and functions are taken away.

A `sitecustomize` does so before anything else is imported, in the process that is started and in
those that it starts itself.
"""

import ast
import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

NO_MODULES = """
import sys
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
"""
NO_SIGNALS = """
import os, signal
for name in ("SIGHUP", "SIGALRM", "SIGUSR1", "pthread_sigmask"):
    delattr(signal, name)
for name in ("fork", "forkpty", "sched_getaffinity", "O_NONBLOCK", "geteuid", "getuid", "mkfifo"):
    delattr(os, name)
"""
NO_PROC = """
import builtins, io, os
def guarded(call):
    def opened(path, *arguments, **options):
        if isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith("/proc/"):
            raise FileNotFoundError(2, "No such file or directory", os.fspath(path))
        return call(path, *arguments, **options)
    return opened
builtins.open = io.open = guarded(io.open)
"""
NO_SIGNALS_OF_PIPES = """
import fcntl, os
del fcntl.F_SETOWN, os.O_ASYNC
"""
NO_LOCKS = """
import errno, fcntl, os
def flock(descriptor, operation):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
fcntl.flock = flock
"""

HOLD = (
    "import pathlib, sys, time\nfrom hcr_batch.journal.output_lock import exclusive\n"
    "with exclusive(pathlib.Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n    time.sleep(60)\n"
)


LACKING = {
    "signal": {"SIGKILL", "SIGHUP", "SIGALRM", "SIGCHLD", "SIGUSR1", "SIGQUIT", "setitimer"},
    "os": {"fork", "getuid", "geteuid", "sched_getaffinity", "mkfifo", "O_NONBLOCK", "killpg"},
}
"""What Windows has not, by module; Python's own subprocess needs SIGKILL where there are forks."""


def guarded(node: ast.AST) -> bool:
    """Whether an error of what is within is caught."""
    return isinstance(node, ast.Try) and any(
        getattr(handler.type, "id", "") == "AttributeError" for handler in node.handlers
    )


@pytest.mark.parametrize(
    "path", sorted((ROOT / "hcr_batch").rglob("*.py")), ids=lambda path: path.stem
)
def test_what_windows_lacks_is_asked_for_before_it_is_used(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    safe = {inner for node in ast.walk(tree) if guarded(node) for inner in ast.walk(node)}
    used = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if node not in safe and node.attr in LACKING.get(node.value.id, ())
    }
    assert not used


def run(folder, program, *arguments, timeout=120):
    (folder / "lacking").mkdir(exist_ok=True)
    (folder / "lacking" / "sitecustomize.py").write_text(program)
    paths = os.pathsep.join([str(folder / "lacking"), str(ROOT)])
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=timeout,
    )


@pytest.mark.parametrize(
    "program",
    [
        *(NO_MODULES, NO_SIGNALS, NO_SIGNALS_OF_PIPES, NO_PROC, NO_LOCKS),
        NO_MODULES + NO_SIGNALS + NO_PROC,
    ],
    ids=["modules", "signals", "pipes", "proc", "locks", "all"],
)
def test_a_scan_needs_nothing_that_other_systems_lack(tmp_path, program):
    forms, out = ROOT / "samples" / "forms" / "payment-slip.png", tmp_path / "results.csv"
    for expected in ("1 new, 0 skipped, 0 failed", "0 new, 1 skipped, 0 failed"):
        done = run(tmp_path, program, "-m", "hcr_batch", "scan", forms, "--out", out)
        assert (done.returncode, expected in done.stderr) == (0, True), done.stderr
    with out.open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) > 40
    left = {path.name for path in tmp_path.iterdir()}
    assert not [name for name in left if "lock" in name], left


def test_without_locks_of_the_system_one_run_at_a_time_holds(tmp_path):
    lacking = tmp_path / "lacking"
    lacking.mkdir()
    (lacking / "sitecustomize.py").write_text(NO_LOCKS)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(lacking), str(ROOT)])}
    lock = tmp_path / "r.hcr.lock"
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD, lock], env=environment, stdout=subprocess.PIPE
    )
    assert held.stdout.readline() == b"held\n"
    second = run(tmp_path, NO_LOCKS, "-c", HOLD, lock)
    assert "another run is writing these results" in second.stderr
    assert str(held.pid) in second.stderr
    held.kill()
    held.communicate()
    program = HOLD.replace("time.sleep(60)", "")
    assert run(tmp_path, NO_LOCKS, "-c", program, lock).stdout == "held\n"


def test_a_run_of_another_machine_is_not_taken_for_dead(tmp_path):
    (tmp_path / "r.hcr.lock.owner").write_text("elsewhere 1\n")
    done = run(tmp_path, NO_LOCKS, "-c", HOLD, tmp_path / "r.hcr.lock")
    assert "elsewhere 1" in done.stderr
    assert "delete the file" in done.stderr
