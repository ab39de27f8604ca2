"""Injects faults into what a scan writes, and counts what came of them.

    PYTHONPATH=tests python tests/benchmarks/bench_faults.py --disks 24

Every fault must end in results that are right, or in one line and an exit
code; the results of before must stand, and the run after it must give those
of an undisturbed run, byte for byte. Prints a line a kind of fault: injected,
one line and the old results (refused), gone on with at once (survived), and
whatever else (lost). The disks are real ones of some kilobytes, mounted in a
namespace; they need Linux and are left out where it does not permit them.
"""

from __future__ import annotations

import argparse
import errno
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from bench_batch import make_forms
from journal_maker import SmallScan

from hcr_batch.errors import HcrError
from hcr_batch.journal import schema

PAGE = 4096
ERRORS = ("ENOSPC", "EDQUOT", "EIO", "EROFS", "EACCES")
LARGEST_DISK_KB = 900
FORMS = 12
NAMESPACE = ("unshare", "--map-root-user", "--mount", "--")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--disks", type=int, default=24, help="sizes of a full disk")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        small_disks(options.inside, options.disks)
        return
    print(f"{'fault':>32}  {'injected':>8}  {'refused':>8}  {'survived':>8}  {'lost':>8}")
    with tempfile.TemporaryDirectory() as name:
        made = SmallScan.made(Path(name))
        show("a page of the journal overwritten", overwritten(made))
        show("the journal cannot grow", not_growing(made))
        show("a call of the system fails", failing_calls(made))
    with tempfile.TemporaryDirectory() as name:
        if subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode:
            print("no namespaces with mounts here: real disks are left out")
        else:
            command = [sys.executable, __file__, "--disks", str(options.disks), "--inside", name]
            subprocess.run([*NAMESPACE, *command], check=True)


def show(name: str, outcomes: Iterator[str]) -> None:
    counts = Counter(outcomes)
    figures = (counts.total(), counts["refused"], counts["survived"], counts["lost"])
    print(f"{name:>32}  " + "  ".join(f"{figure:>8}" for figure in figures), flush=True)


def overwritten(made: SmallScan) -> Iterator[str]:
    """Each page of the journal in turn, by zeros and by other bytes."""
    journal = made.journal.read_bytes()
    results = made.results.read_bytes()
    for place in range(0, len(journal), PAGE):
        for filler in (bytes(PAGE), b"\xa5" * PAGE):
            made.restore(journal[:place] + filler + journal[place + PAGE :])
            # Where the answers of the reviewer were hit, their rows are as the machine read them.
            yield outcome(made, rows=results.count(b"\n"))
    made.restore(journal)
    made.run()


def not_growing(made: SmallScan) -> Iterator[str]:
    """A journal made new that may have so many pages and no more."""
    pages = len(made.journal.read_bytes()) // PAGE
    connect = schema.connect
    made.journal.unlink()
    made.run()
    expected = made.results.read_bytes()
    for most in range(1, pages + 1):

        def limited(path: Path, most: int = most) -> object:
            connection = connect(path)
            connection.execute(f"PRAGMA max_page_count = {most}")
            return connection

        made.journal.unlink()
        with mock.patch("hcr_batch.journal.journal.connect", limited):
            found = outcome(made, expected)
        made.run()
        yield found if made.results.read_bytes() == expected else "lost"


def failing_calls(made: SmallScan) -> Iterator[str]:
    """The first, second and third call of each function that brings results to the disk."""
    expected = made.results.read_bytes()
    # Results that are not as they were written are written again.
    before = expected + b"edited"
    for name in ("os.replace", "os.fsync", "pathlib.Path.touch", "pathlib.Path.mkdir"):
        for error in ERRORS:
            for number in range(3):
                made.results.write_bytes(before)
                with failing(name, getattr(errno, error), number):
                    found = outcome(made, expected, before)
                made.run()
                yield found if made.results.read_bytes() == expected else "lost"


@contextmanager
def failing(name: str, code: int, number: int) -> Iterator[None]:
    """Make a call of a function fail, after so many that do not."""
    module, _, function = name.rpartition(".")
    calls = iter(range(1000))
    real = resolved(name)

    def call(*arguments: object, **options: object) -> object:
        if next(calls) == number:
            raise OSError(code, os.strerror(code))
        return real(*arguments, **options)

    with mock.patch(f"{module}.{function}", call):
        yield


def resolved(name: str) -> Callable:
    import pathlib

    parts = name.split(".")
    found: object = {"os": os, "pathlib": pathlib}[parts[0]]
    for part in parts[1:]:
        found = getattr(found, part)
    return found


def outcome(made: SmallScan, expected: bytes = b"", before: bytes = b"", rows: int = 0) -> str:
    """What came of a run under a fault; `before` is what the results held."""
    try:
        made.run()
    except HcrError as error:
        results = made.results.read_bytes() if made.results.exists() else b""
        in_order = "\n" not in str(error) and results in (b"", before, expected)
        return "refused" if in_order else "lost"
    results = made.results.read_bytes()
    return "survived" if results == expected or results.count(b"\n") == rows else "lost"


def small_disks(folder: Path, count: int) -> None:
    """Scans onto disks of growing sizes, then with room again."""
    make_forms(folder / "forms", FORMS)
    disk = folder / "disk"
    disk.mkdir()
    mount(disk, "50m")
    scan(folder)
    expected = (disk / "results.csv").read_bytes()
    unmount(disk)
    show("a real disk is full", (on_disk(folder, kb, expected) for kb in sizes(count)))


def sizes(count: int) -> list[int]:
    return [8 + number * (LARGEST_DISK_KB - 8) // max(1, count - 1) for number in range(count)]


def on_disk(folder: Path, kilobytes: int, expected: bytes) -> str:
    disk = folder / "disk"
    mount(disk, f"{kilobytes}k")
    try:
        code, lines = scan(folder)
        results = disk / "results.csv"
        if code == 0:
            found = "survived" if results.read_bytes() == expected else "lost"
        else:
            whole = not results.exists() or results.read_bytes() == expected
            found = "refused" if code == 9 and len(lines) == 1 and whole else "lost"
        if found == "lost":
            print(f"disk of {kilobytes} KB: exit code {code}", *lines, sep="\n", file=sys.stderr)
        subprocess.run(["mount", "-o", "remount,size=50m", disk], check=True)
        code, _ = scan(folder)
        return found if code == 0 and results.read_bytes() == expected else "lost"
    finally:
        unmount(disk)


def scan(folder: Path) -> tuple[int, list[str]]:
    """Exit code, and the lines that an error has on standard error."""
    disk = folder / "disk"
    command = [sys.executable, "-m", "hcr_batch", "scan", folder / "forms", "--jobs", "1"]
    command += ["--out", disk / "results.csv", "--fields", disk / "fields.csv"]
    command += ["--log-json", disk / "log.jsonl", "--overlay", disk / "pictures", "--quiet"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr.splitlines()


def mount(disk: Path, size: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], check=True)


def unmount(disk: Path) -> None:
    subprocess.run(["umount", disk], check=True)


if __name__ == "__main__":
    main()
