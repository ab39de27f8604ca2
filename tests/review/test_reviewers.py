from hcr_batch.journal.cell_table import DueCell
from hcr_batch.journal.corrections import Correction, Kind, Place
from hcr_batch.review import reviewers
from hcr_batch.review.review_filter import CellFilter, counts
from hcr_batch.review.reviewers import OpenWindows, efforts
from hcr_batch.types import Reading, SourceBox


def cell(form="", field="f001", file="a.png", reasons=("low_confidence",)):
    place = Place("sha", 1, SourceBox(0, 0, 10, 10))
    return DueCell(place, file, field, 1, Reading("A", 0.5, True, reasons), form)


def correction(number, reviewer, seconds):
    time = f"2026-11-29 08:{seconds // 60:02d}:{seconds % 60:02d}"
    place = Place("sha", 1, SourceBox(number, 0, 10, 10))
    return Correction(
        number, place, "f001", 1, Kind.CHARACTER, "A", reviewer, time, "B", 0.5, True
    )


def test_cells_are_counted_by_what_they_are_filtered_by():
    cells = [cell(form="club"), cell(file="b.png", reasons=("touching", "check_failed"))]
    assert counts(cells) == {
        "form": [("club", 1)],
        "field": [("f001", 2)],
        "file": [("a.png", 1), ("b.png", 1)],
        "reason": [("low_confidence", 1), ("touching", 1), ("check_failed", 1)],
    }


def test_fields_of_the_second_form_on_a_page_count_as_those_of_their_form():
    found = counts([cell(form="club\nslip", field="no"), cell(form="club\nslip", field="no#2")])
    assert found["form"] == [("club", 1), ("slip", 1)]
    assert found["field"] == [("no", 2)]


def test_a_filter_takes_what_fits_in_all_its_parts():
    wanted = CellFilter.of({"field": "f001", "reason": "touching", "file": ""})
    assert wanted.takes(cell(reasons=("touching", "out_of_cell")))
    assert not wanted.takes(cell())
    assert not wanted.takes(cell(field="f002", reasons=("touching",)))
    assert CellFilter.of({}).takes(cell())


def test_who_did_how_much_and_how_long_it_took_without_breaks():
    log = [correction(1, "Ada", 0), correction(2, "Ada", 50), correction(3, "Bob", 55)]
    log += [correction(4, "Ada", 100), correction(5, "Ada", 1000), correction(6, "Ada", 1020)]
    assert list(map(str, efforts(log))) == [
        "Ada: 5 answers in 2 minutes",
        "Bob: 1 answer in under a minute",
    ]


def test_windows_are_open_while_they_are_heard_of(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(reviewers.time, "monotonic", lambda: now)
    windows = OpenWindows()
    windows.seen("one")
    windows.seen("other")
    assert windows.others("one") == 1
    windows.left("other")
    assert windows.others("one") == 0
    windows.seen("other")
    now += reviewers.OPEN_S + 1
    assert windows.others("one") == 0
