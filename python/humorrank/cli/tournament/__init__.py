"""The commands `humorrank tournament COMMAND ...`, with one file for each command."""

from __future__ import annotations

from typing import ClassVar

import typer

from humorrank.cli._lazy import HELP_OPTIONS, Entry, LazyGroup


class _Commands(LazyGroup):
    entries: ClassVar = {
        "run": Entry(
            "humorrank.cli.tournament.run:run",
            "Run a tournament until its budget is spent.",
            patient=True,
        ),
        "resume": Entry(
            "humorrank.cli.tournament.resume:resume",
            "Resume a tournament with the spec in its store.",
            patient=True,
        ),
        "extend": Entry(
            "humorrank.cli.tournament.extend:extend",
            "Add models, prompts or budget to a tournament.",
            patient=True,
        ),
        "status": Entry(
            "humorrank.cli.tournament.status:status",
            "Show the progress of a tournament, even while it is running.",
            patient=True,
        ),
        "next": Entry(
            "humorrank.cli.tournament.next:next_",
            "List the next pairs to judge, with their jokes.",
            patient=True,
        ),
        "import": Entry(
            "humorrank.cli.tournament.import_:import_",
            "Import votes of people or of other tools.",
            patient=True,
        ),
        "export": Entry(
            "humorrank.cli.tournament.export:export",
            "Export the match log or the decision log of a tournament.",
            patient=True,
        ),
        "copy": Entry(
            "humorrank.cli.tournament.copy:copy",
            "Copy a store, which may be in use.",
        ),
        "simulate": Entry(
            "humorrank.cli.tournament.simulate:simulate",
            "Simulate tournaments in memory and compare their results with the true ratings.",
            patient=True,
        ),
    }


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings=HELP_OPTIONS,
)


@app.callback()
def _about() -> None:
    """Run tournaments, in which a judge compares jokes within a budget.

    A tournament is stored in one file, its store. Start with `humorrank tournament run SPEC.toml
    --store T.sqlite`. If it is interrupted, `humorrank tournament resume T.sqlite` continues it.
    """
