"""`hcr-batch predict`: pictures of one character each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hcr_batch.cli._options import config_option, files_offered, model_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hcr_batch.config import Settings
    from hcr_batch.documents import LimitedReader, Source
    from hcr_batch.recognition import Recognizer
    from hcr_batch.types import Reading

    Line = tuple[Source[Path], Reading]

__all__ = ["predict"]

HEADER = ("file", "character", "confidence", "flagged", "reasons", "alternatives")
TOGETHER = 32
"""Pictures that are in memory, and classified, at a time."""


@click.command()
@click.argument("images", nargs=-1, required=True, shell_complete=files_offered)
@click.option(
    "--format",
    "output",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="What to print.",
)
@click.option(
    "--charset",
    type=click.Choice(["alnum", "digits", "upper"]),
    default="alnum",
    show_default=True,
    help="Which characters are possible.",
)
@model_option
@config_option
def predict(
    images: tuple[str, ...], output: str, charset: str, config: Path | None, model: Path | None
) -> None:
    """Read pictures of one character each.

    IMAGES are files, folders or patterns in quotes; - reads a list of files
    from standard input. A picture may be a crop, a drawing or a photograph of
    any size, dark on light or light on dark. The character is empty if there is
    no ink, or none that is a character.

    \b
    Example:
      hcr-batch predict seven.png
      hcr-batch predict crops --format csv --charset digits
    """
    import sys

    from hcr_batch.config import load_settings
    from hcr_batch.documents import LimitedReader, discover
    from hcr_batch.errors import ExitCode
    from hcr_batch.recognition import load_recognizer

    settings = load_settings(config)
    recognizer = load_recognizer(model or settings.recognition.model or None)
    sources = discover(images, sys.stdin)
    lines: list[Line] = []
    with LimitedReader.of(settings.batch) as reader:
        for first in range(0, len(sources), TOGETHER):
            part = sources[first : first + TOGETHER]
            lines += _read(part, reader, recognizer, settings, charset)
    click.echo(PRINTERS[output](lines), nl=False)
    if len(lines) < len(sources):
        some = ExitCode.SOME_FAILED if lines else ExitCode.ALL_FAILED
        click.get_current_context().exit(some)


def _read(
    sources: tuple[Source[Path], ...],
    reader: LimitedReader,
    recognizer: Recognizer,
    settings: Settings,
    charset: str,
) -> Iterator[Line]:
    """What each picture shows; one that cannot be read is named on standard error."""
    from hcr_batch.decoding.single_characters import predict_pictures
    from hcr_batch.errors import DocumentError

    pictures = {}
    for source in sources:
        try:
            pictures[source] = reader.picture(source.path, settings.documents)
        except DocumentError as error:
            click.echo(f"hcr-batch: {error}", err=True)
    target = settings.recognition.target_error
    predictions = predict_pictures(list(pictures.values()), recognizer, target, charset)
    return ((source, found.reading) for source, found in zip(pictures, predictions))


def _texts(line: Line) -> tuple[str, ...]:
    from hcr_batch.results.rows import alternatives_text

    source, reading = line
    return (
        source.name,
        reading.character,
        f"{reading.confidence:.4f}",
        str(reading.flagged).lower(),
        ";".join(reading.reasons),
        alternatives_text(reading.alternatives),
    )


def _table(lines: list[Line]) -> str:
    from hcr_batch.evaluation.score_tables import aligned

    return aligned([HEADER, *map(_texts, lines)], "<<><<<") + "\n"


def _csv(lines: list[Line]) -> str:
    import csv
    import io

    from hcr_batch.results.rows import harmless

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    writer.writerows([harmless(name), *rest] for name, *rest in map(_texts, lines))
    return text.getvalue()


def _json(lines: list[Line]) -> str:
    import json

    objects = [
        {
            "file": source.name,
            "character": reading.character,
            "confidence": round(reading.confidence, 4),
            "flagged": reading.flagged,
            "reasons": reading.reasons,
            "alternatives": {other: round(share, 4) for other, share in reading.alternatives},
        }
        for source, reading in lines
    ]
    return json.dumps(objects, ensure_ascii=False, indent=1) + "\n"


PRINTERS = {"table": _table, "csv": _csv, "json": _json}
"""From what was read to the text to print, by the name that --format takes."""
