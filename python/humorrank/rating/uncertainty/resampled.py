"""Uncertainty from bootstrap replicates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from humorrank import _core
from humorrank._stats.distributions import normal_cdf, normal_quantile
from humorrank._stats.quantiles import weibull
from humorrank._util.progress import Progress, stage
from humorrank.errors import OptionError
from humorrank.rating.settings import Interval
from humorrank.rating.uncertainty.clusters import Clusters
from humorrank.rating.uncertainty.covariance import Curvature, ScoreSums
from humorrank.rating.uncertainty.rank_intervals import Ends

_WHOLE: Final = 1e-9

MOST_KEPT: Final = 1 << 28
"""The limit of replicates times contestants kept in memory (2 GiB)."""


@dataclass(frozen=True, eq=False)
class Resampled:
    """Replicates of the ratings, drawn from the seed on access.

    Attributes:
        method: The method that computes intervals from the replicates.
        field: The field of the fit.
        clusters: The clusters that are resampled as a whole; None for single matches.
        strengths: The fitted strengths in natural-log units.
        ratings: The ratings in points, with mean 1000.
        replicates: The number of replicates.
        seed: Random seed for the draws.
        prior: The prior of the fits.
        threads: Number of threads; None for all processors.
    """

    method: Interval
    field: _core.FitData
    clusters: Clusters | None
    strengths: np.ndarray
    ratings: np.ndarray
    replicates: int
    seed: int
    prior: float
    threads: int | None

    @property
    def basis(self) -> str:
        """Description of the draws."""
        return f"{self.replicates:,} bootstrap replicates"

    def ends(self, confidence: float, progress: Progress | None = None) -> Ends:
        """Returns both ends of each rating, and the number of replicates without a maximum."""
        if self.method == "bca":
            return self._bca(self._drawn(progress), confidence)
        lower, upper, without_maximum = self.field.bootstrap(
            self.strengths,
            replicates=self.replicates,
            confidence=confidence,
            seed=self.seed,
            prior=self.prior,
            clusters=self._of_engine,
            threads=self.threads,
            progress=stage(progress, "bootstrap"),
        )
        if self.method == "basic":
            lower, upper = 2 * self.ratings - upper, 2 * self.ratings - lower
        return Ends(lower, upper, without_maximum)

    def band(self, confidence: float, progress: Progress | None = None) -> Ends:
        """Returns ends that hold for all contestants simultaneously.

        They extend to a quantile of the largest studentized deviation. The end is open on the side
        on which a contestant is infinitely far away in some replicate.
        """
        drawn = self._drawn(progress)
        draws = drawn.ratings
        deviation = draws - self.ratings
        finite = np.isfinite(deviation)
        known = np.where(finite, deviation, 0.0)
        error = np.sqrt((known**2).sum(0) / np.maximum(finite.sum(0), 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            largest = np.nan_to_num(np.abs(known) / error).max(1)
        reach = float(weibull(largest[:, None], confidence)[0]) * error
        unordered = np.isnan(draws).any(0)
        lower = np.where(unordered | (draws == -np.inf).any(0), -np.inf, self.ratings - reach)
        upper = np.where(unordered | (draws == np.inf).any(0), np.inf, self.ratings + reach)
        return Ends(lower, upper, drawn.without_maximum)

    @cached_property
    def draws(self) -> np.ndarray:
        """The ratings in points, of shape (replicates, contestants).

        A rating is infinite if the contestant is outside the component that a replicate could
        rate, and NaN if the contestant is ordered neither above nor below that component. If a
        replicate has several largest components of equal size, all contestants count as outside.
        """
        return self._drawn(None).ratings

    def differences(self, a: np.ndarray, b: np.ndarray, confidence: float) -> Ends:
        """Returns the intervals of the ratings of `a` minus those of `b`, element by element."""
        with np.errstate(invalid="ignore"):
            drawn = self.draws[:, a] - self.draws[:, b]
        estimate = self.ratings[a] - self.ratings[b]
        tail = (1 - confidence) / 2
        low_level: np.ndarray | float = tail
        high_level: np.ndarray | float = 1 - tail
        if self.method == "bca":
            contrast = np.zeros((len(self.ratings), len(a)))
            contrast[a, np.arange(len(a))], contrast[b, np.arange(len(a))] = 1, -1
            low_level, high_level = _bca_levels(
                drawn, estimate, self._acceleration(contrast), confidence
            )
        low, high = _unordered_as(-np.inf, drawn), _unordered_as(np.inf, drawn)
        lower, upper = weibull(low, low_level), weibull(high, high_level)
        if self.method == "basic":
            lower, upper = 2 * estimate - upper, 2 * estimate - lower
        if self.method != "bca":
            return Ends(lower, upper)
        needs = _replicates_needed(low, low_level), _replicates_needed(high, high_level)
        return Ends(lower, upper, 0, *needs)

    def stronger(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Returns the share of replicates in which `a` is rated higher than `b`.

        Replicates with equal or unordered ratings are counted half.
        """
        drawn_a, drawn_b = self.draws[:, a], self.draws[:, b]
        higher, lower = (drawn_a > drawn_b).mean(0), (drawn_a < drawn_b).mean(0)
        return np.asarray(higher + (1 - higher - lower) / 2)

    def _drawn(self, progress: Progress | None) -> _Drawn:
        if self.replicates * len(self.strengths) > MOST_KEPT:
            raise OptionError(
                f"{self.replicates:,} replicates of {len(self.strengths):,} contestants are too "
                "many to keep in memory; use fewer replicates (bootstrap)"
            )
        return _Drawn(
            *self.field.replicates(
                self.strengths,
                replicates=self.replicates,
                seed=self.seed,
                prior=self.prior,
                clusters=self._of_engine,
                threads=self.threads,
                progress=stage(progress, "bootstrap"),
            )
        )

    @property
    def _of_engine(self) -> _core.Clusters | None:
        return None if self.clusters is None else self.clusters.of_field(self.field)

    @cached_property
    def _curvature(self) -> Curvature:
        return Curvature(self.field, self.strengths, self.prior)

    @cached_property
    def _scores(self) -> ScoreSums:
        if self.clusters is None:
            return self._curvature.of_matches(self.field)
        return self._curvature.of_clusters(self.clusters)

    def _acceleration(self, contrasts: np.ndarray | None) -> np.ndarray:
        return self._curvature.acceleration(self._scores, contrasts)

    def _bca(self, drawn: _Drawn, confidence: float) -> Ends:
        low_level, high_level = _bca_levels(
            drawn.ratings, self.ratings, self._acceleration(None), confidence
        )
        low, high = drawn.ends(-np.inf), drawn.ends(np.inf)
        return Ends(
            weibull(low, low_level),
            weibull(high, high_level),
            drawn.without_maximum,
            _replicates_needed(low, low_level),
            _replicates_needed(high, high_level),
        )


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Replicates.

    Attributes:
        ratings: Ratings of shape (replicates, contestants), in points.
        finite_ends: The replicate, contestant and rating of each finite lower end of a rating of
            +inf, and of each finite upper end of a rating of -inf.
        without_maximum: The number of replicates without a maximum.
    """

    ratings: np.ndarray
    finite_ends: tuple[np.ndarray, np.ndarray, np.ndarray]
    without_maximum: int

    def ends(self, unordered: float) -> np.ndarray:
        """Returns the lower ends of the ratings for -inf, and the upper ends for +inf."""
        out = _unordered_as(unordered, self.ratings)
        replicate, contestant, rating = self.finite_ends
        own = out[replicate, contestant] == -unordered
        out[replicate[own], contestant[own]] = rating[own]
        return out


def _replicates_needed(values: np.ndarray, level: np.ndarray | float) -> np.ndarray:
    """Returns the number of replicates that each level needs, and 0 if there are enough.

    There are also enough if the outermost replicate is infinite, because the end is then open
    however many there are. A level of 0 or 1 needs infinitely many.
    """
    level = np.asarray(level)
    low = level < 0.5
    tail = np.where(low, level, 1 - level)
    outermost = np.where(low, values.min(0), values.max(0))
    beyond = (tail * (len(values) + 1) < 1 - _WHOLE) & np.isfinite(outermost)
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(beyond, np.ceil(1 / tail - 1 - _WHOLE), 0.0))


def _unordered_as(end: float, draws: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(draws), end, draws)


def _bca_levels(
    draws: np.ndarray, estimates: np.ndarray, acceleration: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the levels of the BCa interval [Efr87] for each column."""
    below = (draws < estimates).sum(0) + 0.5 * ((draws == estimates) | np.isnan(draws)).sum(0)
    reach = normal_quantile((1 + confidence) / 2)
    levels = []
    for side in (-reach, reach):
        level = []
        for share, skew in zip((below / len(draws)).tolist(), acceleration.tolist(), strict=True):
            bias = normal_quantile(share)
            along = bias + side
            if not np.isfinite(bias) or 1 - skew * along <= 0:
                level.append(0.0 if side < 0 else 1.0)
            else:
                level.append(normal_cdf(bias + along / (1 - skew * along)))
        levels.append(np.array(level))
    return levels[0], levels[1]
