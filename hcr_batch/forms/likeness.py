"""How like a form a page looks: its print compared with the form's, tile by tile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.forms.evidence import Evidence, mapped
from hcr_batch.forms.imprint import PER_MM, Imprint
from hcr_batch.geometry import projected

__all__ = ["Likeness", "likeness", "outside_cells", "resemblance", "seen_on_form"]

TILE_MM, REACH_MM = 20.0, 6.0
"""Side of a tile, and how far around its place it is looked for: more than a cell."""
LINES = 0.2
"""What a line counts beside print: the walls of a comb look alike one cell further."""
BLUR = 0.8
"""Pixels: print is never quite where it should be."""
PLAIN = 18.0
"""Standard deviation, of 255, of a tile in which next to nothing is printed."""
BARE = 0.25
"""Share of its tile's standard deviation below which a place on the page is bare: folded over,
or printed in a colour that the scanner drops."""
HERE_MM = 1.0
"""A tile is in its place within this distance; where the page looks as like further than twice
as far, nothing is told."""
ALIKE, UNLIKE = 0.5, 0.3
"""Correlation from which a tile is the form's, and below which it is not: where a form lies more
than nine in ten are, and of tiles with print where it does not one in three."""
MIN_MEAN, MIN_LEAD = 0.77, 0.1
"""Mean correlation of the tiles where a form lies, and by how much it is greater than elsewhere:
right ones have 0.80 and 0.17 at least, those a cell or row off 0.56 at most."""
MIN_TILES, MIN_SEEN = 6, 0.25
"""Tiles with print, and share of them seen on the page, without which nothing is told."""
DENIED = 0.45
"""Mean correlation below which a page is another form's, whatever its boxes."""
STEP = 1.1
"""A page is reduced in steps of this ratio before it is laid on a form."""
ROUGH_PER_MM = 1.0
"""Pixels a millimetre at which guesses are compared."""


@dataclass(frozen=True)
class Likeness:
    """The tiles of a form that hold print and lie on the paper.

    Attributes
    ----------
    places : ndarray of float64, shape (N, 2)
        Their middles in millimetres on the form.
    agrees, differs : ndarray of bool, shape (N,)
        Where the page looks like the form, and where it does not.
    bare : ndarray of bool, shape (N,)
        Where nothing is printed on the page.
    mean, elsewhere : float
        Mean over the tiles that are not bare, in place and at the best place elsewhere.
    shift : tuple of float
        Millimetres, right and down, by which the page looks most like the form.
    pulls : ndarray of float64, shape (N, 2)
        The same for each tile alone; NaN where it looks like the form nowhere.
    """

    places: np.ndarray
    agrees: np.ndarray
    differs: np.ndarray
    bare: np.ndarray
    mean: float
    elsewhere: float
    shift: tuple[float, float]
    pulls: np.ndarray

    @property
    def tells(self) -> bool:
        """Whether there is enough print to tell anything."""
        seen = int((~self.bare).sum())
        return seen >= MIN_TILES and seen >= MIN_SEEN * len(self.bare)

    @property
    def holds(self) -> bool:
        """Whether it is the form, and lies so."""
        return self.tells and self.mean >= max(MIN_MEAN, self.elsewhere + MIN_LEAD)

    @property
    def denies(self) -> bool:
        """Whether it is not the form, or lies otherwise."""
        return self.tells and self.mean < max(DENIED, self.elsewhere)


def likeness(
    transform: np.ndarray, form: Imprint, cells: np.ndarray, evidence: Evidence
) -> Likeness | None:
    """Compare the print of a page with that of a form that lies so on it.

    Parameters
    ----------
    transform : ndarray of float64, shape (3, 3)
        From millimetres on the form to pixels of the page.
    form : Imprint
    cells : ndarray of float64, shape (N, 4)
        Cells of the form in millimetres: what stands in them was perhaps written.
    evidence : Evidence

    Returns
    -------
    Likeness or None
        None where no tile of the form with print in it lies on the paper.
    """
    if evidence.imprint is None:
        return None
    reach = round(REACH_MM * PER_MM)
    rows, columns = form.lines.shape
    outside = outside_cells(cells, (rows, columns), reach)
    lines, words = seen_on_form(transform, evidence.imprint, (rows, columns), reach)
    seen = _mixed(lines, words & outside)
    inner = slice(reach, reach + rows), slice(reach, reach + columns)
    wanted = _mixed(form.lines, form.words & outside[inner])
    tiles = [tile for tile in _tiles(rows, columns) if wanted[tile].std() >= PLAIN]
    sides = np.array([[x.start, y.start, x.stop, y.stop] for y, x in tiles], float) / PER_MM
    if not len(sides) or not (kept := evidence.on_paper(mapped(transform, sides), 0.0)).any():
        return None
    tiles, sides = [tile for tile, keep in zip(tiles, kept, strict=True) if keep], sides[kept]
    maps, bare = zip(*(_compared(wanted, seen, tile, reach) for tile in tiles), strict=True)
    alike, around = _here_and_around(np.stack(maps))
    agrees = (alike >= ALIKE) | ((alike >= UNLIKE) & (alike >= around + MIN_LEAD))
    differs = (alike < UNLIKE) | (alike + MIN_LEAD < around)
    mean = np.mean([m for m, is_bare in zip(maps, bare) if not is_bare] or maps, axis=0)
    (here,), (elsewhere,) = _here_and_around(mean[None])
    right, down = _pulls(mean[None])[0].tolist()
    looks_alike = np.stack(maps).max(axis=(1, 2)) >= ALIKE
    pulls = np.where((looks_alike & ~np.array(bare))[:, None], _pulls(np.stack(maps)), np.nan)
    middle = (sides[:, :2] + sides[:, 2:]) / 2
    bare = np.array(bare)
    agrees, differs = agrees & ~bare, differs & ~bare
    return Likeness(
        middle, agrees, differs, bare, float(here), float(elsewhere), (right, down), pulls
    )


def _here_and_around(maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The greatest correlations in place, and elsewhere, of maps (N, side, side); both (N,)."""
    middle, near = maps.shape[1] // 2, round(HERE_MM * PER_MM)
    inner, outer = (slice(middle - by, middle + by + 1) for by in (near, 2 * near))
    here = maps[:, inner, inner].max(axis=(1, 2))
    around = maps.copy()
    around[:, outer, outer] = -1.0
    return here, around.max(axis=(1, 2))


def _pulls(maps: np.ndarray) -> np.ndarray:
    """Where maps (N, side, side) are greatest, in millimetres right and down of their middles."""
    side = maps.shape[1]
    flat = maps.reshape(len(maps), -1)
    down, right = np.divmod(flat.argmax(axis=1), side)
    return (np.stack([right, down], axis=1) - side // 2) / PER_MM


def outside_cells(cells: np.ndarray, shape: tuple[int, ...], margin: int) -> np.ndarray:
    """255 but in cells, 0 there: uint8 of the form's rows and columns with a margin."""
    outside = np.full((shape[0] + 2 * margin, shape[1] + 2 * margin), 255, np.uint8)
    for left, top, right, bottom in np.round(cells * PER_MM + margin).astype(int).tolist():
        outside[top:bottom, left:right] = 0
    return outside


def _mixed(lines: np.ndarray, words: np.ndarray) -> np.ndarray:
    mixed = np.maximum((LINES * lines).astype(np.uint8), words)
    return cv2.GaussianBlur(mixed, (0, 0), BLUR)


def seen_on_form(
    transform: np.ndarray,
    page: Imprint,
    shape: tuple[int, int],
    margin: int = 0,
    per_mm: float = PER_MM,
) -> tuple[np.ndarray, np.ndarray]:
    """Lines and print of a page where the form lies, 0 to 255, as pixels of the form's imprint.

    Parameters
    ----------
    transform : ndarray of float64, shape (3, 3)
        From millimetres on the form to pixels of the page.
    page : Imprint
    shape : tuple of int
        Rows and columns of the form's imprint.
    margin : int
        Pixels around it that are shown too.
    per_mm : float
        Pixels a millimetre.
    """
    rows, columns = shape
    to_form = np.array([[per_mm, 0, margin], [0, per_mm, margin], [0, 0, 1.0]])
    to_page = np.diag([page.scale, page.scale, 1.0]) @ transform @ np.linalg.inv(to_form)
    middle = np.array([[columns / 2, rows / 2], [columns / 2 + 1, rows / 2]])
    ends = projected(to_page, middle)
    step = max(1.0, STEP ** round(np.log(np.hypot(*(ends[1] - ends[0]))) / np.log(STEP)))
    size = (columns + 2 * margin, rows + 2 * margin)
    reduced = np.diag([1 / step, 1 / step, 1.0]) @ to_page
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    lines, words = (
        cv2.warpPerspective(mask, reduced, size, flags=flags) for mask in page.reduced(step)
    )
    return lines, words


def _tiles(rows: int, columns: int) -> Iterator[tuple[slice, slice]]:
    """Tiles side by side; what is left at the rims makes a tile from half a side on."""
    side = round(TILE_MM * PER_MM)
    for top in range(0, max(1, rows - side // 2), side):
        for left in range(0, max(1, columns - side // 2), side):
            yield slice(top, min(top + side, rows)), slice(left, min(left + side, columns))


def _compared(
    wanted: np.ndarray, seen: np.ndarray, tile: tuple[slice, slice], reach: int
) -> tuple[np.ndarray, bool]:
    """Correlation of a tile with the page at all places around its own, and whether it is bare."""
    part = wanted[tile]
    rows, columns = (slice(side.start, side.stop + 2 * reach) for side in tile)
    around = seen[rows, columns]
    scores = cv2.matchTemplate(around, part, cv2.TM_CCOEFF_NORMED)
    scores = np.nan_to_num(scores, posinf=0.0, neginf=0.0)
    inside = around[reach : reach + part.shape[0], reach : reach + part.shape[1]]
    return scores, bool(inside.std() < BARE * part.std())


def resemblance(transform: np.ndarray, form: Imprint, evidence: Evidence) -> float:
    """Correlation of the print of a page with a form's, at a glance; -1 to 1."""
    if evidence.imprint is None:
        return 0.0
    scale = ROUGH_PER_MM / PER_MM
    wanted = cv2.resize(form.words, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, seen = seen_on_form(transform, evidence.imprint, wanted.shape, per_mm=ROUGH_PER_MM)
    wanted, seen = (
        cv2.GaussianBlur(mask, (0, 0), BLUR).astype(np.float32) for mask in (wanted, seen)
    )
    wanted, seen = wanted - wanted.mean(), seen - seen.mean()
    size = float(np.sqrt((wanted**2).sum() * (seen**2).sum()))
    return float((wanted * seen).sum() / size) if size else 0.0
