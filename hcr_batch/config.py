"""Settings: `configs/default.toml` and what a user's own file changes of it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hcr_batch.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover - Python 3.10 alone
    import tomli as tomllib

__all__ = [
    "CASES",
    "DEFAULT_MODEL",
    "BatchSettings",
    "DocumentSettings",
    "GlyphSettings",
    "LayoutSettings",
    "RecognitionSettings",
    "Settings",
    "data_folder",
    "load_settings",
    "load_toml",
    "parse_toml",
    "toml_text",
]

CASES = ("auto", "upper", "as_written")
"""What letters are reported as: capitals, but small ones where a page or field shows some;
always capitals; what they look like."""

DEFAULT_MODEL = "default"
"""Folder, within `models`, of the networks that come with the program."""

CHOICES = {
    "documents.pdf_renderer": ("pdfium", "poppler"),
    "layout.mode": ("auto", "boxes", "free"),
    "recognition.case": CASES,
}
"""Settings that take one of a few words; every other text is free."""

RANGES = {
    "batch.max_memory_gb": (1, math.inf),
    "batch.page_seconds": (1, math.inf),
    "documents.pdf_dpi": (36, 1200),
    "recognition.target_error": (0, 1),
    "recognition.threshold": (0, 1),
}
"""Least and greatest value of a setting; every other number only has to be 0 or more."""


DEEP_KEY = re.compile(r"""(?:\.[ \t]*[\w"'-]+[ \t]*){16}""")
"""A key of so many parts is no setting of this program; a parser takes 12 s for one of 20,000."""


@dataclass(frozen=True)
class DocumentSettings:
    """How files become pages; see `[documents]` in default.toml."""

    pdf_dpi: float
    pdf_renderer: str
    max_megapixels: float
    min_dpi: float
    max_dpi: float


@dataclass(frozen=True)
class LayoutSettings:
    """How fields and cells are found; see `[layout]` in default.toml."""

    mode: str
    max_skew: float
    uneven_light: float
    min_ink_darkness: int
    max_cell_mm: float
    max_cell_aspect: float


@dataclass(frozen=True)
class GlyphSettings:
    """How ink becomes glyphs; see `[glyphs]` in default.toml."""

    min_speck_mm: float
    min_glyph_height: float
    max_dirt_height: float
    min_letter_mm: float


@dataclass(frozen=True)
class RecognitionSettings:
    """How glyphs become readings; see `[recognition]` in default.toml."""

    model: str
    case: str
    target_error: float
    threshold: float


@dataclass(frozen=True)
class BatchSettings:
    """How many files are gone through; see `[batch]` in default.toml. No reading depends on it."""

    max_memory_gb: float
    page_seconds: float


@dataclass(frozen=True)
class Settings:
    """Every setting of a scan, one frozen group a stage."""

    documents: DocumentSettings
    layout: LayoutSettings
    glyphs: GlyphSettings
    recognition: RecognitionSettings
    batch: BatchSettings

    def fingerprint(self) -> str:
        """SHA-256 (hex) over all values that readings depend on, but the model."""
        values = dataclasses.asdict(self)
        del values["batch"]
        # The model counts by what it is, not by where it lies.
        del values["recognition"]["model"]
        text = json.dumps(values, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def data_folder(name: str) -> Path:
    """Folder `configs` or `models`: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / name
    return installed if installed.is_dir() else package.parent / name


def load_toml(path: Path) -> dict[str, Any]:
    """Parse a TOML file.

    Raises
    ------
    ConfigError
        The file is missing, not UTF-8 or not TOML; the message has its place.
    """
    return parse_toml(path, toml_text(path))


def toml_text(path: Path) -> str:
    """Text of a TOML file.

    Raises
    ------
    ConfigError
        The file is missing or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except ValueError as error:
        raise _no_toml(path, error) from error


def parse_toml(path: Path, text: str) -> dict[str, Any]:
    """Parse the text of a TOML file.

    Raises
    ------
    ConfigError
        It is not TOML; the message has the place.
    """
    try:
        _check_keys(text)
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Beside what the parser says: endless numbers, endless nesting.
        raise _no_toml(path, error) from error


def _no_toml(path: Path, error: Exception) -> ConfigError:
    return ConfigError(f"{path}: not valid TOML: {error}; correct it")


def _check_keys(text: str) -> None:
    if deep := DEEP_KEY.search(text):
        line = text.count("\n", 0, deep.start()) + 1
        raise ValueError(f"a key of over 16 parts (at line {line})")


def load_settings(path: Path | None = None, **changes: dict[str, Any]) -> Settings:
    """Read the default settings, then `path`, then `changes`, the later winning.

    Parameters
    ----------
    path : Path, optional
        A TOML file with any part of what default.toml holds.
    changes : dict
        Values by section, for example ``recognition={"threshold": 0.9}``.

    Raises
    ------
    ConfigError
        Unknown section or key, or a value of the wrong type, out of range or
        none of the allowed words; the message names the file and the key.
    """
    default = data_folder("configs") / "default.toml"
    values = load_toml(default)
    _overlay(values, load_toml(path) if path else {}, str(path))
    _overlay(values, changes, "command line")
    fields = dataclasses.fields(Settings)
    groups = {field.name: _group(str(field.type), values[field.name]) for field in fields}
    return Settings(**groups)


def _group(type_name: str, values: dict[str, Any]) -> Any:
    return globals()[type_name](**values)


def _overlay(values: dict[str, Any], changes: dict[str, Any], origin: str) -> None:
    """Put `changes` over `values` in place, checking names and types."""
    for section, group in changes.items():
        if section not in values:
            known = ", ".join(sorted(values))
            raise ConfigError(f"{origin}: unknown section [{section}]; known are {known}")
        if not isinstance(group, dict):
            raise ConfigError(f"{origin}: {section} must be a table, [{section}]")
        for key, value in group.items():
            if key not in values[section]:
                known = ", ".join(sorted(values[section]))
                raise ConfigError(f"{origin}: unknown key {section}.{key}; known are {known}")
            values[section][key] = _checked(f"{section}.{key}", value, values[section][key], origin)


def _checked(name: str, value: Any, default: Any, origin: str) -> Any:
    """The value, a whole number as a float where one is due."""
    place = f"{origin}: {name}"
    if isinstance(default, float) and type(value) is int:
        value = float(value)
    if type(value) is not type(default):
        wanted, given = type(default).__name__, type(value).__name__
        raise ConfigError(f"{place} must be of type {wanted}, not {given}")
    if value not in CHOICES.get(name, (value,)):
        allowed = ", ".join(f'"{choice}"' for choice in CHOICES[name])
        raise ConfigError(f'{place} is "{value}"; it must be one of {allowed}')
    least, most = RANGES.get(name, (0, math.inf))
    if isinstance(value, (int, float)) and not (least <= value <= most and math.isfinite(value)):
        greatest = most if math.isfinite(most) else "any finite number"
        raise ConfigError(f"{place} is {value}; it must be from {least} to {greatest}")
    return value
