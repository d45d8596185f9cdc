"""`humorrank tournament simulate`: how good is a schedule under a budget?"""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from humorrank.cli import _options, _output
from humorrank.cli._ratings import read_ratings
from humorrank.cli.tournament import _common
from humorrank.judge import JudgeSimulation
from humorrank.tournament.simulation import accuracy, mean_accuracy, simulate_tournament
from humorrank.tournament.spec import ScheduleSpec


def simulate(
    ratings: Annotated[
        str,
        typer.Argument(
            metavar="RATINGS",
            help="A CSV with the columns model and rating, or a number of models.",
        ),
    ],
    prompts: Annotated[int, typer.Option(min=1, help="How many prompts there are.")] = 300,
    budget: Annotated[int, typer.Option(min=1, help="How many comparisons.")] = 3_000,
    schedule: Annotated[
        Literal["swiss", "round_robin", "random", "information"],
        typer.Option(help="Which pairs meet."),
    ] = "swiss",
    runs: Annotated[int, typer.Option(min=1, help="How many tournaments, seed after seed.")] = 10,
    steps: Annotated[int, typer.Option(min=1, help="At how many budgets to look.")] = 10,
    tie_rate: Annotated[float, typer.Option(help="The share of ties between equals.")] = 0.1,
    position_bias: Annotated[float, typer.Option(help="Points for being shown first.")] = 0.0,
    joke_effects: Annotated[
        float, typer.Option(help="Standard deviation of a joke's own quality, in points.")
    ] = 0.0,
    failure_rate: Annotated[float, typer.Option(help="The chance that an attempt fails.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Of the first tournament.")] = 0,
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Simulate tournaments in memory and compare the results with the truth.

    Prints, by budget, Kendall's tau and the rating error of `rate` with a prior of 0.1, means
    over the runs with the half width of their 95 % interval.

    `humorrank tournament simulate 32 --budget 4000 --schedule swiss --runs 50`
    """
    chosen = _output.resolve_format(format, output)
    truth = read_ratings(ratings)
    models = len(truth)
    most = min(budget, models * (models - 1) // 2 * prompts)
    sizes = sorted({max(1, most * (i + 1) // steps) for i in range(steps)})
    found = []
    for run in range(seed, seed + runs):
        judge = JudgeSimulation(
            ratings=truth,
            tie_rate=tie_rate,
            position_bias=position_bias,
            joke_effects=joke_effects,
            failure_rate=failure_rate,
            seed=run,
        )
        log = simulate_tournament(
            judge, prompts, most, schedule=ScheduleSpec(kind=schedule), seed=run
        )
        found.append(accuracy(log, truth, sizes))
    table = mean_accuracy(found)
    _common.shown(table, chosen, output, decimals=3)
