"""The chance of a match's outcome given its log-odds, and the derivatives of its logarithm.

Two models of log-odds x: the logistic one, in which a tie is half a win to each side, and that of
Davidson (1970), in which the first, the second and a tie have chances in the proportion of
exp(x / 2), exp(-x / 2) and nu = exp(tau). Both are exponential families, the second in (x, tau).
Everything is written so that nothing cancels where an outcome is all but certain: counts of 1e10
make the rest matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from humorrank._stats.scale import logistic_pair


@dataclass(frozen=True)
class Derivatives:
    """Of the log-likelihood of one match a row.

    Attributes:
        odds: by the log-odds x.
        tie: by tau; None where the model has none.
        odds_odds: minus the second derivative by x.
        odds_tie: minus the mixed one; None where the model has no tau.
        tie_tie: minus the second one by tau; None where the model has none.
    """

    odds: np.ndarray
    odds_odds: np.ndarray
    tie: np.ndarray | None = None
    odds_tie: np.ndarray | None = None
    tie_tie: np.ndarray | None = None


class OutcomeModel(Protocol):
    """A model of outcomes."""

    extra: int
    """How many parameters it has beside the log-odds."""

    def log_likelihood(self, score: np.ndarray, odds: np.ndarray, tau: float) -> np.ndarray:
        """Of one match a row."""

    def derivatives(self, score: np.ndarray, odds: np.ndarray, tau: float) -> Derivatives:
        """Of one match a row."""


class Logistic:
    """Half a win to each side for a tie, and any share of a win; tau means nothing."""

    extra = 0

    def log_likelihood(self, score: np.ndarray, odds: np.ndarray, tau: float) -> np.ndarray:
        """Of one match a row."""
        lost = (1 - score) * np.logaddexp(0, odds)
        return np.asarray(-score * np.logaddexp(0, -odds) - lost)

    def derivatives(self, score: np.ndarray, odds: np.ndarray, tau: float) -> Derivatives:
        """Of one match a row."""
        first, second = logistic_pair(odds)
        return Derivatives(score * second - (1 - score) * first, first * second)


class Davidson:
    """A tie as an outcome of its own; scores are 1, 0.5 and 0."""

    extra = 1

    def log_likelihood(self, score: np.ndarray, odds: np.ndarray, tau: float) -> np.ndarray:
        """Of one match a row."""
        tied, ahead = score == 0.5, (2 * score - 1) * odds
        # The odds of the other two outcomes against this one.
        other = np.where(tied, odds / 2 - tau, -ahead)
        third = np.where(tied, -odds / 2 - tau, tau - ahead / 2)
        return np.asarray(-np.logaddexp(0, np.logaddexp(other, third)))

    def derivatives(self, score: np.ndarray, odds: np.ndarray, tau: float) -> Derivatives:
        """Of one match a row."""
        half = np.abs(odds) / 2
        top = np.maximum(half, tau)
        total = top + np.log(np.exp(half - top) + np.exp(-half - top) + np.exp(tau - top))
        first, second = np.exp(odds / 2 - total), np.exp(-odds / 2 - total)
        tie = np.exp(tau - total)
        tied = score == 0.5
        return Derivatives(
            odds=score * (second + tie / 2) - (1 - score) * (first + tie / 2),
            odds_odds=first * second + tie * (first + second) / 4,
            tie=np.where(tied, first + second, -tie),
            odds_tie=tie * (second - first) / 2,
            tie_tie=tie * (first + second),
        )
