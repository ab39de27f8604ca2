"""What stands in places to write in before anybody writes: signs, units, typed answers."""

from __future__ import annotations

import numpy as np

from hcr_batch.training.synthesis.canvas import MM, FormSheet
from hcr_batch.training.synthesis.printing import Printer, set_text

__all__ = ["print_signs", "print_units", "type_in"]

UNITS = ("$", "$", "$", "€", "£", "%", "Rp", "kg", "cm", "No.", "Nr", "+", "#", "S/", "R$", ",00")
"""What forms print inside an area, alone: a lone sign was taken for writing."""
UNITS_SHARE = 0.3
"""Of the crops in which areas have one."""
HIGHEST_WITH_UNIT = 14.0
"""mm; higher areas are for text."""
SIGNED_SHARE = 0.07
"""Of the runs of cells that have printed signs between them."""


def print_signs(sheet: FormSheet, rng: np.random.Generator) -> None:
    """Slashes, dashes and dots between the cells of some runs, as in dates."""
    for run in sheet.places.cells:
        if len(run) < 3 or rng.random() > SIGNED_SHARE:
            continue
        wide, dark = rng.uniform(0.3, 1.2) * MM, rng.uniform(0.3, 1.0)
        kind = rng.choice(["slash", "dash", "dot"])
        for cell in run[int(rng.integers(1, 3)) :: int(rng.integers(2, 5))]:
            high = cell.height * rng.uniform(0.3, 0.9)
            lean = {"slash": rng.uniform(0.1, 0.4) * high, "dash": wide, "dot": 0.0}[str(kind)]
            rise = high if kind == "slash" else 0.0
            middle = cell.y + 0.5 * cell.height
            stroke = np.array(
                [(cell.x - lean, middle + rise / 2), (cell.x + lean, middle - rise / 2)]
            )
            sheet.print.strokes([stroke], wide, dark)


def print_units(sheet: FormSheet, printer: Printer, rng: np.random.Generator) -> None:
    """Currencies and units at an end of some areas, before or behind what is to be written."""
    if rng.random() > UNITS_SHARE:
        return
    unit = str(rng.choice(UNITS))
    size, dark = rng.uniform(2.2, 4.5) * MM, rng.uniform(0.4, 1.0)
    path = printer.latin[int(rng.integers(len(printer.latin)))]
    for area in sheet.places.areas:
        if area.height > HIGHEST_WITH_UNIT * MM or rng.random() < 0.3:
            continue
        ink = set_text(unit, path, min(size, 0.8 * area.height))
        room = area.width - ink.shape[1]
        if room > 0:
            gap = min(rng.uniform(0.3, 2) * MM, room)
            x = area.x + (gap if rng.random() < 0.75 else room - gap)
            sheet.print.paste(ink, x, area.y + 0.8 * max(area.height - ink.shape[0], 0), dark)


def type_in(sheet: FormSheet, printer: Printer, rng: np.random.Generator) -> None:
    """Fill some places by a machine; whether they are still to be written in, nobody knows."""
    places = sheet.places
    size, dark = rng.uniform(2.2, 4.2), rng.uniform(0.5, 1.0)
    path = printer.latin[int(rng.integers(len(printer.latin)))]
    for run in [run for run in places.cells if rng.random() < 0.5]:
        for cell in run:
            ink = set_text(
                str(rng.choice(list("ABCDEFGHIKLMNOPRSTUVWXYZ0123456789"))), path, size * MM
            )
            sheet.print.paste(
                ink,
                cell.x + (cell.width - ink.shape[1]) / 2,
                cell.y + (cell.height - ink.shape[0]) / 2,
                dark,
            )
        places.unsure += run
        places.cells.remove(run)
    for area in [area for area in places.areas if rng.random() < 0.4]:
        text = printer.words(rng, int(rng.integers(1, 4)))[0]
        ink = set_text(text, path, min(size * MM, 0.8 * area.height))[:, : max(int(area.width), 3)]
        sheet.print.paste(
            ink,
            area.x + rng.uniform(0, 2) * MM,
            area.y + 0.6 * max(area.height - ink.shape[0], 0),
            dark,
        )
        places.unsure.append(area)
        places.areas.remove(area)
