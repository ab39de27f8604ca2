"""The recipe of the line reader: `configs/train/line_reader.toml`, checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hcr_batch.config import load_toml
from hcr_batch.errors import ConfigError
from hcr_batch.training.recipe import build_table

__all__ = ["HandSource", "LineRecipe", "is_line_recipe", "line_recipe_of", "load_line_recipe"]


@dataclass(frozen=True)
class HandSource:
    """Characters that strings are composed of; see configs/train/line_reader.toml."""

    name: str
    share: float
    held: float
    terms: str


@dataclass(frozen=True)
class LineRecipe:
    """All that training a line reader depends on beside its data."""

    seed: int
    words: str
    word_share: float
    cursive_share: float
    symbols: str
    word_lists: str
    fonts: str
    page_strings: int
    page_share: float
    start_from: str
    keep_start: float
    longest: int
    steps: int
    batch_size: int
    learning_rate: float
    lowest_rate: float
    warmup_steps: int
    weight_decay: float
    doubtful_share: float
    averaging: float
    precision: str
    shard_samples: int
    shard_passes: int
    ring: int
    checkpoint_minutes: float
    terms: str
    sources: tuple[HandSource, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return dataclasses.asdict(self)


def is_line_recipe(path: Path) -> bool:
    """Whether a recipe is for a line reader: it says `kind = "line_reader"`."""
    return load_toml(path).get("kind") == "line_reader"


def load_line_recipe(path: Path, **changes: Any) -> LineRecipe:
    """Read a recipe; `changes` win over the file.

    Raises
    ------
    ConfigError
        A key is unknown, missing or of the wrong type.
    """
    values = load_toml(path) | changes
    if values.pop("kind", "") != "line_reader":
        raise ConfigError(f'{path}: kind must be "line_reader"')
    tables = values.pop("source", [])
    if not tables:
        raise ConfigError(f"{path}: no [[source]]; name at least one set to compose strings of")
    sources = tuple(build_table(HandSource, table, f"{path}: [[source]]") for table in tables)
    recipe: LineRecipe = build_table(LineRecipe, values | {"sources": sources}, str(path))
    return recipe


def line_recipe_of(document: Mapping[str, Any]) -> LineRecipe:
    """The recipe in the card of a line reader.

    Raises
    ------
    ConfigError
        It is not as this program writes it.
    """
    values = dict(document.get("recipe", {}))
    values.pop("file", None)
    tables = values.pop("sources", [])
    sources = tuple(build_table(HandSource, dict(table), "card: sources") for table in tables)
    recipe: LineRecipe = build_table(LineRecipe, values | {"sources": sources}, "card: recipe")
    return recipe
