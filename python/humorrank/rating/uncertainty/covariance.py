"""Covariances of ratings from the information and from the scatter of the scores.

With the gauge mean(theta) = 0, the inverse of the singular information L is the inverse of
L + 11'/n, minus 11'/n. The factor (400 / ln 10)^2 converts it to points squared.
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
"""The largest number of contestants, because a covariance is a dense matrix."""

_BLOCK: Final = 1 << 22
"""The number of values in a block of scores."""


@dataclass(frozen=True, eq=False)
class ScoreSums:
    """The scores of the units, which are groups of equal matches or clusters.

    Attributes:
        first: The codes of contestants, one per row.
        second: The codes of their opponents.
        residual: The points of `first` minus their expectation.
        unit: The unit of each row, 0, 1, ...; None if each row is a unit.
        times: The number of equal units that each row represents, if each row is a unit.
        units: The total number of units.
    """

    first: np.ndarray
    second: np.ndarray
    residual: np.ndarray
    unit: np.ndarray | None
    times: np.ndarray
    units: int

    def blocks(self, contestants: int) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Yields the scores of clusters in blocks; see `score_blocks`."""
        assert self.unit is not None
        return score_blocks(
            self.unit, self.units, self.first, self.second, self.residual, contestants
        )


class Curvature:
    """The information of a fit, and the covariances that follow from it.

    Args:
        field: The field of the fit.
        strengths: The fitted strengths in natural-log units, with mean 0.
        prior: The prior of the fit.

    Raises:
        OptionError: If there are too many contestants.
    """

    def __init__(self, field: _core.FitData, strengths: np.ndarray, prior: float) -> None:
        n = len(strengths)
        if n > MOST_CONTESTANTS:
            raise OptionError(
                f"a covariance supports up to {MOST_CONTESTANTS:,} contestants, not {n:,}; use "
                "interval='percentile' or 'basic', which support any number"
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

    def wald(self, field: _core.FitData) -> np.ndarray:
        """Returns the inverse Fisher information as the covariance.

        It is correct if the model is correct and there are no ties. A tie as half a win varies
        less than a win, which the Fisher information does not take into account.
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
        """Returns the sandwich covariance from the scatter of the units [LZ86].

        It has the factor C / (C - 1) for C clusters, and N / (N - 1) for N matches.
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

    def of_matches(self, field: _core.FitData) -> ScoreSums:
        """Returns the scores of the matches, with equal matches in one row."""
        pair, low_points, high_points, count = field.kinds()
        low, high = self._low[pair], self._high[pair]
        residual = low_points - (low_points + high_points) * self._chance(low, high)
        times = count.astype(np.float64)
        return ScoreSums(low, high, residual, None, times, int(count.sum()))

    def of_clusters(self, clusters: Clusters) -> ScoreSums:
        """Returns the scores of clusters."""
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
        """Returns the acceleration sum u^3 / (6 (sum u^2)^1.5) from the influences u of the units.

        This is equation 7.3 of [Efr87], with first-order influences instead of the jackknife.

        Args:
            scores: The scores of the units.
            contrasts: An array of shape (contestants, contrasts) with the linear combinations of
                ratings; the ratings themselves by default.
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
