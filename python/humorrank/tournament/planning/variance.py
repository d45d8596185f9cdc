"""How far ratings would lie from their limit: the variance of a fit to matches not yet made.

A match of i and j on a prompt has the score s of i, with E(s) = p = sigma(d), where
d = theta_i - theta_j + e_i - e_j in natural-log units and e is what this joke is better than its
model's average, normal with mean 0. All matches of one joke share its e.
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
"""Models that are planned for at most: time grows with their cube."""

_JOKES: Final = 24
_GAPS: Final = 80
_STEPS: Final = 60


class UnconnectedError(OptionError):
    """A design that leaves models without a way to compare them."""


@dataclass(frozen=True, eq=False)
class ComparisonMoments:
    """What matches between models of known ratings come to, whatever the schedule.

    Attributes:
        strengths: natural-log units, mean 0.
        score: the expected score of each row's model against each column's.
        variance: that of one match.
        shifts: by joke effect of the row's model, how far its expected score then lies from
            `score`; effects x models x models.
        weights: the chance of each of these effects.
    """

    strengths: np.ndarray
    score: np.ndarray
    variance: np.ndarray
    shifts: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, ratings: np.ndarray, ties: float, joke_effects: float) -> ComparisonMoments:
        """By Gauss-Hermite quadrature over the effects of both jokes.

        Args:
            ratings: in points.
            ties: t of docs/statistics/ratings.md: a tie has the chance 2t min(p, 1 - p).
            joke_effects: standard deviation in points.
        """
        strengths = (ratings - ratings.mean()) / POINTS
        spread = joke_effects / POINTS
        gap = strengths[:, None] - strengths[None, :]
        score, square = np.zeros_like(gap), np.zeros_like(gap)
        # Both jokes' effects are in the gap; ties put a kink where it is 0.
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
        # What is left of rounding and quadrature must not look like a shift.
        shifts -= np.tensordot(weights, shifts, 1)
        return cls(strengths, score, square - score**2, shifts, weights)


@dataclass(frozen=True, eq=False)
class MatchDesign:
    """How the matches of a tournament are shared out among pairs.

    The covariance of the fitted strengths is `noise` / matches + `jokes` / prompts: the linearised
    fit's, H^-1 M H^-1 (Huber 1967; over prompts Liang and Zeger 1986), where M holds the
    variance of each match and, because a pair plays on prompts of its own drawing, what two pairs
    with a model in common share on prompts that both play.

    Attributes:
        outcomes: what matches come to.
        share: of the matches, by pair; symmetric, each pair twice, so that the sum is 2.
    """

    outcomes: ComparisonMoments
    share: np.ndarray

    @cached_property
    def strengths(self) -> np.ndarray:
        """The limit of the fit under this design, mean 0; with joke effects it is nearer to 0.

        Raises:
            UnconnectedError: no matches connect some models to the others.
        """
        if not _connected(self.share > 0):
            raise UnconnectedError(
                "so few matches leave models that no match connects to the others; ask for more"
            )
        theta = self.outcomes.strengths.copy()
        for _ in range(_STEPS):
            p = logistic(theta[:, None] - theta[None, :])
            step = self._inverse(p) @ (self.share * (self.outcomes.score - p)).sum(axis=1)
            size = float(np.abs(step).max())
            # A long step may lead where nothing curves.
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
        """The part of the covariance that shrinks with the number of matches; times matches."""
        return sandwich(self._bread, laplacian.of_weights(self.share * self.outcomes.variance))

    @cached_property
    def jokes(self) -> np.ndarray:
        """The part that shrinks with the number of prompts only; times prompts."""
        n = len(self.share)
        meat = np.zeros((n, n))
        own = np.zeros((n, n))
        for shift, weight in zip(self.outcomes.shifts, self.outcomes.weights, strict=True):
            # Row i: what the joke of i moves, when all its matches are counted.
            moved = self.share * shift
            total = -moved
            total[np.diag_indices(n)] += moved.sum(axis=1)
            meat += weight * (total.T @ total)
            own += weight * moved**2
        # A match shares nothing with itself that its variance does not hold.
        meat -= laplacian.of_weights(own + own.T)
        return sandwich(self._bread, meat)

    def covariance(self, matches: float, prompts: float) -> np.ndarray:
        """Of the fitted strengths, in squares of natural-log units."""
        return np.asarray(self.noise / matches + self.jokes / prompts)


def even(models: int) -> np.ndarray:
    """Every pair plays as often as any other."""
    share = np.full((models, models), 2 / (models * (models - 1)))
    np.fill_diagonal(share, 0)
    return share


def contrasts(covariance: np.ndarray) -> np.ndarray:
    """The variance of the difference of every two."""
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
    """Points and weights for the mean over a standard normal."""
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    return points, weights / weights.sum()
