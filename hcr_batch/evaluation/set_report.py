"""A report on sets of labelled glyphs: a page in HTML with pictures, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.errors import OutputError
from hcr_batch.evaluation.glyph_sets import SetResult
from hcr_batch.evaluation.labelled_predictions import READINGS, LabelledPredictions
from hcr_batch.evaluation.plots import (
    confusion_matrix,
    plot_confusion,
    plot_reject_curves,
    plot_reliability,
    reject_curve,
    reliability,
    strip,
    write_png,
)

__all__ = ["class_metrics", "html_page", "html_table", "worst_confusions", "write_report"]

WORST = 12
"""Confusions shown with examples."""
EXAMPLES = 12
"""Glyphs shown of each."""
TARGET_ERRORS = (0.001, 0.002, 0.005, 0.01, 0.02)

PAGE_STYLE = (
    "body{font:16px/1.45 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.15rem .7rem;text-align:right;"
    "border-bottom:1px solid #8884}td:first-child,th:first-child{text-align:left}"
    "img{max-width:100%}figure{display:inline-block;margin:0 1rem 1rem 0;vertical-align:top}"
)


def write_report(results: Sequence[SetResult], model: str, folder: Path) -> Path:
    """Write index.html, report.json and the pictures of a report.

    Parameters
    ----------
    results : sequence of SetResult
    model : str
        Name of the model, for the heading.
    folder : Path

    Returns
    -------
    Path
        The page.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    page = folder / "index.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_json(results, model, folder / "report.json")
        plot_reject_curves([(one.name, one.main) for one in results], folder / "reject.png")
        body = [f"<h1>{escape(model)}</h1>", _summary(results), _rejection(results)]
        body += [part for one in results for part in _section(one, folder)]
        page.write_text(html_page(f"{model} measured", body), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written ({error.strerror}); check --report"
        ) from error
    return page


def html_page(title: str, body: Iterable[str]) -> str:
    """A whole page in UTF-8 around parts that are HTML already."""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{PAGE_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>' + "\n".join(
        [*body, "</body></html>\n"]
    )


def html_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table of texts and numbers."""
    lines = ["".join(f"<th>{escape(name)}</th>" for name in header)]
    lines += ["".join(f"<td>{escape(str(value))}</td>" for value in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def class_metrics(predictions: LabelledPredictions) -> list[dict[str, Any]]:
    """For each true class: its size, the share found (recall) and the share right (precision)."""
    counts, classes = confusion_matrix(predictions)
    rows = []
    for number, index in enumerate(classes):
        size, read = int(counts[number].sum()), int(counts[:, number].sum())
        if size:
            right = int(counts[number, number])
            precision = round(right / read, 4) if read else None
            row = {"class": CHARACTERS[index], "samples": size, "recall": round(right / size, 4)}
            rows.append({**row, "precision": precision})
    return rows


def worst_confusions(predictions: LabelledPredictions, most: int = WORST) -> list[dict[str, Any]]:
    """The most frequent confusions: classes, how often, and where, the surest first."""
    counts, classes = confusion_matrix(predictions)
    np.fill_diagonal(counts, 0)
    found = []
    for flat in np.argsort(-counts, axis=None, kind="stable")[:most]:
        row, column = np.unravel_index(flat, counts.shape)
        if counts[row, column]:
            truth, best = classes[row], classes[column]
            where = np.flatnonzero((predictions.truth == truth) & (predictions.best == best))
            surest = where[np.argsort(-predictions.confidence[where], kind="stable")]
            pair = {"is": CHARACTERS[truth], "read": CHARACTERS[best]}
            found.append({**pair, "count": int(counts[row, column]), "where": surest.tolist()})
    return found


def accepted_at(predictions: LabelledPredictions, target: float) -> float:
    """Largest share that can be accepted with no more than `target` of it wrong."""
    accepted, error = reject_curve(predictions)
    met = accepted[error <= target]
    return float(met[-1]) if len(met) else 0.0


def _write_json(results: Sequence[SetResult], model: str, path: Path) -> None:
    sets = {one.name: {"readings": one.rows(), **_details(one.main)} for one in results}
    text = json.dumps({"model": model, "sets": sets}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _details(predictions: LabelledPredictions) -> dict[str, Any]:
    counts, classes = confusion_matrix(predictions)
    return {
        "main_reading": predictions.reading,
        "classes": class_metrics(predictions),
        "confusion": {
            "classes": [CHARACTERS[index] for index in classes],
            "counts": counts.tolist(),
        },
        "reliability": [
            {"confidence": round(mean, 5), "accuracy": round(right, 5), "samples": int(count)}
            for mean, right, count in reliability(predictions)
        ],
        "accepted": {f"{t:g}": round(accepted_at(predictions, t), 5) for t in TARGET_ERRORS},
        "worst": [
            {**one, "where": one["where"][:EXAMPLES]} for one in worst_confusions(predictions)
        ],
    }


def _summary(results: Sequence[SetResult]) -> str:
    header = ("set", "reading", "characters", "right %", "among 3 %", "ECE %", "raw cells %")
    rows = []
    for row in (row for one in results for row in one.rows()):
        shares = [f"{100 * row[key]:.2f}" for key in ("accuracy", "top3", "calibration_error")]
        raw = f"{100 * row['raw_accuracy']:.2f}" if "raw_accuracy" in row else ""
        rows.append((row["set"], row["reading"], row["samples"], *shares, raw))
    meanings = html_table(("reading", "meaning"), READINGS.items())
    return html_table(header, rows) + f"<details><summary>Readings</summary>{meanings}</details>"


def _rejection(results: Sequence[SetResult]) -> str:
    header = ("set", "reading", *(f"{100 * target:g} % wrong" for target in TARGET_ERRORS))
    rows = []
    for one in results:
        shares = (f"{100 * accepted_at(one.main, target):.1f}" for target in TARGET_ERRORS)
        rows.append((one.name, one.main.reading, *shares))
    return (
        "<h2>What can be accepted</h2><p>Share of the characters, in per cent, that can go without "
        "a person's look if so much of it may be wrong.</p>"
        f"{html_table(header, rows)}<img src='reject.png' alt='error over share accepted'>"
    )


def _section(result: SetResult, folder: Path) -> list[str]:
    name, predictions = result.name, result.main
    plot_confusion(predictions, folder / f"{name}.confusion.png")
    plot_reliability(predictions, folder / f"{name}.reliability.png")
    rows = [
        (row["class"], row["samples"], *(_per_cent(row[key]) for key in ("recall", "precision")))
        for row in class_metrics(predictions)
    ]
    header = ("class", "characters", "found %", "right of those read so %")
    pictures = "".join(
        f"<figure><img src='{escape(name)}.{kind}.png' alt='{kind}'></figure>"
        for kind in ("confusion", "reliability")
    )
    meaning = f"In the reading {predictions.reading}: {READINGS[predictions.reading]}."
    return [
        f"<h2>{escape(name)}</h2><p>{meaning}</p>",
        pictures,
        *_examples(result, folder),
        f"<details><summary>Every class</summary>{html_table(header, rows)}</details>",
    ]


def _examples(result: SetResult, folder: Path) -> list[str]:
    parts = []
    for number, pair in enumerate(worst_confusions(result.main), start=1):
        file = f"{result.name}.worst{number:02}.png"
        write_png(strip(result.images[pair["where"][:EXAMPLES]]), folder / file)
        caption = f"{pair['is']} read as {pair['read']}, {pair['count']} times"
        parts.append(
            f"<figure><img src='{escape(file)}' alt='examples'>"
            f"<figcaption>{escape(caption)}</figcaption></figure>"
        )
    return ["<h3>Most frequent confusions, the surest first</h3>", *parts] if parts else []


def _per_cent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"
