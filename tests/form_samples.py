"""The generated forms of samples/forms: what they ask, how they were filled and scanned."""

from __future__ import annotations

import csv
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from form_defects import Defects
from form_glyphs import EmnistGlyphs, GlyphSource
from form_maker import FilledForm, make_form
from form_sheet import FormSpec, Question
from PIL import Image

__all__ = ["SAMPLES", "Sample", "write_samples"]

COLUMNS = ("file", "page", "field", "x", "y", "width", "height", "text")
PUBLIC_FORM = "nist-hsf.png"
PDF_DATE = time.gmtime(946_684_800)
"""The same in every run, so that the file is."""
GRAY_STEP = 17
"""Gray levels of a PNG are rounded to sixteen, which compress well."""


@dataclass(frozen=True)
class Sample:
    """One file: its name and the forms that are its pages."""

    file: str
    pages: tuple[FormSpec, ...]


def _boxes(*asked: tuple[str, str, int]) -> tuple[Question, ...]:
    return tuple(Question(label, answer, cells) for label, answer, cells in asked)


def _strings(*asked: tuple[str, str, float]) -> tuple[Question, ...]:
    return tuple(Question(label, answer, width=width) for label, answer, width in asked)


def _rows(*asked: tuple[str, str, str]) -> tuple[Question, ...]:
    return tuple(Question(label, f"{entry}|{code}") for label, entry, code in asked)


SIGNED = ("", "Date and signature  ______________________________", "", "For office use only")

MEMBERSHIP = FormSpec(
    style="boxes",
    title="Harbour Rowing Club: membership",
    questions=_boxes(
        ("Last name", "KOWALSKI", 18),
        ("First name", "MARTHA", 14),
        ("Date of birth", "24071983", 8),
        ("Street and number", "HARBOUR LANE 27", 24),
        ("Postal code", "84612", 5),
        ("Town", "NEWPORT", 16),
        ("Telephone", "07945362180", 12),
        ("Member no", "30579264", 8),
        ("Class", "B4", 2),
    ),
    seed=11,
    cell_width=5.6,
    cell_height=7.0,
    pen_level=35,
    height=190.0,
    notes=SIGNED,
    defects=Defects(skew=0.6, blur=0.5),
)

ADDRESS = FormSpec(
    style="framed-comb",
    title="Change of address",
    questions=_boxes(
        ("Customer no", "6174920385", 10),
        ("Surname", "FITZGERALD", 22),
        ("Given name", "JUDITH", 16),
        ("New street", "QUARRY ROAD 158", 26),
        ("New city", "EXMOUTH", 20),
        ("Postal code", "93027", 5),
        ("Moved on", "15032024", 8),
        ("Mobile", "6028451739", 12),
    ),
    seed=12,
    cell_width=5.0,
    cell_height=7.5,
    pen_level=85,
    labels_above=False,
    height=165.0,
    notes=SIGNED,
    defects=Defects(skew=-1.8, noise=5, shade=0.15, jpeg=55),
)

SURVEY = FormSpec(
    style="comb",
    title="Household survey",
    questions=_boxes(
        ("Name of head of household", "ELIZABETH WARBURTON", 30),
        ("Address", "BOXWOOD CRESCENT 46", 30),
        ("Town or village", "GLENHAVEN", 30),
        ("Occupation", "VETERINARY NURSE", 30),
        ("Employer", "PADDOCK AND FIELD", 30),
        ("Second adult", "JONATHAN WARBURTON", 30),
        ("Former address", "PRIORY GARDENS 13", 30),
        ("Landlord", "HOUSING TRUST", 30),
        ("Physician", "", 30),
        ("Bank", "MERCHANT SAVINGS", 30),
        ("Account", "GX8402957361", 30),
        ("Remarks", "", 30),
        ("Electricity meter", "738016592480", 15),
        ("Persons", "05", 2),
        ("Rooms", "7", 2),
    ),
    seed=13,
    dpi=90,
    cell_width=5.8,
    cell_height=8.0,
    pen=0.6,
    pen_level=30,
    notes=SIGNED,
    defects=Defects(skew=0.9, bleed=0.2, noise=4, jpeg=60),
)

ORDERS = FormSpec(
    style="table",
    title="Weekly stock sheet",
    hint="Leave the rows of empty shelves blank.",
    heads=("Shelf", "Goods", "Count"),
    questions=_rows(
        ("Shelf 1", "FLOUR", "0248"),
        ("Shelf 2", "SUGAR", "0175"),
        ("Shelf 3", "COFFEE", "063"),
        ("Shelf 4", "", ""),
        ("Shelf 5", "RICE", "0390"),
        ("Shelf 6", "PEPPER", "17"),
        ("Shelf 7", "VINEGAR", "0084"),
        ("Shelf 8", "", ""),
    ),
    seed=14,
    dpi=150,
    cell_width=7.0,
    cell_height=9.0,
    pen_level=60,
    line=0.35,
    height=148.0,
    defects=Defects(skew=-0.7, blur=0.4),
)

PAYMENT = FormSpec(
    style="free",
    title="Payment slip",
    hint="Write in capitals and leave room between the letters.",
    questions=_strings(
        ("Payee", "BRIGHTWATER", 90.0),
        ("Account", "40718823956", 80.0),
        ("Amount", "1365", 40.0),
        ("Reference", "67204", 50.0),
        ("Payer", "HUMPHREY", 90.0),
        ("Date", "080924", 40.0),
    ),
    seed=15,
    cell_height=9.0,
    pen_level=45,
    height=130.0,
    defects=Defects(skew=1.2),
)

PERMIT = FormSpec(
    style="rounded",
    title="Resident parking permit",
    questions=_boxes(
        ("Registration", "KV63 HXR", 8),
        ("Holder", "PATRICK DELANEY", 16),
        ("Zone", "7", 1),
        ("Street", "ABBEY WALK 9", 16),
        ("Valid from", "01062025", 8),
        ("Telephone", "0395174826", 11),
    ),
    seed=16,
    dpi=240,
    cell_width=5.2,
    cell_height=7.5,
    line_level=110,
    pen_level=70,
    labels_above=False,
    width=170.0,
    height=148.0,
    defects=Defects(skew=2.4, shade=0.4, noise=4, jpeg=50),
)


def _card(style: str, seed: int, *asked: tuple[str, str, int]) -> FormSpec:
    """One bilevel page of the library cards."""
    return FormSpec(
        style=style,
        title="Library card",
        questions=_boxes(*asked),
        seed=seed,
        dpi=300,
        width=190.0,
        height=140.0,
        cell_width=5.0,
        cell_height=7.0,
        defects=Defects(skew=(seed % 3 - 1) * 1.4, blur=0.6, speckle=0.05, bilevel=True),
    )


CARDS = (
    _card("spaced", 17, ("Surname", "JOHANSSON", 18), ("First name", "ERIK", 14),
           ("Card no", "2906514783", 10), ("Department", "PHYSICS", 12)),
    _card("low-comb", 18, ("Surname", "ZIMMERMAN", 18), ("First name", "GRETA", 14),
           ("Card no", "7350928146", 10), ("Department", "BOTANY", 12)),
    _card("dashed", 19, ("Surname", "VAN DYKE", 18), ("First name", "QUINCY", 14),
           ("Card no", "4816039275", 10), ("Department", "MUSIC", 12)),
)  # fmt: skip


def _claim(style: str, seed: int, level: int, *asked: tuple[str, str, int]) -> FormSpec:
    """One page of the claims."""
    return FormSpec(
        style=style,
        title="Travel expense claim",
        questions=_boxes(*asked),
        seed=seed,
        width=190.0,
        height=140.0,
        line_level=level,
        pen_level=80,
        defects=Defects(skew=(seed % 2 - 0.5) * 1.6, noise=3, blur=0.5, jpeg=60),
    )


CLAIMS = (
    _claim("gray", 20, 165, ("Employee no", "580347", 6), ("Last name", "THORNBURY", 18),
           ("Trip to", "HELSINKI", 18), ("Departure", "03112024", 8), ("Return", "09112024", 8),
           ("Amount", "1289", 6)),
    _claim("dotted", 21, 30, ("Employee no", "216895", 6), ("Last name", "MACKENZIE", 18),
           ("Trip to", "QUEBEC CITY", 18), ("Departure", "17012025", 8), ("Return", "24012025", 8),
           ("Amount", "3470", 6)),
)  # fmt: skip

SAMPLES = (
    Sample("membership.png", (MEMBERSHIP,)),
    Sample("change-of-address.jpg", (ADDRESS,)),
    Sample("household-survey-90dpi.jpg", (SURVEY,)),
    Sample("stock-sheet.png", (ORDERS,)),
    Sample("payment-slip.png", (PAYMENT,)),
    Sample("parking-permit.jpg", (PERMIT,)),
    Sample("library-cards.tif", CARDS),
    Sample("expense-claims.pdf", CLAIMS),
)


def write_samples(folder: Path, data: Path) -> None:
    """Write the forms to `folder` and truth.csv beside it.

    Parameters
    ----------
    folder : Path
    data : Path
        With `characters/emnist_balanced_part.npz` and `forms/nist-hsf.png`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    glyphs = EmnistGlyphs(data / "characters/emnist_balanced_part.npz", legible=0.25)
    shutil.copyfile(data / "forms" / PUBLIC_FORM, folder / PUBLIC_FORM)
    with (data / "forms/truth.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["file"] == PUBLIC_FORM]
    for sample in SAMPLES:
        rows += _write(sample, folder, glyphs)
    with (folder.parent / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write(sample: Sample, folder: Path, glyphs: GlyphSource) -> list[dict]:
    forms = [make_form(spec, glyphs) for spec in sample.pages]
    _save(forms, folder / sample.file, sample.pages[0].defects.jpeg)
    return [
        row for number, form in enumerate(forms, 1) for row in _truth(sample.file, number, form)
    ]


def _save(forms: Sequence[FilledForm], path: Path, quality: int) -> None:
    images = [Image.fromarray(form.gray) for form in forms]
    dpi, rest = forms[0].dpi, {"save_all": True}
    if path.suffix == ".png":
        steps = np.round(forms[0].gray / GRAY_STEP) * GRAY_STEP
        image = Image.fromarray(steps.astype(np.uint8))
        image.save(path, dpi=(dpi, dpi), optimize=True)
    elif path.suffix == ".jpg":
        images[0].save(path, dpi=(dpi, dpi), quality=quality)
    elif path.suffix == ".tif":
        images = [image.convert("1") for image in images]
        rest |= {"append_images": images[1:], "compression": "group4", "dpi": (dpi, dpi)}
        images[0].save(path, **rest)
    else:
        rest |= {"append_images": images[1:], "resolution": dpi, "quality": quality}
        images[0].save(path, creationDate=PDF_DATE, modDate=PDF_DATE, **rest)


def _truth(file: str, page: int, form: FilledForm) -> Iterator[dict]:
    for field in form.fields:
        box = field.box
        sides = [round(value) for value in (box.x, box.y, box.width, box.height)]
        yield dict(zip(COLUMNS, (file, page, field.name, *sides, field.string), strict=True))
