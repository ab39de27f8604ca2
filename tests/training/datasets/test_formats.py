"""Public formats in, upright glyphs with light ink out."""

import gzip
import string

import numpy as np
import pytest
from format_files import EMNIST_BALANCED, write_csv, write_emnist, write_idx, write_image
from sets_maker import cell

from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.errors import NoInputError, UsageError
from hcr_batch.recognition import load_recognizer
from hcr_batch.training.datasets.archives import read_npz
from hcr_batch.training.datasets.character_sets import load_set, write_set
from hcr_batch.training.datasets.class_labels import CLASS_LISTS, character_of_folder, read_mapping
from hcr_batch.training.datasets.folders import read_folder
from hcr_batch.training.datasets.idx import find_pairs, read_idx, read_pair
from hcr_batch.training.datasets.importing import (
    ImportOptions,
    import_set,
    looks_transposed,
    sample_agreement,
)
from hcr_batch.training.datasets.label_tables import read_csv


def drawn(characters: str) -> tuple[np.ndarray, np.ndarray]:
    """Glyphs of characters in a stroke font, and their labels."""
    rng = np.random.default_rng(7)
    glyphs = np.stack([normalize_ink(255 - cell(c, rng)) for c in characters])
    return glyphs, np.array(list(characters))


@pytest.mark.parametrize(
    ("split", "classes", "first"),
    [
        ("byclass", string.digits + string.ascii_uppercase + string.ascii_lowercase, 0),
        ("bymerge", EMNIST_BALANCED, 0),
        ("balanced", EMNIST_BALANCED, 0),
        ("letters", string.ascii_uppercase, 1),
        ("digits", string.digits, 0),
        ("mnist", string.digits, 0),
    ],
)
@pytest.mark.parametrize("with_mapping", [True, False])
def test_every_split_of_emnist_comes_upright(tmp_path, split, classes, first, with_mapping):
    images, labels = drawn(classes)
    path = write_emnist(tmp_path, split, classes, images, labels, first)
    if not with_mapping:
        (tmp_path / f"emnist-{split}-mapping.txt").unlink()
    data = read_pair(find_pairs(path)[0])
    assert "".join(data.labels) == classes
    assert np.array_equal(data.images, images)
    merged = {"letters": "folded", "bymerge": "merged", "balanced": "merged"}
    assert data.cases == merged.get(split, "known")


@pytest.mark.parametrize("packed", [True, False])
def test_mnist_is_not_turned(tmp_path, packed):
    images, _ = drawn(string.digits)
    write_idx(tmp_path, "train", images, range(10), packed)
    write_idx(tmp_path, "t10k", images[:4], range(4), packed)
    data = import_set("idx", [tmp_path], ImportOptions())
    assert len(data) == 14
    only = import_set("idx", [tmp_path], ImportOptions(part="test"))
    assert "".join(only.labels) == "0123"
    assert np.array_equal(only.images, images[:4])


def test_several_splits_need_a_choice(tmp_path):
    images, labels = drawn("012")
    for split in ("digits", "mnist"):
        write_emnist(tmp_path, split, string.digits, images, labels)
    with pytest.raises(UsageError, match="digits, mnist; choose one with --split"):
        find_pairs(tmp_path)
    assert [pair.split for pair in find_pairs(tmp_path, "digits")] == ["digits"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: b[:-5], "cut off"),
        (lambda b: b"PK" + b[2:], "not an IDX file"),
        (lambda b: b"", "not an IDX file"),
        (lambda b: b[:6], "cut off"),
        (lambda b: gzip.compress(b)[:-9], "fetch it again"),
    ],
)
def test_damaged_idx_is_named(tmp_path, change, message):
    path = write_idx(tmp_path, "train", drawn("01")[0], [0, 1], packed=False)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(NoInputError, match=f"train-images.*{message}"):
        read_idx(path)


def test_labels_that_do_not_fit_are_refused(tmp_path):
    path = write_idx(tmp_path, "train", drawn("012")[0], [0, 1])
    with pytest.raises(NoInputError, match="2 labels for 3 images"):
        read_pair(find_pairs(path)[0])
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(NoInputError, match=r"labels-idx1-ubyte.*belong together"):
        find_pairs(path)


@pytest.mark.parametrize("header", [None, "0,0.1,0.2", "label,pixel0"])
def test_kaggle_letters_with_and_without_names(tmp_path, header):
    images, _ = drawn(string.ascii_uppercase)
    header = header and header + "," * (785 - header.count(",") - 1)
    path = write_csv(tmp_path / "A_Z Handwritten Data.csv", images, range(26), header)
    data = read_csv(path)
    assert "".join(data.labels) == string.ascii_uppercase
    assert np.array_equal(data.images, images)


def test_kaggle_emnist_is_turned(tmp_path):
    images, _ = drawn(EMNIST_BALANCED)
    path = write_csv(
        tmp_path / "emnist-balanced-train.csv", images.transpose(0, 2, 1), range(47)
    )
    data = read_csv(path)
    assert "".join(data.labels) == EMNIST_BALANCED
    assert np.array_equal(data.images, images)


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "no rows"), ("1,2,3\n", "3 columns"), ("a,b\n1\n2,3,4\n", "not a table|columns")],
)
def test_other_tables_are_refused(tmp_path, content, message):
    path = tmp_path / "odd.csv"
    path.write_text(content)
    with pytest.raises(NoInputError, match=message):
        read_csv(path)


def test_classes_that_are_not_plain_must_be_declared(tmp_path):
    images, _ = drawn("7K")
    path = write_csv(tmp_path / "my.csv", images, [7, 35])
    with pytest.raises(UsageError, match="--classes"):
        read_csv(path)
    assert "".join(read_csv(path, "alnum36").labels) == "7Z"
    with pytest.raises(NoInputError, match="class 35 is not one of 0 to 9"):
        read_csv(path, "digits")


@pytest.mark.parametrize(
    ("name", "character"),
    [
        ("A", "A"), ("a", "a"), ("7", "7"), ("upper_A", "A"), ("lower_a", "a"), ("a_lower", "a"),
        ("A-caps", "A"), ("U+0041", "A"), ("u+61", "a"), ("0x7a", "z"), ("41", "A"), ("4a", "J"),
        ("30", "0"), ("Sample001", "0"), ("Sample062", "z"), ("train", None), ("hsf_0", None),
        ("40", None), ("AB", None), ("", None), ("digit_5", "5"), ("upper_b", "B"),
    ],
)  # fmt: skip
def test_names_of_folders(name, character):
    assert character_of_folder(name) == character


def test_folders_of_images_of_any_polarity(tmp_path):
    rng = np.random.default_rng(3)
    glyphs, _ = drawn("Aa7")
    write_image(tmp_path / "upper_A" / "glyph.png", glyphs[0])
    write_image(tmp_path / "lower_a" / "scan.jpg", cell("a", rng), "RGB")
    write_image(tmp_path / "37" / "train_37" / "dark.png", 255 - cell("7", rng), "1")
    write_image(tmp_path / "notes" / "page.png", glyphs[0])
    data = read_folder(tmp_path)
    assert sorted(data.labels) == ["7", "A", "a"]
    assert np.array_equal(data.images[list(data.labels).index("A")], glyphs[0])
    assert sample_agreement(load_recognizer(), data) == 1.0


def test_folder_without_classes_says_which_names_do(tmp_path):
    write_image(tmp_path / "pictures" / "a.png", drawn("A")[0][0])
    with pytest.raises(NoInputError, match=r"upper_A, U\+0041"):
        read_folder(tmp_path)


def test_dark_ink_is_turned_light(tmp_path):
    images, _ = drawn(string.digits)
    path = write_idx(tmp_path, "train", 255 - images, range(10))
    assert np.array_equal(read_pair(find_pairs(path)[0]).images, images)
    declared = read_pair(find_pairs(path)[0], ink="light")
    assert np.array_equal(declared.images, 255 - images)


def test_keras_mnist_and_own_sets(tmp_path):
    images, labels = drawn(string.digits)
    parts = {"x_train": images, "y_train": np.arange(10), "x_test": images[:2], "y_test": [0, 1]}
    np.savez(tmp_path / "mnist.npz", **parts)
    data = read_npz(tmp_path / "mnist.npz")
    assert "".join(data.labels) == string.digits + "01"
    np.savez(tmp_path / "mine.npz", images=images, labels=labels, writer=["p", "q"] * 5)
    assert set(read_npz(tmp_path / "mine.npz").writers) == {"p", "q"}
    np.savez(tmp_path / "signs.npz", images=images[:1], labels=np.array(["%"]))
    with pytest.raises(NoInputError, match="'%' is none of"):
        read_npz(tmp_path / "signs.npz")


def test_written_set_is_read_again_as_it_was(tmp_path):
    images, labels = drawn("AaBb")
    write_emnist(tmp_path, "letters", string.ascii_uppercase, images[::2], labels[::2], 1)
    data = import_set("idx", [tmp_path], ImportOptions())
    write_set(tmp_path / "letters.npz", data)
    again = load_set(tmp_path, "letters")
    assert np.array_equal(again.images, data.images)
    assert (again.cases, list(again.labels)) == ("folded", ["A", "B"])


def test_sources_are_joined_with_writers_apart(tmp_path):
    images, labels = drawn("0123")
    for name in ("one", "two"):
        np.savez(tmp_path / f"{name}.npz", images=images, labels=labels, writer=["p", "q"] * 2)
    both = import_set("npz", [tmp_path / "one.npz", tmp_path / "two.npz"], ImportOptions())
    assert len(both) == 8
    assert len(set(both.writers)) == 4


def test_mapping_of_foreign_codes_is_refused(tmp_path):
    path = tmp_path / "mapping.txt"
    path.write_text("0 48\n1 64\n")
    with pytest.raises(NoInputError, match=r"'@'"):
        read_mapping(path)
    path.write_text("zero 48\n")
    with pytest.raises(NoInputError, match="not a mapping file"):
        read_mapping(path)


def test_classes_of_balanced_are_the_field_s():
    assert "".join(CLASS_LISTS["balanced"].values()) == EMNIST_BALANCED


def test_real_glyphs_on_their_side_are_noticed(hcr_data, tmp_path):
    with np.load(hcr_data / "characters" / "emnist_balanced_part.npz") as stored:
        images, labels = stored["images"][::12], stored["labels"][::12]
    path = write_emnist(tmp_path, "balanced", EMNIST_BALANCED, images, labels)
    recognizer = load_recognizer()
    good, turned = (read_pair(find_pairs(path)[0], transposed=way) for way in (None, False))
    assert sample_agreement(recognizer, good) > 0.85
    assert looks_transposed(recognizer, turned)
    assert not looks_transposed(recognizer, good)
