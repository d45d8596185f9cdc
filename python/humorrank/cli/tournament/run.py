"""`humorrank tournament run`: play a spec."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from humorrank.cli import _settings
from humorrank.cli.tournament import _common
from humorrank.tournament.opening import begin
from humorrank.tournament.spec import Spec

_SPEC = "The spec's keys"


def run(
    spec: Annotated[
        Path, typer.Argument(metavar="SPEC.toml", help="The spec.", show_default=False)
    ],
    store: Annotated[
        Path,
        typer.Option(
            metavar="T.sqlite",
            help="Where the tournament lives; it is made, or goes on if it is there.",
            show_default=False,
        ),
    ],
    budget: Annotated[
        int | None, typer.Option(help="How many comparisons.", rich_help_panel=_SPEC)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of everything that is drawn.", rich_help_panel=_SPEC)
    ] = None,
    schedule: Annotated[
        Literal["swiss", "round_robin", "random", "information"] | None,
        typer.Option(help="Which pairs meet.", rich_help_panel=_SPEC),
    ] = None,
    prompts_per_pairing: Annotated[
        int | None,
        typer.Option(help="On how many prompts a pair meets in a round.", rich_help_panel=_SPEC),
    ] = None,
    position: Annotated[
        Literal["random", "both", "fixed"] | None,
        typer.Option(help="Who is shown first.", rich_help_panel=_SPEC),
    ] = None,
    identical: Annotated[
        Literal["tie", "skip", "judge"] | None,
        typer.Option(help="What becomes of identical jokes.", rich_help_panel=_SPEC),
    ] = None,
    inconsistent: Annotated[
        Literal["tie", "drop", "halves"] | None,
        typer.Option(
            help="What becomes of contradicting judgments in both orders, in the match log.",
            rich_help_panel=_SPEC,
        ),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="PROVIDER/MODEL",
            help="Who judges: vllm/Qwen/Qwen2.5-72B, openai/gpt-4o, recorded/FILE, simulated. In "
            "place of another backend's table [judge] it leaves that out.",
            rich_help_panel=_SPEC,
        ),
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The prompt of a language model.", rich_help_panel=_SPEC),
    ] = None,
    lag: Annotated[
        int | None,
        typer.Option(help="How many rounds the schedule runs ahead.", rich_help_panel=_SPEC),
    ] = None,
    batch_size: _settings.BatchSize = None,
    in_flight: _settings.InFlight = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Any key of the spec: judge.tie_rate=0.2; may be repeated.",
            rich_help_panel=_SPEC,
        ),
    ] = None,
) -> None:
    """Run a tournament: schedule, judge and store until the budget is spent.

    Options stand above what the spec says. Ctrl-C ends it cleanly, and nothing that is committed
    is ever lost: run it again, or `humorrank tournament resume T.sqlite`.
    """
    overrides = _settings.assignments(settings)
    given = {
        "budget": budget,
        "seed": seed,
        "schedule.kind": schedule,
        "schedule.prompts_per_pairing": prompts_per_pairing,
        "position": position,
        "identical": identical,
        "inconsistent": inconsistent,
        "lag": lag,
        "judge.batch_size": batch_size,
        "judge.in_flight": in_flight,
        "template": None if template is None else str(template.absolute()),
    }
    overrides |= {key: value for key, value in given.items() if value is not None}
    _common.played(begin(Spec.read(spec, overrides, judge=judge), store))
