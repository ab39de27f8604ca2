"""Pictures of pages with their cells, readings and flags drawn on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hcr_batch.geometry import projected
from hcr_batch.results.label_placement import Area, FreeSpace
from hcr_batch.results.records import CellRecord, PageRecord
from hcr_batch.types import Page, SourceBox

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

__all__ = ["draw_name", "draw_page", "upright_corners"]

DPI = 150.0
"""Resolution of the pictures: fit for a screen, whatever the scan's."""
READ, FLAGGED, BLANK, INK, PAPER = "#0a5fd8", "#d81b3c", "#b3bccb", "#1c2430", "#ffffff"
FADE = 0.35
"""How far the page is lightened, 0 to 1, for the marks to stand out."""
TINT = 46
"""Opacity (of 255) of the colour over a flagged cell."""
LINE_MM = 0.25
TAG_HEIGHT = 0.5
"""Height of the tag with the reading, as a share of its cell's height..."""
TAG_MM = (2.0, 3.2)
"""...within these limits."""
NAME = "#7a4a00"
NAME_MM, NAME_GAP_MM = 2.4, 0.8
"""Height of a field's name, and its distance from the cells."""
TAG_TOLERANCE, NAME_TOLERANCE = 0.01, 0.1
"""Share of what is covered that does not matter: a name may lie on the line of a box, near its
field rather than far from it."""
RULING_MM = 0.8
"""So near to a cell lie the lines of its own box, which a tag may cover: those of the sample forms,
which lie askew by up to 2 degrees, within 0.6 mm."""
LEGEND_MM = 7.0


def draw_page(page: Page, record: PageRecord, title: str) -> Image.Image:
    """Draw what was read on a page.

    Parameters
    ----------
    page : Page
        As `hcr_batch.documents.open_pages` gives it.
    record : PageRecord
        What was read on it.
    title : str
        Stands first in the legend below the page.

    Returns
    -------
    PIL.Image.Image
        RGB, the page upright at 150 dots per inch. A cell that was read is
        framed in blue with its character above or below; one to look at is
        tinted red; a blank one has a faint frame. The name of each field
        stands beside it. Nothing printed is covered where there is room.
    """
    import numpy as np
    from PIL import Image, ImageDraw

    scale = DPI / page.dpi
    picture = _background(page, scale)
    marks = Image.new("RGBA", picture.size)
    draw = ImageDraw.Draw(marks)
    fields = [
        [(cell, _area(upright_corners(cell.box, page, scale))) for cell in field.cells]
        for field in record.fields
    ]
    cells = [cell for field in fields for cell in field]
    # Blank cells first and readings last: what matters most lies on top.
    for cell, area in sorted(cells, key=lambda item: _importance(item[0])):
        _draw_frame(draw, cell, area)
    space = FreeSpace(np.asarray(picture.convert("L")))
    space.clear(_grown(area, _pixels(RULING_MM)) for _, area in cells)
    space.take(area for _, area in cells)
    for field in fields:
        _draw_tags(draw, field, space)
    for named, field in zip(record.fields, fields, strict=True):
        if field:
            draw_name(draw, named.name, [area for _, area in field], space)
    picture.paste(marks, (0, 0), marks)
    return _with_legend(picture, title, [cell for cell, _ in cells])


def _background(page: Page, scale: float) -> Image.Image:
    from PIL import Image

    rows, columns = page.gray.shape
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    reduced = Image.fromarray(page.gray).resize(size, Image.Resampling.BOX)
    faded = reduced.point(lambda level: round(255 - (255 - level) * (1 - FADE)))
    return faded.convert("RGB")


def upright_corners(box: SourceBox, page: Page, scale: float = 1.0) -> np.ndarray:
    """Where a box of the page as it lies in the file is on the upright page.

    Parameters
    ----------
    box : SourceBox
    page : Page
    scale : float
        Pixels of the result to one of `page.gray`.

    Returns
    -------
    ndarray of float64, shape (4, 2)
        The corners of the upright rectangle around it, clockwise from the top left.
    """
    import numpy as np

    source = np.array(
        [(box.x, box.y), (box.right, box.y), (box.right, box.bottom), (box.x, box.bottom)], float
    )
    points = projected(np.linalg.inv(page.to_source), source) * scale
    # A page that lay sideways in its file is drawn upright.
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def _importance(cell: CellRecord) -> int:
    return cell.occupied + cell.reading.flagged


def _area(corners: np.ndarray) -> Area:
    (left, top), _, (right, bottom), _ = corners.tolist()
    return left, top, right, bottom


def _grown(area: Area, margin: float) -> Area:
    left, top, right, bottom = area
    return left - margin, top - margin, right + margin, bottom + margin


def _draw_frame(draw: ImageDraw.ImageDraw, cell: CellRecord, area: Area) -> None:
    line = _pixels(LINE_MM)
    if cell.reading.flagged:
        tint = (*_rgb(FLAGGED), TINT)
        draw.rectangle(area, fill=tint, outline=FLAGGED, width=round(2 * line))
    elif cell.occupied:
        draw.rectangle(area, outline=READ, width=round(line))
    else:
        draw.rectangle(area, outline=BLANK, width=1)


def _draw_tags(
    draw: ImageDraw.ImageDraw, field: Sequence[tuple[CellRecord, Area]], space: FreeSpace
) -> None:
    """The characters of a field on tags, above its cells or below, where less is covered."""
    read = [(cell, area) for cell, area in field if cell.occupied]
    if not read:
        return
    above = [_tag(cell, area, above=True) for cell, area in read]
    below = [_tag(cell, area, above=False) for cell, area in read]
    chosen = (above, below)[space.best([above, below], TAG_TOLERANCE)]
    for (cell, _), tag in zip(read, chosen, strict=True):
        _draw_tag(draw, cell, tag)
    space.take(chosen)


def _tag(cell: CellRecord, area: Area, above: bool) -> Area:
    """Where the tag of a cell goes."""
    left, top, right, bottom = area
    low, high = map(_pixels, TAG_MM)
    height = min(max(TAG_HEIGHT * (bottom - top), low), high)
    width = _font(0.85 * height).getlength(_shown(cell))
    middle, half = (left + right) / 2, max(0.36 * height, 0.5 * width + 2)
    start = top - height if above else bottom
    return middle - half, start, middle + half, start + height


def _draw_tag(draw: ImageDraw.ImageDraw, cell: CellRecord, tag: Area) -> None:
    """The character on its tag, `?` for ink that is none."""
    left, top, right, bottom = tag
    height = bottom - top
    color = FLAGGED if cell.reading.flagged else READ
    draw.rounded_rectangle(tag, 0.2 * height, fill=color)
    # Letters stand on one line in all tags of a row.
    place = ((left + right) / 2, bottom - 0.22 * height)
    draw.text(place, _shown(cell), fill=PAPER, font=_font(0.85 * height), anchor="ms")


def _shown(cell: CellRecord) -> str:
    return cell.reading.character or "?"


def draw_name(
    draw: ImageDraw.ImageDraw, name: str, areas: Sequence[Area], space: FreeSpace
) -> None:
    """Write a field's name beside its cells: behind, before, below or above, where it is free.

    Where it is nowhere, as in the middle of a table, it stands in a blank part of the field's own.

    Parameters
    ----------
    areas : sequence of Area
        Its cells.
    space : FreeSpace
        Of the picture; the name is taken from it.
    """
    left, top = min(area[0] for area in areas), min(area[1] for area in areas)
    right, bottom = max(area[2] for area in areas), max(area[3] for area in areas)
    height, gap = _pixels(NAME_MM), _pixels(NAME_GAP_MM)
    font = _font(height)
    width, middle = font.getlength(name), (areas[0][1] + areas[0][3] - height) / 2
    last, tag = (areas[-1][1] + areas[-1][3] - height) / 2, _pixels(TAG_MM[1])
    corners = [
        *((right + gap, last), (left - gap - width, middle)),
        *((left, bottom + gap), (left, top - gap - height)),
        *((right - width, bottom + gap), (right - width, top - gap - height)),
        *((left, bottom + gap + tag), (left, top - gap - height - tag)),
    ]
    choices = [[(x, y, x + width, y + height)] for x, y in corners]
    (chosen,) = choices[space.best(choices, NAME_TOLERANCE)]
    if space.covered([chosen]) > NAME_TOLERANCE and width + 2 * gap < right - left:
        own = (right - gap - width, last), (left + gap, middle)
        inside = ((x, y, x + width, y + height) for x, y in own)
        chosen = next(filter(space.is_blank, inside), chosen)
    draw.text(chosen[:2], name, fill=NAME, font=font, anchor="lt")
    space.take([chosen])


def _with_legend(picture: Image.Image, title: str, cells: Sequence[CellRecord]) -> Image.Image:
    from PIL import Image, ImageDraw

    height = round(_pixels(LEGEND_MM))
    whole = Image.new("RGB", (picture.width, picture.height + height), PAPER)
    whole.paste(picture, (0, 0))
    draw = ImageDraw.Draw(whole)
    draw.line([(0, picture.height), (picture.width, picture.height)], fill=BLANK)
    font = _font(height * 0.45)
    x, y = height * 0.5, picture.height + height / 2
    for text, color in _legend(title, cells):
        if color:
            draw.rectangle((x, y - height / 5, x + height * 0.4, y + height / 5), fill=color)
            x += height * 0.55
        draw.text((x, y), text, fill=INK, font=font, anchor="lm")
        x += font.getlength(text) + height * 0.7
    return whole


def _legend(title: str, cells: Sequence[CellRecord]) -> Iterator[tuple[str, str | None]]:
    """Texts, each with the colour that it explains."""
    flagged = sum(cell.reading.flagged for cell in cells)
    blank = sum(not cell.occupied for cell in cells)
    yield title, None
    yield f"{len(cells) - flagged - blank} read", READ
    yield f"{flagged} to look at", FLAGGED
    yield f"{blank} blank", BLANK


def _font(height: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size=height)


def _pixels(millimetres: float) -> float:
    return millimetres * DPI / 25.4


def _rgb(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color[1:]))
