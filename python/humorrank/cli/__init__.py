"""The command line `humorrank COMMAND ...`, with one file for each command."""

from __future__ import annotations

import importlib.metadata
import io
import sys
import traceback
from collections.abc import Callable
from typing import Annotated, ClassVar

import typer

from humorrank._util.deferred import defer
from humorrank._util.text import visible
from humorrank.cli._guard import INTERRUPTED, OURS, THEIRS
from humorrank.cli._lazy import HELP_OPTIONS, Entry, LazyGroup
from humorrank.errors import ConvergenceError, HumorRankError

RATE, COMPARE, JUDGE, REPORT = "Rate", "Compare and check", "Generate and judge", "Report"
"""The panels of `humorrank --help`."""


class _Commands(LazyGroup):
    entries: ClassVar = {
        "rate": Entry(
            "humorrank.cli.rate:rate", "Rate models from a log of pairwise outcomes.", RATE
        ),
        "ranks": Entry(
            "humorrank.cli.ranks:ranks",
            "Show the possible ranks of each model and the probability that it is the best.",
            RATE,
        ),
        "elo": Entry(
            "humorrank.cli.elo:elo",
            "Compute Elo ratings by replaying a log once, in row order.",
            RATE,
        ),
        "tally": Entry(
            "humorrank.cli.tally:tally",
            "Count a match log once, so that it can be rated again quickly.",
            RATE,
        ),
        "simulate": Entry(
            "humorrank.cli.simulate:simulate", "Simulate a match log from known ratings.", RATE
        ),
        "compare": Entry(
            "humorrank.cli.compare:compare",
            "Compare two models: how far apart they are and how certain the difference is.",
            COMPARE,
        ),
        "diff": Entry(
            "humorrank.cli.diff:diff",
            "Compare two leaderboards: which models moved, are new, or are gone.",
            COMPARE,
        ),
        "agree": Entry(
            "humorrank.cli.agree:agree",
            "Measure the agreement of judges in their judgments and in their leaderboards.",
            COMPARE,
        ),
        "bias": Entry(
            "humorrank.cli.bias:bias",
            "Measure how position, length and self-preference affect the judges.",
            COMPARE,
        ),
        "check": Entry(
            "humorrank.cli.check:check",
            "Check whether the model fits the matches and whether its predictions hold.",
            COMPARE,
        ),
        "audit": Entry(
            "humorrank.cli.audit:audit",
            "Find a small set of matches that decides who wins.",
            COMPARE,
        ),
        "plan": Entry(
            "humorrank.cli.plan:plan",
            "Plan the number of matches and prompts that a given precision requires.",
            JUDGE,
        ),
        "generate": Entry(
            "humorrank.cli.generate:generate",
            "Have models write one joke for each prompt, as candidates for a tournament.",
            JUDGE,
            patient=True,
        ),
        "judge": Entry(
            "humorrank.cli.judge:judge",
            "Judge pairs of jokes from a file, or those of a tournament with another judge.",
            JUDGE,
            patient=True,
        ),
        "sort": Entry(
            "humorrank.cli.sort:sort",
            "Sort texts by a question that a judge answers for two of them at a time.",
            JUDGE,
            patient=True,
        ),
        "tournament": Entry(
            "humorrank.cli.tournament:app",
            "Run tournaments, in which a judge compares jokes within a budget.",
            JUDGE,
        ),
        "plot": Entry("humorrank.cli.plot:plot", "Draw a figure and write it to a file.", REPORT),
        "report": Entry(
            "humorrank.cli.report:report",
            "Write a leaderboard as a self-contained page that needs no network.",
            REPORT,
        ),
    }


# polars takes longer to import than the rest, and a plain `humorrank rate FILE` does without it.
defer("polars")

app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings=HELP_OPTIONS,
)


def _version() -> str:
    """Returns the version of the installed package without importing its compiled module."""
    try:
        return importlib.metadata.version("humorrank")
    except importlib.metadata.PackageNotFoundError:
        from humorrank import _core  # noqa: PLC0415 - slow to import

        return _core.VERSION


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"humorrank {_version()}")
        raise typer.Exit


@app.callback()
def _about(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Leaderboards from pairwise judgments, with valid confidence intervals.

    Start with `humorrank rate FILE`. Results go to standard output, and everything else goes to
    standard error. The exit codes are 0 (success), 1 (an internal error), 2 (an error in the
    input or the options that you can correct), 130 (Ctrl-C) and 143 (SIGTERM).
    """


def main(stopped: Callable[[], bool] = lambda: False) -> None:
    """Runs the command line and exits.

    Args:
        stopped: Function that returns whether a signal is ending the process. Any error is then a
            consequence of the signal, because libraries may turn an interrupt into another error.
    """
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # A name that the terminal cannot display must not cause a failure.
                stream.reconfigure(errors="backslashreplace")
        # Without a name, `python -m humorrank` would be completed as a command of that name.
        app(prog_name="humorrank")
    except KeyboardInterrupt:
        # Commands handle Ctrl-C themselves; this one came before or after the command.
        sys.exit(INTERRUPTED)
    except Exception as error:
        if stopped():
            raise
        sys.exit(_reported(error))


def _reported(error: Exception) -> int:
    """Prints an error, and returns the exit code."""
    if isinstance(error, HumorRankError | OSError):
        typer.echo(f"error: {visible(str(error))}", err=True)
        return OURS if isinstance(error, ConvergenceError) else THEIRS
    traceback.print_exception(error)
    typer.echo("error: this is a bug in humorrank; please report it", err=True)
    return OURS
