"""The log-likelihood of the outcome of a match given its log-odds, and its derivatives.

There are two models of the log-odds x. In the logistic model, a tie is half a win for each side.
In Davidson's model [Dav70], the probabilities of a win of the first, a win of the second and a tie
are proportional to exp(x / 2), exp(-x / 2) and nu = exp(tau). Both are exponential families, the
second one in (x, tau). The formulas avoid cancellation for outcomes that are nearly certain,
because counts as large as 1e10 make the remainder matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from humorrank._stats.scale import logistic_pair


@dataclass(frozen=True)
class Derivatives:
    """The derivatives of the log-likelihood of one match per row.

    Attributes:
        odds: The derivative with respect to the log-odds x.
        odds_odds: The negative second derivative with respect to x.
        tie: The derivative with respect to tau; None if the model has no tau.
        odds_tie: The negative mixed second derivative; None if the model has no tau.
        tie_tie: The negative second derivative with respect to tau; None if there is no tau.
    """

    odds: np.ndarray
    odds_odds: np.ndarray
    tie: np.ndarray | None = None
    odds_tie: np.ndarray | None = None
    tie_tie: np.ndarray | None = None


class OutcomeModel(Protocol):
    """A model of the outcomes of matches."""

    extra: int
    """The number of parameters in addition to the log-odds."""

    def log_likelihood(self, score: np.ndarray, odds: np.ndarray, tau: float) -> np.ndarray:
        """Returns the log-likelihood of one match per row."""

    def derivatives(self, score: np.ndarray, odds: np.ndarray, tau: float) -> Derivatives:
        """Returns the derivatives of the log-likelihood of one match per row."""


class Logistic:
    """The logistic model, with any share of a win as the score; it ignores tau."""

    extra = 0

    def log_likelihood(self, score: np.ndarray, odds: np.ndarray, tau: float) -> np.ndarray:
        """Returns the log-likelihood of one match per row."""
        lost = (1 - score) * np.logaddexp(0, odds)
        return np.asarray(-score * np.logaddexp(0, -odds) - lost)

    def derivatives(self, score: np.ndarray, odds: np.ndarray, tau: float) -> Derivatives:
        """Returns the derivatives of the log-likelihood of one match per row."""
        first, second = logistic_pair(odds)
        return Derivatives(score * second - (1 - score) * first, first * second)


class Davidson:
    """Davidson's model, in which a tie is a separate outcome; scores are 1, 0.5 and 0."""

    extra = 1

    def log_likelihood(self, score: np.ndarray, odds: np.ndarray, tau: float) -> np.ndarray:
        """Returns the log-likelihood of one match per row."""
        tied, ahead = score == 0.5, (2 * score - 1) * odds
        # The log-odds of the other two outcomes relative to the observed one.
        other = np.where(tied, odds / 2 - tau, -ahead)
        third = np.where(tied, -odds / 2 - tau, tau - ahead / 2)
        return np.asarray(-np.logaddexp(0, np.logaddexp(other, third)))

    def derivatives(self, score: np.ndarray, odds: np.ndarray, tau: float) -> Derivatives:
        """Returns the derivatives of the log-likelihood of one match per row."""
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
