"""Public forms of the US government, filled with real handwriting, and their truth; seeded.

`HCR_DATA=folder python tests/public_forms.py samples/public` writes the samples again.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
from form_defects import MM_PER_INCH, Defects, degrade, skew_matrix
from form_glyphs import EmnistGlyphs, GlyphSource
from form_sheet import Sheet
from PIL import Image

from hcr_batch.forms.template_files import load_template
from hcr_batch.forms.template_parts import TemplateField
from hcr_batch.types import Box

__all__ = ["PUBLIC_FORMS", "PublicForm"]

DPI = 200.0
COLUMNS = ("file", "page", "field", "x", "y", "width", "height", "text")
TEMPLATES = Path(__file__).parents[1] / "configs" / "forms"
PEN, INK = 0.35, 40
"""Width of the pen in mm, and its gray."""
QUALITY = 60
"""Of pictures that are not of one bit."""
LETTER_MM, PITCH = 3.6, 0.95
"""Height of letters that stand in no cells at most, and their distance in heights."""


@dataclass(frozen=True)
class PublicForm:
    """A form: its template, the blank one among the data, and what is written into its fields."""

    name: str
    blank: str
    texts: Mapping[str, str]
    defects: Defects = field(default_factory=Defects)

    @property
    def file(self) -> str:
        """Of the sample."""
        return f"{self.name}.{'png' if self.defects.bilevel else 'jpg'}"


PUBLIC_FORMS = (
    PublicForm(
        "us-irs-8888",
        "ustaxes_77a9a770_p1.pdf",
        {
            "year": "25",
            "names": "HELEN MARSH",
            "ssn": "078051120",
            "amount_1": "1450",
            "routing_1": "011000015",
            "checking_1": "X",
            "account_1": "400273915",
            "amount_2": "600",
            "routing_2": "021000021",
            "savings_2": "X",
            "account_2": "88310624507",
            "total": "2050",
        },
        Defects(skew=-1.1, bilevel=True, noise=4),
    ),
    PublicForm(
        "us-ssa-ss-5",
        "namesake_6811e504_p5.pdf",
        {
            "first_name": "DANIEL",
            "middle_name": "ROY",
            "last_name": "HOLT",
            "previous_ssn": "219099999",
            "birth_city": "DAYTON",
            "birth_state": "OHIO",
            "date_of_birth": "04171986",
            "us_citizen": "X",
            "hispanic_no": "X",
            "white": "X",
            "male": "X",
            "mother_first_name": "RUTH",
            "mother_last_name": "KERN",
            "father_first_name": "PAUL",
            "father_last_name": "HOLT",
            "card_before_yes": "X",
            "date_signed": "03022026",
            "area_code": "937",
            "phone": "5550142",
            "street": "27 MILL ROAD",
            "city": "DAYTON",
            "state": "OHIO",
            "zip_code": "45402",
            "self": "X",
        },
        Defects(skew=0.8, bilevel=True, noise=6),
    ),
    PublicForm(
        "us-va-28-1900",
        "vets-api_7215c15f_p1.pdf",
        {
            "first_name": "MARTIN",
            "middle_initial": "J",
            "last_name": "FORBES",
            "ssn": "457555462",
            "va_file_number": "30917752",
            "date_of_birth": "11251979",
            "address_1": "418 HARBOR STREET",
            "address_2": "NORFOLK VA 23510",
            "telephone": "7575550163",
            "email": "NONE",
            "cell_phone": "7575550178",
            "years_of_education": "14",
            "date_signed": "01152026",
        },
        Defects(skew=1.4, noise=2, blur=0.5),
    ),
    PublicForm(
        "us-va-28-8832",
        "vets-api_a3223c33_p1.pdf",
        {
            "first_name": "ALICE",
            "middle_initial": "K",
            "last_name": "BRENNAN",
            "ssn": "078051120",
            "date_of_birth": "09301991",
            "va_file_number": "27440318",
            "female": "X",
            "spouse": "X",
            "telephone": "6125550119",
            "street": "9 OAK LANE",
            "city": "DULUTH",
            "state": "MN",
            "country": "US",
            "zip_code": "558020017",
            "veteran_first_name": "THOMAS",
            "veteran_last_name": "BRENNAN",
            "veteran_ssn": "219099999",
            "veteran_date_of_birth": "02081988",
            "branch_of_service": "NAVY",
            "service_number": "5130846",
        },
        Defects(skew=-0.6, noise=2, blur=0.4),
    ),
)


def main() -> None:
    """Write the samples; HCR_DATA names the folder with the blank forms and the handwriting."""
    if len(sys.argv) != 2 or "HCR_DATA" not in os.environ:
        sys.exit("usage: HCR_DATA=folder python tests/public_forms.py samples/public")
    folder, data = Path(sys.argv[1]), Path(os.environ["HCR_DATA"])
    folder.mkdir(parents=True, exist_ok=True)
    glyphs = EmnistGlyphs(data / "characters/emnist_balanced_part.npz", legible=0.25)
    rows = [row for form in PUBLIC_FORMS for row in _write(form, folder, data, glyphs)]
    with (folder / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write(form: PublicForm, folder: Path, data: Path, glyphs: GlyphSource) -> Iterator[dict]:
    (page,) = load_template(TEMPLATES / f"{form.name}.toml").pages
    rng = np.random.default_rng(sum(form.name.encode()))
    writer = glyphs.writer(rng)
    sheet = _printed(data / "blank_forms" / form.blank, page.width_mm, page.height_mm)
    for one in page.fields:
        _fill(sheet, one, form.texts.get(one.name, ""), writer)
    clean = sheet.reduced()
    gray = degrade(clean, clean, DPI, form.defects, rng)
    picture = Image.fromarray(gray)
    picture = picture.convert("1") if form.defects.bilevel else picture
    picture.save(folder / form.file, dpi=(DPI, DPI), quality=QUALITY, optimize=True)
    turn = skew_matrix(gray.shape, form.defects.skew)
    for one in page.fields:
        box = _turned(one.box, turn)
        text = form.texts.get(one.name, "")
        sides = [round(value) for value in (box.x, box.y, box.width, box.height)]
        yield dict(zip(COLUMNS, (form.file, 1, one.name, *sides, text), strict=True))


def _printed(blank: Path, width: float, height: float) -> Sheet:
    """The form as it is printed, without the frames that a program puts around its fields."""
    sheet = Sheet(width, height, DPI)
    page = pypdfium2.PdfDocument(blank)[0]
    scale = sheet.scale * MM_PER_INCH / 72
    picture = page.render(scale=scale, grayscale=True, may_draw_forms=False, draw_annots=False)
    rows, columns = sheet.gray.shape
    printed = picture.to_numpy().reshape(picture.height, picture.width)
    sheet.gray = cv2.resize(printed, (columns, rows), interpolation=cv2.INTER_AREA)
    return sheet


def _fill(sheet: Sheet, field: TemplateField, text: str, writer: GlyphSource) -> None:
    cells = _places(field.box, len(text)) if field.kind == "free" else field.cells
    for character, box in zip(text, cells, strict=False):
        if character != " ":
            height = min(0.72 * box.height, LETTER_MM + 0.6) * sheet.scale
            ink = writer.draw(character, height, PEN * sheet.scale)
            sheet.write(ink, box.x + box.width / 2, box.y + box.height / 2, INK)


def _places(box: Box, count: int) -> list[Box]:
    """Where the characters of a string stand, from the left."""
    height = min(box.height, LETTER_MM / 0.72)
    step = min(PITCH * height, (box.width - 2) / max(1, count))
    top = box.bottom - height - 0.2
    return [Box(box.x + 1 + number * step, top, step, height) for number in range(count)]


def _turned(box: Box, matrix: np.ndarray) -> Box:
    scale = DPI / MM_PER_INCH
    corners = [
        (x * scale, y * scale, 1.0) for x in (box.x, box.right) for y in (box.y, box.bottom)
    ]
    placed = np.array(corners) @ matrix.T
    (left, top), (right, bottom) = placed.min(axis=0), placed.max(axis=0)
    return Box(float(left), float(top), float(right - left), float(bottom - top))


if __name__ == "__main__":
    main()
