"""Covariances of ratings, from the information and from the scatter of the scores.

With the gauge mean(theta) = 0, the inverse of the singular information L is that of L + 11'/n less
11'/n. In points squared: times (400 / ln 10)^2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from humorrank import _core
from humorrank._stats import laplacian
from humorrank._stats.sandwich import sandwich, score_blocks, small_sample
from humorrank._stats.scale import POINTS, logistic
from humorrank.errors import OptionError
from humorrank.rating.uncertainty.clusters import Clusters

MOST_CONTESTANTS: Final = 5_000
"""A covariance is a dense matrix of contestants by contestants."""

_BLOCK: Final = 1 << 22
"""Numbers in a block of scores."""


@dataclass(frozen=True, eq=False)
class ScoreSums:
    """What each unit (a kind of match, or a cluster) says against the fit.

    Attributes:
        first: codes of contestants, one a row.
        second: codes of their opponents.
        residual: points of `first` beyond expectation.
        unit: the unit of each row, 0, 1, ...; None where each row is a unit.
        times: how many equal units each row stands for, where each row is a unit.
        units: how many units there are in all.
    """

    first: np.ndarray
    second: np.ndarray
    residual: np.ndarray
    unit: np.ndarray | None
    times: np.ndarray
    units: int

    def blocks(self, contestants: int) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Yields the scores of clusters, some at a time; see `score_blocks`."""
        assert self.unit is not None
        return score_blocks(
            self.unit, self.units, self.first, self.second, self.residual, contestants
        )


class Curvature:
    """The information of a fit, and what follows from it.

    Args:
        field: what was fitted.
        strengths: natural-log strengths, mean 0.
        prior: of the fit.

    Raises:
        OptionError: there are too many contestants.
    """

    def __init__(self, field: _core.Field, strengths: np.ndarray, prior: float) -> None:
        n = len(strengths)
        if n > MOST_CONTESTANTS:
            raise OptionError(
                f"a covariance takes up to {MOST_CONTESTANTS:,} contestants, not {n:,}; intervals "
                "of interval='percentile' and 'basic' take any number"
            )
        self._strengths = strengths
        self._low, self._high, low_points, high_points = field.pairs()
        information = laplacian.of_fit(
            strengths, self._low, self._high, low_points + high_points, prior
        )
        if prior:
            bread = np.linalg.inv(information)
            bread -= bread.mean(0)
            self.bread = bread - bread.mean(1, keepdims=True)
        else:
            self.bread = laplacian.inverse(information)

    def _chance(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return logistic(self._strengths[first] - self._strengths[second])

    def wald(self, field: _core.Field) -> np.ndarray:
        """The inverse Fisher information: right where the model is, and every match is a win.

        A tie as half a win varies less than a win, which this does not know.
        """
        pair, low_points, high_points, count = field.kinds()
        low, high = self._low[pair], self._high[pair]
        chance = self._chance(low, high)
        weight = low_points + high_points
        meat = laplacian.of_pairs(
            len(self.bread), low, high, count * weight**2 * chance * (1 - chance)
        )
        return POINTS**2 * sandwich(self.bread, meat)

    def sandwich(self, scores: ScoreSums) -> np.ndarray:
        """The covariance that the scatter of the units shows.

        Liang and Zeger (1986); over C clusters with the factor C / (C - 1), as over N matches.
        """
        n = len(self.bread)
        if scores.unit is None:
            amount = scores.times * scores.residual**2
            meat = laplacian.of_pairs(n, scores.first, scores.second, amount)
        else:
            meat = np.zeros((n, n))
            for _, _, block in scores.blocks(n):
                meat += block.T @ block
        return POINTS**2 * sandwich(self.bread, meat * small_sample(scores.units))

    def of_matches(self, field: _core.Field) -> ScoreSums:
        """The scores of the kinds of match."""
        pair, low_points, high_points, count = field.kinds()
        low, high = self._low[pair], self._high[pair]
        residual = low_points - (low_points + high_points) * self._chance(low, high)
        times = count.astype(np.float64)
        return ScoreSums(low, high, residual, None, times, int(count.sum()))

    def of_clusters(self, clusters: Clusters) -> ScoreSums:
        """The scores of clusters."""
        chance = self._chance(clusters.first, clusters.second)
        total = clusters.first_points + clusters.second_points
        labels, unit = np.unique(clusters.cluster, return_inverse=True)
        order = np.argsort(unit, kind="stable")
        return ScoreSums(
            clusters.first[order],
            clusters.second[order],
            (clusters.first_points - total * chance)[order],
            unit[order],
            np.ones(len(order)),
            len(labels),
        )

    def acceleration(self, scores: ScoreSums, contrasts: np.ndarray | None = None) -> np.ndarray:
        """How skewed the estimates are: sum u^3 / (6 (sum u^2)^1.5), u the units' influences.

        Efron (1987), equation 7.3, with influences to first order in the place of the jackknife's.

        Args:
            scores: of the units.
            contrasts: of shape (contestants, contrasts), what to tell it of; the ratings by
                default.
        """
        n = len(self.bread)
        bread = self.bread if contrasts is None else self.bread @ contrasts
        second, third = np.zeros(bread.shape[1]), np.zeros(bread.shape[1])
        if scores.unit is None:
            rows = max(1, _BLOCK // n)
            for start in range(0, len(scores.first), rows):
                part = slice(start, start + rows)
                along = bread[scores.first[part]] - bread[scores.second[part]]
                along *= scores.residual[part, None]
                squares = along**2
                second += scores.times[part] @ squares
                third += scores.times[part] @ (squares * along)
        else:
            for _, _, block in scores.blocks(n):
                along = block @ bread
                squares = along**2
                second += squares.sum(0)
                third += (squares * along).sum(0)
        with np.errstate(invalid="ignore", divide="ignore"):
            out = third / (6 * second**1.5)
        return np.asarray(np.where(second > 0, out, 0.0))
