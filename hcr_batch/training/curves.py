"""The history of a training as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

__all__ = ["plot_history"]

DOTS_PER_INCH = 110


def plot_history(
    history: Sequence[dict[str, str]], path: Path, learned: str = "training (distorted)"
) -> None:
    """Draw loss and accuracy over the epochs, training and held out, as PNG.

    Parameters
    ----------
    history : sequence of dict
        Rows of history.csv.
    path : Path
    learned : str
        What the curve of the training is called.
    """
    # The object interface needs no display and leaves no global figure behind.
    from matplotlib.figure import Figure

    epochs = [int(row["epoch"]) for row in history]
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        axes.plot(epochs, [float(row[name]) for row in history], label=learned)
        axes.plot(epochs, [float(row[f"held_{name}"]) for row in history], label="held out")
        axes.set(xlabel="epoch", ylabel=name)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, dpi=DOTS_PER_INCH)
