"""What is in a set of labelled characters: classes, duplicates, labels that look wrong."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.errors import OutputError
from hcr_batch.evaluation.labelled_predictions import labelled_predictions
from hcr_batch.evaluation.plots import strip, write_png
from hcr_batch.evaluation.set_report import html_page, html_table
from hcr_batch.recognition.recognizers import Recognizer
from hcr_batch.training.datasets.character_sets import CharacterSet

__all__ = [
    "ClassCount",
    "Duplicate",
    "Suspect",
    "class_counts",
    "exact_duplicates",
    "near_duplicates",
    "plot_counts",
    "suspicious_labels",
    "write_exploration",
]

SHOWN = 60
"""Glyphs on the contact sheet of a class."""
SHOWN_PAIRS = 48
ALIKE = 0.995
"""Correlation of two softened glyphs of one class from which they are near duplicates."""
COARSE = 14
"""Side in pixels of the softened glyphs that are compared."""
AT_ONCE = 2048
"""Glyphs compared with all others in one product."""
SURE = 0.9
"""Confidence from which the recognizer's other opinion makes a label suspicious."""

CASE_MEANINGS = {
    "known": "a capital is a capital",
    "merged": "a capital is either case where the two look alike",
    "folded": "a capital is either case",
}


@dataclass(frozen=True)
class ClassCount:
    """A class: its glyphs and its writers."""

    label: str
    glyphs: int
    writers: int


@dataclass(frozen=True)
class Duplicate:
    """Two glyphs (rows of the set) that are the same; `likeness` 1 is equal in every pixel."""

    first: int
    second: int
    likeness: float
    same_label: bool


@dataclass(frozen=True)
class Suspect:
    """A glyph (row of the set) that the recognizer reads surely as something else."""

    row: int
    label: str
    read: str
    confidence: float


def class_counts(data: CharacterSet) -> list[ClassCount]:
    """Every class of a set in the order of the 62 characters."""
    found = []
    for label in sorted(np.unique(data.labels).tolist(), key=CHARACTERS.index):
        inside = data.labels == label
        writers = len(np.unique(data.writers[inside]))
        found.append(ClassCount(label, int(inside.sum()), writers))
    return found


def exact_duplicates(data: CharacterSet) -> list[Duplicate]:
    """Glyphs equal in every pixel to an earlier one, whatever their labels."""
    seen: dict[bytes, int] = {}
    found = []
    for row, image in enumerate(data.images):
        key = hashlib.blake2b(image.tobytes(), digest_size=16).digest()
        first = seen.setdefault(key, row)
        if first != row:
            same = bool(data.labels[first] == data.labels[row])
            found.append(Duplicate(first, row, 1.0, same))
    return found


def near_duplicates(data: CharacterSet, least: float = ALIKE) -> list[Duplicate]:
    """Pairs of glyphs of one class that look almost the same, the most alike first.

    Glyphs are softened, reduced and compared by correlation. Equal ones are
    left to :func:`exact_duplicates`; of several alike each stands with the
    first of them.
    """
    found = []
    for label in np.unique(data.labels):
        rows = np.flatnonzero(data.labels == label)
        found += _alike(data.images, rows, least)
    return sorted(found, key=lambda pair: -pair.likeness)


def suspicious_labels(
    recognizer: Recognizer, data: CharacterSet, sure: float = SURE
) -> list[Suspect]:
    """Glyphs whose label a recognizer contradicts with at least that confidence, surest first.

    Cases are told apart only as far as the set does.
    """
    reading = "36" if data.cases == "folded" else "47"
    predictions = labelled_predictions(recognizer.probabilities(data.images), data.labels, reading)
    rows = np.flatnonzero(~predictions.correct & (predictions.confidence >= sure))
    order = rows[np.argsort(-predictions.confidence[rows], kind="stable")]
    return [
        Suspect(
            int(row),
            str(data.labels[row]),
            CHARACTERS[predictions.best[row]],
            round(float(predictions.confidence[row]), 4),
        )
        for row in order
    ]


def write_exploration(
    data: CharacterSet, recognizer: Recognizer, folder: Path
) -> dict[str, Any]:
    """Write index.html, tables as CSV and pictures about a set.

    Returns
    -------
    dict
        Counts: `glyphs`, `classes`, `duplicates`, `near_duplicates`, `suspicious`.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    counts, exact = class_counts(data), exact_duplicates(data)
    near, suspects = near_duplicates(data), suspicious_labels(recognizer, data)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_csv(folder / "classes.csv", counts)
        _write_csv(folder / "duplicates.csv", exact + near)
        _write_csv(folder / "suspicious.csv", suspects)
        plot_counts(counts, folder / "classes.png")
        parts = [
            *_overview(data, counts),
            *_duplicates(data, exact, near, folder),
            *_suspects(data, suspects, folder),
            *_sheets(data, counts, folder),
        ]
        (folder / "index.html").write_text(html_page(data.name, parts), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror}); check --out") from error
    return {
        "glyphs": len(data),
        "classes": len(counts),
        "duplicates": len(exact),
        "near_duplicates": len(near),
        "suspicious": len(suspects),
    }


def _alike(images: np.ndarray, rows: np.ndarray, least: float) -> list[Duplicate]:
    soft = np.stack([_softened(image) for image in images[rows]])
    found, taken = [], np.zeros(len(rows), bool)
    for start in range(0, len(rows), AT_ONCE):
        likeness = soft[start : start + AT_ONCE] @ soft[start:].T
        for one, other in np.argwhere(likeness >= least):
            if other <= one or taken[start + one] or taken[start + other]:
                continue
            first, second = int(rows[start + one]), int(rows[start + other])
            if not np.array_equal(images[first], images[second]):
                share = round(float(min(likeness[one, other], 0.9999)), 4)
                found.append(Duplicate(first, second, share, True))
                taken[start + other] = True
    return found


def _softened(image: np.ndarray) -> np.ndarray:
    """Glyph as a vector of length 1 around its mean, float32 (196,)."""
    blurred = cv2.GaussianBlur(image, (0, 0), 1.0)
    small = cv2.resize(blurred, (COARSE, COARSE), interpolation=cv2.INTER_AREA)
    vector = small.astype(np.float32).ravel()
    vector -= vector.mean()
    return vector / max(float(np.linalg.norm(vector)), 1e-6)


def _write_csv(path: Path, rows: Sequence[Any]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for number, row in enumerate(rows):
            if number == 0:
                writer.writerow(vars(row))
            writer.writerow(vars(row).values())


def plot_counts(counts: Sequence[ClassCount], path: Path) -> None:
    """Draw how many characters each class has, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(max(4, 0.2 * len(counts)), 3), layout="constrained")
    axes = figure.subplots()
    axes.bar([one.label for one in counts], [one.glyphs for one in counts])
    axes.set(ylabel="characters", xlabel="class")
    write_png(figure, path)


def _overview(data: CharacterSet, counts: Sequence[ClassCount]) -> Iterator[str]:
    sizes = [one.glyphs for one in counts]
    writers = len(np.unique(data.writers))
    known = f"{writers} writers" if writers < len(data) else "writers not known"
    yield f"<h1>{escape(data.name)}</h1>"
    yield (
        f"<p>{len(data)} characters of {len(counts)} classes, {min(sizes)} to {max(sizes)} a "
        f"class; {known}; {CASE_MEANINGS[data.cases]}.</p>"
    )
    yield "<img src='classes.png' alt='characters a class'>"
    rows = [(one.label, one.glyphs, one.writers) for one in counts]
    table = html_table(("class", "characters", "writers"), rows)
    yield f"<details><summary>Table</summary>{table}</details>"


def _duplicates(
    data: CharacterSet, exact: Sequence[Duplicate], near: Sequence[Duplicate], folder: Path
) -> Iterator[str]:
    apart = sum(not pair.same_label for pair in exact)
    yield (
        f"<h2>Duplicates</h2><p>{len(exact)} characters equal an earlier one in every pixel, "
        f"{apart} of them under another label; {len(near)} look almost the same as one of their "
        "class. All are in duplicates.csv, by row of the set.</p>"
    )
    shown = [pair for pair in exact if not pair.same_label] + list(near)
    if shown:
        rows = [row for pair in shown[:SHOWN_PAIRS] for row in (pair.first, pair.second)]
        write_png(strip(data.images[rows], columns=16), folder / "duplicates.png")
        yield "<p>In pairs:</p><img src='duplicates.png' alt='pairs of duplicates'>"


def _suspects(data: CharacterSet, suspects: Sequence[Suspect], folder: Path) -> Iterator[str]:
    yield (
        f"<h2>Suspicious labels</h2><p>{len(suspects)} characters are read surely as another "
        "one than their label says. All are in suspicious.csv, by row of the set.</p>"
    )
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in suspects:
        groups[one.label, one.read].append(one.row)
    for number, (label, read) in enumerate(sorted(groups, key=lambda pair: -len(groups[pair]))):
        if number == SHOWN_PAIRS:
            break
        rows, file = groups[label, read], f"suspicious{number + 1:02}.png"
        write_png(strip(data.images[rows[:12]]), folder / file)
        caption = f"labelled {label}, read as {read}: {len(rows)}"
        yield (
            f"<figure><img src='{file}' alt='examples'>"
            f"<figcaption>{escape(caption)}</figcaption></figure>"
        )


def _sheets(data: CharacterSet, counts: Sequence[ClassCount], folder: Path) -> Iterator[str]:
    yield "<h2>Every class</h2>"
    for one in counts:
        rows = np.flatnonzero(data.labels == one.label)
        chosen = rows[np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).astype(int)]
        # By code point: A and a are one name on some file systems.
        file = f"sheets/{ord(one.label):04x}.png"
        write_png(strip(data.images[chosen], columns=20), folder / file)
        yield f"<h3>{escape(one.label)}</h3><img src='{file}' alt='characters of the class'>"
