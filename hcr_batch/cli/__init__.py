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
from hcr_batch.errors import ExitCode, HcrError

__all__ = ["cli", "main"]


class CommandFolder(click.Group):
    """A group whose commands are the modules of this package."""

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
    """Run the command line and leave with the exit code that README documents."""
    try:
        code = cli.main(args=arguments, prog_name="hcr-batch", standalone_mode=False)
        sys.stdout.flush()
    except HcrError as error:
        click.echo(f"hcr-batch: {error}", err=True)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read standard output has had enough (`| head`); Python would
        # complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.OK
    sys.exit(int(code or 0))
