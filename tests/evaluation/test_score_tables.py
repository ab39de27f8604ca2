import pytest

from hcr_batch.evaluation.score_tables import read_results
from hcr_batch.results.rows import ResultRow
from hcr_batch.results.writers import CsvStyle, write_results

ROW = ResultRow("a;=1.png", 1, "f001", 1, 10, 20, 30, 40, "7", 0.9, True, "low;x", "1:0.03")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("bom", [True, False])
def test_results_are_read_as_they_were_written(tmp_path, delimiter, bom):
    write_results(tmp_path / "r.csv", [ROW], "csv", CsvStyle(delimiter, bom))
    ((key, (field,)),) = read_results(tmp_path / "r.csv").items()
    assert key == ("a;=1.png", 1)
    assert (field.name, field.cells[0].character, field.cells[0].flagged) == ("f001", "7", True)
