"""`humorrank tournament run`: plays the tournament that a spec describes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from humorrank.cli import _settings
from humorrank.cli.tournament import _common
from humorrank.tournament.opening import begin
from humorrank.tournament.spec import Spec

_SPEC = "Overrides of the spec"


def run(
    spec: Annotated[
        Path, typer.Argument(metavar="SPEC.toml", help="Path of the spec.", show_default=False)
    ],
    store: Annotated[
        Path,
        typer.Option(
            metavar="T.sqlite",
            help="Store of the tournament, which is created or, if it exists, continued.",
            show_default=False,
        ),
    ],
    budget: Annotated[
        int | None, typer.Option(help="Number of comparisons.", rich_help_panel=_SPEC)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Random seed for all draws.", rich_help_panel=_SPEC)
    ] = None,
    schedule: Annotated[
        Literal["swiss", "round_robin", "random", "information"] | None,
        typer.Option(help="Schedule that chooses the pairs.", rich_help_panel=_SPEC),
    ] = None,
    prompts_per_pairing: Annotated[
        int | None,
        typer.Option(
            help="Number of prompts on which a pair meets in one round.", rich_help_panel=_SPEC
        ),
    ] = None,
    position: Annotated[
        Literal["random", "both", "fixed"] | None,
        typer.Option(help="Order in which the two jokes are shown.", rich_help_panel=_SPEC),
    ] = None,
    identical: Annotated[
        Literal["tie", "skip", "judge"] | None,
        typer.Option(help="How to handle identical jokes.", rich_help_panel=_SPEC),
    ] = None,
    missing: Annotated[
        Literal["fail", "drop", "skip"] | None,
        typer.Option(
            help="What to do if a model has no joke for a prompt: fail, drop the prompt for all "
            "models, or skip the comparisons that need the joke.",
            rich_help_panel=_SPEC,
        ),
    ] = None,
    inconsistent: Annotated[
        Literal["tie", "drop", "halves"] | None,
        typer.Option(
            help="How to export two judgments in both orders that contradict each other to the "
            "match log.",
            rich_help_panel=_SPEC,
        ),
    ] = None,
    judge: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PROVIDER/MODEL",
            help="The judge: vllm/Qwen/Qwen2.5-72B, openai/gpt-4o, recorded/FILE or simulated. If "
            "the table [judge] of the spec is for another backend, it is ignored.",
            rich_help_panel=_SPEC,
        ),
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Prompt template for a language model.", rich_help_panel=_SPEC
        ),
    ] = None,
    lag: Annotated[
        int | None,
        typer.Option(
            help="Number of rounds that the schedule is ahead of the known verdicts.",
            rich_help_panel=_SPEC,
        ),
    ] = None,
    batch_size: _settings.BatchSize = None,
    in_flight: _settings.InFlight = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Any key of the spec, such as judge.tie_rate=0.2. May be repeated.",
            rich_help_panel=_SPEC,
        ),
    ] = None,
) -> None:
    """Run a tournament until its budget is spent.

    Options override the keys of the spec. Ctrl-C ends the tournament cleanly, and committed
    judgments are never lost. To continue, run the command again, or use `humorrank tournament
    resume T.sqlite`.
    """
    named = _settings.one_judge(judge) if judge else None
    overrides = _settings.assignments(settings)
    given = {
        "budget": budget,
        "seed": seed,
        "schedule.kind": schedule,
        "schedule.prompts_per_pairing": prompts_per_pairing,
        "position": position,
        "identical": identical,
        "missing": missing,
        "inconsistent": inconsistent,
        "lag": lag,
        "judge.batch_size": batch_size,
        "judge.in_flight": in_flight,
        "template": None if template is None else str(template.absolute()),
    }
    overrides |= {key: value for key, value in given.items() if value is not None}
    _common.played(begin(Spec.read(spec, overrides, judge=named), store))
