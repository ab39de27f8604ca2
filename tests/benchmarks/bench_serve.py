"""Load on /predict: parallel clients, errors, latencies, requests a second, memory.

    python tests/benchmarks/bench_serve.py --seconds 60 --clients 50

Starts `hcr-batch serve` and sends it drawn characters, each client the next as
soon as the one before is answered. With --accuracy, prints instead how many
pictures of the sets in HCR_DATA that the model has not learned from are read
right, as they are and changed.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import re
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from drawn_character import STROKES, draw

if TYPE_CHECKING:
    from hcr_batch.recognition import Recognizer

PERCENTILES = (50, 90, 95, 99, 100)
SETS = ("drawn", "chars74k_hnd", "cell_digits", "comnist_latin", "mnist_test")


def bodies() -> list[bytes]:
    """A request for each drawn character, as the page sends it."""
    pictures = (cv2.imencode(".png", draw(one, size=640, pen=26))[1] for one in STROKES)
    urls = (base64.b64encode(picture.tobytes()).decode() for picture in pictures)
    return [json.dumps({"image_data": f"data:image/png;base64,{url}"}).encode() for url in urls]


class Client(threading.Thread):
    """Asks again and again until `deadline`; keeps latencies in seconds and counts outcomes."""

    def __init__(self, port: int, deadline: float, first: int) -> None:
        super().__init__(daemon=True)
        self.port, self.deadline, self.turn = port, deadline, first
        self.latencies: list[float] = []
        self.outcomes: Counter[str] = Counter()

    def run(self) -> None:
        asked, wanted = bodies(), list(STROKES)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while time.monotonic() < self.deadline:
            number = self.turn = (self.turn + 1) % len(asked)
            start = time.perf_counter()
            try:
                self.outcomes[self._ask(connection, asked[number], wanted[number])] += 1
            except OSError as error:
                self.outcomes[type(error).__name__] += 1
                connection.close()
            self.latencies.append(time.perf_counter() - start)

    def _ask(self, connection: http.client.HTTPConnection, body: bytes, wanted: str) -> str:
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            return str(answer.status)
        return "right" if json.loads(content)["character"] == wanted else "wrong"


def load(seconds: float, clients: int) -> None:
    command = [sys.executable, "-m", "hcr_batch", "serve", "--port", "0"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8")
    try:
        port = int(re.search(r":(\d+)/", server.stderr.readline())[1])
        before = _memory(server.pid)
        start = time.monotonic()
        crowd = [Client(port, start + seconds, number) for number in range(clients)]
        for client in crowd:
            client.start()
        for client in crowd:
            client.join()
        _report(crowd, time.monotonic() - start)
        after, peak = _memory(server.pid), _memory(server.pid, "VmHWM")
        print(f"server memory: {before} MB before, {after} MB after, {peak} MB at most")
    finally:
        server.terminate()
        server.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = sum(len(client.latencies) for client in crowd)
    print(f"server CPU: {1000 * (used.ru_utime + used.ru_stime) / done:.2f} ms a request")


def _report(crowd: list[Client], seconds: float) -> None:
    outcomes = sum((client.outcomes for client in crowd), Counter())
    latencies = np.concatenate([client.latencies for client in crowd]) * 1000
    errors = outcomes.total() - outcomes["right"] - outcomes["wrong"]
    print(f"{len(crowd)} clients, {seconds:.1f} s: {outcomes.total()} requests, {errors} errors")
    print(f"outcomes: {dict(outcomes)}")
    print(f"requests a second: {outcomes.total() / seconds:.1f}")
    shown = ", ".join(f"p{p} {np.percentile(latencies, p):.0f}" for p in PERCENTILES)
    print(f"latency in ms: {shown}")


def _memory(pid: int, name: str = "VmRSS") -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(rf"{name}:\s+(\d+)", status)[1]) // 1024


def accuracy(folder: Path, samples: int) -> None:
    """Print the share read right for each set and kind of picture."""
    from hcr_batch import load_recognizer
    from hcr_batch.decoding.single_characters import predict_pictures

    recognizer = load_recognizer()
    print(f"{'set':14s} {'kind':14s} pictures  right %  in charset %")
    for name in SETS:
        pictures, labels = _sample(folder / f"{name}.npz", recognizer, samples)
        charset = "digits" if all(label.isdigit() for label in labels) else "alnum"
        for kind, change in changes():
            changed = [change(picture) for picture in pictures]
            shares = (
                _right(predict_pictures(changed, recognizer, 0.005, given), labels)
                for given in ("alnum", charset)
            )
            print(f"{name:14s} {kind:14s} {len(labels):8d}", *(f"{s:8.1f}" for s in shares))


def _sample(path: Path, recognizer: Recognizer, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures that the model has not learned from, raw where the set has them, and labels."""
    from hcr_batch.training.datasets.character_sets import unseen_part

    part = unseen_part(path, recognizer.card.document["recipe"])
    pictures = part.images if part.raw is None else part.raw
    chosen = np.random.default_rng(0).permutation(len(part))[:samples]
    return pictures[chosen], part.labels[chosen]


def _right(predictions: list, labels: np.ndarray) -> float:
    from hcr_batch.evaluation.scoring import fold

    pairs = zip(predictions, labels, strict=True)
    return 100 * float(np.mean([fold(p.reading.character) == fold(str(c)) for p, c in pairs]))


def changes() -> Iterator[tuple[str, Callable[[np.ndarray], np.ndarray]]]:
    """Kinds of pictures by name, each made of a picture of the set."""
    rng = np.random.default_rng(0)
    yield "as it is", lambda picture: picture
    yield "inverted", lambda picture: 255 - picture
    yield "six times", lambda picture: cv2.resize(picture, None, fx=6, fy=6)
    yield "photograph", lambda picture: _photograph(picture, rng)


def _photograph(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """On more of its ground, in light that falls off to 45 % from one side, with grain."""
    large = cv2.resize(picture, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    ground = int(np.median(np.concatenate([large[0], large[-1], large[:, 0], large[:, -1]])))
    sheet = cv2.copyMakeBorder(large, *[100] * 4, cv2.BORDER_CONSTANT, value=ground)
    rows, columns = np.mgrid[: sheet.shape[0], : sheet.shape[1]]
    angle = rng.uniform(0, 2 * np.pi)
    way = np.cos(angle) * columns + np.sin(angle) * rows
    light = 1 - 0.55 * (way - way.min()) / (way.max() - way.min())
    return np.clip(sheet * light + rng.normal(0, 6, sheet.shape), 0, 255).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--accuracy", action="store_true", help="needs HCR_DATA")
    parser.add_argument("--samples", type=int, default=500, help="pictures a set")
    given = parser.parse_args()
    if given.accuracy:
        accuracy(Path(os.environ["HCR_DATA"]) / "characters", given.samples)
    else:
        load(given.seconds, given.clients)


if __name__ == "__main__":
    main()
