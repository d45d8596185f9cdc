"""Krippendorff's alpha for nominal values, with a bootstrap interval over units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from humorrank._stats.estimate import Estimate
from humorrank._util.checks import check_confidence, whole
from humorrank.diagnostics.agreement.comparisons import Comparisons
from humorrank.errors import InputError, OptionError

LEAST_UNITS: Final = 5
"""The smallest number of shared units for an interval."""

FEW_UNITS: Final = 30
"""The number of shared units below which an interval is reported as rough."""

MOST_VALUES: Final = 1000
"""The largest number of different values."""

_STREAM: Final = 0xA1FA
_BLOCK: Final = 1 << 22


@dataclass(frozen=True)
class Alpha:
    """Krippendorff's alpha, where 1 is full agreement and 0 is agreement by chance.

    Attributes:
        alpha: The estimate with a percentile interval; without a value if alpha is undefined.
        units: The number of shared units, those with judgments of at least two raters.
        judgments: The number of (unit, rater) combinations on these units.
        raters: The number of raters who judged these units.
        replicates: The number of bootstrap replicates.
        undefined: The number of replicates in which all judgments were equal, so that alpha is
            undefined. The interval uses the others.
        note: The reason why alpha or its interval is missing or rough; None otherwise.
    """

    alpha: Estimate
    units: int
    judgments: int
    raters: int
    replicates: int
    undefined: int
    note: str | None


def krippendorff_alpha(
    units: Sequence[object],
    raters: Sequence[object],
    values: Sequence[object],
    counts: Sequence[int] | None = None,
    *,
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
) -> Alpha:
    """Computes Krippendorff's alpha for nominal values, with one judgment per row.

    alpha = 1 - D_o / D_e is based on the ratio of the observed disagreement between the raters of
    a unit to the disagreement between any two judgments [Kri11]. Not every rater needs to judge
    every unit. A rater with several judgments of a unit counts once, by their shares: both
    disagreements are the mean over random draws of one of these judgments. The interval resamples
    units with replacement, and its ends are the (B + 1)p quantiles.

    Args:
        units: The unit of each judgment.
        raters: The rater of each judgment.
        values: The value of each judgment, of any hashable type; None if it is missing.
        counts: The number of equal judgments that each row represents; 1 by default.
        confidence: Confidence level of the interval.
        replicates: Number of bootstrap replicates; 0 omits the interval.
        seed: Random seed for the bootstrap.

    Raises:
        InputError: If the columns differ in length, a unit or a rater is missing, a count is
            invalid, or there are more than `MOST_VALUES` values.
        OptionError: If an option has an invalid value.
    """
    check_confidence(confidence)
    unit, rater = _codes("units", units), _codes("raters", raters)
    value = _codes("values", values, missing=True)
    count = np.ones(len(unit)) if counts is None else _counts(counts)
    for name, column in (("raters", rater), ("values", value), ("counts", count)):
        if len(column) != len(unit):
            raise InputError(
                f"units has {len(unit):,} rows, but {name} has {len(column):,}; all columns must "
                "have the same length"
            )
    there = (value >= 0) & (count > 0)
    kinds = int(value.max(initial=0)) + 1
    if kinds > MOST_VALUES:
        raise InputError(f"alpha supports at most {MOST_VALUES:,} different values, not {kinds:,}")
    unit, rater, value, count = unit[there], rater[there], value[there], count[there]
    entry, place = np.unique(np.stack([unit, rater]), axis=1, return_inverse=True)
    said = np.bincount(place.ravel() * kinds + value, count, entry.shape[1] * kinds)
    shared = _Shared.of(entry[0], entry[1], said.reshape(-1, kinds), symmetric=False)
    return shared.alpha(confidence, replicates, seed)


def alpha_of(comparisons: Comparisons, *, confidence: float, replicates: int, seed: int) -> Alpha:
    """Computes alpha of comparisons, whose values are their two contestants and a tie.

    The order of the two contestants of a comparison is arbitrary, so the expected disagreement is
    the mean over all orders: two judgments of different comparisons that are not ties differ with
    probability 1/2. Otherwise it is computed as in `krippendorff_alpha`.

    Raises:
        OptionError: If an option has an invalid value.
    """
    shared = _Shared.of(comparisons.unit, comparisons.rater, comparisons.said, symmetric=True)
    return shared.alpha(confidence, replicates, seed)


@dataclass(frozen=True)
class _Shared:
    """Units with at least two raters, grouped into kinds of equal units; alpha follows from sums.

    Attributes:
        times: The number of units of each kind.
        observed: The disagreement between the raters of a unit, divided by the raters minus one.
        values: The judgments by value, of shape (kinds of unit, values).
        within: The contribution of the pairs within one unit to the expected disagreement.
        symmetric: Whether the first two values are the sides of a comparison.
        raters: The number of raters.
    """

    times: np.ndarray
    observed: np.ndarray
    values: np.ndarray
    within: np.ndarray
    symmetric: bool
    raters: int

    @classmethod
    def of(
        cls, unit: np.ndarray, rater: np.ndarray, said: np.ndarray, *, symmetric: bool
    ) -> _Shared:
        """Creates it from entries of (unit, rater), each with its judgments by value."""
        raters_of = np.bincount(unit) if len(unit) else np.empty(0, np.int64)
        kept = raters_of[unit] > 1
        unit, rater, said = unit[kept], rater[kept], said[kept]
        _, unit = np.unique(unit, return_inverse=True)
        units = int(unit.max(initial=-1)) + 1
        share = said / said.sum(axis=1, keepdims=True)
        own = np.bincount(unit, (share**2).sum(axis=1), units)
        values = np.stack([np.bincount(unit, column, units) for column in share.T], axis=1).reshape(
            units, said.shape[1]
        )
        m = np.bincount(unit, minlength=units).astype(np.float64)
        # The number of ordered pairs of differing judgments by different raters.
        differ = m * (m - 1) - ((values**2).sum(axis=1) - own)
        within = own - m
        if symmetric:
            decided, tied = values[:, 0] + values[:, 1], values[:, 2]
            # Pairs within the unit count as observed and are removed from those between units.
            within = differ - decided**2 / 2 - 2 * decided * tied
        figures = np.column_stack([differ / (m - 1), within, values])
        # Equal units may differ in the last digits if their sums were taken in another order.
        frame = pl.DataFrame(np.round(figures, 10)).group_by(pl.all()).len("times")
        columns = frame.columns[:-1]
        frame = frame.sort(columns)
        rows = frame.select(columns).to_numpy()
        return cls(
            frame["times"].to_numpy().astype(np.int64),
            rows[:, 0],
            rows[:, 2:],
            rows[:, 1],
            symmetric,
            len(np.unique(rater)),
        )

    def alpha(self, confidence: float, replicates: int, seed: int) -> Alpha:
        """Returns alpha with its interval."""
        replicates = whole("replicates", replicates)
        seed = whole("seed", seed, most=2**64 - 1)
        if replicates and (replicates + 1) * (1 - confidence) / 2 < 1 - 1e-9:
            needed = int(np.ceil(2 / (1 - confidence) - 1 - 1e-9))
            raise OptionError(
                f"a confidence of {confidence:g} needs at least {needed:,} bootstrap replicates, "
                f"not {replicates:,} (0 omits the interval)"
            )
        units = int(self.times.sum())
        judgments = round(float(self.times @ self.values.sum(axis=1))) if units else 0

        def found(
            estimate: Estimate, note: str | None, drawn: int = 0, undefined: int = 0
        ) -> Alpha:
            return Alpha(estimate, units, judgments, self.raters, drawn, undefined, note)

        if not units:
            return found(Estimate(None), "no comparison has judgments by two raters")
        value = float(self._of(self.times[None, :].astype(np.float64))[0])
        if np.isnan(value):
            return found(
                Estimate(None), "all judgments are equal, so there is no disagreement by chance"
            )
        if not replicates:
            return found(Estimate(value), None)
        if units < LEAST_UNITS:
            note = f"no interval, as there are only {units:,} shared comparisons (at least "
            note += f"{LEAST_UNITS} are needed)"
            return found(Estimate(value), note)
        drawn = np.sort(self._bootstrap(units, replicates, seed))
        undefined = int(np.isnan(drawn).sum())
        drawn = drawn[: replicates - undefined]
        rough = None
        if units < FEW_UNITS:
            rough = f"the interval is rough, as there are only {units:,} shared comparisons"
        tail = (1 - confidence) / 2
        if (len(drawn) + 1) * tail < 1 - 1e-9:
            note = f"no interval, as alpha exists in only {len(drawn):,} of {replicates:,} "
            note += "replicates"
            return found(Estimate(value), note, replicates, undefined)
        lower, upper = np.quantile(drawn, [tail, 1 - tail], method="weibull")
        return found(Estimate(value, float(lower), float(upper)), rough, replicates, undefined)

    def _bootstrap(self, units: int, replicates: int, seed: int) -> np.ndarray:
        random = np.random.Generator(np.random.Philox(key=[seed, _STREAM]))
        share = self.times / units
        step = max(1, _BLOCK // len(share))
        out = []
        for start in range(0, replicates, step):
            drawn = random.multinomial(units, share, min(step, replicates - start))
            out.append(self._of(drawn.astype(np.float64)))
        return np.concatenate(out)

    def _of(self, times: np.ndarray) -> np.ndarray:
        """Returns alpha for each row of counts of the kinds of unit; NaN if it is undefined."""
        values = times @ self.values
        n = values.sum(axis=1)
        observed, within = times @ self.observed, times @ self.within
        if self.symmetric:
            decided, tied = values[:, 0] + values[:, 1], values[:, 2]
            expected = decided**2 / 2 + 2 * decided * tied + within
        else:
            expected = n**2 - (values**2).sum(axis=1) + within
        expected /= n * (n - 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = observed / n / expected
        return np.where(expected > 1e-12, 1 - ratio, np.nan)


def _codes(name: str, column: Sequence[object], *, missing: bool = False) -> np.ndarray:
    """Returns the codes of the values, from 0 on; -1 for a missing value."""
    missing_rows = [row for row, value in enumerate(column) if value is None or value != value]  # noqa: PLR0124 - not a number
    if missing_rows and not missing:
        raise InputError(f"{name} has no value in row {missing_rows[0]:,}", row=missing_rows[0])
    out = np.full(len(column), -1, np.int64)
    there = np.ones(len(column), np.bool_)
    there[missing_rows] = False
    # Values are sorted so that the result does not depend on the order of the rows.
    values = {column[row] for row in np.flatnonzero(there).tolist()}
    order = sorted(values, key=lambda value: (type(value).__name__, repr(value)))
    place = {value: code for code, value in enumerate(order)}
    out[there] = [place[column[row]] for row in np.flatnonzero(there).tolist()]
    return out


def _counts(counts: Sequence[int]) -> np.ndarray:
    out = np.asarray(counts, np.float64)
    if out.ndim != 1 or not np.isfinite(out).all() or (out < 0).any():
        raise InputError("counts must be numbers of at least 0")
    return out
