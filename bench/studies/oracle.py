"""How few matches can give the right order: `python -m bench.studies.oracle`.

An independent check of `bench.studies.efficiency`, with separate implementations of the judge, the
fit and Kendall's tau that use only NumPy, and with schedules that know the truth. Pairs are drawn
at random, either from all pairs or from those at most a given number of places apart in the true
order. Prints the number of matches needed for a mean tau of 0.95, and its ratio to the number that
random pairs need.
"""

from __future__ import annotations

import argparse

import numpy as np

MODELS, TIES, PRIOR, GOAL = 32, 0.1, 0.1, 0.95
POINTS = 400 / np.log(10)
BUDGETS = np.unique(np.geomspace(200, 8_000, 17).astype(int))


def fit(points: np.ndarray) -> np.ndarray:
    """Fits the strengths to a matrix of points won, with the prior, by Newton's method."""
    strengths = np.zeros(MODELS)
    matches = points + points.T
    for _ in range(100):
        p = 1 / (1 + np.exp(strengths[None] - strengths[:, None]))
        own = 1 / (1 + np.exp(-strengths))
        score = (points - matches * p).sum(axis=1) + PRIOR * (0.5 - own)
        weights = matches * p * (1 - p)
        information = np.diag(weights.sum(axis=1) + PRIOR * own * (1 - own)) - weights
        step = np.linalg.solve(information, score)
        strengths += step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < 1e-9:
            break
    return strengths


def taus(points: float, apart: int, seeds: int) -> np.ndarray:
    """Returns the mean tau at each budget. Contestants at most `apart` places apart meet."""
    truth = np.linspace(0, points, MODELS) / POINTS
    low, high = np.triu_indices(MODELS, 1)
    near = high - low <= apart
    low_near, high_near = low[near], high[near]
    total = np.zeros(len(BUDGETS))
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        won, done = np.zeros((MODELS, MODELS)), 0
        for look, budget in enumerate(BUDGETS):
            pair = random.integers(0, len(low_near), budget - done)
            i, j, done = low_near[pair], high_near[pair], budget
            p = 1 / (1 + np.exp(truth[j] - truth[i]))
            tied, drawn = TIES * np.minimum(p, 1 - p), random.random(len(pair))
            score = np.where(drawn < p - tied, 1.0, np.where(drawn < p + tied, 0.5, 0.0))
            np.add.at(won, (i, j), score)
            np.add.at(won, (j, i), 1 - score)
            strengths = fit(won)
            total[look] += np.sign(strengths[high] - strengths[low]).mean()
    return total / seeds


def needed(tau: np.ndarray) -> float:
    """Returns the number of matches at which tau reaches the goal, by linear interpolation."""
    first = int(np.argmax(tau >= GOAL))
    if tau[first] < GOAL or first == 0:
        return float("nan")
    return float(np.interp(GOAL, tau[first - 1 : first + 1], BUDGETS[first - 1 : first + 1]))


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    seeds = parser.parse_args().seeds
    print("| points | at most so many places apart | matches | of random's |\n|---|---|---|---|")
    for points in (800.0, 1_600.0):
        random = needed(taus(points, MODELS, seeds))
        print(f"| {points:g} | any | {random:,.0f} | 1 |", flush=True)
        for apart in (3, 4, 6, 8, 10):
            matches = needed(taus(points, apart, seeds))
            print(f"| {points:g} | {apart} | {matches:,.0f} | {matches / random:.2f} |", flush=True)


if __name__ == "__main__":
    main()
