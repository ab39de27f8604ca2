"""Measures a night's run: many small files, a run with nothing new, kills at random moments.

    python tests/benchmarks/bench_batch.py --files 10000 --kills 30 --seed 1

Prints files a second, the memory of the parent and of its workers as the run
goes on, how long a run takes that finds nothing new and how long `status`,
then kills the program at random moments and compares the results, byte for
byte, with those of an undisturbed run. Works in a temporary folder; nothing
is left behind. Figures of memory need Linux.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).parents[2]
SAMPLES = 8
"""Moments at which the memory is looked at."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10000, help="small files to scan")
    parser.add_argument("--kills", type=int, default=30, help="kills at random moments")
    parser.add_argument("--kill-files", type=int, default=300, help="files of the killed run")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="worker processes")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.files:
            many_files(folder / "many", options.files, options.jobs)
        if options.kills:
            kills(folder / "kills", options.kill_files, options.kills, options.jobs, options.seed)


def many_files(folder: Path, count: int, jobs: int) -> None:
    """Scan many small files, again with nothing new, and ask for the status."""
    make_forms(folder / "forms", count)
    print(f"{count} files, {jobs} workers")
    start = time.monotonic()
    process = scan(folder, jobs)
    watch_memory(process, folder / "log.jsonl", count)
    seconds = time.monotonic() - start
    print(f"first run: {seconds:.1f} s, {count / seconds:.0f} files a second")
    print(f"rerun with nothing new: {timed(scan, folder, jobs):.2f} s")
    print(f"status: {timed(status, folder):.2f} s")
    size = (folder / "results.hcr.sqlite").stat().st_size
    rows = (folder / "results.csv").read_bytes().count(b"\n") - 1
    print(f"results: {rows} rows; journal: {size / count / 1024:.1f} KiB a file")


def watch_memory(process: subprocess.Popen, log: Path, count: int) -> None:
    """Print the memory of a run and of its workers at some moments, until it ends."""
    print(f"{'files':>8}  {'parent MB':>9}  {'largest worker MB':>17}")
    due = iter(range(count // SAMPLES, count + 1, max(1, count // SAMPLES)))
    wanted = next(due)
    done, place = 0, 0
    while process.poll() is None:
        if log.exists():
            with log.open("rb") as file:
                file.seek(place)
                text = file.read()
            place += len(text)
            done += text.count(b'"event": "file"')
        if done >= wanted:
            workers = [resident(pid) for pid in children(process.pid)]
            print(f"{done:>8}  {resident(process.pid):>9.0f}  {max(workers, default=0):>17.0f}")
            wanted = next(due, count + 1)
        time.sleep(0.05)
    assert process.returncode == 0, process.returncode


def kills(folder: Path, count: int, number: int, jobs: int, seed: int) -> None:
    """Kill a run at random moments, then let it end, and compare with an undisturbed one."""
    make_forms(folder / "forms", count)
    whole = timed(scan, folder, jobs, "undisturbed.csv")
    expected = (folder / "undisturbed.csv").read_bytes()
    results, rng, completed = folder / "results.csv", random.Random(seed), 0
    for _ in range(number):
        process = scan(folder, jobs)
        time.sleep(rng.uniform(0.0, 1.1 * whole))
        process.kill()
        process.wait()
        if results.exists():
            assert results.read_bytes() == expected, "results.csv is not complete"
            completed += 1
            (results if rng.random() < 0.5 else folder / "results.hcr.sqlite").unlink()
    last = timed(scan, folder, jobs)
    same = results.read_bytes() == expected
    print(
        f"{number} kills over {count} files: results equal to an undisturbed run's: {same}; "
        f"complete and checked after {completed} kills, absent after the others; "
        f"undisturbed {whole:.1f} s, the run after the last kill {last:.1f} s"
    )
    assert same


def make_forms(folder: Path, count: int) -> None:
    """Small pages, no two alike, with a few characters in boxes."""
    folder.mkdir(parents=True)
    for number in range(count):
        page = np.full((160, 300), 255, np.uint8)
        for place, digit in enumerate(f"{number:06d}"):
            left = 20 + 42 * place
            cv2.rectangle(page, (left, 50), (left + 42, 100), 60, 1)
            cv2.putText(page, digit, (left + 10, 90), cv2.FONT_HERSHEY_DUPLEX, 1.1, 40, 2)
        cv2.imwrite(str(folder / f"{number:06d}.png"), page)


def scan(folder: Path, jobs: int, out: str = "results.csv") -> subprocess.Popen:
    log = ("--log-json", folder / "log.jsonl") if out == "results.csv" else ()
    return program("scan", folder / "forms", "--out", folder / out, "--jobs", jobs, "--quiet", *log)


def status(folder: Path) -> subprocess.Popen:
    return program("status", folder / "results.csv")


def program(*arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "hcr_batch", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)


def timed(start, *arguments: object) -> float:
    """Seconds that a program takes to its end."""
    begin = time.monotonic()
    assert start(*arguments).wait() == 0
    return time.monotonic() - begin


def resident(pid: int) -> float:
    """Memory of a process in MB; 0 if it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+)", text)
    return int(found[1]) / 1024 if found else 0.0


def children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in text.split()]


if __name__ == "__main__":
    main()
