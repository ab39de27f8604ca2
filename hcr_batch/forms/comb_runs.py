"""Combs on a page that its form does not have: the form is of another edition."""

from __future__ import annotations

import numpy as np

from hcr_batch.forms.evidence import sizes

__all__ = ["comb_runs", "goes_on"]

MIN_RUN = 4
"""So many cells in a row are a comb; fewer may be found in a picture or in a heading."""
SAME_LINE, SAME_SIZE = 0.25, 0.2
"""Shares of a cell's height and size by which cells of a comb differ at most."""
MAX_GAP = 0.6
"""Share of a cell's width."""
MAX_ASPECT = 1.6
"""Width over height of a cell."""


def comb_runs(boxes: np.ndarray) -> list[np.ndarray]:
    """Find rows of equal cells, whatever form they are of.

    Parameters
    ----------
    boxes : ndarray of float64, shape (N, 4)
        The boxes that no form explains.

    Returns
    -------
    list of ndarray of float64, shape (cells, 4)
    """
    width, height = sizes(boxes).T
    cells = boxes[width <= MAX_ASPECT * height]
    cells = cells[np.argsort(cells[:, 0], kind="stable")]
    runs: list[list[np.ndarray]] = []
    for cell in cells:
        run = next((run for run in runs if goes_on(run[-1], cell)), None)
        if run is None:
            runs.append([cell])
        else:
            run.append(cell)
    return [np.array(run) for run in runs if len(run) >= MIN_RUN]


def goes_on(last: np.ndarray, cell: np.ndarray) -> bool:
    """Whether a cell is the next of a comb."""
    width, height = last[2:] - last[:2]
    grown = np.abs((cell[2:] - cell[:2]) - (width, height))
    lower = abs((cell[1] + cell[3]) - (last[1] + last[3])) / 2
    return bool(
        (grown <= SAME_SIZE * np.array([width, height])).all()
        and lower <= SAME_LINE * height
        and -SAME_SIZE * width <= cell[0] - last[2] <= MAX_GAP * width
    )
