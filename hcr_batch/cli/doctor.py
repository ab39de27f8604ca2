"""`hcr-batch doctor`: what is installed and what would fail."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hcr_batch.cli._options import FILE, OUTPUT_FILE

if TYPE_CHECKING:
    from hcr_batch.config import Settings
    from hcr_batch.errors import HcrError

__all__ = ["doctor"]

PACKAGES = {
    "numpy": "",
    "opencv-python-headless": "",
    "pillow": "",
    "scipy": "only for --template and score: pip install scipy",
    "ai-edge-litert": "",
    "pypdfium2": "",
    "pdf2image": "",
    "openpyxl": "only for .xlsx: pip install openpyxl",
    "flask": "only for review and serve: pip install flask",
    "waitress": "only for review and serve: pip install waitress",
    "pyarrow": "only for --format parquet: pip install 'hcr-batch[parquet]'",
    "ray": "only for --engine ray: pip install 'hcr-batch[ray]'",
    "fsspec": "only for forms behind a URL: pip install 'hcr-batch[remote]'",
    "tensorflow": "only for training: pip install 'hcr-batch[train]'",
}
"""Packages by name, with what a missing one is needed for if scanning does without it."""
LIBRARIES = ("numpy", "cv2", "PIL", "ai_edge_litert.interpreter", "pypdfium2")
"""What scanning imports; an installed package may still lack a system library."""


@click.command()
@click.option("--model", type=FILE, metavar="PATH", help="Check this model, not the default.")
@click.option("--config", type=FILE, metavar="FILE", help="Also check these settings (TOML).")
@click.option(
    "--out",
    type=OUTPUT_FILE,
    metavar="FILE",
    help="Also check that a scan can write these results.",
)
def doctor(model: Path | None, config: Path | None, out: Path | None) -> None:
    """Check the installation.

    Shows what is installed and which model is used, and names everything that
    would fail, with the remedy. The exit code is that of the first fault: 3 if a
    package is missing or the settings are wrong, 4 if the model cannot be used,
    9 if results cannot be written.

    \b
    Example:
      hcr-batch doctor --out results.csv
    """
    from hcr_batch import __version__
    from hcr_batch.errors import HcrError

    click.echo(f"hcr-batch {__version__}, Python {platform.python_version()}, {platform.system()}")
    checks: tuple[Callable[[], Iterator[str]], ...] = (
        _packages,
        lambda: _renderer(_settings(config)),
        lambda: _model(model or _settings(config).recognition.model or None),
        lambda: _results(out),
    )
    faults: list[HcrError] = []
    for check in checks:
        try:
            for line in check():
                click.echo(line)
        except HcrError as fault:
            if str(fault) not in map(str, faults):
                click.echo(f"hcr-batch: {fault}", err=True)
                faults.append(fault)
    if faults:
        click.get_current_context().exit(faults[0].exit_code)


def _settings(config: Path | None) -> Settings:
    from hcr_batch.config import load_settings

    return load_settings(config)


def _packages() -> Iterator[str]:
    from hcr_batch.errors import ConfigError

    missing = []
    for name, purpose in PACKAGES.items():
        version = _version(name)
        absent = f"missing ({purpose or 'scanning needs it'})"
        yield f"{name}: {version or absent}"
        if not version and not purpose:
            missing.append(name)
    if missing:
        names = " ".join(missing)
        raise ConfigError(f"scanning needs what is missing here; run: pip install {names}")
    _import_all()


def _version(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _import_all() -> None:
    from importlib import import_module

    from hcr_batch.errors import ConfigError

    for name in LIBRARIES:
        try:
            import_module(name)
        except ImportError as error:
            raise ConfigError(
                f"{name} is installed but does not load ({error}); install what it lacks, or"
                " install it again with pip install --force-reinstall"
            ) from error


def _renderer(settings: Settings) -> Iterator[str]:
    import shutil

    from hcr_batch.errors import ConfigError

    place = shutil.which("pdftoppm")
    yield f"poppler: {place or 'missing (only for --pdf-renderer poppler: poppler-utils)'}"
    if not place and settings.documents.pdf_renderer == "poppler":
        raise ConfigError(
            'documents.pdf_renderer is "poppler", which is missing; install poppler-utils'
            ' or set it to "pdfium"'
        )


def _model(model: str | Path | None) -> Iterator[str]:
    """Load the networks, which checks them, and tell what the model's card says."""
    from hcr_batch.recognition import load_recognizer
    from hcr_batch.segmentation.network import load_segmenter

    load_segmenter()
    card = load_recognizer(model).card
    yield f"model: {model or 'the default'}, {len(card.classes)} classes, files as on its card"
    for charset, entries in card.thresholds.items():
        limits = ", ".join(f"{100 * e.target_error:g} % at {e.threshold:.3f}" for e in entries)
        yield f"thresholds for {charset}: {limits}"


def _results(out: Path | None) -> Iterator[str]:
    """See that results can be written there, and that their journal can be gone on with."""
    if out is None:
        return
    from hcr_batch.journal.journal import journal_path, open_journal
    from hcr_batch.journal.network_drives import is_on_network
    from hcr_batch.journal.outputs import Outputs
    from hcr_batch.results.writers import format_of

    outputs = Outputs(out, format_of(out))
    outputs.check(out)
    outputs.prepare()
    path = journal_path(out)
    if is_on_network(path):
        yield f"journal: {path} lies on a network share: it is slower there, but works"
    if path.exists():
        with open_journal(path) as journal:
            journal.check()
    state = "can be gone on with" if path.exists() else "none yet"
    yield f"results: {out} can be written; its journal: {state}"
