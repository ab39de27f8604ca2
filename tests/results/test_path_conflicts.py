import os
from pathlib import Path

import pytest

from hcr_batch.errors import OutputError, UsageError
from hcr_batch.results.atomic import check_folder, check_writable
from hcr_batch.results.path_conflicts import check_apart


@pytest.fixture
def form(tmp_path):
    path = tmp_path / "in" / "form.png"
    path.parent.mkdir()
    path.write_bytes(b"a form")
    return path


def test_two_names_of_one_output_are_told(tmp_path):
    (tmp_path / "sub").mkdir()
    with pytest.raises(UsageError, match="as --fields and as --out"):
        check_apart({"--out": tmp_path / "r.csv", "--fields": tmp_path / "sub" / ".." / "r.csv"})


def test_names_that_differ_in_case_alone_are_one(tmp_path):
    with pytest.raises(UsageError, match="as --fields and as --out"):
        check_apart({"--out": tmp_path / "r.csv", "--fields": tmp_path / "R.CSV"})


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_an_output_that_leads_to_an_input_is_told(tmp_path, form, link):
    link(form, tmp_path / "results.csv")
    with pytest.raises(UsageError, match=r"form\.png: is read, and --out would replace it"):
        check_apart({"--out": tmp_path / "results.csv"}, [form])


def test_pictures_do_not_go_among_the_forms(form):
    with pytest.raises(UsageError, match="lies in the folder of --overlay"):
        check_apart({}, [form], {"--overlay": form.parent.parent})
    check_apart({}, [form], {"--overlay": form.parent / "pictures"})


def test_what_is_apart_is_taken(tmp_path, form):
    check_apart({"--out": tmp_path / "r.csv", "--fields": None}, [form, tmp_path / "gone.png"])


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_pipes_and_folders_are_no_outputs(tmp_path, make):
    make(tmp_path / "results.csv")
    with pytest.raises(OutputError, match="give the name of a file"):
        check_writable(tmp_path / "results.csv")


def test_a_file_is_no_folder(tmp_path, form):
    with pytest.raises(OutputError, match="is no folder"):
        check_folder(form)
    check_folder(tmp_path / "new" / "pictures")


def test_a_device_is_no_output():
    with pytest.raises(OutputError, match="device"):
        check_writable(Path(os.devnull))
