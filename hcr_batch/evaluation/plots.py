"""Pictures of how well glyphs are read: confusion, reliability, rejection, examples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.evaluation.labelled_predictions import LabelledPredictions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "confusion_matrix",
    "plot_confusion",
    "plot_reject_curves",
    "plot_reliability",
    "reject_curve",
    "reliability",
    "strip",
    "write_png",
]

DOTS_PER_INCH = 110
BINS = 15
LEAST_ERROR = 1e-4
"""Errors below this are drawn here: the axis is logarithmic."""
ENLARGED = 3
"""Pixels of a picture a pixel of a glyph."""


def confusion_matrix(predictions: LabelledPredictions) -> tuple[np.ndarray, np.ndarray]:
    """Counts by true and read class, int (K, K), and the K classes (indices of characters)."""
    classes = np.unique(np.concatenate([predictions.truth, predictions.best]))
    counts = np.zeros((len(classes), len(classes)), np.int64)
    rows, columns = (
        np.searchsorted(classes, side) for side in (predictions.truth, predictions.best)
    )
    np.add.at(counts, (rows, columns), 1)
    return counts, classes


def reliability(predictions: LabelledPredictions, bins: int = BINS) -> np.ndarray:
    """Mean confidence, accuracy and size of equally filled bins, float (bins, 3)."""
    order = np.argsort(predictions.confidence, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    rows = [
        (predictions.confidence[p].mean(), predictions.correct[p].mean(), len(p)) for p in parts
    ]
    return np.array(rows, float)


def reject_curve(predictions: LabelledPredictions) -> tuple[np.ndarray, np.ndarray]:
    """Share accepted (0 to 1) and error among the accepted, the surest accepted first."""
    order = np.argsort(-predictions.confidence, kind="stable")
    counts = np.arange(1, len(order) + 1)
    return counts / len(order), np.cumsum(~predictions.correct[order]) / counts


def plot_confusion(predictions: LabelledPredictions, path: Path) -> None:
    """Draw the confusions as shares of each true class; the diagonal is left out."""
    counts, classes = confusion_matrix(predictions)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, 0)
    names = [CHARACTERS[index] for index in classes]
    side = 2 + 0.16 * len(names)
    figure, axes = _figure(side + 1, side)
    drawn = axes.imshow(100 * shares, cmap="magma_r", interpolation="nearest")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(range(len(names)), names, fontsize=7)
    axes.set(xlabel="read as", ylabel="is", title=f"confusions, {predictions.reading}")
    figure.colorbar(drawn, label="% of the class", shrink=0.8)
    write_png(figure, path)


def plot_reliability(predictions: LabelledPredictions, path: Path) -> None:
    """Draw accuracy over confidence in equally filled bins."""
    bins = reliability(predictions)
    figure, axes = _figure(4.2, 4)
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1, label="as it should be")
    axes.plot(bins[:, 0], bins[:, 1], marker="o", markersize=4, label="measured")
    low = max(0.0, float(bins[:, :2].min()) - 0.05)
    axes.set(xlabel="confidence", ylabel="share right", xlim=(low, 1.01), ylim=(low, 1.01))
    axes.grid(alpha=0.3)
    axes.legend()
    write_png(figure, path)


def plot_reject_curves(curves: Sequence[tuple[str, LabelledPredictions]], path: Path) -> None:
    """Draw, for each named set, the error among the accepted over the share accepted."""
    figure, axes = _figure(6, 4)
    for name, predictions in curves:
        accepted, error = reject_curve(predictions)
        axes.plot(100 * accepted, 100 * np.maximum(error, LEAST_ERROR), label=name)
    axes.set(xlabel="accepted, %", ylabel="wrong among the accepted, %", yscale="log")
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=8)
    write_png(figure, path)


def strip(glyphs: np.ndarray, columns: int = 12) -> np.ndarray:
    """Glyphs (N, 28, 28), N at least 1, side by side, dark on light: uint8 (rows, columns)."""
    columns = min(columns, len(glyphs))
    rows = -(-len(glyphs) // columns)
    padded = np.pad(255 - glyphs, ((0, rows * columns - len(glyphs)), (1, 1), (1, 1)), "constant",
                    constant_values=225)  # fmt: skip
    high, wide = padded.shape[1:]
    sheet = padded.reshape(rows, columns, high, wide).transpose(0, 2, 1, 3)
    large = sheet.reshape(rows * high, columns * wide)
    return np.kron(large, np.ones((ENLARGED, ENLARGED), np.uint8))


def write_png(picture: Figure | np.ndarray, path: Path) -> None:
    """Write a figure or a gray image (rows, columns) as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(picture, np.ndarray):
        from PIL import Image

        Image.fromarray(picture).save(path)
    else:
        picture.savefig(path, dpi=DOTS_PER_INCH)


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    # The object interface needs no display and leaves no global figure behind.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()
