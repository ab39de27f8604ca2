import os
from pathlib import Path

import pytest
from journal_maker import CONDITIONS, SmallScan

from hcr_batch.config import load_settings
from hcr_batch.errors import UsageError
from hcr_batch.journal.exporting import export
from hcr_batch.journal.journal import open_journal
from hcr_batch.journal.outputs import Outputs, last_outputs
from hcr_batch.results.records import CellRecord, FieldRecord, PageRecord
from hcr_batch.results.writers import CsvStyle
from hcr_batch.scan.request import ScanRequest
from hcr_batch.types import UNKNOWN_FORM, Reading, SourceBox


def page(form, **texts):
    def field(name, text):
        cells = (CellRecord(SourceBox(0, 0, 9, 9), Reading(character, 0.9)) for character in text)
        return FieldRecord(name, "comb", tuple(cells))

    return PageRecord(1, 100, 100, tuple(field(*item) for item in texts.items()), form=form)


@pytest.fixture
def journal(tmp_path):
    with open_journal(tmp_path / "r.hcr.sqlite") as opened:
        yield opened


def enter(journal, tmp_path, *pages, templates=()):
    journal.runs.begin({**CONDITIONS, "templates": list(templates)})
    for number, one in enumerate(pages):
        path = tmp_path / f"{number}.png"
        journal.add(f"sha{number}", "recipe", [one], None, 0.1, [(path, path.name)])


def tables(tmp_path):
    return {path.name: path.read_text().splitlines() for path in tmp_path.glob("f*.csv")}


def test_each_kind_of_form_has_a_table_of_its_own(journal, tmp_path):
    enter(journal, tmp_path, page("club", no="12"), page("slip", sum="7", file="A"))
    export(journal, Outputs(tmp_path / "r.csv", fields=tmp_path / "f.csv"))
    found = tables(tmp_path)
    assert sorted(found) == ["f.club.csv", "f.slip.csv"]
    assert found["f.club.csv"][0] == "file,page,no,no.confidence,no.flagged"
    assert found["f.slip.csv"][0].startswith("file,page,sum,file_2,sum.confidence")
    assert found["f.slip.csv"][1].startswith("1.png,1,7,A,0.9000,false")


def test_one_form_has_the_name_that_was_given_unknown_pages_another(journal, tmp_path):
    enter(journal, tmp_path, page("club", no="1"), page(UNKNOWN_FORM), templates=["club"])
    paths = export(journal, Outputs(tmp_path / "r.csv", fields=tmp_path / "f.csv"))
    assert [path.name for path in paths] == ["f.csv", f"f.{UNKNOWN_FORM}.csv"]


def test_names_of_tables_do_not_wait_for_the_second_form(journal, tmp_path):
    enter(journal, tmp_path, page("club", no="1"), templates=["club", "slip"])
    export(journal, Outputs(tmp_path / "r.csv", fields=tmp_path / "f.csv"))
    assert sorted(tables(tmp_path)) == ["f.club.csv"]


def test_a_table_of_before_goes_only_if_nobody_has_touched_it(journal, tmp_path):
    outputs = Outputs(tmp_path / "r.csv", fields=tmp_path / "f.csv")
    enter(journal, tmp_path, page("club", no="1"))
    export(journal, outputs)
    enter(journal, tmp_path, page("club", no="1"), page("slip", sum="7"))
    export(journal, outputs)
    assert sorted(tables(tmp_path)) == ["f.club.csv", "f.slip.csv"]
    (tmp_path / "f.slip.csv").write_text("mine")
    enter(journal, tmp_path, page("club", no="1"), page("club", no="3"))
    export(journal, outputs)
    assert tables(tmp_path).keys() == {"f.csv", "f.slip.csv"}
    assert (tmp_path / "f.slip.csv").read_text() == "mine"


def test_pages_in_several_files_are_joined_by_their_key_as_corrected(journal, tmp_path):
    outputs = Outputs(tmp_path / "r.csv", fields=tmp_path / "f.csv")
    conditions = {
        **CONDITIONS,
        "templates": ["club"],
        "key_fields": {"club": ["no", "no_2"]},
        "all_fields": {"club": ["no", "name", "no_2", "town"]},
    }
    enter(journal, tmp_path, page("club", no="12", name="BO"), page("club", no_2="17", town="ULM"))
    journal.runs.begin(conditions)
    export(journal, outputs)
    head, *rows = tables(tmp_path)["f.csv"]
    assert head.startswith("file,page,no,name,no_2,town,")
    assert [row.split(",")[:6] for row in rows] == [
        ["0.png", "1", "12", "BO", "", ""],
        ["1.png", "1", "", "", "17", "ULM"],
    ]
    assert rows[0].endswith(",0.0000,true,0.0000,true")
    enter(journal, tmp_path, page("club", no="17", name="BO"), page("club", no_2="17", town="ULM"))
    journal.runs.begin(conditions)
    export(journal, outputs)
    _, row = tables(tmp_path)["f.csv"]
    assert row.startswith("0.png,1,17,BO,17,ULM,")


def test_later_commands_know_what_the_scan_wrote(tmp_path):
    made = SmallScan.made(tmp_path)
    request = ScanRequest(
        (),
        made.results,
        load_settings(),
        "model",
        fields=tmp_path / "fields.csv",
        style=CsvStyle(";", bom=True),
    )
    with open_journal(made.journal) as journal:
        journal.runs.begin(request.conditions)
        assert last_outputs(journal.runs, made.results).fields is None
        (tmp_path / "fields.csv").touch()
        assert last_outputs(journal.runs, made.results) == request.outputs


@pytest.mark.parametrize("name", ["r.csv", "r.hcr.sqlite", "x.hcr.sqlite-wal", "f.png"])
def test_tables_of_fields_take_no_other_place(tmp_path, name):
    outputs = Outputs(tmp_path / "r.csv", fields=tmp_path / name)
    with pytest.raises(UsageError, match=Path(name).stem.split(".")[0]):
        outputs.check(outputs.results)


@pytest.mark.parametrize(
    ("beginning", "kept"), [(b"\x89PNG\r\n\x1a\n", "a form"), (b"SQLite format 3\0", "a journal")]
)
@pytest.mark.parametrize("link", [os.symlink, os.link, os.rename])
def test_forms_and_journals_that_nobody_named_stay(tmp_path, link, beginning, kept):
    (tmp_path / "elsewhere").write_bytes(beginning)
    link(tmp_path / "elsewhere", tmp_path / "f.csv")
    outputs = Outputs(tmp_path / "r.csv", fields=tmp_path / "f.csv")
    with pytest.raises(UsageError, match=rf"f\.csv: holds {kept}"):
        outputs.check(outputs.results)
    (tmp_path / "f.csv").unlink()
    (tmp_path / "f.csv").write_bytes(b"file,page\n")
    outputs.check(outputs.results)
