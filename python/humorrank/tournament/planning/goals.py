"""What a plan is to reach."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, Protocol

import numpy as np

from humorrank._stats.scale import POINTS
from humorrank.errors import OptionError
from humorrank.tournament.planning.variance import MatchDesign, contrasts


class Goal(Protocol):
    """Something that a small enough covariance reaches."""

    def factor(self, design: MatchDesign, covariance: np.ndarray) -> float:
        """By how much the covariance is too large; at most 1 where the goal is reached."""

    def chance(self, design: MatchDesign, covariance: np.ndarray) -> float | None:
        """The smallest chance to tell one of the wanted pairs apart; None where none is wanted."""

    def words(self) -> str:
        """The goal in words."""


@dataclass(frozen=True)
class HalfWidth:
    """Intervals of at most so many points to each side.

    Attributes:
        points: the half-width.
        of: whether of every model, or of half of them.
        quantile: standard errors that an interval reaches.
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
        """None: no pair is asked about."""
        return None

    def words(self) -> str:
        """The goal in words."""
        whose = "every model's" if self.of == "largest" else "the median"
        return f"{whose} half-width at most {self.points:g} points"


@dataclass(frozen=True, eq=False)
class SeparationGoal:
    """Pairs told apart.

    Attributes:
        points: by how much the pairs differ at least, in assumed points.
        power: the chance wanted.
        scope: "all" or "neighbours".
        one: the stronger of each pair.
        other: the weaker.
        quantile: standard errors that an interval reaches.
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
        """The pairs that differ by enough.

        Raises:
            OptionError: there are none.
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
                f"no two {'neighbours' if scope == 'neighbours' else 'models'} differ by "
                f"{points:g} points in the assumed ratings: at most by {gap.max():g}"
            )
        return cls(points, power, scope, one[enough], other[enough], quantile)

    def _ratio(self, design: MatchDesign, covariance: np.ndarray) -> np.ndarray:
        gap = design.strengths[self.one] - design.strengths[self.other]
        return np.asarray(gap / np.sqrt(contrasts(covariance)[self.one, self.other]))

    def factor(self, design: MatchDesign, covariance: np.ndarray) -> float:
        """See `Goal`; where intervals of the wrong side are not counted."""
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
        """The goal in words."""
        which = "neighbours" if self.scope == "neighbours" else "pairs"
        return (
            f"{which} that differ by at least {self.points:g} points told apart with a chance of "
            f"{self.power:g} ({len(self.one):,} of them)"
        )
