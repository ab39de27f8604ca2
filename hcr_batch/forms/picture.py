"""Pictures of templates: their fields with their names, on white or on a scan."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING

from hcr_batch.forms.template_files import TemplatePage
from hcr_batch.results.label_placement import FreeSpace
from hcr_batch.results.overlay import draw_name
from hcr_batch.types import Field, Page, Rectangle

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["as_png", "draw_fields", "draw_template"]

Edges = tuple[float, float, float, float]
"""Left, top, right and bottom."""

DPI = 150.0
INK, PAPER = "#0a5fd8", "#ffffff"
LINE_MM = 0.3
FADE = 0.45
"""How far a scan is lightened, 0 to 1, for the fields to stand out."""


def draw_template(page: TemplatePage) -> Image.Image:
    """A page of a template on white paper, at 150 dots per inch: RGB."""
    from PIL import Image

    scale = DPI / 25.4
    size = round(page.width_mm * scale), round(page.height_mm * scale)
    fields = (
        (f"{field.name}  {field.summary}", _edges(field.cells, scale)) for field in page.fields
    )
    return _drawn(Image.new("RGB", size, PAPER), fields)


def draw_fields(page: Page, fields: Iterable[Field]) -> Image.Image:
    """Fields where they were placed on a scanned page, at 150 dots per inch: RGB."""
    from PIL import Image

    scale = DPI / page.dpi
    rows, columns = page.gray.shape
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    picture = Image.fromarray(page.gray).resize(size, Image.Resampling.BOX)
    picture = picture.point(lambda level: round(255 - (255 - level) * (1 - FADE))).convert("RGB")
    named = (
        (field.name, _edges([cell.box for cell in field.cells], scale)) for field in fields
    )
    return _drawn(picture, named)


def as_png(picture: Image.Image) -> bytes:
    """A picture as the content of a PNG file."""
    file = BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()


def _edges(boxes: Iterable[Rectangle], scale: float) -> list[Edges]:
    return [(b.x * scale, b.y * scale, b.right * scale, b.bottom * scale) for b in boxes]


def _drawn(picture: Image.Image, fields: Iterable[tuple[str, list[Edges]]]) -> Image.Image:
    import numpy as np
    from PIL import ImageDraw

    draw = ImageDraw.Draw(picture)
    space = FreeSpace(np.asarray(picture.convert("L")))
    named = list(fields)
    for _, edges in named:
        for box in edges:
            draw.rectangle(box, outline=INK, width=max(1, round(LINE_MM * DPI / 25.4)))
        space.take(edges)
    for label, edges in named:
        draw_name(draw, label.strip(), edges, space)
    return picture
