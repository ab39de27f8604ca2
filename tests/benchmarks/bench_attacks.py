"""What SECURITY.md says of attacks on the program, measured.

    PYTHONPATH=tests python tests/benchmarks/bench_attacks.py

starts `hcr-batch serve` and `hcr-batch scan` as users do, does to them what an attacker or an
unlucky night would, and prints a line for each. Linux alone: memory is read from /proc.
"""

import argparse
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from hearing import hear_signals
from hostile_files import SEEDS, many_scans, tiled_tiff

TESTS = Path(__file__).resolve().parents[1]
HCR = (sys.executable, "-m", "hcr_batch")


@contextmanager
def serving() -> Iterator[tuple[int, int]]:
    """Process id and port of a server."""
    command = [*HCR, "serve", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    port = int(re.search(r":(\d+)/", process.stderr.readline())[1])
    try:
        yield process.pid, port
    finally:
        process.kill()
        process.wait()


def family(pid: int) -> list[int]:
    """A process and all below it."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()[1:]]
    found = [pid]
    for one in found:
        found += [child for child, parent in pairs if parent == one]
    return found


def megabytes(pid: int) -> int:
    """Memory of a process and all below it now."""
    total = 0
    for one in family(pid):
        with suppress(OSError):
            status = Path(f"/proc/{one}/status").read_text()
            total += int(re.search(r"VmRSS:\s+(\d+)", status)[1])
    return total // 1024


class Watch:
    """Notes the most memory that a process and those below it take meanwhile."""

    def __init__(self, pid: int) -> None:
        self.most, self._pid, self._done = 0, pid, threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(0.05):
            self.most = max(self.most, megabytes(self._pid))


def post(port: int, content: bytes, kind: str = "image/png") -> tuple[int, float]:
    """Status and seconds of a prediction."""
    begin = time.monotonic()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/predict", content, {"Content-Type": kind}
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, time.monotonic() - begin
    except urllib.error.HTTPError as error:
        return error.code, time.monotonic() - begin


def honest(port: int, seconds: float) -> str:
    """How one client fares that asks again and again."""
    answers = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answers.append(post(port, SEEDS["gray.png"]))
    times = [taken for code, taken in answers if code == 200]
    return (
        f"honest client: {len(times)} of {len(answers)} answered, "
        f"median {statistics.median(times):.2f} s, longest {max(times):.2f} s"
    )


def bomb(content: bytes, kind: str, times: int) -> str:
    with serving() as (pid, port), Watch(pid) as watch, ThreadPoolExecutor(times) as clients:
        answers = [clients.submit(post, port, content, kind) for _ in range(times)]
        codes = {answer.result()[0] for answer in answers}
        longest = max(answer.result()[1] for answer in answers)
    return f"status {codes}, {longest:.1f} s, server and its processes at most {watch.most} MB"


def slow_pictures() -> str:
    slow = many_scans(12, 6000)
    with serving() as (_, port), ThreadPoolExecutor(4) as clients:
        post(port, SEEDS["gray.png"])
        answers = [clients.submit(post, port, slow, "image/jpeg") for _ in range(8)]
        fared = honest(port, 20)
        codes = {answer.result()[0] for answer in answers}
        longest = max(answer.result()[1] for answer in answers)
    return f"status {codes}, longest {longest:.1f} s; {fared}"


def large_bodies() -> str:
    head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
    with serving() as (pid, port), ExitStack() as opened:
        for _ in range(30):
            client = socket.create_connection(("127.0.0.1", port))
            opened.enter_context(client)
            with suppress(OSError):
                client.sendall(f"{head}Content-Length: 39000000\r\n\r\n".encode())
                client.sendall(bytes(38_000_000))
        time.sleep(1)
        return f"server {megabytes(pid)} MB"


def trickling() -> str:
    with serving() as (_, port), ExitStack() as opened:
        post(port, SEEDS["gray.png"])
        clients = []
        for _ in range(200):
            clients.append(opened.enter_context(socket.create_connection(("127.0.0.1", port))))
            clients[-1].sendall(b"POST /predict HTTP/1.1\r\nX: ")
        with ThreadPoolExecutor(1) as one:
            fared = one.submit(honest, port, 10)
            while not fared.done():
                for client in clients:
                    with suppress(OSError):
                        client.sendall(b"y")
                time.sleep(0.5)
        return fared.result()


def signals(count: int) -> str:
    """Ctrl-C at any moment while workers are started."""
    chance, codes = random.Random(1), []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "forms").mkdir()
        for number in range(200):
            (Path(folder) / "forms" / f"{number}.png").write_bytes(SEEDS["gray.png"])
        for number in range(count):
            process = subprocess.Popen(
                [*HCR, "scan", f"{folder}/forms", "--out", f"{folder}/{number}.csv", "--jobs", "2"],
                stderr=subprocess.DEVNULL,
                preexec_fn=hear_signals,
            )
            time.sleep(chance.uniform(0.2, 1.5))
            process.send_signal(chance.choice([signal.SIGINT, signal.SIGTERM]))
            codes.append(process.wait(60))
    # Until Python has loaded the program, a signal ends it in Python's way, with 1 or by itself.
    early = sum(code in (1, -signal.SIGINT, -signal.SIGTERM) for code in codes)
    lost = count - early - codes.count(130)
    return f"{lost} of {count} lost, {early} before the program was loaded"


def orphans(count: int) -> str:
    """Processes in the middle of their work whose parent is killed."""
    program = (
        "import time\nfrom queue import SimpleQueue\nfrom fake_handlers import Counter\n"
        "from hcr_batch.processes import Process\nprocess, arrivals = Process(), SimpleQueue()\n"
        "process.listen(arrivals)\nprocess.send(Counter())\narrivals.get()\n"
        "process.send(10**12)\ntime.sleep(0.2)\nprint('working', flush=True)\ntime.sleep(60)"
    )
    taken = []
    for _ in range(count):
        parent = subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=TESTS, text=True
        )
        parent.stdout.readline()
        (child,) = family(parent.pid)[1:]
        begin = time.monotonic()
        parent.kill()
        parent.wait()
        while _runs(child) and time.monotonic() < begin + 10:
            time.sleep(0.001)
        taken.append(time.monotonic() - begin)
    return f"{count} processes gone within {1000 * max(taken):.0f} ms"


def _runs(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


ATTACKS: dict[str, Callable[[], str]] = {
    "4 TIFFs of 1000 x 1000 pixels in a tile of 32752 x 65520": lambda: bomb(
        tiled_tiff(1000, (32752, 65520)), "image/tiff", 4
    ),
    "4 JPEGs of 2,000 scans": lambda: bomb(many_scans(2000, 4000), "image/jpeg", 4),
    "8 JPEGs of 36 megapixels and as many scans as are taken, 4 at a time": slow_pictures,
    "30 connections that send 38 MB each": large_bodies,
    "200 connections that send a byte every half second": trickling,
    "60 signals while workers are started": lambda: signals(60),
    "parents killed while their process works": lambda: orphans(20),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="those whose name holds this")
    options = parser.parse_args()
    for name, attack in ATTACKS.items():
        if not options.only or options.only in name:
            print(f"{name}: {attack()}", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", os.pathsep.join(sys.path))
    main()
