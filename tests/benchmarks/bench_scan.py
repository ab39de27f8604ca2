"""Measure the speed of a scan against what its steps cost at least; prints a table.

    HCR_DATA=... python tests/benchmarks/bench_scan.py

Everything runs on the same generated pages (A4, 300 dpi, 302 filled boxes) in
one run. Work is measured in seconds of CPU, which other programs on the machine
disturb less than the clock; its load stands beside them. Only the two workers,
the one-page run and the stages are measured by the clock. Tesseract and
RapidOCR stand beside it where they are installed.

`--quick` takes 4 pages; `--pages`, `--rounds` and `--seed` say how many, how
often and which.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from PIL import Image
from scan_pages import FORMATS, make_pages

from hcr_batch.config import load_settings
from hcr_batch.documents import open_pages
from hcr_batch.pipeline import read_page
from hcr_batch.recognition import load_recognizer
from hcr_batch.segmentation.network import load_segmenter
from hcr_batch.timing import STAGES

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OMP_THREAD_LIMIT"), "1")
SCAN = (sys.executable, "-m", "hcr_batch", "scan", "--quiet")
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Started anew, for a process is given the memory of the one that it was forked from."""
MIB = 1024.0
"""Kibibytes, in which Linux counts memory, in a mebibyte."""


@dataclass(frozen=True)
class Floor:
    """CPU seconds a page of the three steps that no scan can do without."""

    decode: float
    segment: float
    network: float

    @property
    def whole(self) -> float:
        return self.decode + self.segment + self.network


class GlyphRecorder:
    """A recognizer that keeps the glyphs it was given."""

    def __init__(self, recognizer) -> None:
        self._recognizer = recognizer
        self.card, self.classes = recognizer.card, recognizer.classes
        self.line_reader = recognizer.line_reader
        self.glyphs = np.zeros((0, 28, 28), np.uint8)

    def scores(self, glyphs: np.ndarray):
        self.glyphs = glyphs
        return self._recognizer.scores(glyphs)


def main() -> None:
    options = _options()
    cv2.setNumThreads(1)
    # Others on the machine take the caches: the ratios rise with the load, by half at 20 for two
    # cores.
    print("load of the machine (1, 5, 15 minutes): {:.1f} {:.1f} {:.1f}".format(*os.getloadavg()))
    strokes = Path(os.environ["HCR_DATA"]) / "characters" / "unipen_strokes.npz"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = make_pages(folder / "pages", options.pages, options.seed, strokes)
        _print_formats(files, folder, options.rounds)
        _print_pdf(files)
        _print_stages("pages of this benchmark", files["jpeg"], folder / "stages")
        real = sorted(Path(os.environ["HCR_DATA"], "real_forms").glob("*[!v]"))
        _print_stages("real forms", real, folder / "real")
        _print_process(files["jpeg"], folder, options.pages)
        _print_others(files["jpeg"][: 1 if options.quick else 3])


def _print_formats(files: dict[str, list[Path]], folder: Path, rounds: int) -> None:
    """The whole scan of each format against its floor, and the single steps."""
    recognizer = load_recognizer()
    glyphs = {name: [_glyphs_of(path, recognizer) for path in files[name]] for name in files}
    print("ms of CPU a page            floor = decode +    Otsu +     net   whole  ratio  pages/s")
    for name in FORMATS:
        floors, wholes = [], []
        for number in range(rounds):
            floors.append(_floor(files[name], glyphs[name], recognizer))
            wholes.append(_scan_seconds(files[name], folder / f"{name}{number}"))
        floor = sorted(floors, key=lambda f: f.whole)[len(floors) // 2]
        whole = statistics.median(wholes)
        steps = "".join(
            f"{1e3 * value:9.1f}" for value in (floor.decode, floor.segment, floor.network, whole)
        )
        ratio = whole / floor.whole
        print(f"{name:<22}{1e3 * floor.whole:11.1f}{steps}{ratio:7.2f}{1 / whole:9.1f}")


def _glyphs_of(path: Path, recognizer) -> np.ndarray:
    recorder = GlyphRecorder(recognizer)
    settings, segmenter = load_settings(), load_segmenter()
    for page in open_pages(path, settings.documents):
        read_page(page, recorder, segmenter, settings)
    return recorder.glyphs


def _floor(files: list[Path], glyphs: list[np.ndarray], recognizer) -> Floor:
    """Decode, Otsu and contours, and the bare interpreter on the same glyphs."""
    decode = segment = network = 0.0
    for path, stack in zip(files, glyphs, strict=True):
        start = time.process_time()
        gray = bare_decoding(path)
        decoded = time.process_time()
        _, ink = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
        cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        segmented = time.process_time()
        recognizer.network(stack)
        end = time.process_time()
        decode += decoded - start
        segment += segmented - decoded
        network += end - segmented
    return Floor(*(seconds / len(files) for seconds in (decode, segment, network)))


def bare_decoding(path: Path) -> np.ndarray:
    """The pixels of a file by the fastest decoder; of a PDF, its JPEG stream."""
    if path.suffix == ".tif":
        with Image.open(path) as image:
            return np.asarray(image.convert("L"))
    data = path.read_bytes()
    if path.suffix == ".pdf":
        data = data[data.index(b"\xff\xd8") : data.rindex(b"\xff\xd9") + 2]
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)


def _scan_seconds(files: list[Path], output: Path) -> float:
    """CPU seconds of one page more in a scan with deskew, journal and CSV: starting cancels out."""
    few, many = (
        _seconds([*SCAN, *map(str, part), "--jobs", "1", "--out", f"{output}.{len(part)}.csv"])[1]
        for part in (files[:1], files)
    )
    return (many - few) / (len(files) - 1)


def _print_pdf(files: dict[str, list[Path]]) -> None:
    """A PDF page that is one JPEG against decoding that JPEG."""
    settings = load_settings().documents

    def pages() -> None:
        for path in files["pdf"]:
            for _ in open_pages(path, settings):
                pass

    def bare() -> None:
        for path in files["pdf"]:
            bare_decoding(path)

    page, stream = _cpu(pages) / len(files["pdf"]), _cpu(bare) / len(files["pdf"])
    print(
        f"PDF page of one JPEG: {1e3 * page:.1f} ms, its bare decoding {1e3 * stream:.1f} ms,"
        f" {page / stream:.2f} times"
    )


def _print_stages(name: str, files: list[Path], output: Path) -> None:
    """What each stage of a page takes by the log of a scan, and what all miss of the whole."""
    log = output.with_suffix(".jsonl")
    paths = [*map(str, files), "--log-json", str(log), "--out", f"{output}.csv"]
    _run([*SCAN, "--jobs", "1", *paths])
    spent: Counter[str] = Counter()
    wholes, pages = [], 0
    for event in map(json.loads, log.read_text(encoding="utf-8").splitlines()):
        if event["event"] == "page":
            spent[event["stage"]] += event["milliseconds"]
        elif event["event"] == "file" and event["pages"]:
            wholes += event["pages"] * [event["milliseconds"] / event["pages"]]
            pages += event["pages"]
    print(f"stages of {pages} {name}, ms a page by the clock:")
    print("  " + "".join(f"{stage:>10}" for stage in (*STAGES, "whole", "missing", "slowest")))
    whole = sum(wholes)
    shown = [spent[stage] / pages for stage in STAGES] + [whole / pages]
    missing = f"{1 - spent.total() / whole:10.1%}"
    slowest = f"{max(wholes) / statistics.median(wholes):8.1f} x"
    print("  " + "".join(f"{value:10.1f}" for value in shown) + missing + slowest)


def _print_process(files: list[Path], folder: Path, pages: int) -> None:
    """Start to exit with one page; two workers against one; memory of a worker."""
    one = [*SCAN, str(files[0]), "--jobs", "1", "--out"]
    walls, cpus = zip(*(_seconds([*one, str(folder / f"one{number}.csv")]) for number in range(3)))
    print(f"one-page run, start included: {min(walls):.2f} s ({min(cpus):.2f} s of CPU)")
    # Enough that starting is a small part of it, as in a night run.
    count = 5 * pages
    scan = [*SCAN, _copies(files, folder / "copies", count), "--out"]
    clock = {
        jobs: _seconds([*scan, str(folder / f"{jobs}.csv"), "--jobs", str(jobs)])[0]
        for jobs in (1, 2)
    }
    print(
        f"two workers against one, {count} pages:"
        f" {clock[1] / clock[2]:.2f} times as fast ({clock[1]:.1f} and {clock[2]:.1f} s)"
    )
    scanned = _run([sys.executable, "-c", PEAK, *one, str(folder / "peak.csv")])
    peak = int(scanned.stdout) / MIB
    print(f"peak memory of the largest process: {peak:.0f} MiB")


def _copies(files: list[Path], folder: Path, count: int) -> str:
    """A folder of files that differ in content, so that each is read."""
    folder.mkdir()
    for number in range(count):
        source = files[number % len(files)]
        # What follows the end of a JPEG is no part of the picture.
        Path(folder, f"{number:04d}.jpg").write_bytes(source.read_bytes() + b"%d" % number)
    return str(folder)


def _print_others(files: list[Path]) -> None:
    """Tesseract and RapidOCR on the same pages, where they are installed."""
    if shutil.which("tesseract"):
        walls = [_seconds(["tesseract", str(f), "-", "--psm", "6"])[1] for f in files]
        print(f"Tesseract --psm 6: {statistics.median(walls):.2f} s of CPU a page")
    else:
        print("Tesseract: not installed, skipped")
    try:
        from rapidocr_onnxruntime import RapidOCR
    except ImportError:
        print("RapidOCR: not installed, skipped")
        return
    reader = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)
    walls = [_cpu(lambda f=f: reader(str(f))) for f in files]
    print(f"RapidOCR: {statistics.median(walls):.2f} s of CPU a page")


def _cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _seconds(command: list[str]) -> tuple[float, float]:
    """Seconds by the clock and of CPU that a command takes, its children included."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    _run(command)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _run(command: list[str]) -> subprocess.CompletedProcess:
    environment = os.environ | ONE_THREAD
    # As installed: compiled once, not at each start.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        sys.exit(f"{' '.join(command[:5])} ...: {done.stderr.strip()}")
    return done


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="4 pages, one round")
    options = parser.parse_args()
    if options.quick:
        options.pages, options.rounds = 4, 1
    return options


if __name__ == "__main__":
    main()
