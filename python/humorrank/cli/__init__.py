"""The command line: `humorrank COMMAND ...`; one small file per command."""

from __future__ import annotations

import io
import sys
import traceback
from typing import Annotated

import typer

from humorrank import __version__
from humorrank.cli._guard import INTERRUPTED, OURS, THEIRS, guarded
from humorrank.cli.agree import agree
from humorrank.cli.audit import audit
from humorrank.cli.bias import bias
from humorrank.cli.check import check
from humorrank.cli.compare import compare
from humorrank.cli.diff import diff
from humorrank.cli.elo import elo
from humorrank.cli.generate import generate
from humorrank.cli.judge import judge
from humorrank.cli.plan import plan
from humorrank.cli.plot import plot
from humorrank.cli.ranks import ranks
from humorrank.cli.rate import rate
from humorrank.cli.report import report
from humorrank.cli.simulate import simulate
from humorrank.cli.tally import tally
from humorrank.cli.tournament import app as tournament
from humorrank.errors import ConvergenceError, HumorRankError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


for _command in (
    rate,
    ranks,
    compare,
    diff,
    agree,
    check,
    audit,
    plan,
    plot,
    tally,
    elo,
    simulate,
    judge,
    bias,
    report,
    generate,
):
    app.command()(guarded(_command, patient=_command in (judge, generate)))
app.add_typer(tournament, name="tournament")


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
