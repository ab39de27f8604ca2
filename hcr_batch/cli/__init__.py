"""The command line: one module a command, imported when it is needed.

A module of this package holds the command of the same name; modules whose
names begin with an underscore hold what several commands share. They import
at their top only what `--help` needs; everything heavy is imported inside.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from hcr_batch import __version__
from hcr_batch.cli._streams import discard, guarded_streams
from hcr_batch.errors import ExitCode, HcrError, printable

__all__ = ["cli", "main"]

COMPLETION = "_HCR_BATCH_COMPLETE"
"""Set in the environment by a shell that asks how a line may go on."""


PARTS = {
    "Forms": ("scan", "template", "review", "export", "status", "doctor"),
    "Single characters": ("predict", "serve"),
    "Measuring and models": ("score", "evaluate", "calibrate", "data", "train"),
}
"""Headings of the help, with the commands under each."""


class CommandFolder(click.Group):
    """A group whose commands are the modules of this package."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, a section for each heading."""
        for heading, names in PARTS.items():
            commands = [command for name in names if (command := self.get_command(ctx, name))]
            with formatter.section(heading):
                formatter.write_dl([(str(c.name), c.get_short_help_str(80)) for c in commands])

    def list_commands(self, ctx: click.Context) -> list[str]:
        modules = (path.stem for path in Path(__file__).parent.glob("*.py"))
        return sorted(name for name in modules if not name.startswith("_"))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        return getattr(import_module(f"{__name__}.{name}"), name)


@click.command(cls=CommandFolder, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hcr-batch")
def cli() -> None:
    """Read handprinted characters from folders of scanned forms, offline.

    \b
    Example:
      hcr-batch scan ./forms --out results.csv
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with the exit code that docs/troubleshooting.md documents."""
    # TensorFlow, where a command needs it, tells of its build on standard error.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with guarded_streams():
        try:
            code = _run(sys.argv[1:] if arguments is None else arguments)
        except BrokenPipeError:
            # Whoever read standard output has had enough (`| head`).
            discard(sys.stdout)
            code = ExitCode.OK
        except KeyboardInterrupt:  # while an error was being told
            code = ExitCode.INTERRUPTED
    sys.exit(int(code))


def _run(arguments: list[str]) -> int:
    """The exit code of a command line; messages are on standard error."""
    try:
        if question := os.environ.get(COMPLETION):
            from click.shell_completion import shell_complete

            return shell_complete(cli, {}, "hcr-batch", COMPLETION, question)
        # Not cli.main(): that turns a closed pipe into exit code 1.
        with cli.make_context("hcr-batch", list(arguments)) as context:
            cli.invoke(context)
        sys.stdout.flush()
    except HcrError as error:
        click.echo(f"hcr-batch: {error}", err=True)
        return error.exit_code
    except BrokenPipeError:
        raise
    except OSError as error:
        # Where no command has words of its own for it: a name that is too long, no file or
        # process to be had any more.
        click.echo(f"hcr-batch: {_refusal(error)}", err=True)
        return ExitCode.OUTPUT
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    return ExitCode.OK


def _refusal(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename is not None else ""
    return printable(
        f"{place}the system refuses it ({error.strerror or error}); check the name, the disk's"
        " space and the limits of open files"
    )
