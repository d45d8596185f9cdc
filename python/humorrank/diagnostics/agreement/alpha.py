"""Krippendorff's alpha for nominal values, with an interval by bootstrap over units."""

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
"""Shared units below which there is no interval."""

FEW_UNITS: Final = 30
"""Shared units below which an interval is said to be rough."""

MOST_VALUES: Final = 1000
"""Different values that alpha is computed for at most."""

_STREAM: Final = 0xA1FA
_BLOCK: Final = 1 << 22


@dataclass(frozen=True)
class Alpha:
    """Krippendorff's alpha: 1 is full agreement, 0 that of chance.

    Attributes:
        alpha: with a percentile interval; no value where there is none.
        units: those with judgments of at least two raters.
        judgments: (unit, rater) combinations on these units.
        raters: how many raters made them.
        replicates: of the bootstrap.
        undefined: replicates in which all judgments were equal, so that alpha does not exist;
            the interval is that of the others.
        note: why alpha or its interval is missing or rough, in words; None otherwise.
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
    """Krippendorff's alpha for nominal values, one row a judgment; not every rater need judge all.

    alpha = 1 - D_o / D_e, the observed disagreement between raters of a unit over that between
    any two judgments (Krippendorff 2011, "Computing Krippendorff's alpha-reliability"). A rater
    with several judgments of a unit stands there once, by their shares: both figures are the mean
    over a draw of one of its judgments. Units are resampled with replacement for the interval,
    whose ends are the (B + 1)p quantiles.

    Args:
        units: what was judged.
        raters: who judged it.
        values: the judgment, any value that can be told from others; None where it is missing.
        counts: how many equal judgments a row stands for; 1 by default.
        confidence: of the interval.
        replicates: of the bootstrap; 0 for no interval.
        seed: of the bootstrap.

    Raises:
        InputError: the columns differ in length, a unit or a rater is missing, a count is none,
            or there are more than `MOST_VALUES` values.
        OptionError: an option is out of range.
    """
    check_confidence(confidence)
    unit, rater = _codes("units", units), _codes("raters", raters)
    value = _codes("values", values, missing=True)
    count = np.ones(len(unit)) if counts is None else _counts(counts)
    for name, column in (("raters", rater), ("values", value), ("counts", count)):
        if len(column) != len(unit):
            raise InputError(f"units has {len(unit):,} rows and {name} {len(column):,}")
    there = (value >= 0) & (count > 0)
    kinds = int(value.max(initial=0)) + 1
    if kinds > MOST_VALUES:
        raise InputError(f"alpha takes at most {MOST_VALUES:,} different values, not {kinds:,}")
    unit, rater, value, count = unit[there], rater[there], value[there], count[there]
    entry, place = np.unique(np.stack([unit, rater]), axis=1, return_inverse=True)
    said = np.bincount(place.ravel() * kinds + value, count, entry.shape[1] * kinds)
    shared = _Shared.of(entry[0], entry[1], said.reshape(-1, kinds), symmetric=False)
    return shared.alpha(confidence, replicates, seed)


def alpha_of(comparisons: Comparisons, *, confidence: float, replicates: int, seed: int) -> Alpha:
    """Alpha of comparisons: the values are the two contestants of each, and a tie.

    Which of two contestants is called the first is nobody's choice, so that the disagreement
    expected is the mean over all ways to call them: two judgments of different comparisons that
    are no ties differ with chance 1/2. Otherwise as `krippendorff_alpha`.

    Raises:
        OptionError: an option is out of range.
    """
    shared = _Shared.of(comparisons.unit, comparisons.rater, comparisons.said, symmetric=True)
    return shared.alpha(confidence, replicates, seed)


@dataclass(frozen=True)
class _Shared:
    """Units with at least two raters, equal ones together, as figures whose sums give alpha.

    Attributes:
        times: how many units are alike.
        observed: disagreement between raters, over the raters less one; one a kind of unit.
        values: judgments by value, kinds of unit x values.
        within: what one unit takes from, or adds to, the expected disagreement of all pairs.
        symmetric: whether the first two values are the sides of a comparison.
        raters: how many there are.
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
        """From entries of (unit, rater), each with its judgments by value."""
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
        # Ordered pairs of judgments by different raters that are equal, and that differ.
        differ = m * (m - 1) - ((values**2).sum(axis=1) - own)
        within = own - m
        if symmetric:
            decided, tied = values[:, 0] + values[:, 1], values[:, 2]
            # Pairs within the unit are what they are, and no part of those between units.
            within = differ - decided**2 / 2 - 2 * decided * tied
        figures = np.column_stack([differ / (m - 1), within, values])
        # Sums in another order differ in the last digits, which must not part what is alike.
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
        """Alpha with its interval."""
        replicates = whole("replicates", replicates)
        seed = whole("seed", seed, most=2**64 - 1)
        if replicates and (replicates + 1) * (1 - confidence) / 2 < 1 - 1e-9:
            needed = int(np.ceil(2 / (1 - confidence) - 1 - 1e-9))
            raise OptionError(
                f"a confidence of {confidence:g} needs at least {needed:,} bootstrap replicates, "
                f"not {replicates:,} (0 leaves the interval out)"
            )
        units = int(self.times.sum())
        judgments = round(float(self.times @ self.values.sum(axis=1))) if units else 0

        def found(
            estimate: Estimate, note: str | None, drawn: int = 0, undefined: int = 0
        ) -> Alpha:
            return Alpha(estimate, units, judgments, self.raters, drawn, undefined, note)

        if not units:
            return found(Estimate(None), "no comparison has judgments of two raters")
        value = float(self._of(self.times[None, :].astype(np.float64))[0])
        if np.isnan(value):
            return found(
                Estimate(None), "all judgments are equal, so that chance has nothing to get wrong"
            )
        if not replicates:
            return found(Estimate(value), None)
        if units < LEAST_UNITS:
            note = f"no interval: {units:,} shared comparisons are fewer than {LEAST_UNITS}"
            return found(Estimate(value), note)
        drawn = np.sort(self._bootstrap(units, replicates, seed))
        undefined = int(np.isnan(drawn).sum())
        drawn = drawn[: replicates - undefined]
        rough = None
        if units < FEW_UNITS:
            rough = f"the interval is rough: only {units:,} shared comparisons"
        tail = (1 - confidence) / 2
        if (len(drawn) + 1) * tail < 1 - 1e-9:
            note = f"no interval: alpha exists in {len(drawn):,} of {replicates:,} replicates only"
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
        """Alpha under each row of how often each kind of unit stands there; NaN where none."""
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
    """Whole numbers that tell values apart, from 0 on; -1 where there is none."""
    missing_rows = [row for row, value in enumerate(column) if value is None or value != value]  # noqa: PLR0124 - not a number
    if missing_rows and not missing:
        raise InputError(f"{name} holds no value in row {missing_rows[0]:,}", row=missing_rows[0])
    out = np.full(len(column), -1, np.int64)
    there = np.ones(len(column), np.bool_)
    there[missing_rows] = False
    # In an order of their own, so that the order of rows leaves no trace.
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
