"""`humorrank plan`: estimates the required numbers of matches and prompts."""

from __future__ import annotations

from statistics import NormalDist
from typing import Annotated, Literal

import typer

from humorrank._util.checks import positive
from humorrank.cli import _options, _output
from humorrank.cli._progress import progress_bar
from humorrank.cli._ratings import read_ratings
from humorrank.errors import OptionError
from humorrank.tournament.planning.plan import plan as make_plan

_GOAL, _FIELD, _WAYS = "Target", "Assumptions", "Design"
_DECIMALS = {"chance": 3}


def plan(
    ratings: Annotated[
        str,
        typer.Argument(
            metavar="RATINGS",
            help="Assumed ratings: a CSV file with the columns model and rating, or a number of "
            "models, which are spread evenly over 800 points (see --spread).",
        ),
    ],
    half_width: Annotated[
        float | None,
        typer.Option(help="Target half-width of the intervals, in points.", rich_help_panel=_GOAL),
    ] = None,
    of: Annotated[
        Literal["largest", "median"],
        typer.Option(
            help="Models that must reach the half-width: all of them, or half of them.",
            rich_help_panel=_GOAL,
        ),
    ] = "largest",
    separate: Annotated[
        float | None,
        typer.Option(
            help="Separate models that differ by at least this number of points.",
            rich_help_panel=_GOAL,
        ),
    ] = None,
    power: Annotated[
        float,
        typer.Option(
            help="Probability with which each such pair is separated.", rich_help_panel=_GOAL
        ),
    ] = 0.8,
    pairs: Annotated[
        Literal["all", "neighbours"],
        typer.Option(
            help="Pairs to separate: all, or only neighbors in rank.", rich_help_panel=_GOAL
        ),
    ] = "all",
    matches: Annotated[
        list[int] | None,
        typer.Option(
            help="Number of matches for which to show the precision, instead of a target. May be "
            "repeated.",
            rich_help_panel=_GOAL,
        ),
    ] = None,
    spread: Annotated[
        float | None,
        typer.Option(
            metavar="SD",
            help="For a number of models: spread their ratings as a normal distribution with this "
            "standard deviation.",
            rich_help_panel=_FIELD,
        ),
    ] = None,
    ties: Annotated[
        float, typer.Option(help="Tie rate between equals, from 0 to 1.", rich_help_panel=_FIELD)
    ] = 0.1,
    joke_effects: Annotated[
        float,
        typer.Option(
            help="Standard deviation in points of the quality of a joke around that of its model.",
            rich_help_panel=_FIELD,
        ),
    ] = 0.0,
    prompts: Annotated[
        list[int] | None,
        typer.Option(
            help="Number of available prompts. May be repeated. The default is the smallest "
            "sufficient number, and two and five times that number.",
            rich_help_panel=_WAYS,
        ),
    ] = None,
    schedule: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help="Schedule that chooses the pairs: round_robin, random, swiss or information. May "
            "be repeated. All by default, information only up to 64 models.",
            rich_help_panel=_WAYS,
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option(help="Confidence level of the intervals.", rich_help_panel=_GOAL)
    ] = 0.95,
    runs: Annotated[
        int,
        typer.Option(
            help="Number of simulated tournaments that measure an adaptive schedule.",
            rich_help_panel=_WAYS,
        ),
    ] = 2,
    seed: Annotated[
        int, typer.Option(help="Random seed for the simulated tournaments.", rich_help_panel=_WAYS)
    ] = 0,
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Plan the number of matches and prompts that a given precision requires.

    With joke effects, matches of the same joke depend on each other, and more matches cannot
    compensate for too few prompts. In this case, the plan gives the required number of prompts.

    * `humorrank plan ratings.csv --half-width 20`
    * `humorrank plan 12 --spread 100 --separate 30 --power 0.8 --joke-effects 100`
    * `humorrank plan 9 --matches 3000 --matches 10800 --prompts 300 --format json`
    """
    chosen = _output.resolve_format(format, output)
    with progress_bar() as progress:
        made = make_plan(
            _field(ratings, spread),
            half_width=half_width,
            of=of,
            separate=separate,
            power=power,
            pairs=pairs,
            matches=tuple(matches or ()),
            prompts=tuple(prompts or ()),
            schedules=tuple(schedule or ()),
            ties=ties,
            joke_effects=joke_effects,
            confidence=confidence,
            runs=runs,
            seed=seed,
            progress=progress,
        )
    _output.show(
        chosen,
        output,
        json=made.to_json,
        text=made.to_text,
        table=made.to_polars,
        decimals=_DECIMALS,
    )


def _field(text: str, spread: float | None) -> dict[str, float]:
    found = read_ratings(text)
    if spread is None:
        return found
    if not (text.isascii() and text.isdigit()):
        raise OptionError("--spread needs a number of models; the file already gives the ratings")
    deviation = positive("spread", spread)
    quantile = NormalDist().inv_cdf
    return {
        name: 1000 + deviation * quantile((place + 0.5) / len(found))
        for place, name in enumerate(found)
    }
