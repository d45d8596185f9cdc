"""Goodness of fit of the Bradley-Terry model by pairs.

The saturated model gives each pair that met its own share. Let one side of a pair have won Y of N
points, where the model expects N p. N is the number of matches, or the sum of their weights. Then

    deviance = 2 sum [Y log(Y / N p) + (N - Y) log((N - Y) / N q)],   Pearson = sum r^2,
    r = (Y - N p) / sqrt(N p q),   degrees = pairs - contestants + 1.

Half a win varies less than a win: a score s of mean p has variance p q - E[s (1 - s)]. If s (1 - s)
is proportional to min(p, q), as when ties are drawn so that they do not change the expected score,
r has variance f = (sum w^2 / sum w)(1 - c / max(p, q)). The constant c is estimated from all pairs
with their matches of weight w. With the leverage h of a pair [MN89, 12.7.1], r^2 has mean
f (1 - h). Both statistics are divided by the sum of these means over the degrees, the first-order
correction of [RS81], which is 1 without ties and weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from humorrank import _core
from humorrank._stats.distributions import chi_squared_tail, holm
from humorrank._stats.laplacian import information_matrix
from humorrank._stats.scale import logistic_pair
from humorrank.diagnostics.cells import Cells, refuse_many

LEAST_EXPECTED: Final = 5.0
MOST_SMALL: Final = 0.2
"""Cochran's rule [Coc54]: at most a fifth of the expected counts below 5, and none below 1."""

_BOUND: Final = 1e-9
"""A pair with a leverage of at least 1 minus this is always fitted exactly."""


@dataclass(frozen=True)
class Test:
    """A chi-squared test.

    Attributes:
        statistic: The statistic.
        p: The p-value of the statistic divided by the dispersion; None if nothing can be tested.
    """

    statistic: float
    p: float | None


@dataclass(frozen=True, eq=False)
class PairFit:
    """The fit of each pair that met. Arrays have one entry per pair.

    Attributes:
        low: The code of the contestant whose name comes first.
        high: The code of the other contestant.
        matches: The number of matches.
        amount: N, the number of matches or the sum of their weights.
        observed: The observed share of `low`.
        expected: The expected share of `low` under the model.
        residual: r / sqrt(f (1 - h)), about standard normal; NaN if the pair is fitted exactly.
        deviance_residual: The signed root of the deviance of the pair, moved half a match towards
            0, over the same scale. It is less skewed and gives the p-values of the pairs.
        deviance: The test of the deviance.
        pearson: The test of Pearson's statistic.
        degrees: The degrees of freedom.
        dispersion: The dispersion by which both statistics are divided before the test.
        small: The share of the expected points (two per pair) below 5.
        least: The smallest of the expected points.
    """

    low: np.ndarray
    high: np.ndarray
    matches: np.ndarray
    amount: np.ndarray
    observed: np.ndarray
    expected: np.ndarray
    residual: np.ndarray
    deviance_residual: np.ndarray
    deviance: Test
    pearson: Test
    degrees: int
    dispersion: float
    small: float
    least: float

    @property
    def approximate(self) -> bool:
        """Whether expected points are too small for chi-squared by Cochran's rule."""
        return self.small > MOST_SMALL or self.least < 1


def pair_fit(cells: Cells, strengths: np.ndarray) -> PairFit:
    """Tests the fit of the model and of each pair.

    Args:
        cells: Matches whose ratings exist, without groups.
        strengths: The fitted strengths in natural-log units.

    Raises:
        OptionError: If there are too many contestants.
    """
    n = len(cells.names)
    refuse_many(n)
    new = np.ones(len(cells), np.bool_)
    new[1:] = (cells.low[1:] != cells.low[:-1]) | (cells.high[1:] != cells.high[:-1])
    start = np.flatnonzero(new)
    low, high = cells.low[start], cells.high[start]

    def total(values: np.ndarray) -> np.ndarray:
        summed: np.ndarray = np.add.reduceat(values, start)
        return summed

    mass = cells.count * cells.weight
    amount, points = total(mass), total(mass * cells.score)
    lost = total(mass * (1 - cells.score))
    squares = cells.count * cells.weight**2
    gap = strengths[low] - strengths[high]
    p, q = logistic_pair(gap)
    information = amount * p * q
    tied = float((squares * cells.score * (1 - cells.score)).sum())
    share = tied / float((total(squares) * np.minimum(p, q)).sum())
    spread = total(squares) / amount * np.clip(1 - share / np.maximum(p, q), 0, None)
    free = np.clip(1 - leverages(low, high, information, n), 0, None)
    exact = free <= _BOUND
    degrees = len(low) - n + 1
    raw = (points - amount * p) / np.sqrt(information)
    parts = 2 * (_part(points, amount * p) + _part(lost, amount * q))
    dispersion = float((spread * free)[~exact].sum()) / degrees if degrees else 1.0
    # The continuity correction is half of the match with the largest weight.
    half = 0.5 * np.maximum.reduceat(cells.weight, start)
    away = np.clip(np.abs(points - amount * p) - half, 0, None)
    away = np.where(points > amount * p, away, -away)
    nearer = 2 * (
        _part(np.clip(amount * p + away, 0, None), amount * p)
        + _part(np.clip(amount * q - away, 0, None), amount * q)
    )
    scale = np.where(exact | (spread <= 0), np.nan, np.sqrt(spread * np.where(exact, 1, free)))
    expected = np.concatenate([amount * p, amount * q])
    deviance, pearson = float(np.clip(parts, 0, None).sum()), float((raw**2).sum())
    return PairFit(
        low,
        high,
        total(cells.count),
        amount,
        points / amount,
        p,
        raw / scale,
        np.sign(away) * np.sqrt(np.clip(nearer, 0, None)) / scale,
        Test(deviance, _tail(deviance, dispersion, degrees)),
        Test(pearson, _tail(pearson, dispersion, degrees)),
        degrees,
        dispersion,
        float((expected < LEAST_EXPECTED).mean()),
        float(expected.min()),
    )


def leverages(
    low: np.ndarray, high: np.ndarray, information: np.ndarray, contestants: int
) -> np.ndarray:
    """Returns the leverage of each pair: N p q times the variance of its strength difference."""
    inverse = np.linalg.inv(information_matrix(low, high, information, contestants))
    diagonal = np.diag(inverse)
    values: np.ndarray = information * (diagonal[low] + diagonal[high] - 2 * inverse[low, high])
    return values


def worst(fit: PairFit, most: int) -> list[tuple[int, float, float]]:
    """Returns the pairs that fit worst, with p-values and those adjusted as in [Hol79].

    Args:
        fit: The fit of all pairs.
        most: The number of pairs to return.

    Returns:
        A list of (pair, p, adjusted p), worst first. Pairs that are fitted exactly are not tested.
    """
    tested = np.flatnonzero(np.isfinite(fit.deviance_residual))
    size = np.abs(fit.deviance_residual[tested])
    order = np.lexsort((tested, -np.abs(fit.residual[tested]), -size))[:most]
    p = np.array([math.erfc(one / math.sqrt(2)) for one in size.tolist()])
    adjusted = holm(p)
    return [(int(tested[i]), float(p[i]), float(adjusted[i])) for i in order.tolist()]


def fitted(field: _core.FitData, threads: int | None) -> np.ndarray:
    """Returns the strengths of a field whose maximum exists, in natural-log units of mean 0."""
    return field.fit(threads=threads)[0]


def _part(seen: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Returns seen log(seen / expected) - (seen - expected), which avoids cancellation in sums."""
    with np.errstate(divide="ignore", invalid="ignore"):
        values: np.ndarray = np.where(seen > 0, seen * np.log(seen / expected), 0.0)
    values -= seen - expected
    return values


def _tail(statistic: float, dispersion: float, degrees: int) -> float | None:
    if degrees <= 0:
        return None
    if dispersion <= 0:
        return 1.0
    return chi_squared_tail(statistic / dispersion, degrees)
