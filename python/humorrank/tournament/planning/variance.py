"""The variance of a fit to matches that have not been made yet.

In a match of i and j on a prompt, i has the score s with E(s) = p = sigma(d), where
d = theta_i - theta_j + e_i - e_j in natural-log units. The joke effect e is the quality of a joke
minus its model's average; it is normal with mean 0. All matches of one joke share its e.

See docs/guides/planning.md and docs/reference/references.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from humorrank._stats import laplacian
from humorrank._stats.sandwich import sandwich
from humorrank._stats.scale import POINTS, logistic
from humorrank.errors import OptionError

MOST_MODELS: Final = 1_000
"""Most models of a plan, since its time grows with their cube."""

_JOKES: Final = 24
_GAPS: Final = 80
_STEPS: Final = 60


class UnconnectedError(OptionError):
    """Raised for a design in which no matches connect some models to the others."""


@dataclass(frozen=True, eq=False)
class ComparisonMoments:
    """Moments of the scores of matches between models with known ratings.

    They do not depend on the schedule.

    Attributes:
        strengths: Strengths in natural-log units, with mean 0.
        score: Expected score of each row's model against each column's.
        variance: Variance of the score of one match.
        shifts: Difference between the expected score given the joke effect of the row's model and
            `score`, as an array of effects x models x models.
        weights: Probability of each of these effects.
    """

    strengths: np.ndarray
    score: np.ndarray
    variance: np.ndarray
    shifts: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, ratings: np.ndarray, ties: float, joke_effects: float) -> ComparisonMoments:
        """Computes the moments by Gauss-Hermite quadrature over the effects of both jokes.

        Args:
            ratings: Ratings in points.
            ties: The parameter t in docs/statistics/ratings.md: a tie has probability
                2t min(p, 1 - p).
            joke_effects: Standard deviation of the joke effects, in points.
        """
        strengths = (ratings - ratings.mean()) / POINTS
        spread = joke_effects / POINTS
        gap = strengths[:, None] - strengths[None, :]
        score, square = np.zeros_like(gap), np.zeros_like(gap)
        # The gap includes the effects of both jokes. Ties cause a kink where the gap is 0, so that
        # many nodes are needed.
        for effect, weight in zip(*_normal(_GAPS if spread else 1), strict=True):
            p = logistic(gap + np.sqrt(2) * spread * effect)
            score += weight * p
            square += weight * (p - ties * np.minimum(p, 1 - p) / 2)
        nodes, weights = _normal(_JOKES if spread else 1)
        shifts = np.empty((len(nodes), *gap.shape))
        for place, own in enumerate(nodes):
            shifts[place] = 0
            for other, weight in zip(nodes, weights, strict=True):
                shifts[place] += weight * logistic(gap + spread * (own - other))
        # Errors of rounding and quadrature must not appear as a shift.
        shifts -= np.tensordot(weights, shifts, 1)
        return cls(strengths, score, square - score**2, shifts, weights)


@dataclass(frozen=True, eq=False)
class MatchDesign:
    """The shares of a tournament's matches that each pair has.

    The covariance of the fitted strengths is `noise` / matches + `jokes` / prompts. It is the
    covariance H^-1 M H^-1 of the linearized fit [Hub67], clustered by prompt [LZ86]. H is the
    information. M contains the variance of each match, and the covariance of the matches of two
    pairs that have a model in common, on the prompts that both pairs play. Each pair plays on
    prompts that are drawn independently.

    Attributes:
        outcomes: Moments of the scores of matches.
        share: Share of the matches of each pair, as a symmetric matrix that contains each pair
            twice, with sum 2.
    """

    outcomes: ComparisonMoments
    share: np.ndarray

    @cached_property
    def strengths(self) -> np.ndarray:
        """The limit of the fit under this design, with mean 0.

        Joke effects shrink the limit toward 0.

        Raises:
            UnconnectedError: If no matches connect some models to the others.
        """
        if not _connected(self.share > 0):
            raise UnconnectedError(
                "too few matches: some models are not connected to the others; use more matches"
            )
        theta = self.outcomes.strengths.copy()
        for _ in range(_STEPS):
            p = logistic(theta[:, None] - theta[None, :])
            step = self._inverse(p) @ (self.share * (self.outcomes.score - p)).sum(axis=1)
            size = float(np.abs(step).max())
            # A long step may lead to a region without curvature.
            theta += step * min(1.0, 2 / size if size else 1.0)
            if size < 1e-11:
                break
        return np.asarray(theta - theta.mean())

    def _inverse(self, p: np.ndarray) -> np.ndarray:
        return laplacian.inverse(laplacian.of_weights(self.share * p * (1 - p)))

    @cached_property
    def _bread(self) -> np.ndarray:
        theta = self.strengths
        return self._inverse(logistic(theta[:, None] - theta[None, :]))

    @cached_property
    def noise(self) -> np.ndarray:
        """The part of the covariance that decreases with the matches, times their number."""
        return sandwich(self._bread, laplacian.of_weights(self.share * self.outcomes.variance))

    @cached_property
    def jokes(self) -> np.ndarray:
        """The part of the covariance that decreases only with the prompts, times their number."""
        n = len(self.share)
        meat = np.zeros((n, n))
        own = np.zeros((n, n))
        for shift, weight in zip(self.outcomes.shifts, self.outcomes.weights, strict=True):
            # Row i: the effect of the joke of i on the scores, over all its matches.
            moved = self.share * shift
            total = -moved
            total[np.diag_indices(n)] += moved.sum(axis=1)
            meat += weight * (total.T @ total)
            own += weight * moved**2
        # The covariance of a match with itself is already part of its variance.
        meat -= laplacian.of_weights(own + own.T)
        return sandwich(self._bread, meat)

    def covariance(self, matches: float, prompts: float) -> np.ndarray:
        """Returns the covariance of the fitted strengths, in squares of natural-log units."""
        return np.asarray(self.noise / matches + self.jokes / prompts)


def even(models: int) -> np.ndarray:
    """Returns the shares of a design in which every pair plays equally often."""
    share = np.full((models, models), 2 / (models * (models - 1)))
    np.fill_diagonal(share, 0)
    return share


def contrasts(covariance: np.ndarray) -> np.ndarray:
    """Returns the variance of the difference of each pair."""
    own = np.diag(covariance)
    return np.asarray(own[:, None] + own[None, :] - 2 * covariance)


def _connected(met: np.ndarray) -> bool:
    reached = np.zeros(len(met), np.bool_)
    reached[0] = True
    while True:
        further = reached | met[reached].any(axis=0)
        if further.all() or (further == reached).all():
            return bool(further.all())
        reached = further


def _normal(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the nodes and weights for an expectation over a standard normal distribution."""
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    return points, weights / weights.sum()
