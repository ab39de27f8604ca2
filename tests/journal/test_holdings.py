"""What the end of a scan tells of all results, without looking through them again for nothing."""

from dataclasses import asdict
from pathlib import Path

import pytest
from journal_maker import CONDITIONS, SUMMARY

from hcr_batch.journal.holdings import count_holdings
from hcr_batch.journal.journal import open_journal
from hcr_batch.results.records import CellRecord, FieldRecord, PageRecord
from hcr_batch.types import Reading, SourceBox


def form(*tops):
    """A page with a comb of five cells at each height, named as without a template."""
    cells = [
        tuple(CellRecord(SourceBox(100 + 40 * n, top, 40, 50), Reading("A", 1.0)) for n in range(5))
        for top in tops
    ]
    fields = tuple(FieldRecord(f"f{n:03d}", "comb", found) for n, found in enumerate(cells, 1))
    return PageRecord(1, 1000, 1400, fields)


@pytest.fixture
def journal(tmp_path):
    with open_journal(tmp_path / "results.hcr.sqlite") as opened:
        yield opened


def enter(journal, name, page):
    journal.add(name, "recipe", [page], None, 1.0, [(Path("/forms") / name, name)])


def end_run(journal):
    """What a scan tells at its end, noted as it is."""
    number = journal.runs.begin(CONDITIONS)
    holdings = count_holdings(journal, Path("results.csv"), ())
    journal.runs.end(number, {**SUMMARY, "holdings": asdict(holdings)})
    return holdings


def pages_looked_at(journal, monkeypatch):
    looked = []
    pages = journal.pages
    monkeypatch.setattr(journal, "pages", lambda: looked.append(1) or pages())
    return looked


def test_what_has_not_changed_is_told_again_without_looking(journal, monkeypatch):
    for name, page in (("a.png", form(100, 300, 500, 700)), ("b.png", form(300, 500, 700))):
        enter(journal, name, page)
    first = end_run(journal)
    assert (first.uneven.pages, first.uneven.example, first.uneven.like) == (1, "b.png", "a.png")
    looked = pages_looked_at(journal, monkeypatch)
    assert end_run(journal) == first
    journal.runs.begin(CONDITIONS)  # a run that is killed tells nothing
    assert end_run(journal) == first
    assert not looked


def test_what_has_changed_is_looked_through_again(journal, monkeypatch):
    enter(journal, "a.png", form(100, 300, 500, 700))
    assert end_run(journal).uneven is None
    looked = pages_looked_at(journal, monkeypatch)
    assert end_run(journal).uneven is None
    assert not looked
    enter(journal, "b.png", form(300, 500, 700))
    assert end_run(journal).uneven.example == "b.png"
    enter(journal, "b.png", form(100, 300, 500, 700))
    assert end_run(journal).uneven is None
    assert len(looked) == 2
