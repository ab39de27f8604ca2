"""Loading and splitting labelled glyphs."""

import numpy as np
import pytest
from sets_maker import write_sets

from hcr_batch.errors import NoInputError
from hcr_batch.training.datasets.character_sets import load_set, normalized, split_by_writer


@pytest.fixture
def folder(tmp_path):
    write_sets(tmp_path)
    return tmp_path


def test_no_writer_stands_on_both_sides(folder):
    kept, held = split_by_writer(load_set(folder, "unipen"), 0.25, seed=1)
    assert len(kept) + len(held) == 120
    assert len(held) == 30
    assert not set(kept.writers) & set(held.writers)


def test_split_is_the_same_every_time(folder):
    data = load_set(folder, "unipen")
    first, second = (split_by_writer(data, 0.25, seed=1)[1].rows for _ in range(2))
    assert np.array_equal(first, second)


def test_distrusted_styles_weigh_less(folder):
    data = load_set(folder, "unipen", {"style": {"CURSIVE": 0.5}})
    assert data.weights[:4].tolist() == [0.5, 1.0, 1.0, 0.5]


def test_missing_set_names_the_file_and_the_remedy(tmp_path):
    with pytest.raises(NoInputError, match=r"absent\.npz.*--data"):
        load_set(tmp_path, "absent")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"label,pixel0"])
def test_damaged_set_is_an_error_with_its_name(tmp_path, content):
    (tmp_path / "odd.npz").write_bytes(content)
    with pytest.raises(NoInputError, match=r"odd\.npz"):
        load_set(tmp_path, "odd")


def test_file_of_another_kind_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", pictures=np.zeros(3))
    with pytest.raises(NoInputError, match=r"has no array"):
        load_set(tmp_path, "other")


def test_glyphs_from_raw_cells_look_like_the_given_ones(folder):
    data = load_set(folder, "boxed")
    again = normalized(data.raw)
    likeness = np.corrcoef(again.ravel(), data.images.ravel())[0, 1]
    assert likeness > 0.85
