"""`humorrank tournament simulate`: evaluates a schedule within a budget."""

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
            help="A CSV file with the columns model and rating, or a number of models.",
        ),
    ],
    prompts: Annotated[int, typer.Option(min=1, help="Number of prompts.")] = 300,
    budget: Annotated[int, typer.Option(min=1, help="Number of comparisons.")] = 3_000,
    schedule: Annotated[
        Literal["swiss", "round_robin", "random", "information"],
        typer.Option(help="Schedule that chooses the pairs."),
    ] = "swiss",
    runs: Annotated[
        int, typer.Option(min=1, help="Number of tournaments, with consecutive seeds.")
    ] = 10,
    steps: Annotated[
        int, typer.Option(min=1, help="Number of budgets at which results are evaluated.")
    ] = 10,
    tie_rate: Annotated[float, typer.Option(help="Tie rate between equals, from 0 to 1.")] = 0.1,
    position_bias: Annotated[
        float, typer.Option(help="Advantage of being shown first, in points.")
    ] = 0.0,
    joke_effects: Annotated[
        float,
        typer.Option(
            help="Standard deviation in points of the quality of a joke around that of its model."
        ),
    ] = 0.0,
    failure_rate: Annotated[
        float, typer.Option(help="Probability that an attempt of the judge fails.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Random seed for the first tournament.")] = 0,
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Simulate tournaments in memory and compare their results with the true ratings.

    For each budget, this prints Kendall's tau and the error of the ratings with a prior of 0.1.
    Both are means over the runs, with the half-width of their 95 % interval.

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
