"""Recipes are checked before hours are spent on them."""

import pytest

from hcr_batch.config import data_folder
from hcr_batch.errors import ConfigError
from hcr_batch.training.recipe import load_recipe

DEFAULT = data_folder("configs") / "train" / "default.toml"
OTHERS = {DEFAULT.with_stem(name) for name in ("segmenter", "line_reader", "demo")}
"""Recipes of other networks, with keys of their own."""
RECIPES = sorted(set(DEFAULT.parent.glob("*.toml")) - OTHERS)


@pytest.fixture
def recipe_text() -> str:
    return DEFAULT.read_text(encoding="utf-8")


def write(folder, text):
    path = folder / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_shipped_recipes_are_valid_and_name_terms(path):
    recipe = load_recipe(path)
    assert all(source.terms for source in recipe.sources)
    assert all(0 <= source.held < 1 for source in recipe.sources)


@pytest.mark.parametrize("name", ["polish", "wide", "settle"])
def test_later_parts_keep_the_same_writers_held_out(name):
    first, second = load_recipe(DEFAULT), load_recipe(DEFAULT.with_name(f"{name}.toml"))
    assert second.start_from
    assert first.seed == second.seed
    assert {s.name: s.held for s in first.sources} == {s.name: s.held for s in second.sources}


def test_sources_left_out_are_measured_and_not_learned_from():
    recipe = load_recipe(DEFAULT.with_name("leave_sources_out.toml"))
    left_out = {"chars74k_hnd", "form_capitals_weak"}
    assert left_out <= set(recipe.test_sets)
    assert not left_out & {source.name for source in recipe.sources}


def test_changes_win_over_the_file():
    assert load_recipe(DEFAULT, epochs=3).epochs == 3


def test_misspelt_key_is_named(tmp_path, recipe_text):
    path = write(tmp_path, recipe_text.replace("\nepochs =", "\nepoch ="))
    with pytest.raises(ConfigError, match="unknown key epoch;"):
        load_recipe(path)


def test_missing_key_is_named(tmp_path, recipe_text):
    lines = [line for line in recipe_text.splitlines() if not line.startswith("seed")]
    with pytest.raises(ConfigError, match="seed is missing"):
        load_recipe(write(tmp_path, "\n".join(lines)))


def test_wrong_type_is_named(tmp_path, recipe_text):
    path = write(tmp_path, recipe_text.replace("share = 0.44", 'share = "half"'))
    with pytest.raises(ConfigError, match="share must be float"):
        load_recipe(path)


def test_recipe_without_sources_is_refused(tmp_path, recipe_text):
    with pytest.raises(ConfigError, match="source"):
        load_recipe(write(tmp_path, recipe_text.split("[[source]]")[0]))
