"""The chance of a match's outcome given its log-odds, and the derivatives of its logarithm.

Two models of log-odds x: the logistic one, in which a tie is half a win to each side, and that of
Davidson (1970), in which the first, the second and a tie have chances in the proportion of
exp(x / 2), exp(-x / 2) and nu = exp(tau). Both are exponential families, the second in (x, tau).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


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


class Outcomes(Protocol):
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
        return np.asarray(score * odds - np.logaddexp(0, odds))

    def derivatives(self, score: np.ndarray, odds: np.ndarray, tau: float) -> Derivatives:
        """Of one match a row."""
        p = 0.5 * (1 + np.tanh(odds / 2))
        return Derivatives(score - p, p * (1 - p))


class Davidson:
    """A tie as an outcome of its own; scores are 1, 0.5 and 0."""

    extra = 1

    def log_likelihood(self, score: np.ndarray, odds: np.ndarray, tau: float) -> np.ndarray:
        """Of one match a row."""
        tied = score == 0.5
        return np.asarray((score - 0.5) * odds + tied * tau - _log_total(odds, tau))

    def derivatives(self, score: np.ndarray, odds: np.ndarray, tau: float) -> Derivatives:
        """Of one match a row."""
        total = _log_total(odds, tau)
        first, second = np.exp(odds / 2 - total), np.exp(-odds / 2 - total)
        tie = np.exp(tau - total)
        edge = (first - second) / 2
        return Derivatives(
            odds=score - 0.5 - edge,
            # The variance of +-1/2 and 0, written so that nothing cancels.
            odds_odds=first * second + tie * (first + second) / 4,
            tie=(score == 0.5) - tie,
            odds_tie=-tie * edge,
            tie_tie=tie * (first + second),
        )


def _log_total(odds: np.ndarray, tau: float) -> np.ndarray:
    half = np.abs(odds) / 2
    top = np.maximum(half, tau)
    total = np.exp(half - top) + np.exp(-half - top) + np.exp(tau - top)
    return np.asarray(top + np.log(total))
