import pytest

from hcr_batch.results.form_tables import FieldValue, FormRow, FormTable
from hcr_batch.results.rows import COLUMNS, ResultRow
from hcr_batch.results.workbook import FLAGGED_COLOR, MOST_ROWS
from hcr_batch.results.writers import write_results, write_table_sheets

openpyxl = pytest.importorskip("openpyxl")

ROW = ResultRow(
    *("scans/a.png", 1, "f001", 1, 10, 20, 30, 40, "7"),
    *(0.98765, True, "low_confidence;touching", "1:0.0312 Z:0.0107"),
)
TABLES = [FormTable("club", ("phone", "file")), FormTable("", ("f001",))]
ROWS = [
    FormRow("a.png", 1, "club", {"phone": FieldValue("07945362180", 0.98, True)}),
    FormRow("b.png", 2, "", {"f001": FieldValue("=1+1", 0.5, False)}),
]


@pytest.fixture
def forms(tmp_path):
    write_table_sheets(tmp_path / "f.xlsx", TABLES, ROWS, [("files", 2), ("model", "default")])
    return tmp_path / "f.xlsx"


def test_each_form_has_a_sheet_with_the_values_in_front(forms):
    book = openpyxl.load_workbook(forms)
    assert book.sheetnames == ["club", "forms", "summary"]
    assert [cell.value for cell in book["club"][1]] == [
        *("file", "page", "phone", "file_2"),
        *("phone.confidence", "phone.flagged", "file.confidence", "file.flagged"),
    ]
    assert [cell.value for cell in book["club"][2]][:5] == ["a.png", 1, "07945362180", None, 0.98]
    assert [[cell.value for cell in row] for row in book["summary"]] == [
        ["files", 2],
        ["model", "default"],
    ]


def test_texts_keep_their_zeros_and_flagged_ones_are_coloured(forms):
    phone = openpyxl.load_workbook(forms)["club"]["C2"]
    assert (phone.data_type, phone.number_format) == ("s", "@")
    assert phone.fill.start_color.rgb == FLAGGED_COLOR


def test_no_formula_runs_in_a_workbook(forms):
    cell = openpyxl.load_workbook(forms)["forms"]["C2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_pandas_reads_the_values_as_text(forms):
    pandas = pytest.importorskip("pandas")
    table = pandas.read_excel(forms, sheet_name="club", dtype={"phone": str})
    assert list(table["phone"]) == ["07945362180"]


def test_the_results_as_a_workbook(tmp_path):
    name = "bell\x07 =1.png"
    rows = [ROW, ROW._replace(file=name, character="", flagged=False, field="=1")]
    write_results(tmp_path / "r.xlsx", rows, "xlsx", summary=[("pages", 1)])
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    first, second, third = book["cells"].iter_rows()
    assert tuple(cell.value for cell in first) == COLUMNS
    assert [second[8].value, second[9].value, second[10].value] == ["7", 0.9877, True]
    assert second[8].fill.start_color.rgb == FLAGGED_COLOR
    assert (third[0].value, third[2].data_type) == (r"bell\x07 =1.png", "s")
    assert book["summary"]["B1"].value == 1


def test_more_rows_than_a_sheet_holds_go_on_another(tmp_path, monkeypatch):
    monkeypatch.setattr("hcr_batch.results.workbook.MOST_ROWS", 3)
    write_results(tmp_path / "r.xlsx", [ROW] * 5, "xlsx")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    assert [(sheet.title, sheet.max_row) for sheet in book][:3] == [
        ("cells", 3),
        ("cells 2", 3),
        ("cells 3", 2),
    ]
    assert MOST_ROWS == 1_048_576


def test_names_of_forms_become_names_that_sheets_may_have(tmp_path):
    tables = [FormTable("a/b:" + 40 * "x", ()), FormTable("A_B_" + 40 * "x", ())]
    write_table_sheets(tmp_path / "f.xlsx", [*tables, FormTable("Summary", ())], [], [])
    titles = openpyxl.load_workbook(tmp_path / "f.xlsx").sheetnames
    assert titles == ["a_b_" + 27 * "x", "A_B_" + 25 * "x" + " 2", "Summary 2", "summary"]
