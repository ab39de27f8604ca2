"""Names for the fields of a form, from what is printed beside them and what its PDF calls them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from hcr_batch.documents.acroform import Widget
from hcr_batch.documents.pdf_words import PrintedWord
from hcr_batch.geometry import area, shared_area
from hcr_batch.types import MillimetreBox

__all__ = ["names_for", "plain_name"]

REACH_MM = 45.0
"""A label to the left of a field begins no further off."""
ABOVE_MM = 7.0
"""A label above a field stands no higher."""
SPACE_MM = 3.5
"""Words of one label stand no further apart."""
INTO_MM = 1.2
"""A label may reach this far into its field's box."""
ABOVE_COSTS = 2.5
"""A label above is as good as one on the left that is so many times as far away."""
LONGEST, MOST_WORDS = 40, 5
"""Characters and words of a name."""
SAME = 0.5
"""Share of the smaller of two boxes from which a PDF's field is this one."""
MACHINE_MADE = re.compile(
    r"(f|c|p|t|cb|text|text ?field|field|untitled|undefined|check|check ?box|box|button|group|row"
    r"|cell|page|form|subform|topmostsubform|(radio)? ?button ?list|radio ?button|fill)?"
    r"[\W_]*\d+([\W_]+\d+)*",
    re.IGNORECASE,
)
"""Names that say nothing: f1_02, Text12, Check Box 3."""
COUNTED = re.compile(r"([\W_]*\d+)?[\W_]+\d+$|(?<=[a-z])0$")
"""What programs put behind the names of fields: `DOB_Day0_16`."""
NUMBERING = re.compile(r"^\W*(\d{1,3} ?[a-z]?|[a-z])[.):]\s*|^\(\w{1,3}\)\s*", re.IGNORECASE)
"""Of the questions of a form: `1.`, `12a)`, `(b)`."""
HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a new word begins in `VAFileNumber`."""


def names_for(
    box: MillimetreBox,
    kind: str,
    others: Sequence[MillimetreBox],
    words: Sequence[PrintedWord],
    widgets: Iterable[tuple[Widget, MillimetreBox]] = (),
) -> list[str]:
    """Names for a field, the likeliest first; no two alike.

    Parameters
    ----------
    box : MillimetreBox
        Of the field; all measures are millimetres on one page.
    kind : str
        As in a template.
    others : sequence of MillimetreBox
        The other fields: a label beyond one of them is that one's.
    words : sequence of PrintedWord
        Printed on the form.
    widgets : iterable of (Widget, MillimetreBox)
        Fields of the fillable PDF with their places on this page.
    """
    stored = [widget for widget, place in widgets if _same(place, box)]
    titles = [widget.title for widget in stored]
    parts = [re.split(r"[./\\]", widget.name) for widget in stored]
    inner = [re.sub(r"\[\d+\]$", "", part[-1]) for part in parts if part]
    inner = [name for name in inner if not MACHINE_MADE.fullmatch(name)]
    labels = [text for _, text in sorted(_labels(box, kind, others, words))]
    parted = [HUMPS.sub(" ", COUNTED.sub("", name)) for name in inner]
    names = map(plain_name, (*parted, *titles, *labels))
    return list(dict.fromkeys(name for name in names if len(name) > 1))


def plain_name(text: str) -> str:
    """A name as programs like it, from a label: `1. Last name (Family)` is `last_name`."""
    text = NUMBERING.sub("", text.strip())
    text = re.sub(r"\([^)]*\)?", " ", text) if re.search(r"^[^(]*\w", text) else text
    text = text.split(":")[0] or text
    decomposed = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).lower()
    parts = re.findall(r"[^\W_]+", re.sub("['\u2019]", "", plain))
    name = ""
    for part in parts[:MOST_WORDS]:
        if name and len(name) + 1 + len(part) > LONGEST:
            break
        name = f"{name}_{part}" if name else part[:LONGEST]
    return name


def _same(place: MillimetreBox, box: MillimetreBox) -> bool:
    smaller = min(area(place), area(box))
    return smaller > 0 and shared_area(place, box) >= SAME * smaller


def _labels(
    box: MillimetreBox, kind: str, others: Sequence[MillimetreBox], words: Sequence[PrintedWord]
) -> Iterator[tuple[float, str]]:
    """Labels with how far away they are."""
    row = [word for word in words if _beside(word.box, box)]
    if left := _left(box, others, row):
        yield left
    if right := _right(box, others, row):
        distance, text = right
        yield distance - (REACH_MM if kind == "check" else -2 * REACH_MM), text
    inside = [word for word in words if kind == "free" and _inside(word.box, box)]
    if inside:
        line = _line(inside, min(word.box.y for word in inside))
        yield 0.0, _joined(_run(sorted(line, key=_x)))
    if above := _above(box, others, words):
        yield above


def _left(
    box: MillimetreBox, others: Sequence[MillimetreBox], row: Sequence[PrintedWord]
) -> tuple[float, str] | None:
    ends = [other.right for other in others if _beside(other, box) and other.right <= box.x + 1]
    wall = max([box.x - REACH_MM, *ends])
    before = [word for word in row if wall - 1 <= word.box.x and word.box.right <= box.x + INTO_MM]
    run = _run(sorted(before, key=_x, reverse=True))
    if not run:
        return None
    return max(0.0, box.x - run[0].box.right), _joined(run[::-1])


def _right(
    box: MillimetreBox, others: Sequence[MillimetreBox], row: Sequence[PrintedWord]
) -> tuple[float, str] | None:
    starts = [other.x for other in others if _beside(other, box) and other.x >= box.right - 1]
    wall = min([box.right + REACH_MM, *starts])
    after = [word for word in row if word.box.x >= box.right - INTO_MM and word.box.x < wall]
    run = _run(sorted(after, key=_x))
    return (max(0.0, run[0].box.x - box.right), _joined(run)) if run else None


def _above(
    box: MillimetreBox, others: Sequence[MillimetreBox], words: Sequence[PrintedWord]
) -> tuple[float, str] | None:
    floor = [
        other.bottom for other in others if _over(other, box) and other.bottom <= box.y + INTO_MM
    ]
    ceiling = max([box.y - ABOVE_MM, *floor])
    over = [
        word
        for word in words
        if _over(word.box, box)
        and word.box.bottom <= box.y + INTO_MM
        and word.box.y >= ceiling - INTO_MM
    ]
    if not over:
        return None
    nearest = max(over, key=lambda word: word.box.bottom)
    # The label of all parts of a date stands above the first of them.
    line = sorted((word for word in words if _beside(word.box, nearest.box)), key=_x)
    place = line.index(nearest)
    run = [*_run(line[place::-1])[:0:-1], *_run(line[place:])]
    return max(0.0, box.y - nearest.box.bottom) * ABOVE_COSTS, _joined(run)


def _beside(one: MillimetreBox, box: MillimetreBox) -> bool:
    """Whether the middle of one lies in the rows of a box, or the other way round."""
    middle, other = one.y + one.height / 2, box.y + box.height / 2
    return box.y <= middle <= box.bottom or one.y <= other <= one.bottom


def _over(one: MillimetreBox, box: MillimetreBox) -> bool:
    return min(one.right, box.right) - max(one.x, box.x) > min(1.0, one.width / 2)


def _inside(one: MillimetreBox, box: MillimetreBox) -> bool:
    return shared_area(one, box) >= 0.7 * area(one) > 0


def _line(words: Sequence[PrintedWord], top: float) -> list[PrintedWord]:
    """The words on the line that begins at `top`."""
    first = next(word for word in words if word.box.y == top)
    return [word for word in words if _beside(word.box, first.box)]


def _run(words: Sequence[PrintedWord]) -> list[PrintedWord]:
    """The first words, up to a wide gap."""
    run: list[PrintedWord] = []
    for word in words:
        if run and _gap(run[-1].box, word.box) > SPACE_MM:
            break
        run.append(word)
    return run


def _gap(one: MillimetreBox, other: MillimetreBox) -> float:
    return max(other.x - one.right, one.x - other.right)


def _x(word: PrintedWord) -> float:
    return word.box.x


def _joined(words: Iterable[PrintedWord]) -> str:
    return " ".join(word.text for word in words)
