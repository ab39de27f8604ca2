"""`hcr-batch doctor`: what is installed and what would fail."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path

import click

from hcr_batch.cli._options import FILE

__all__ = ["doctor"]

PACKAGES = {
    "numpy": "",
    "opencv-python-headless": "",
    "pillow": "",
    "scipy": "",
    "ai-edge-litert": "",
    "pypdfium2": "",
    "pdf2image": "",
    "pyarrow": "only for --format parquet: pip install 'hcr-batch[parquet]'",
    "tensorflow": "only for training: pip install 'hcr-batch[train]'",
}
"""Packages by name, with what a missing one is needed for if scanning does without it."""


@click.command()
@click.option("--model", type=FILE, help="A model in place of the default.")
def doctor(model: Path | None) -> None:
    """Show what is installed, which model is used, and what would fail.

    The exit code is 4 if the model cannot be used, 3 if a package that
    scanning needs is missing.

    \b
    Example:
      hcr-batch doctor
    """
    from hcr_batch import __version__

    click.echo(f"hcr-batch {__version__}, Python {platform.python_version()}, {platform.system()}")
    missing = [name for name in PACKAGES if not _show_package(name)]
    _show_poppler()
    needed = [name for name in missing if not PACKAGES[name]]
    if needed:
        from hcr_batch.errors import ConfigError

        names = " ".join(needed)
        raise ConfigError(f"scanning needs what is missing here; run: pip install {names}")
    for line in _model_lines(model):
        click.echo(line)


def _show_package(name: str) -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        click.echo(f"{name}: {version(name)}")
    except PackageNotFoundError:
        click.echo(f"{name}: missing ({PACKAGES[name] or 'scanning needs it'})")
        return False
    return True


def _show_poppler() -> None:
    import shutil

    place = shutil.which("pdftoppm")
    click.echo(f"poppler: {place or 'missing (only for --pdf-renderer poppler: poppler-utils)'}")


def _model_lines(model: Path | None) -> Iterator[str]:
    """Load the model, which checks it, and tell what its card says."""
    from hcr_batch.recognition import load_recognizer

    card = load_recognizer(model).card
    yield f"model: {model or 'the default'}, {len(card.classes)} classes, files as on its card"
    for charset, entries in card.thresholds.items():
        limits = ", ".join(f"{100 * e.target_error:g} % at {e.threshold:.3f}" for e in entries)
        yield f"thresholds for {charset}: {limits}"
