import json

import pytest

from hcr_batch.cli import main

HEADER = (
    "file,page,field,position,x,y,width,height,character,confidence,flagged,reasons,alternatives\n"
)


@pytest.fixture
def tables(tmp_path):
    """results.csv with 1, 7 (flagged) and a blank; truth.csv that says 12."""
    results, truth = tmp_path / "results.csv", tmp_path / "truth.csv"
    results.write_text(
        HEADER
        + "forms/a.png,1,f001,1,0,0,10,10,1,0.9900,false,,\n"
        + "forms/a.png,1,f001,2,10,0,10,10,7,0.4000,true,low_confidence,2:0.3000\n"
        + "forms/a.png,1,f001,3,20,0,10,10,,0.9900,false,,\n"
    )
    truth.write_text("file,page,field,x,y,width,height,text\na.png,1,no,0,0,30,10,12\n")
    return results, truth


def leave(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return left.value.code, *capsys.readouterr()


def test_the_table_has_a_line_a_file_and_one_for_all(capsys, tables):
    code, out, _ = leave(capsys, "score", tables[0], "--truth", tables[1])
    lines = out.splitlines()
    assert code == 0
    assert [line.split()[0] for line in lines] == ["file", "forms/a.png", "all"]
    assert "1/1" in lines[1]
    assert "50.0" in lines[1]


def test_the_report_is_json_with_counts_and_shares(capsys, tables):
    _, out, _ = leave(capsys, "score", tables[0], "--truth", tables[1], "--report", "json")
    report = json.loads(out)
    assert report["all"] == report["files"]["forms/a.png"]
    assert (report["all"]["right"], report["all"]["flagged"], report["all"]["silent"]) == (1, 1, 0)
    assert report["all"]["shares"]["human_effort"] == 0.5


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "no column"), ("file,page\n", "no column"), (b"\xff\xfe", "UTF-8")],
)
def test_a_file_that_is_no_table_is_refused(capsys, tables, content, message):
    tables[1].write_bytes(content if isinstance(content, bytes) else content.encode())
    code, _, err = leave(capsys, "score", tables[0], "--truth", tables[1])
    assert code == 2
    assert message in err
    assert "truth.csv" in err


def test_a_number_that_is_none_is_named_with_its_line(capsys, tables):
    tables[1].write_text(tables[1].read_text().replace("a.png,1", "a.png,one"))
    _, _, err = leave(capsys, "score", tables[0], "--truth", tables[1])
    assert "truth.csv: line 2: 'one'" in err


def test_fields_can_be_seen_one_by_one(capsys, tables):
    _, out, _ = leave(capsys, "score", tables[0], "--truth", tables[1], "--report", "fields")
    assert out.splitlines()[1].split() == ["forms/a.png", "1", "no", "1/2", "12", "17"]
