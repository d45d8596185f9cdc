"""Uncertainty from a covariance, with normally distributed estimates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from humorrank._stats.distributions import normal_quantile, student_quantile, student_tail
from humorrank._stats.quantiles import weibull
from humorrank._util import draws as keyed
from humorrank._util.progress import Progress
from humorrank.rating.uncertainty.rank_intervals import Ends

DRAWS: Final = 10_000
"""The number of draws for simultaneous bands, rank intervals and probabilities."""

DRAWS_OF_MANY: Final = 2_000
"""The number of draws for more than `MANY` contestants, whose comparisons take longer."""

MANY: Final = 1_000

_PURPOSE: Final = 0x6E6F726D616C
_JITTER: Final = 1e-10
_BLOCK: Final = 1 << 22


@dataclass(frozen=True, eq=False)
class Normal:
    """Ratings with their covariance.

    Attributes:
        ratings: The ratings in points, with mean 1000.
        covariance: The covariance in points squared, whose rows sum to 0.
        degrees: The degrees of freedom, one less than the number of clusters; infinite without
            clusters.
        seed: Random seed for the draws.
    """

    ratings: np.ndarray
    covariance: np.ndarray
    degrees: float
    seed: int

    @property
    def basis(self) -> str:
        """Description of the draws."""
        return f"{self.count:,} draws from the covariance"

    @property
    def count(self) -> int:
        """The number of draws."""
        return DRAWS if len(self.ratings) <= MANY else DRAWS_OF_MANY

    @cached_property
    def errors(self) -> np.ndarray:
        """The standard error of each rating."""
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0)))

    def ends(self, confidence: float, progress: Progress | None = None) -> Ends:
        """Returns both ends of each rating."""
        reach = student_quantile(confidence, self.degrees) * self.errors
        return Ends(self.ratings - reach, self.ratings + reach)

    def band(self, confidence: float, progress: Progress | None = None) -> Ends:
        """Returns ends that hold for all contestants simultaneously.

        They extend to a quantile of the largest studentized deviation.
        """
        error = np.where(self.errors > 0, self.errors, 1.0)
        largest = (np.abs(self.draws - self.ratings) / error).max(1)
        reach = float(weibull(largest[:, None], confidence)[0]) * self.errors
        return Ends(self.ratings - reach, self.ratings + reach)

    @cached_property
    def draws(self) -> np.ndarray:
        """Normal draws around the ratings, of shape (draws, contestants).

        With clusters the draws have a multivariate t distribution: each is scaled by the square
        root of degrees over a chi-squared number, to account for the uncertain covariance.
        """
        n, count = len(self.ratings), self.count
        scale = float(np.diag(self.covariance).mean()) or 1.0
        # The rows of the covariance sum to 0. The term that makes it regular is removed below.
        factor = np.linalg.cholesky(self.covariance + scale / n + _JITTER * scale * np.eye(n))
        column = np.arange(n, dtype=np.uint64)
        out = np.empty((count, n))
        rows = max(1, _BLOCK // n)
        for start in range(0, count, rows):
            row = np.arange(start, min(start + rows, count), dtype=np.uint64)[:, None]
            out[start : start + rows] = (
                keyed.normal_draws(_PURPOSE, self.seed, row, column) @ factor.T
            )
        out -= out.mean(1, keepdims=True)
        if np.isfinite(self.degrees):
            row = np.arange(count, dtype=np.uint64)
            chance = keyed.uniform(_PURPOSE, self.seed, row, n)
            out *= _stretch(chance, self.degrees)[:, None]
        return np.asarray(out + self.ratings)

    def differences(self, a: np.ndarray, b: np.ndarray, confidence: float) -> Ends:
        """Returns the intervals of the ratings of `a` minus those of `b`, element by element."""
        estimate, error = self._differences(a, b)
        reach = student_quantile(confidence, self.degrees) * error
        return Ends(estimate - reach, estimate + reach)

    def stronger(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Returns the probability that each of `a` is stronger than the same element of `b`."""
        pairs = zip(*(values.tolist() for values in self._differences(a, b)), strict=True)
        return np.array([self._above(estimate, error) for estimate, error in pairs])

    def _above(self, estimate: float, error: float) -> float:
        if not error:
            return 0.5 if not estimate else float(estimate > 0)
        half = student_tail(estimate / error, self.degrees) / 2
        return half if estimate < 0 else 1 - half

    def _differences(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        c = self.covariance
        variance = np.maximum(0.0, c[a, a] + c[b, b] - 2 * c[a, b])
        return self.ratings[a] - self.ratings[b], np.sqrt(variance)


def _stretch(chance: np.ndarray, degrees: float) -> np.ndarray:
    """Returns square roots of degrees over chi-squared quantiles, approximated as in [WH31]."""
    normal = normal_quantile(chance)
    share = 2 / (9 * degrees)
    root = np.maximum(1 - share + normal * np.sqrt(share), 1e-3)
    return np.asarray(root**-1.5)
