"""`humorrank plan`: how many matches and prompts are needed."""

from __future__ import annotations

from statistics import NormalDist
from typing import Annotated, Literal

import typer

from humorrank._util.checks import positive
from humorrank.cli import _options, _output
from humorrank.cli._progress import progress_bar
from humorrank.cli._ratings import read_ratings
from humorrank.errors import OptionError

_GOAL, _FIELD, _WAYS = "Goal", "Field", "Ways to reach it"
_DECIMALS = {"chance": 3}


def plan(
    ratings: Annotated[
        str,
        typer.Argument(
            metavar="RATINGS",
            help="Assumed ratings: a CSV with the columns model and rating, or a number of models, "
            "evenly spread over 800 points (see --spread).",
        ),
    ],
    half_width: Annotated[
        float | None,
        typer.Option(help="The half-width of the intervals, in points.", rich_help_panel=_GOAL),
    ] = None,
    of: Annotated[
        Literal["largest", "median"],
        typer.Option(
            help="Whose half-width: every model's, or that of half of them.", rich_help_panel=_GOAL
        ),
    ] = "largest",
    separate: Annotated[
        float | None,
        typer.Option(
            help="Tell models apart that differ by at least so many points.", rich_help_panel=_GOAL
        ),
    ] = None,
    power: Annotated[
        float, typer.Option(help="The chance to do so, of each pair.", rich_help_panel=_GOAL)
    ] = 0.8,
    pairs: Annotated[
        Literal["all", "neighbours"],
        typer.Option(help="Which pairs are to be told apart.", rich_help_panel=_GOAL),
    ] = "all",
    matches: Annotated[
        list[int] | None,
        typer.Option(
            help="Instead of a goal: say what so many matches give; may be repeated.",
            rich_help_panel=_GOAL,
        ),
    ] = None,
    spread: Annotated[
        float | None,
        typer.Option(
            metavar="SD",
            help="With a number of models: spread them as a normal distribution of this standard "
            "deviation.",
            rich_help_panel=_FIELD,
        ),
    ] = None,
    ties: Annotated[
        float, typer.Option(help="The tie rate between equals, 0 to 1.", rich_help_panel=_FIELD)
    ] = 0.1,
    joke_effects: Annotated[
        float,
        typer.Option(
            help="Standard deviation, in points, of a joke's own quality around its model's.",
            rich_help_panel=_FIELD,
        ),
    ] = 0.0,
    prompts: Annotated[
        list[int] | None,
        typer.Option(
            help="How many prompts there are, or may be; may be repeated. By default once, twice "
            "and five times the fewest that can do.",
            rich_help_panel=_WAYS,
        ),
    ] = None,
    schedule: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help="Which pairs meet: round_robin, random, swiss or information; may be repeated. "
            "All by default, information up to 64 models.",
            rich_help_panel=_WAYS,
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option(help="Of the intervals.", rich_help_panel=_GOAL)
    ] = 0.95,
    runs: Annotated[
        int,
        typer.Option(
            help="Simulated tournaments by which an adaptive schedule is measured.",
            rich_help_panel=_WAYS,
        ),
    ] = 2,
    seed: Annotated[int, typer.Option(help="Of those.", rich_help_panel=_WAYS)] = 0,
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Plan how many matches, on how many prompts, a given precision needs.

    With joke effects, matches of one joke are alike, so that matches do not make up for too few
    prompts; then it says how many prompts are needed at least.

    * `humorrank plan ratings.csv --half-width 20`
    * `humorrank plan 12 --spread 100 --separate 30 --power 0.8 --joke-effects 100`
    * `humorrank plan 9 --matches 3000 --matches 10800 --prompts 300 --format json`
    """
    from humorrank.tournament.planning.plan import plan as run  # noqa: PLC0415

    chosen = _output.resolve_format(format, output)
    with progress_bar() as progress:
        made = run(
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
        raise OptionError("--spread is about a number of models; the file has the ratings already")
    deviation = positive("spread", spread)
    quantile = NormalDist().inv_cdf
    return {
        name: 1000 + deviation * quantile((place + 0.5) / len(found))
        for place, name in enumerate(found)
    }
