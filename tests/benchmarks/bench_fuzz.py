"""Fuzzes what reads files and requests of others, for as long as it is told.

    PYTHONPATH=tests python tests/benchmarks/bench_fuzz.py --seconds 600 --seed 1

Prints for each target how many inputs were fuzzed, refused in one line, read,
and crashed: an error that is none of the program's, a process that died, an
input that took longer than --limit seconds of processor time or more memory
than --memory MB. What crashed is kept in --keep, smallest first where Hypothesis
could shrink it, to be put into tests/fuzz_corpus when it is mended.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from fuzz_targets import CORPUS, TARGETS, make_target
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

ROUND_S = 15.0
"""Seconds of one process; the next goes on with another seed."""
EXAMPLES = 50
"""Inputs after which a process looks at the time."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120.0, help="for all targets together")
    parser.add_argument("--targets", nargs="+", default=list(TARGETS), choices=list(TARGETS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, default=20, help="seconds that one input may take")
    parser.add_argument("--memory", type=int, default=3000, help="MB that a process may take")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "fuzz_crashed")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.targets[0], options)
    else:
        supervise(options)


def supervise(options: argparse.Namespace) -> None:
    """Give each target its share of the time, in processes that may die."""
    share = options.seconds / len(options.targets)
    total: Counter[str] = Counter()
    print(f"{'target':>10}  {'fuzzed':>8}  {'refused':>8}  {'read':>8}  {'crashed':>8}")
    for name in options.targets:
        counts = fuzzed(name, share, options)
        total += counts
        print_line(name, counts)
    print_line("all", total)


def print_line(name: str, counts: Counter[str]) -> None:
    fuzzed = counts["refused"] + counts["read"] + counts["crashed"]
    figures = (fuzzed, counts["refused"], counts["read"], counts["crashed"])
    print(f"{name:>10}  " + "  ".join(f"{figure:>8}" for figure in figures), flush=True)


def fuzzed(name: str, seconds: float, options: argparse.Namespace) -> Counter[str]:
    """Counts of one target."""
    counts: Counter[str] = Counter()
    deadline, seed = time.monotonic() + seconds, options.seed
    while (left := deadline - time.monotonic()) > 0:
        with tempfile.TemporaryDirectory(prefix="hcr-fuzz-") as folder:
            command = [sys.executable, __file__, "--worker", folder, "--targets", name]
            command += ["--seconds", str(min(left, ROUND_S)), "--seed", str(seed)]
            command += ["--limit", str(options.limit), "--memory", str(options.memory)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            found = json.loads(done.stdout) if done.returncode == 0 else {"crashed": 1}
            counts += Counter(found)
            if found.get("crashed"):
                keep(Path(folder) / "input", options.keep / name, done.stderr)
        seed += 1
    return counts


def keep(source: Path, folder: Path, report: str) -> None:
    """Keep an input that crashed, and what was said of it."""
    folder.mkdir(parents=True, exist_ok=True)
    content = source.read_bytes()
    target = folder / hashlib.sha256(content).hexdigest()[:12]
    target.write_bytes(content)
    last = report.strip().splitlines()[-3:]
    print(f"kept {target}: {' | '.join(last)}", file=sys.stderr, flush=True)


def work(name: str, options: argparse.Namespace) -> None:
    """Fuzz one target until the time is over or the first crash; print the counts as JSON."""
    limit = options.memory << 20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    signal.signal(signal.SIGPROF, _too_long)
    target, folder = make_target(name)
    counts: Counter[str] = Counter()
    deadline, number = time.monotonic() + options.seconds, 1000 * options.seed

    def attempt(content: bytes) -> None:
        (options.worker / "input").write_bytes(content)
        signal.setitimer(signal.ITIMER_PROF, options.limit)
        outcome = target.read(content)
        signal.setitimer(signal.ITIMER_PROF, 0)
        counts["read" if outcome else "refused"] += 1

    with folder:
        for path in sorted((CORPUS / name).glob("*")):
            attempt(path.read_bytes())
        while time.monotonic() < deadline and not counts["crashed"]:
            counts["crashed"] += not _survives(attempt, target.inputs, number)
            number += 1
    print(json.dumps(counts))


def _survives(attempt, inputs, number: int) -> bool:
    """Whether some inputs leave the program standing; Hypothesis shrinks one that does not."""

    @seeded(number)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs)
    def fuzz(content: bytes) -> None:
        attempt(content)

    try:
        fuzz()
    except Exception as error:  # whatever it is, it is what is looked for
        print(f"{type(error).__name__}: {str(error)[:300]!r}", file=sys.stderr)
        return False
    return True


def _too_long(*_: object) -> None:
    raise TimeoutError("an input takes too long")


if __name__ == "__main__":
    main()
