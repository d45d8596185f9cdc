"""Uncertainty as bootstrap replicates show it."""

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
"""Numbers (2 GiB of them) in the replicates that are kept: replicates times contestants."""


@dataclass(frozen=True, eq=False)
class Resampled:
    """Replicates of the ratings, drawn again from the seed when they are asked for.

    Attributes:
        method: how intervals follow from them.
        field: what was fitted.
        clusters: what is drawn as wholes; None for matches.
        strengths: of the fit, natural-log units.
        ratings: the same in points, mean 1000.
        replicates: how many.
        seed: of the draws.
        prior: of the fits.
        threads: all processors for None.
    """

    method: Interval
    field: _core.Field
    clusters: Clusters | None
    strengths: np.ndarray
    ratings: np.ndarray
    replicates: int
    seed: int
    prior: float
    threads: int | None

    @property
    def basis(self) -> str:
        """What the draws are, in words."""
        return f"{self.replicates:,} bootstrap replicates"

    def ends(self, confidence: float, progress: Progress | None = None) -> Ends:
        """Returns both ends of each rating, and how many replicates had no maximum."""
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
        """Ends that hold for all contestants at once: the largest studentized deviation's quantile.

        A contestant that is infinitely far away in some replicate gets an open end on that side.
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
        """Ratings of shape (replicates, contestants), in points.

        Infinite outside the component that a replicate could rate, and not a number where a
        contestant is ordered neither above nor below it. If a replicate has several components
        that are equally large, this applies to all of them.
        """
        return self._drawn(None).ratings

    def differences(self, a: np.ndarray, b: np.ndarray, confidence: float) -> Ends:
        """The intervals of the ratings of `a` less those of `b`, one a place of both."""
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
        """The share of replicates in which `a` is rated higher; equal and unordered ones half."""
        drawn_a, drawn_b = self.draws[:, a], self.draws[:, b]
        higher, lower = (drawn_a > drawn_b).mean(0), (drawn_a < drawn_b).mean(0)
        return np.asarray(higher + (1 - higher - lower) / 2)

    def _drawn(self, progress: Progress | None) -> _Drawn:
        if self.replicates * len(self.strengths) > MOST_KEPT:
            raise OptionError(
                f"{self.replicates:,} replicates of {len(self.strengths):,} contestants are more "
                "than are kept in memory; ask for fewer (bootstrap)"
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
    """The levels of the bias-corrected and accelerated interval (Efron 1987), one a column."""
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
