"""`hcr-batch data`: sets of labelled characters."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hcr_batch.cli._options import FILE, OUTPUT_FILE

if TYPE_CHECKING:
    from hcr_batch.recognition.recognizers import Recognizer
    from hcr_batch.training.datasets.character_sets import CharacterSet

__all__ = ["data"]

KINDS = ("idx", "csv", "folder", "npz", "corrections")
SPLITS = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")

to_option = click.option(
    "--to",
    type=FILE,
    help="Folder of fetched sets.  [default: hcr-batch in XDG_DATA_HOME or ~/.local/share]",
)


@click.group()
def data() -> None:
    """Fetch, import and look at labelled characters.

    \b
    Example:
      hcr-batch data import csv "A_Z Handwritten Data.csv" --out sets/az.npz
    """


@data.command("list")
@to_option
def list_(to: Path | None) -> None:
    """List the public sets.

    Their size, whether they are here already, their terms, and where they are.

    \b
    Example:
      hcr-batch data list
    """
    from hcr_batch.evaluation.score_tables import aligned
    from hcr_batch.training.datasets.catalog import CATALOG, sets_folder

    folder = to or sets_folder()
    lines = [("name", "what", "MB", "here", "terms", "where")]
    for one in CATALOG:
        here = "yes" if one.present(folder) else "no"
        where = f"{one.page} (wants an account)" if one.kaggle else one.page
        size = f"{one.size_mb:g}" if one.files else "on request"
        lines.append((one.name, one.title, size, here, one.terms, where))
    click.echo(aligned(lines, "<<><<<"))
    click.echo(f"folder: {folder}", err=True)


@data.command()
@click.argument("names", nargs=-1, required=True)
@to_option
def fetch(names: tuple[str, ...], to: Path | None) -> None:
    """Download public sets.

    NAMES are those of hcr-batch data list. Sets are verified and unpacked. A
    download that broke off goes on where it was. Kaggle's sets need an API
    token: ~/.kaggle/kaggle.json, or KAGGLE_USERNAME and KAGGLE_KEY.

    \b
    Example:
      hcr-batch data fetch mnist
    """
    from hcr_batch.training.datasets.catalog import known_set, sets_folder
    from hcr_batch.training.datasets.fetch import fetch_set

    for wanted in [known_set(name) for name in names]:
        with _DownloadBar(wanted.name) as bar:
            place = fetch_set(wanted, to or sets_folder(), bar.show)
        click.echo(f"{wanted.name}: {place}; make sets of it with", err=True)
        for line in wanted.imported:
            click.echo(f"  hcr-batch data {line.format(folder=place)}", err=True)


class _DownloadBar:
    """A progress bar of bytes where standard error is a terminal."""

    def __init__(self, name: str) -> None:
        from tqdm import tqdm

        shown = sys.stderr.isatty()
        self._bar = tqdm(desc=name, unit="B", unit_scale=True, leave=False, disable=not shown)

    def __enter__(self) -> _DownloadBar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, had: int, whole: int | None) -> None:
        """Go to so many bytes of a file."""
        self._bar.total = whole
        self._bar.update(had - self._bar.n)


@data.command("import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("sources", nargs=-1, required=True, type=FILE)
@click.option(
    "--out", required=True, type=OUTPUT_FILE, metavar="FILE", help="The set to write: NAME.npz."
)
@click.option(
    "--split", type=click.Choice(SPLITS), help="Which set of EMNIST, if a folder has several."
)
@click.option(
    "--part", type=click.Choice(["train", "test"]), help="Which part of IDX files; by default both."
)
@click.option(
    "--classes",
    metavar="C",
    help="Characters by class number: a split, a-z, alnum36, a mapping file, or the characters.",
)
@click.option(
    "--transposed/--upright",
    default=None,
    help="Whether glyphs lie on their side, as in EMNIST's files; by default the name tells.",
)
@click.option(
    "--ink",
    type=click.Choice(["auto", "light", "dark"]),
    default="auto",
    show_default=True,
    help="Light ink on black, or dark ink on white.",
)
@click.option(
    "--model", type=FILE, metavar="PATH", help="Check the set with this model, not the default."
)
def import_(
    kind: str, sources: tuple[Path, ...], out: Path, model: Path | None, **declared: Any
) -> None:
    """Make a set of your own data.

    train, evaluate and calibrate take such sets. Kinds of SOURCES:

    \b
      idx          files of MNIST or EMNIST, or a folder of them
      csv          a label and 784 pixels a row, as on Kaggle
      folder       images in folders named after their class (A, upper_A, U+0041)
      npz          sets of this program, or Keras's mnist.npz
      corrections  the results of a scan that people have reviewed

    \b
    Example:
      hcr-batch data import idx emnist/gzip --split balanced --part test --out sets/balanced.npz
      hcr-batch data import corrections results.csv --out sets/corrections.npz
    """
    from hcr_batch.errors import UsageError
    from hcr_batch.recognition import load_recognizer
    from hcr_batch.training.datasets.character_sets import write_set
    from hcr_batch.training.datasets.importing import ImportOptions, import_set

    if out.suffix != ".npz":
        raise UsageError(f"--out {out}: sets are .npz files; give a name that ends in .npz")
    found = import_set(kind, sources, ImportOptions(**declared))
    write_set(out, found)
    _describe(found, load_recognizer(model), out)


@data.command()
@click.argument("source", metavar="SET.npz", type=FILE)
@click.option(
    "--out",
    required=True,
    type=FILE,
    metavar="DIR",
    help="Folder for the page, tables and pictures.",
)
@click.option("--model", type=FILE, metavar="PATH", help="Doubt labels with this model.")
def explore(source: Path, out: Path, model: Path | None) -> None:
    """Look at a set.

    Prints how many characters each class has. The folder of --out receives a
    page with duplicates, doubtful labels and a contact sheet for each class, and
    the lists as CSV.

    \b
    Example:
      hcr-batch data explore sets/az.npz --out look
    """
    from hcr_batch.errors import UsageError
    from hcr_batch.evaluation.score_tables import aligned
    from hcr_batch.recognition import load_recognizer
    from hcr_batch.training.datasets.character_sets import load_set
    from hcr_batch.training.datasets.explore import class_counts, write_exploration

    found = load_set(source.parent, source.name.removesuffix(".npz"))
    try:
        counts = write_exploration(found, load_recognizer(model), out)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"explore needs the package {error.name}; pip install 'hcr-batch[train]'"
        ) from error
    lines = [("class", "characters", "writers")]
    lines += [(one.label, str(one.glyphs), str(one.writers)) for one in class_counts(found)]
    click.echo(aligned(lines, "<>>"))
    click.echo(
        f"{counts['duplicates']} duplicates, {counts['near_duplicates']} near duplicates, "
        f"{counts['suspicious']} suspicious labels; page: {out / 'index.html'}",
        err=True,
    )


def _describe(found: CharacterSet, recognizer: Recognizer, out: Path) -> None:
    """Size of a set, and whether the recognizer finds it plausible."""
    import numpy as np

    from hcr_batch.training.datasets.importing import looks_transposed, sample_agreement

    classes = len(np.unique(found.labels))
    share = sample_agreement(recognizer, found)
    click.echo(
        f"{out}: {len(found)} characters of {classes} classes; "
        f"the recognizer agrees with {100 * share:.1f} % of the labels",
        err=True,
    )
    if looks_transposed(recognizer, found):
        click.echo(
            "the glyphs seem to lie on their side: import again with --transposed, "
            "or with --upright if you gave that",
            err=True,
        )
