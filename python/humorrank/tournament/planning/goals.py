"""The goals of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, Protocol

import numpy as np

from humorrank._stats.scale import POINTS
from humorrank.errors import OptionError
from humorrank.tournament.planning.variance import MatchDesign, contrasts


class Goal(Protocol):
    """A goal that is reached if the covariance is small enough."""

    def factor(self, design: MatchDesign, covariance: np.ndarray) -> float:
        """Returns the factor by which the covariance is too large; at most 1 if it is reached."""

    def chance(self, design: MatchDesign, covariance: np.ndarray) -> float | None:
        """Returns the smallest probability to separate a required pair; None if there is none."""

    def words(self) -> str:
        """Returns the goal as text."""


@dataclass(frozen=True)
class HalfWidth:
    """The goal of intervals with at most a given half-width.

    Attributes:
        points: Largest half-width, in points.
        of: Whether this applies to every model ("largest") or to half of them ("median").
        quantile: Half-width of an interval in standard errors.
    """

    points: float
    of: Literal["largest", "median"]
    quantile: float

    def factor(self, design: MatchDesign, covariance: np.ndarray) -> float:
        """See `Goal`."""
        deviations = np.sqrt(np.diag(covariance))
        chosen = deviations.max() if self.of == "largest" else np.median(deviations)
        return float((self.quantile * POINTS * chosen / self.points) ** 2)

    def chance(self, design: MatchDesign, covariance: np.ndarray) -> float | None:
        """Returns None, since no pair must be separated."""
        return None

    def words(self) -> str:
        """Returns the goal as text."""
        whose = "every model's" if self.of == "largest" else "the median"
        return f"{whose} half-width at most {self.points:g} points"


@dataclass(frozen=True, eq=False)
class SeparationGoal:
    """The goal of separating pairs by the intervals of their differences.

    Attributes:
        points: Least difference of the pairs, in assumed points.
        power: Required probability to separate each pair.
        scope: The pairs, "all" or "neighbours".
        one: The stronger model of each pair.
        other: The weaker model of each pair.
        quantile: Half-width of an interval in standard errors.
    """

    points: float
    power: float
    scope: str
    one: np.ndarray
    other: np.ndarray
    quantile: float

    @classmethod
    def of(
        cls, ratings: np.ndarray, points: float, power: float, scope: str, quantile: float
    ) -> SeparationGoal:
        """Makes the goal from the pairs with at least the given difference.

        Raises:
            OptionError: If there are no such pairs.
        """
        order = np.argsort(-ratings, kind="stable")
        if scope == "neighbours":
            one, other = order[:-1], order[1:]
        else:
            high, low = np.triu_indices(len(order), 1)
            one, other = order[high], order[low]
        gap = ratings[one] - ratings[other]
        enough = gap >= points * (1 - 1e-12)
        if not enough.any():
            raise OptionError(
                f"no two {'neighbors' if scope == 'neighbours' else 'models'} differ by "
                f"{points:g} points in the assumed ratings; the largest difference is "
                f"{gap.max():g}"
            )
        return cls(points, power, scope, one[enough], other[enough], quantile)

    def _ratio(self, design: MatchDesign, covariance: np.ndarray) -> np.ndarray:
        gap = design.strengths[self.one] - design.strengths[self.other]
        return np.asarray(gap / np.sqrt(contrasts(covariance)[self.one, self.other]))

    def factor(self, design: MatchDesign, covariance: np.ndarray) -> float:
        """See `Goal`; intervals that exclude 0 on the wrong side are ignored."""
        needed = self.quantile + NormalDist().inv_cdf(self.power)
        ratio = float(self._ratio(design, covariance).min())
        if needed <= 0:
            return 0.0
        return (needed / ratio) ** 2 if ratio > 0 else np.inf

    def chance(self, design: MatchDesign, covariance: np.ndarray) -> float | None:
        """See `Goal`."""
        ratio = float(self._ratio(design, covariance).min())
        return NormalDist().cdf(ratio - self.quantile)

    def words(self) -> str:
        """Returns the goal as text."""
        which = "neighbors" if self.scope == "neighbours" else "pairs"
        return (
            f"{which} that differ by at least {self.points:g} points separated with a probability "
            f"of {self.power:g} ({len(self.one):,} of them)"
        )
