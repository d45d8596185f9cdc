"""Simulates `humorrank sort`, and counts how often the top that it separates is wrong.

    python tests/soak/separation.py [RUNS]

A run is wrong if it stops although one of its top K items is worse than one of the others.
The promise is that this happens in at most 5 % of all runs. The items are close to each other,
the judge prefers the text shown first, and in every second run it always answers a pair in the
same way, so that repeats tell nothing new.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from humorrank.judge import Batch, Field, JudgeSimulation, Prompt, SimulatedJudge
from humorrank.tournament.history import RoundVerdicts
from humorrank.tournament.rounds import open_round
from humorrank.tournament.schedule import Scheduler
from humorrank.tournament.stopping import SeparationRule, StopSettings

REPEATS = 30
LAG = 1


@dataclass
class Report:
    """The number of runs that were simulated, that stopped early, and that were wrong."""

    runs: int = 0
    stopped: int = 0
    wrong: int = 0


def simulate(runs: int) -> Report:
    """Simulates runs with the seeds from 0 on."""
    report = Report()
    for seed in range(runs):
        random = np.random.default_rng(seed)
        size = int(random.integers(5, 12))
        ratings = random.normal(1000, 60, size)
        top = int(random.integers(1, 3))
        ratings[np.argsort(-ratings)[:top]] += random.choice([0, 100, 300])
        rule = _sort(ratings, top, seed, stubborn=seed % 2 == 1)
        report.runs += 1
        if rule.separated:
            above, below = rule.stated
            report.stopped += 1
            report.wrong += bool((ratings[above] < ratings[below]).any())
    return report


def _sort(ratings, top, seed, *, stubborn):
    """Sorts in memory as `humorrank sort` does, and returns the rule, which may have stopped it."""
    names = [str(number) for number in range(len(ratings))]
    field = Field(names, [Prompt(str(number), "") for number in range(REPEATS)], [])
    simulation = JudgeSimulation(
        dict(zip(names, ratings.tolist(), strict=True)), position_bias=80.0, seed=seed
    )
    judge = SimulatedJudge(simulation, field)
    scheduler = Scheduler("information", len(names), REPEATS, seed=seed)
    rule = SeparationRule(StopSettings("top", top, cluster="pair"), names, REPEATS)
    budget, played, waiting = 60 * len(names), 0, []
    while not rule.separated:
        made = scheduler.next_round(budget - played)
        if made.reason is None:
            pairs = made.first, made.second, made.prompt
            opened = open_round(0, played, pairs, field, "both", seed)
            played += len(opened)
            slots = np.arange(len(opened.comparison))
            prompt = opened.prompt[opened.comparison] * (not stubborn)
            none = np.zeros(len(slots), np.uint32)
            opened.settle(
                slots, judge.answer(Batch(field, prompt, *opened.shown(slots), none)).score
            )
            waiting.append(opened)
            if len(waiting) <= LAG:
                continue
        elif not waiting:
            break
        done = waiting.pop(0)
        found, score = done.results()
        verdicts = done.low[found], done.high[found], done.prompt[found], score
        scheduler.record(verdicts[0], verdicts[1], score)
        rule(RoundVerdicts(0, *verdicts))
    return rule


if __name__ == "__main__":
    found = simulate(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    print(
        f"{found.runs:,} runs, of which {found.stopped:,} stopped early and "
        f"{found.wrong:,} were wrong ({found.wrong / found.runs:.1%})"
    )
    if found.wrong > 0.05 * found.runs or not found.stopped:
        sys.exit(1)
