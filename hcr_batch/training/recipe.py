"""A training recipe: `configs/train/*.toml`, checked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hcr_batch.config import load_toml
from hcr_batch.errors import ConfigError

__all__ = ["Recipe", "TrainingSource", "build_table", "load_recipe"]


@dataclass(frozen=True)
class TrainingSource:
    """One source of handwriting; see the comments in configs/train/default.toml."""

    name: str
    share: float
    held: float
    cases: str
    clean: bool
    weight: float
    terms: str
    low_trust: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """All that a training run depends on beside its data."""

    network: str
    start_from: str
    keep_start: float
    seed: int
    batch_seed: int
    epochs: int
    epoch_glyphs: int
    batch_size: int
    learning_rate: float
    lowest_rate: float
    warmup_epochs: float
    calm_epochs: int
    averaged_epochs: int
    weight_decay: float
    label_smoothing: float
    precision: str
    fonts: str
    font_limit: int
    bilevel_share: float
    foreign_share: float
    printed_share: float
    printed_weight: float
    strokes: str
    page_glyphs: int
    page_share: float
    teachers: tuple[str, ...]
    teaching: float
    test_sets: tuple[str, ...]
    sources: tuple[TrainingSource, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return dataclasses.asdict(self)


def load_recipe(path: Path, **changes: Any) -> Recipe:
    """Read a recipe; `changes` win over the file.

    Raises
    ------
    ConfigError
        A key is unknown, missing or of the wrong type.
    """
    values = load_toml(path) | changes
    tables = values.pop("source", [])
    if not tables:
        raise ConfigError(f"{path}: no [[source]]; name at least one set to learn from")
    values |= {name: tuple(values[name]) for name in ("test_sets", "teachers") if name in values}
    sources = tuple(build_table(TrainingSource, table, f"{path}: [[source]]") for table in tables)
    return build_table(Recipe, values | {"sources": sources}, str(path))


def build_table(kind: type, values: dict[str, Any], place: str) -> Any:
    """A dataclass of the values of a table; `place` names the table in errors.

    Raises
    ------
    ConfigError
        A key is unknown, missing or of the wrong type.
    """
    fields = {item.name: item for item in dataclasses.fields(kind)}
    unknown = sorted(values.keys() - fields.keys())
    if unknown:
        raise ConfigError(f"{place}: unknown key {unknown[0]}; known are {', '.join(fields)}")
    needed = {n for n, item in fields.items() if item.default_factory is dataclasses.MISSING}
    missing = sorted(needed - values.keys())
    if missing:
        raise ConfigError(f"{place}: {missing[0]} is missing; add it")
    return kind(**{name: _typed(values[name], fields[name], place) for name in values})


def _typed(value: Any, item: dataclasses.Field[Any], place: str) -> Any:
    wanted = {"int": int, "float": float, "str": str, "bool": bool}.get(str(item.type))
    if wanted is float and type(value) is int:
        return float(value)
    if wanted is not None and type(value) is not wanted:
        raise ConfigError(f"{place}: {item.name} must be {item.type}, not {value!r}")
    return value
