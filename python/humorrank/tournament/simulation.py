"""Simulates tournaments in memory from known ratings, to evaluate schedules within a budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from humorrank._stats.scale import MEAN_RATING
from humorrank._util.warned import quietly
from humorrank.judge import Batch, Field, JudgeSimulation, Prompt, SimulatedJudge
from humorrank.rating.rate import rate
from humorrank.tournament.history import new_scheduler
from humorrank.tournament.rounds import OpenRound, open_round
from humorrank.tournament.spec import Position, ScheduleSpec, Spec


@dataclass(frozen=True)
class Accuracy:
    """The accuracy of the ratings after a number of comparisons.

    Attributes:
        comparisons: Number of comparisons.
        tau: Kendall's tau between the estimated and the true order: pairs in order minus reversed
            pairs, divided by all pairs. Pairs with equal ratings count as neither.
        error: Root mean square difference of the ratings in points, after centering both.
    """

    comparisons: int
    tau: float
    error: float


def simulate_tournament(
    simulation: JudgeSimulation,
    prompts: int,
    budget: int,
    *,
    schedule: ScheduleSpec | None = None,
    position: Position = "random",
    seed: int = 0,
    lag: int = 1,
) -> pl.DataFrame:
    """Simulates a tournament without texts and without a store, and returns its match log.

    The first n rows are those of a tournament with a budget of n, up to the order of its last
    rounds.

    Args:
        simulation: Settings of the judge. The models that compete are those in its ratings.
        prompts: Number of prompts.
        budget: Number of comparisons; all possible ones if there are fewer.
        schedule: Settings of the schedule; the defaults if None.
        position: Which joke is shown first.
        seed: Random seed for the schedule.
        lag: Number of rounds by which the schedule is ahead of the known verdicts.

    Returns:
        The columns model_a, model_b, winner and question_id, in the order of the schedule.
    """
    field = Field(list(simulation.ratings), [Prompt(f"prompt-{i}", "") for i in range(prompts)], ())
    spec = Spec((), position=position, seed=seed, lag=lag, schedule=schedule or ScheduleSpec())
    judge = SimulatedJudge(simulation, field)
    scheduler = new_scheduler(spec, len(field.models), prompts)
    frames: list[tuple[np.ndarray, ...]] = []
    waiting: list[OpenRound] = []
    comparisons = 0
    while True:
        made = scheduler.next_round(budget - comparisons)
        if made.reason is not None:
            break
        pairs = made.first, made.second, made.prompt
        opened = open_round(0, comparisons, pairs, field, position, seed)
        comparisons += len(opened)
        slots = np.arange(len(opened.comparison))
        first, second = opened.shown(slots)
        prompt = opened.prompt[opened.comparison]
        answers = judge.answer(Batch(field, prompt, first, second, np.zeros(len(slots), np.uint32)))
        opened.settle(slots, answers.score)
        judged = ~np.isnan(answers.score)
        columns = (first, second, prompt, answers.score)
        frames.append(tuple(column[judged] for column in columns))
        waiting.append(opened)
        if len(waiting) > lag:
            done = waiting.pop(0)
            found, score = done.results()
            scheduler.record(done.low[found], done.high[found], score)
    return _log(field, frames)


def _log(field: Field, parts: Sequence[tuple[np.ndarray, ...]]) -> pl.DataFrame:
    first, second, prompt, score = (np.concatenate(column) for column in zip(*parts, strict=True))
    names = pl.Series(field.models, dtype=pl.String)
    words = pl.Series(["model_b", "tie", "model_a"])
    return pl.DataFrame(
        {
            "model_a": names.gather(first),
            "model_b": names.gather(second),
            "winner": words.gather((score * 2).astype(np.uint32)),
            "question_id": pl.Series([p.id for p in field.prompts]).gather(prompt),
        }
    )


def accuracy(
    log: pl.DataFrame, ratings: Mapping[str, float], comparisons: Sequence[int]
) -> list[Accuracy]:
    """Returns the accuracy of the ratings after the given numbers of comparisons.

    The ratings are those of `rate` with a prior of 0.1, because a maximum often does not exist
    after few comparisons. A model that has not played yet has the mean rating.
    """
    truth = np.array(list(ratings.values()), np.float64)
    out = []
    for size in comparisons:
        with quietly():
            board = rate(log.head(size), bootstrap=0, elo_shuffles=0, prior=0.1)
        rated = {row.model: row.rating for row in board.rows}
        found = np.array([rated.get(name, MEAN_RATING) for name in ratings])
        out.append(Accuracy(size, _tau(found, truth), _error(found, truth)))
    return out


def mean_accuracy(runs: Sequence[Sequence[Accuracy]]) -> pl.DataFrame:
    """Averages accuracies over tournaments, with the half-widths of 95 % intervals.

    Args:
        runs: Accuracies of each tournament, after the same numbers of comparisons.

    Returns:
        The columns comparisons, tau, tau_half_width, error and error_half_width. The half-widths
        are null for a single tournament.
    """
    values = np.array([[(point.tau, point.error) for point in run] for run in runs])
    mean = values.mean(axis=0)
    spread = values.std(axis=0, ddof=1) if len(runs) > 1 else np.full_like(mean, np.nan)
    half = 1.96 * spread / np.sqrt(len(runs))
    return pl.DataFrame(
        {
            "comparisons": [point.comparisons for point in runs[0]],
            "tau": mean[:, 0],
            "tau_half_width": half[:, 0],
            "error": mean[:, 1],
            "error_half_width": half[:, 1],
        }
    ).fill_nan(None)


def _tau(found: np.ndarray, truth: np.ndarray) -> float:
    upper = np.triu_indices(len(truth), 1)
    ours, theirs = (np.sign(x[:, None] - x[None, :])[upper] for x in (found, truth))
    return float((ours * theirs).mean())


def _error(found: np.ndarray, truth: np.ndarray) -> float:
    gap = (found - found.mean()) - (truth - truth.mean())
    return float(np.sqrt((gap**2).mean()))
