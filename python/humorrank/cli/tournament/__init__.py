"""`humorrank tournament COMMAND ...`; one small file per command."""

from __future__ import annotations

from typing import ClassVar

import typer

from humorrank.cli._lazy import HELP_OPTIONS, Entry, LazyGroup


class _Commands(LazyGroup):
    entries: ClassVar = {
        "run": Entry(
            "humorrank.cli.tournament.run:run",
            "Run a tournament: schedule, judge and store until the budget is spent.",
            patient=True,
        ),
        "resume": Entry(
            "humorrank.cli.tournament.resume:resume",
            "Resume a tournament under the spec that its store holds.",
            patient=True,
        ),
        "extend": Entry(
            "humorrank.cli.tournament.extend:extend",
            "Add models, prompts or budget to a tournament; `resume` then continues it.",
            patient=True,
        ),
        "status": Entry(
            "humorrank.cli.tournament.status:status",
            "Show how far a tournament has come, even while it is running.",
            patient=True,
        ),
        "next": Entry(
            "humorrank.cli.tournament.next:next_",
            "Print the pairs to judge next, with their jokes; show model_a first.",
            patient=True,
        ),
        "import": Entry(
            "humorrank.cli.tournament.import_:import_",
            "Import votes of people or other tools; either all of them are stored, or none.",
            patient=True,
        ),
        "export": Entry(
            "humorrank.cli.tournament.export:export",
            "Export the match log, which `humorrank rate` and other tools can read.",
            patient=True,
        ),
        "simulate": Entry(
            "humorrank.cli.tournament.simulate:simulate",
            "Simulate tournaments in memory and compare the results with the truth.",
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
    """Run tournaments: from jokes to a match log, under a budget, with a judge.

    A tournament lives in one file, its store. Start with `humorrank tournament run SPEC.toml
    --store T.sqlite`; whatever ends it, `humorrank tournament resume T.sqlite` continues it.
    """
