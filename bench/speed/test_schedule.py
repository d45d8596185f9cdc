"""The time of a round of a schedule, and comparisons per second."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
import pytest

from humorrank.tournament.schedule import KINDS, Kind, Scheduler

ROUNDS = 20


def _play(scheduler: Scheduler, strengths: np.ndarray, rounds: int) -> tuple[list[float], int]:
    """Returns the seconds to schedule and record each round, and the number of comparisons."""
    random = np.random.default_rng(0)
    seconds, comparisons = [], 0
    for _ in range(rounds):
        start = time.perf_counter()
        made = scheduler.next_round(2**62)
        scheduled = time.perf_counter() - start
        p = 1 / (1 + np.exp(strengths[made.second] - strengths[made.first]))
        score = (random.random(len(p)) < p).astype(float)
        start = time.perf_counter()
        scheduler.record(made.first, made.second, score)
        seconds.append(scheduled + time.perf_counter() - start)
        comparisons += len(made)
    return seconds, comparisons


def test_swiss_round_of_many(benchmark: Any) -> None:
    """100,000 contestants. The median of rounds 2 to 20 should be at most 20 ms."""
    strengths = np.random.default_rng(1).normal(size=100_000)

    def rounds() -> float:
        scheduler = Scheduler("swiss", len(strengths), 300, seed=0)
        seconds, _ = _play(scheduler, strengths, ROUNDS)
        return statistics.median(seconds[1:])

    median = benchmark.pedantic(rounds, rounds=3, warmup_rounds=1)
    benchmark.extra_info["milliseconds a round"] = 1000 * median
    print(f"\na Swiss round of 100,000 contestants: {1000 * median:.1f} ms (at most 20)")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("contestants", [9, 32, 128])
def test_comparisons_a_second(benchmark: Any, kind: Kind, contestants: int) -> None:
    """Rounds of a small field, with four prompts per pairing."""
    strengths = np.linspace(-2, 2, contestants)

    def rounds() -> float:
        scheduler = Scheduler(kind, contestants, 300, seed=0, prompts_per_pairing=4)
        seconds, comparisons = _play(scheduler, strengths, 50)
        return comparisons / sum(seconds)

    rate = benchmark.pedantic(rounds, rounds=3, warmup_rounds=1)
    benchmark.extra_info["comparisons a second"] = rate
    print(f"\n{kind}, {contestants} contestants: {rate:,.0f} comparisons per second")
