"""The command line: `humorrank COMMAND ...`; one small file per command."""

from __future__ import annotations

import functools
import io
import os
import sys
import traceback
from collections.abc import Callable
from typing import Annotated, ParamSpec

import typer

from humorrank import __version__
from humorrank.cli.elo import elo
from humorrank.cli.rate import rate
from humorrank.cli.simulate import simulate
from humorrank.cli.tally import tally
from humorrank.errors import ConvergenceError, HumorRankError

P = ParamSpec("P")

DONE, OURS, THEIRS, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: done, our fault, the user's mistake, Ctrl-C."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _guarded(command: Callable[P, None]) -> Callable[P, None]:
    """The command with our exit codes for Ctrl-C and for a pipe that nobody reads on."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            typer.echo("interrupted", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # Python would complain again when it flushes.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(DONE) from None

    return run


for _command in (rate, tally, elo, simulate):
    app.command()(_guarded(_command))


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"humorrank {__version__}")
        raise typer.Exit


@app.callback()
def _about(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Say which version this is."
        ),
    ] = False,
) -> None:
    """Leaderboards from pairwise judgments, with intervals one can defend.

    Start with `humorrank rate FILE`. The table goes to standard output, everything else to
    standard error; exit codes are 0 (done), 2 (something to mend in the input or the options),
    1 (a fault of humorrank's) and 130 (interrupted).
    """


def main() -> None:
    """Runs the command line and exits."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # A name that the terminal cannot show is no reason to fail.
                stream.reconfigure(errors="backslashreplace")
        app()
    except KeyboardInterrupt:
        # Before or after a command.
        sys.exit(INTERRUPTED)
    except ConvergenceError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(OURS)
    except (HumorRankError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(THEIRS)
    except Exception:
        traceback.print_exc()
        typer.echo("error: this is a fault of humorrank's; please report it", err=True)
        sys.exit(OURS)
