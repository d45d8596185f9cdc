"""The command line: `humorrank COMMAND ...`; one small file per command."""

from __future__ import annotations

import importlib.metadata
import io
import sys
import traceback
from typing import Annotated, ClassVar

import typer

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
            "Show which ranks the matches allow, and how likely each model is to be the best.",
            RATE,
        ),
        "elo": Entry(
            "humorrank.cli.elo:elo", "Replay a log once, in row order, as Elo ratings.", RATE
        ),
        "tally": Entry(
            "humorrank.cli.tally:tally",
            "Count a match log once, so that it can be rated again in an instant.",
            RATE,
        ),
        "simulate": Entry(
            "humorrank.cli.simulate:simulate", "Draw a match log from known ratings.", RATE
        ),
        "compare": Entry(
            "humorrank.cli.compare:compare",
            "Compare two models: how far apart they are, and how certain that is.",
            COMPARE,
        ),
        "diff": Entry(
            "humorrank.cli.diff:diff",
            "Compare two boards: who moved by more than noise, who is new, and who is gone.",
            COMPARE,
        ),
        "agree": Entry(
            "humorrank.cli.agree:agree",
            "Measure how far judges agree, judgment by judgment and board by board.",
            COMPARE,
        ),
        "bias": Entry(
            "humorrank.cli.bias:bias",
            "Measure what sways each judge besides the jokes: position, length, its own model.",
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
            "Plan how many matches, on how many prompts, a given precision needs.",
            JUDGE,
        ),
        "generate": Entry(
            "humorrank.cli.generate:generate",
            "Have models write one joke for each prompt, into a file that tournaments read.",
            JUDGE,
            patient=True,
        ),
        "judge": Entry(
            "humorrank.cli.judge:judge",
            "Judge given pairs without a tournament, or a tournament's pairs with another judge.",
            JUDGE,
            patient=True,
        ),
        "tournament": Entry(
            "humorrank.cli.tournament:app",
            "Run tournaments: from jokes to a match log, under a budget, with a judge.",
            JUDGE,
        ),
        "plot": Entry("humorrank.cli.plot:plot", "Draw a figure and write it to a file.", REPORT),
        "report": Entry(
            "humorrank.cli.report:report",
            "Write a leaderboard as one self-contained page that needs no network.",
            REPORT,
        ),
    }


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings=HELP_OPTIONS,
)


def _version() -> str:
    """The version of the installed package, without the import of its compiled module."""
    try:
        return importlib.metadata.version("humorrank")
    except importlib.metadata.PackageNotFoundError:
        from humorrank import _core  # noqa: PLC0415 - takes as long as all the rest

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
