"""`hcr-batch data`: sets of labelled characters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hcr_batch.cli._options import FILE

if TYPE_CHECKING:
    from hcr_batch.recognition.models import Recognizer
    from hcr_batch.training.sets import CharacterSet

__all__ = ["data"]

KINDS = ("idx", "csv", "folder", "npz", "corrections")
SPLITS = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")


@click.group()
def data() -> None:
    """Fetch, import and look at sets of labelled characters.

    \b
    Example:
      hcr-batch data import csv "A_Z Handwritten Data.csv" --out sets/az.npz
    """


@data.command("import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("sources", nargs=-1, required=True, type=FILE)
@click.option("--out", required=True, type=FILE, help="The set to write: NAME.npz.")
@click.option("--split", type=click.Choice(SPLITS), help="Of EMNIST, if a folder has several.")
@click.option("--part", type=click.Choice(["train", "test"]), help="Of IDX files; else both.")
@click.option(
    "--classes",
    help="Characters by class number: a split, a-z, alnum36, a mapping file, or the characters.",
)
@click.option(
    "--transposed/--upright",
    default=None,
    help="Whether pixels lie by columns, as EMNIST's; told by the name if not given.",
)
@click.option(
    "--ink",
    type=click.Choice(["auto", "light", "dark"]),
    default="auto",
    show_default=True,
    help="Light ink on black, or dark ink on white.",
)
@click.option("--model", type=FILE, help="Recognizer that checks the set, in place of the default.")
def import_(
    kind: str, sources: tuple[Path, ...], out: Path, model: Path | None, **declared: Any
) -> None:
    """Turn SOURCES of one KIND into a set that train and evaluate take.

    idx: MNIST's or EMNIST's files of images (labels beside them), or a folder
    of them. csv: a label and 784 pixels a row, as on Kaggle. folder: images in
    folders named after their class (A, upper_A, lower_a, U+0041, 41). npz:
    sets of this program or Keras' mnist.npz. corrections: the results of a
    scan that people have reviewed.

    \b
    Example:
      hcr-batch data import idx emnist/gzip --split balanced --part test --out sets/balanced.npz
      hcr-batch data import corrections results.csv --out sets/corrections.npz
    """
    from hcr_batch.errors import UsageError
    from hcr_batch.recognition import load_recognizer
    from hcr_batch.training.formats.importing import ImportOptions, import_set
    from hcr_batch.training.sets import write_set

    if out.suffix != ".npz":
        raise UsageError(f"--out {out}: sets are .npz files; give a name that ends in .npz")
    found = import_set(kind, sources, ImportOptions(**declared))
    write_set(out, found)
    _describe(found, load_recognizer(model), out)


def _describe(found: CharacterSet, recognizer: Recognizer, out: Path) -> None:
    """Size of a set, and whether the recognizer finds it plausible."""
    import numpy as np

    from hcr_batch.training.formats.importing import looks_transposed, sample_agreement

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
