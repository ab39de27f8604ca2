"""Scans of known forms, turned, scaled, cut, folded, photographed, and of forms that resemble them.

    PYTHONPATH=tests HCR_DATA=... python tests/benchmarks/bench_registration.py --scans 50

A template is drafted from each form, of samples/ and, with HCR_DATA, of its
blank forms, of which every other intact scan is filled in by hand. Prints the
figures after each form, and at the end a line a kind of scan: scans made,
registered with every field in its place (right), with fields flagged that were
in their place (flagged), said to be unknown or uncertain (refused), and with a
field that is elsewhere, cut off or covered and not flagged (wrong: nothing may
be). The places of the fields are known from how the scan was made. A scan of
another edition (a row of fields twice) or of a form that resembles it (a row of
fields further left or right) must be refused, or flagged where it differs. A
scan of another form, held against all the other templates, must be refused:
else it is accepted.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from form_defects import degrade, random_defects

from hcr_batch.config import load_settings
from hcr_batch.documents import open_pages
from hcr_batch.errors import HcrError
from hcr_batch.forms.draft import draft_template
from hcr_batch.forms.evidence import corners_of, mapped, middles, sizes
from hcr_batch.forms.matching_form import MatchedForm, matched_form
from hcr_batch.forms.template_files import Template, load_template
from hcr_batch.geometry import projected
from hcr_batch.preprocess.perspective import flatten
from hcr_batch.training.synthesis.blanks import blank_forms
from hcr_batch.training.synthesis.filled_pages import fill_form
from hcr_batch.training.synthesis.penmanship import load_penmanship
from hcr_batch.types import Page

ROOT = Path(__file__).parents[2]
FORMS = 20
MIN_ANCHORS = 12
"""A form with fewer boxes is left out: this measures those with many."""
WELL_SCANNED = {"flatbed": 1.0}
"""A page to begin with has all its lines: what scanners do to it comes after."""
DPI = 200.0
SHARE_FLAGGED = 0.1
"""A form of which more cells are flagged than this share is not registered right."""
KINDS = ("turned", "scaled", "photographed", "cut", "folded", "edition", "moved", "another form")
INTACT, ANOTHER = KINDS[:3], KINDS[-1]
GOOD = {True: ("right",), False: ("right", "flagged", "refused")}
"""Outcomes that are as they should be, of a scan that is intact, and of one that is not."""
MOSTLY = 0.6
"""Share of a cell that is cut off or covered by which a person must be told."""
ROW_MARGIN = 0.3
"""Share of an anchor's height that belongs to its row above and below it."""


@dataclass(frozen=True)
class Form:
    """A level page and the template drafted from it."""

    name: str
    gray: np.ndarray
    template: Template
    filled: Scan | None = None


@dataclass(frozen=True)
class Scan:
    """A scan of a form: its pixels, and where each pixel of the form lies on it.

    What stands between the `rows` of the form is further right and lower by `step` pixels; of what
    these rows cut through, nobody can say where it is.
    """

    gray: np.ndarray
    transform: np.ndarray
    rows: tuple[float, float] = (np.inf, np.inf)
    step: tuple[float, float] = (0.0, 0.0)
    covered: np.ndarray | None = None
    """Corners (N, 2) of what a fold covers, in pixels of the form."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scans", type=int, default=50, help="of each form")
    parser.add_argument("--forms", type=int, default=FORMS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", choices=KINDS, nargs="*", default=KINDS, help="kinds of scans")
    parser.add_argument("--save", type=Path, metavar="DIR", help="keep scans that are not right")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name:
        forms = find_forms(Path(name), options.forms)
    print(f"{len(forms)} forms: {', '.join(form.name for form in forms)}", flush=True)
    started = time.monotonic()
    work = [
        (forms, number, options.seed, options.scans, options.only, options.save)
        for number in range(len(forms))
    ]
    results: dict[str, Counter[str]] = defaultdict(Counter)
    with ProcessPoolExecutor(options.jobs) as pool:
        for form, counts in zip(forms, pool.map(measured, work), strict=True):
            for (kind, outcome), count in counts.items():
                results[kind][outcome] += count
            print(f"  {form.name}; so far {'; '.join(figures(results))}", flush=True)
    show(results, time.monotonic() - started)


def show(results: dict[str, Counter[str]], seconds: float) -> None:
    outcomes = ("right", "flagged", "refused", "wrong", "accepted")
    print(f"{'kind':>14}  {'scans':>6}" + "".join(f"{outcome:>9}" for outcome in outcomes))
    for kind, counts in results.items():
        row = "".join(f"{counts[outcome]:9}" for outcome in outcomes)
        print(f"{kind:>14}  {sum(counts.values()):6}{row}")
    print("\n".join(figures(results)))
    print(f"{seconds:.0f} s")


def figures(results: dict[str, Counter[str]]) -> tuple[str, str, str]:
    """The three that count, in words."""
    intact = sum((results[kind] for kind in INTACT), Counter())
    every, strangers = sum(results.values(), Counter()), results[ANOTHER]
    return (
        f"intact registered right: {intact['right'] / max(sum(intact.values()), 1):.1%}",
        f"wrong places unflagged: {every['wrong']} of {sum(every.values())}",
        f"unknown forms accepted: {strangers['accepted']} of {sum(strangers.values())}",
    )


def find_forms(folder: Path, count: int) -> list[Form]:
    """The first forms from which a template can be drafted."""
    settings, forms = load_settings(), []
    fill = filler()
    for path in sources():
        if len(forms) >= count:
            break
        page = flatten(next(iter(open_pages(path, settings.documents))), 15.0)
        gray = resized(page.gray, DPI / page.dpi)
        image = folder / f"{path.stem}.png"
        save(image, gray, DPI)
        try:
            image.with_suffix(".toml").write_text(draft_template(image, settings).text)
            template = load_template(image.with_suffix(".toml"))
        except HcrError:
            continue
        if len(template.pages[0].anchors) >= MIN_ANCHORS:
            forms.append(Form(path.stem, gray, template, fill(path)))
    return forms


def filler() -> Callable[[Path], Scan | None]:
    """What fills in a blank form of HCR_DATA, as a level page is; None for another file."""
    if not (data := os.environ.get("HCR_DATA")):
        return lambda _: None
    blanks = {form.path: form for form in blank_forms(Path(data) / "blank_forms")}
    skill = load_penmanship(Path(data))

    def fill(path: Path) -> Scan | None:
        if path not in blanks:
            return None
        page = fill_form(blanks[path], skill, zlib.crc32(path.name.encode()), DPI, WELL_SCANNED)
        return Scan(page.gray, page.from_blank)

    return fill


def sources() -> Iterator[Path]:
    """Files with forms: samples, then those given, at most one of each source."""
    yield from sorted((ROOT / "samples" / "forms").iterdir())
    if not (data := os.environ.get("HCR_DATA")):
        return
    seen = set()
    with (Path(data) / "blank_forms" / "index.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if int(row["comb_fields"]) >= 4 and row["source"] not in seen:
                seen.add(row["source"])
                yield Path(data) / "blank_forms" / row["file"]
    yield from sorted((Path(data) / "forms").glob("blank_*"))


def measured(
    work: tuple[list[Form], int, int, int, Sequence[str], Path | None],
) -> Counter[tuple[str, str]]:
    """What came of the scans of one form."""
    forms, number, seed, count, only, folder = work
    cv2.setNumThreads(1)
    form, rng = forms[number], np.random.default_rng((seed, number))
    others = [other.template for other in forms if other is not form]
    results: Counter[tuple[str, str]] = Counter()
    for turn in range(count):
        kind = KINDS[turn % len(KINDS)]
        scan = made(form, kind, turn // len(KINDS) % 2 == 1, rng)
        if kind not in only:
            continue
        templates = others if kind == ANOTHER else [form.template]
        known = matched_form(as_page(scan.gray), templates, load_settings())
        result = outcome(form, scan, known, kind)
        results[kind, result] += 1
        if result in GOOD[kind in INTACT]:
            continue
        print(f"    {form.name}, scan {turn}, {kind}: {result}", flush=True)
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            save(folder / f"{form.name}-{turn}-{kind}-{result}.png", scan.gray, DPI)
    return results


def made(form: Form, kind: str, filled: bool, rng: np.random.Generator) -> Scan:
    """A scan of this kind; of the form filled in, where it is intact and that is asked for."""
    if not (filled and form.filled and kind in INTACT):
        return MAKERS[kind](form, rng)
    scan = MAKERS[kind](replace(form, gray=form.filled.gray), rng)
    return replace(scan, transform=scan.transform @ form.filled.transform)


def outcome(form: Form, scan: Scan, known: MatchedForm | None, kind: str) -> str:
    """Whether a form was registered right, flagged, refused or wrong, or another accepted."""
    if known is None or not known.placed:
        return "refused"
    if kind == ANOTHER:
        return "accepted"
    wrong = flagged = total = 0
    for field, place in zip(form.template.pages[0].fields, known.placed, strict=True):
        cells = corners_of(field.cells) * DPI / 25.4
        above, below = scan.rows
        top, bottom = cells[:, [1]], cells[:, [3]]
        torn = ((top < above) & (above < bottom) | (top < below) & (below < bottom))[:, 0]
        cells += np.tile(scan.step, 2) * ((above <= top) & (bottom <= below))
        truth = projected(scan.transform, middles(cells))
        side = sizes(mapped(scan.transform, cells)).min(axis=1)
        boxes = corners_of(cell.box for cell in place.field.cells)
        there = projected(known.page.to_source, middles(boxes))
        off = np.abs(there - truth).max(axis=1) > side / 2
        doubted = np.array([bool(doubt) for doubt in place.doubts])
        gone = is_gone(scan, cells)
        wrong += int(((off & ~torn | gone) & ~doubted).sum())
        flagged += int(doubted.sum())
        total += len(boxes)
    if wrong:
        return "wrong"
    return "flagged" if flagged > SHARE_FLAGGED * total else "right"


def is_gone(scan: Scan, cells: np.ndarray) -> np.ndarray:
    """Which cells, (N, 4) in pixels of the form, are cut off or covered as good as whole."""
    rows, columns = scan.gray.shape
    steps = 0.1 + 0.8 * np.array([(x, y) for x in (0, 0.5, 1) for y in (0, 0.5, 1)])
    points = cells[:, None, :2] + steps * (cells[:, None, 2:] - cells[:, None, :2])
    x, y = projected(scan.transform, points.reshape(-1, 2)).T.reshape(2, len(cells), -1)
    gone = (x < 0) | (y < 0) | (x >= columns) | (y >= rows)
    if scan.covered is not None:
        corner = scan.covered.astype(np.float32)
        for n, place in enumerate(points.reshape(-1, 2).tolist()):
            gone.flat[n] |= cv2.pointPolygonTest(corner, place, False) > 0
    return np.asarray(gone.mean(axis=1) >= MOSTLY)


def turned(form: Form, rng: np.random.Generator) -> Scan:
    """Up to 10 degrees and 20 mm from where it should lie."""
    return warped(form, rng, degrees=rng.uniform(-10, 10), shift_mm=20)


def scaled(form: Form, rng: np.random.Generator) -> Scan:
    """From half to twice its size, whatever resolution the file says."""
    scale = float(np.exp(rng.uniform(np.log(0.5), np.log(2.0))))
    return warped(form, rng, degrees=rng.uniform(-2, 2), scale=scale, shift_mm=5)


def photographed(form: Form, rng: np.random.Generator) -> Scan:
    """In perspective, on a darker table."""
    rows, columns = form.gray.shape
    corners = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float64)
    bent = corners + rng.uniform(-0.03, 0.03, (4, 2)) * min(rows, columns)
    bent += 0.08 * np.array([columns, rows])
    transform = cv2.getPerspectiveTransform(corners.astype(np.float32), bent.astype(np.float32))
    size = round(1.16 * columns), round(1.16 * rows)
    gray = cv2.warpPerspective(form.gray, transform, size, borderValue=110, flags=cv2.INTER_AREA)
    return scanned(Scan(gray, transform), rng)


def cut(form: Form, rng: np.random.Generator) -> Scan:
    """A tenth to a half of it is missing."""
    scan = warped(form, rng, degrees=rng.uniform(-2, 2), shift_mm=3)
    rows, columns = scan.gray.shape
    left, top, right, bottom = rng.uniform(0.1, 0.5, 4) * np.eye(4)[rng.integers(4)]
    rows, columns = np.array([top, 1 - bottom]) * rows, np.array([left, 1 - right]) * columns
    first, last = rows.astype(int)
    start, end = columns.astype(int)
    move = np.array([[1, 0, -start], [0, 1, -first], [0, 0, 1.0]])
    return Scan(np.ascontiguousarray(scan.gray[first:last, start:end]), move @ scan.transform)


def folded(form: Form, rng: np.random.Generator) -> Scan:
    """A corner is folded over: its back is seen."""
    gray = form.gray.copy()
    rows, columns = gray.shape
    x, y = rng.uniform(0.15, 0.45) * columns, rng.uniform(0.15, 0.45) * rows
    corner = np.array([[0, 0], [x, 0], [0, y]])
    flip = rng.integers(2, size=2).astype(bool)
    corner = np.where(flip, np.array([columns, rows]) - corner, corner)
    cv2.fillPoly(gray, [corner.round().astype(np.int32)], 238)
    scan = warped(replace(form, gray=gray), rng, degrees=rng.uniform(-2, 2), shift_mm=3)
    return replace(scan, covered=corner)


def edition(form: Form, rng: np.random.Generator) -> Scan:
    """A row of fields stands twice, and all that follows is lower."""
    first, last = a_row(form, rng)
    gray = np.concatenate([form.gray[:last], form.gray[first:]])
    gray = gray[: len(form.gray)]
    scan = warped(replace(form, gray=gray), rng, degrees=rng.uniform(-2, 2), shift_mm=3)
    return replace(scan, rows=(last, np.inf), step=(0.0, last - first))


def moved(form: Form, rng: np.random.Generator) -> Scan:
    """A row of fields stands 3 to 12 mm further left or right."""
    first, last = a_row(form, rng)
    step = round(rng.choice([-1, 1]) * rng.uniform(3, 12) * DPI / 25.4)
    gray = form.gray.copy()
    gray[first:last] = np.roll(gray[first:last], step, axis=1)
    scan = warped(replace(form, gray=gray), rng, degrees=rng.uniform(-2, 2), shift_mm=3)
    return replace(scan, rows=(first, last), step=(step, 0.0))


def a_row(form: Form, rng: np.random.Generator) -> tuple[int, int]:
    """First and last row of pixels of one of the form's anchors."""
    cells = corners_of(form.template.pages[0].anchors) * DPI / 25.4
    top, bottom = cells[rng.integers(len(cells)), [1, 3]]
    margin = ROW_MARGIN * (bottom - top)
    return max(0, int(top - margin)), int(bottom + margin)


def another(form: Form, rng: np.random.Generator) -> Scan:
    """As a scanner usually gives it."""
    return warped(form, rng, degrees=rng.uniform(-2, 2), shift_mm=5)


def warped(
    form: Form, rng: np.random.Generator, degrees: float, shift_mm: float, scale: float = 1.0
) -> Scan:
    """A scan of the form on white paper large enough for all of it."""
    rows, columns = form.gray.shape
    turn = np.vstack([cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, scale), [0, 0, 1]])
    corners = projected(turn, np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]]))
    room = 2 * shift_mm * scale * DPI / 25.4
    move = np.eye(3)
    move[:2, 2] = rng.uniform(0, room, 2) - corners.min(axis=0)
    size = np.ceil(np.ptp(corners, axis=0) + room).astype(int)
    transform = move @ turn
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    source = form.gray
    if scale < 0.75:
        # Linear interpolation alone would lose thin lines.
        source = cv2.GaussianBlur(source, (0, 0), 0.35 / scale)
    gray = cv2.warpAffine(source, transform[:2], tuple(size.tolist()), borderValue=255, flags=flags)
    return scanned(Scan(gray, transform), rng)


def scanned(scan: Scan, rng: np.random.Generator) -> Scan:
    defects = replace(
        random_defects(rng), skew=0.0, border=0.0, bleed=0.0, holes=0, bilevel=False, fold=0.0
    )
    return replace(scan, gray=degrade(scan.gray, scan.gray, DPI, defects, rng))


MAKERS = {
    "turned": turned,
    "scaled": scaled,
    "photographed": photographed,
    "cut": cut,
    "folded": folded,
    "edition": edition,
    "moved": moved,
    ANOTHER: another,
}


def as_page(gray: np.ndarray) -> Page:
    return Page(gray, DPI, 1, np.eye(3), (gray.shape[1], gray.shape[0]))


def resized(gray: np.ndarray, scale: float) -> np.ndarray:
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(gray, None, fx=scale, fy=scale, interpolation=flags)


def save(path: Path, gray: np.ndarray, dpi: float) -> None:
    from PIL import Image

    Image.fromarray(gray).save(path, dpi=(dpi, dpi))


if __name__ == "__main__":
    main()
