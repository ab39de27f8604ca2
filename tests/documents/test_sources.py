import io
import os
from pathlib import Path

import pytest
from PIL import Image

from hcr_batch.documents import discover, kinds_of, survey
from hcr_batch.errors import NoInputError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(*args, **kwargs) -> list[str]:
    return [source.name for source in discover(*args, **kwargs)]


def test_folder_is_searched_recursively_in_stable_order(tmp_path):
    touch(tmp_path, "b/2.png", "b/1.TIF", "a.pdf", "c.jpeg")
    assert names([tmp_path]) == ["a.pdf", "b/1.TIF", "b/2.png", "c.jpeg"]


def test_passes_over_what_is_no_document(tmp_path):
    touch(tmp_path, "form.png", ".hidden.png", ".git/x.png", "~$form.pdf", "form.png~")
    touch(tmp_path, "form.png.part", "x.tmp", "y.swp", "notes.txt", "results.csv")
    touch(tmp_path, "results.hcr.sqlite", "results.hcr.sqlite-wal", "results.hcr.sqlite.png")
    assert names([tmp_path]) == ["form.png"]


def test_ignored_outputs_are_passed_over(tmp_path):
    touch(tmp_path, "form.png", "overlay/form.png", "overlay/deep/form.png", "picture.png")
    ignore = [tmp_path / "overlay", tmp_path / "picture.png"]
    assert names([tmp_path], ignore=ignore) == ["form.png"]
    assert names([tmp_path / "form.png", tmp_path / "picture.png"], ignore=ignore) == ["form.png"]


def test_symlink_loop_ends_and_linked_folder_is_read(tmp_path):
    touch(tmp_path, "in/a.png", "elsewhere/b.png")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in/link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert names([tmp_path / "in"]) == ["a.png", "link/b.png"]


def test_file_given_directly_is_taken_whatever_its_ending(tmp_path):
    touch(tmp_path, "scan.0001")
    assert names([tmp_path / "scan.0001"]) == ["scan.0001"]


def test_glob_patterns(tmp_path):
    touch(tmp_path, "forms/a.png", "forms/b.tif", "forms/sub/c.png", "forms/notes.txt")
    assert names([f"{tmp_path}/forms/*.png"]) == ["a.png"]
    assert names([f"{tmp_path}/forms/**/*.png"]) == ["a.png", "sub/c.png"]
    assert names([f"{tmp_path}/forms/*"]) == ["a.png", "b.tif", "sub/c.png"]


def test_file_whose_name_looks_like_a_pattern(tmp_path):
    touch(tmp_path, "form[1].png", "form1.png")
    assert names([tmp_path / "form[1].png"]) == ["form[1].png"]


@pytest.mark.parametrize("separator", ["\n", "\0"])
def test_list_on_standard_input(tmp_path, separator):
    touch(tmp_path, "b c.png", "a.png")
    text = separator.join([str(tmp_path / "b c.png"), str(tmp_path / "a.png"), ""])
    assert names(["-"], stdin=io.StringIO(text)) == ["b c.png", "a.png"]


def test_missing_file_of_a_list_is_kept_to_fail_on_its_own(tmp_path):
    touch(tmp_path, "a.png")
    listed = io.StringIO(f"{tmp_path}/gone.png\n{tmp_path}/a.png\n")
    assert names(["-"], stdin=listed) == ["gone.png", "a.png"]


def test_every_file_once(tmp_path):
    touch(tmp_path, "a.png")
    assert names([tmp_path, tmp_path / "a.png", f"{tmp_path}/*.png"]) == ["a.png"]


def test_equal_names_from_several_folders_are_told_apart(tmp_path):
    touch(tmp_path, "may/1.png", "june/1.png", "june/2.png", "old/may/1.png")
    given = [tmp_path / "may", tmp_path / "june", tmp_path / "old/may"]
    found = names(given)
    assert len(set(found)) == 4
    assert found[1:3] == ["june/1.png", "2.png"]
    assert found[3] == "old/may/1.png"
    assert found == names(given)


def test_name_in_another_encoding_is_found_and_printable(tmp_path):
    raw = os.fsencode(tmp_path) + b"/caf\xe9.png"
    with open(raw, "wb") as file:
        file.write(b"x")
    (source,) = discover([tmp_path])
    assert source.path.read_bytes() == b"x"
    assert source.name.encode("utf-8") == b"caf\\xe9.png"


@pytest.mark.parametrize("content", [[], ["notes.txt"]])
def test_nothing_found(tmp_path, content):
    touch(tmp_path, *content)
    with pytest.raises(NoInputError, match=r"no document found"):
        discover([tmp_path])


def test_path_that_does_not_exist_is_named(tmp_path):
    touch(tmp_path, "a.png")
    with pytest.raises(NoInputError, match=r"typo.*no such file or folder"):
        discover([tmp_path, tmp_path / "typo"])


@pytest.mark.parametrize("name", ["scan", "scan.dat", "x.jfif"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "PDF", "GIF", "WEBP", "JPEG2000"])
def test_forms_with_another_ending_or_none_are_found_by_their_content(tmp_path, name, kind):
    Image.new("L", (40, 40), 255).save(tmp_path / name, format=kind)
    assert names([tmp_path]) == [name]


def test_what_is_passed_over_is_told_by_its_kind(tmp_path):
    touch(tmp_path, "a.png", "b.heic", "c.HEIC", "letter.docx", "README", ".hidden", "x.png.part")
    found = survey([tmp_path])
    assert [source.name for source in found.sources] == ["a.png"]
    assert kinds_of(found.passed_over) == "2 .heic, 1 .docx, 1 without ending"
    with pytest.raises(NoInputError, match=r"but 1 \.heic; give"):
        discover([tmp_path / "*.heic"])


def test_a_form_that_is_still_being_copied_is_left_alone(tmp_path):
    Image.new("L", (40, 40), 255).save(tmp_path / "a.png.part", format="PNG")
    found = survey([tmp_path])
    assert (found.sources, found.passed_over) == ((), ())


def test_bytes_that_are_no_text_and_a_backslash_are_told_apart(tmp_path):
    for name in (b"x\xff.png", b"x\\xff.png"):
        with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:
            file.write(b"x")
    assert sorted(names([tmp_path])) == ["x\\\\xff.png", "x\\xff.png"]
