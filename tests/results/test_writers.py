import csv
import json
import sys
from pathlib import Path

import pytest

from hcr_batch.errors import OutputError, UsageError
from hcr_batch.results.form_tables import FieldValue, FormRow, FormTable
from hcr_batch.results.rows import COLUMNS, ResultRow, harmless, without_escapes
from hcr_batch.results.writers import (
    CsvStyle,
    check_format,
    format_of,
    write_csv_tables,
    write_results,
)

ROW = ResultRow(
    *("scans/a.png", 1, "f001", 1, 10, 20, 30, 40, "7"),
    *(0.98765, True, "low_confidence;touching", "1:0.0312 Z:0.0107"),
)
BLANK = ROW._replace(position=2, character="", flagged=False, reasons="", alternatives="")


def test_csv_is_as_documented(tmp_path):
    write_results(tmp_path / "r.csv", [ROW, BLANK], "csv")
    assert (tmp_path / "r.csv").read_bytes().decode().split("\r\n") == [
        "file,page,field,position,x,y,width,height,"
        "character,confidence,flagged,reasons,alternatives",
        "scans/a.png,1,f001,1,10,20,30,40,7,0.9877,true,low_confidence;touching,1:0.0312 Z:0.0107",
        "scans/a.png,1,f001,2,10,20,30,40,,0.9877,false,,",
        "",
    ]


def test_the_header_stands_without_rows(tmp_path):
    write_results(tmp_path / "r.csv", [], "csv")
    assert (tmp_path / "r.csv").read_text().split(",")[0] == "file"


def test_names_with_commas_quotes_and_accents_survive(tmp_path):
    name = 'f\u00fcr "uns", 1.png'
    write_results(tmp_path / "r.csv", [ROW._replace(file=name)], "csv")
    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["file"] == name


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1"])
def test_formulas_do_not_run_in_a_spreadsheet(tmp_path, text):
    write_results(tmp_path / "r.csv", [ROW._replace(file=text, field=text, character=text)], "csv")
    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    shown = "'" + text.replace("=", "'=") if text[0] in "\t\r" else f"'{text}"
    assert [row["file"], row["field"], row["character"]] == [shown] * 3


@pytest.mark.parametrize(
    "text", ["a;=1+1", "a,@SUM(A1)", "a\t+1", "a|=1", "a\n=1", "a; =1", 'a;"=1"', "a;\uff1d1"]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_formulas_do_not_run_where_another_separator_is_taken(tmp_path, text, delimiter):
    path = tmp_path / "r.csv"
    write_results(path, [ROW._replace(file=text)], "csv", CsvStyle(delimiter))
    for other in ",;\t|":
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell.lstrip(' "') for row in csv.reader(file, delimiter=other) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\uff1d"))]


@pytest.mark.parametrize("text", ["a;=1", "=1;+2", "a,@b|-c", "a.png", "it's", "a; '=1"])
def test_what_was_made_harmless_can_be_had_again(text):
    assert without_escapes(harmless(text)) == text


def test_harmless_leaves_other_texts_alone():
    for text in ("", "scans/a.png", "7", "a=b", "'quoted"):
        assert harmless(text) == text


def test_json_lines_keep_types(tmp_path):
    write_results(tmp_path / "r.jsonl", [ROW, BLANK], "jsonl")
    first, second = map(json.loads, (tmp_path / "r.jsonl").read_text().splitlines())
    assert tuple(first) == COLUMNS
    assert (first["confidence"], first["flagged"], first["x"]) == (0.9877, True, 10)
    assert first["reasons"] == ["low_confidence", "touching"]
    assert first["alternatives"] == {"1": 0.0312, "Z": 0.0107}
    assert (second["character"], second["reasons"], second["alternatives"]) == ("", [], {})


def test_parquet_has_the_same_columns_and_rows(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    write_results(tmp_path / "r.parquet", [ROW, BLANK], "parquet")
    table = pq.read_table(tmp_path / "r.parquet")
    assert tuple(table.column_names) == COLUMNS
    assert table["character"].to_pylist() == ["7", ""]
    assert table["flagged"].to_pylist() == [True, False]


def test_parquet_without_pyarrow_is_refused_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"hcr-batch\[parquet\]"):
        check_format("parquet")
    check_format("csv")


def test_a_workbook_without_openpyxl_is_refused_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(UsageError, match="pip install openpyxl"):
        check_format("xlsx")


def test_parquet_holds_an_empty_table(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    write_results(tmp_path / "r.parquet", [], "parquet")
    assert pq.read_table(tmp_path / "r.parquet").num_rows == 0


def test_a_field_missing_on_a_page_is_empty_in_the_wide_table(tmp_path):
    rows = [
        FormRow("a.png", 1, "", {"name": FieldValue("=ANNA", 0.9, False)}),
        FormRow("a.png", 2, "", {"no": FieldValue("12", 0.5, True)}),
    ]
    write_csv_tables({"": tmp_path / "f.csv"}, [FormTable("", ("name", "no"))], rows)
    with (tmp_path / "f.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            "file page name no name.confidence name.flagged no.confidence no.flagged".split(),
            ["a.png", "1", "'=ANNA", "", "0.9000", "false", "", ""],
            ["a.png", "2", "", "12", "", "", "0.5000", "true"],
        ]


def broken_rows():
    yield ROW
    raise KeyboardInterrupt


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_what_fails_half_way_leaves_the_old_file(tmp_path, file_format):
    path = tmp_path / "results"
    write_results(path, [ROW], file_format)
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        write_results(path, broken_rows(), file_format)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_a_clear_error(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_results(tmp_path / "nowhere" / "r.csv", [ROW], "csv")


def test_the_ending_of_the_output_chooses_the_format(tmp_path):
    endings = ("r.csv", "r.JSONL", "r.parquet", "r.xlsx", "r.tsv", "r.txt", "r")
    formats = [format_of(tmp_path / name) for name in endings]
    assert formats == ["csv", "jsonl", "parquet", "xlsx", "csv", "csv", "csv"]


@pytest.mark.parametrize(
    ("name", "asked"),
    [("r.xlsx", "csv"), ("r.csv", "xlsx"), ("a.png", None), ("a.PNG", "csv"), ("r.xls", None)],
)
def test_a_table_never_stands_under_the_name_of_something_else(name, asked):
    with pytest.raises(UsageError, match=name):
        format_of(Path(name), asked)


def test_csv_for_a_european_excel(tmp_path):
    write_results(tmp_path / "r.csv", [ROW], "csv", CsvStyle(";", bom=True))
    text = (tmp_path / "r.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbffile;page;field;")
    assert b'"low_confidence;touching"' in text


def test_the_ending_tsv_separates_by_tabs(tmp_path):
    write_results(tmp_path / "r.tsv", [ROW], "csv", CsvStyle())
    assert (tmp_path / "r.tsv").read_bytes().startswith(b"file\tpage\t")
