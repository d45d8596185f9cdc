"""Rank correlations between two columns of numbers, with their p-values.

They are implemented here because `scipy.stats`, where SciPy has them, takes long to import.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from humorrank._stats.distributions import student_tail
from humorrank.errors import InputError

MOST_EXACT: Final = 33
"""The largest number of points for which tau has an exact p-value, if no values are equal."""

MOST_ENUMERATED: Final = 9
"""The largest number of points whose orders are all enumerated: 9! = 362,880."""

_NEVER: Final = 200
"""The number of points from which the exact p-value of at most one reversed pair underflows."""


@dataclass(frozen=True)
class Correlation:
    """A rank correlation.

    Attributes:
        value: Correlation from -1 to 1, or None if it is undefined.
        p: Two-sided p-value, the probability of a value at least as far from 0 if the columns are
            independent, or None if it is undefined.
        points: Number of points.
        reason: Reason why the value or the p-value is missing, or None if both are present.
    """

    value: float | None
    p: float | None
    points: int
    reason: str | None = None


def kendall(x: object, y: object) -> Correlation:
    """Returns Kendall's tau-b, which allows for equal values, in O(n log n).

    tau-b = (concordant - discordant) / sqrt((N - tied in x)(N - tied in y)) over the N = n(n-1)/2
    pairs [Ken45]. With at most `MOST_ENUMERATED` points, p is exact: the share of the n! orders of
    one column that are at least as far from balance. If no values are equal, it is exact up to
    `MOST_EXACT` points, and for any number of points if at most one pair is out of order. Otherwise
    p is that of the normal approximation, with its variance corrected for ties [Ken70, chapter 4].

    Args:
        x: Numbers of one column, which may be infinite.
        y: Numbers of the other column, one for each in x.

    Returns:
        tau-b with its p-value. Both are missing, with the reason, if a column is constant or there
        are fewer than two points.

    Raises:
        InputError: If the columns differ in length or contain values that are not numbers.
    """
    one, other = _columns(x, y)
    n = len(one)
    if (nothing := _nothing(one, other)) is not None:
        return nothing
    order = np.lexsort((other, one))
    one, other = one[order], other[order]
    pairs = n * (n - 1) // 2
    new = np.flatnonzero((np.diff(one) != 0) | (np.diff(other) != 0)) + 1
    both = _ties(np.diff(np.concatenate([[0], new, [n]])))
    ties_x = _ties(np.unique(one, return_counts=True)[1])
    levels, rank, sizes = np.unique(other, return_inverse=True, return_counts=True)
    ties_y = _ties(sizes)
    discordant = _inversions(rank, len(levels))
    balance = pairs - ties_x.pairs - ties_y.pairs + both.pairs - 2 * discordant
    tau = balance / math.sqrt(pairs - ties_x.pairs) / math.sqrt(pairs - ties_y.pairs)
    fewest = min(discordant, pairs - discordant)
    if not ties_x.pairs and not ties_y.pairs and (n <= MOST_EXACT or fewest <= 1):
        p = _exact(n, fewest)
    elif n <= MOST_ENUMERATED:
        x_sizes = np.unique(one, return_counts=True)[1]
        null = _balances(tuple(x_sizes.tolist()), tuple(sizes.tolist()))
        p = _share_from(null, abs(int(balance)))
    else:
        p = _normal(n, balance, ties_x, ties_y)
    return Correlation(max(-1.0, min(1.0, tau)), p, n)


def spearman(x: object, y: object) -> Correlation:
    """Returns Spearman's rho, the Pearson correlation of the ranks, with mean ranks for ties.

    With at most `MOST_ENUMERATED` points, p is exact: the share of the n! orders of one column
    whose rho is at least as far from 0, given equal values. Otherwise p is that of Student's t with
    n - 2 degrees of freedom, t = rho sqrt((n - 2) / (1 - rho^2)).

    Args:
        x: Numbers of one column, which may be infinite.
        y: Numbers of the other column, one for each in x.

    Returns:
        rho with its p-value. Both are missing, with the reason, if a column is constant or there
        are fewer than two points.

    Raises:
        InputError: If the columns differ in length or contain values that are not numbers.
    """
    one, other = _columns(x, y)
    n = len(one)
    if (nothing := _nothing(one, other)) is not None:
        return nothing
    # Twice the rank minus twice the mean rank is a whole number, so sums are exact up to 2^53.
    a, b = _centred_ranks(one), _centred_ranks(other)
    cross, squares = int(a @ b), int(a @ a) * int(b @ b)
    rho = max(-1.0, min(1.0, cross / math.sqrt(squares)))
    if n <= MOST_ENUMERATED:
        null = _cross_sums(*(tuple(sorted(ranks.astype(np.int64).tolist())) for ranks in (a, b)))
        return Correlation(rho, _share_from(null, abs(cross)), n)
    # The squares are whole numbers, so there is no cancellation if rho is close to 0, 1 or -1.
    rest = squares - cross**2
    t = math.sqrt((n - 2) * cross**2 / rest) if rest > 0 else math.inf
    return Correlation(rho, student_tail(t, n - 2), n)


@dataclass(frozen=True)
class _Ties:
    """The sums of t(t-1)/2, t(t-1)(t-2) and t(t-1)(2t+5) over groups of t equal values."""

    pairs: int
    triples: float
    spread: float


def _ties(sizes: np.ndarray) -> _Ties:
    t = sizes[sizes > 1].astype(np.float64)
    two = t * (t - 1)
    whole = sizes.astype(np.int64)
    pairs = int((whole * (whole - 1) // 2).sum())
    return _Ties(pairs, float((two * (t - 2)).sum()), float((two * (2 * t + 5)).sum()))


def _columns(x: object, y: object) -> tuple[np.ndarray, np.ndarray]:
    out = []
    for name, values in (("x", x), ("y", y)):
        if isinstance(values, Iterable) and not isinstance(values, np.ndarray):
            values = list(values)  # noqa: PLW2901 - a series, a generator
        try:
            column = np.asarray(values, np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(f"{name} must be numbers: {error}") from None
        if column.ndim != 1:
            raise InputError(f"{name} must be one column of numbers")
        if np.isnan(column).any():
            raise InputError(f"{name} contains NaN, which has no rank")
        out.append(column)
    if len(out[0]) != len(out[1]):
        raise InputError(f"x has {len(out[0]):,} points and y {len(out[1]):,}")
    return out[0], out[1]


def _nothing(one: np.ndarray, other: np.ndarray) -> Correlation | None:
    """Returns a missing correlation with its reason, or None if the correlation is defined."""
    n = len(one)
    if n < 2:
        return Correlation(None, None, n, f"a correlation needs two points, and there are {n}")
    constant = [name for name, v in (("first", one), ("second", other)) if (v == v[0]).all()]
    if not constant:
        return None
    if len(constant) == 2:
        return Correlation(None, None, n, "both columns are constant, so neither has an order")
    return Correlation(None, None, n, f"the {constant[0]} column is constant, so it has no order")


def _inversions(rank: np.ndarray, levels: int) -> int:
    """Returns the number of pairs i < j with rank[i] > rank[j].

    The bits are processed from the highest to the lowest. Two ranks are out of order if the earlier
    one has a 1 at the first bit in which they differ. Ranks that agree in all higher bits are kept
    together, in their original order.
    """
    rank = rank.astype(np.int64)
    total = 0
    places = np.arange(len(rank))
    for bit in range(max(levels - 1, 1).bit_length() - 1, -1, -1):
        above = rank >> (bit + 1)
        starts = np.flatnonzero(np.concatenate([[True], above[1:] != above[:-1]]))
        sizes = np.diff(np.concatenate([starts, [len(rank)]]))
        start = np.repeat(starts, sizes)
        high = (rank >> bit) & 1
        before = np.cumsum(high) - high
        ones = before - before[start]
        total += int(ones[high == 0].sum())
        zeros = np.repeat(np.add.reduceat(1 - high, starts), sizes)
        place = start + np.where(high == 1, zeros + ones, places - start - ones)
        moved = np.empty_like(rank)
        moved[place] = rank
        rank = moved
    return total


def _exact(n: int, fewest: int) -> float:
    """Returns twice the share of orders of n with at most `fewest` reversed pairs, at most 1."""
    if n >= _NEVER:
        return 0.0
    # ways[j] counts the orders of the first k with j reversed pairs, since the k-th element can be
    # placed before 0 to k - 1 of the others.
    ways = [1] + [0] * fewest
    for k in range(2, n + 1):
        total, new = 0, []
        for j in range(fewest + 1):
            total += ways[j] - (ways[j - k] if j >= k else 0)
            new.append(total)
        ways = new
    return min(1.0, 2 * sum(ways) / math.factorial(n))


@lru_cache(maxsize=1)
def _orders(n: int) -> np.ndarray:
    """Returns all n! orders of the numbers below n, one per column."""
    orders = np.zeros((1, 1), np.int8)
    for size in range(2, n + 1):
        # The last number is placed at each position among the orders of the others.
        last = np.full((1, orders.shape[1]), size - 1, np.int8)
        orders = np.hstack(
            [np.vstack([orders[:place], last, orders[place:]]) for place in range(size)]
        )
    return orders


@lru_cache(maxsize=64)
def _cross_sums(a: tuple[int, ...], b: tuple[int, ...]) -> np.ndarray:
    """Returns the absolute values of the sum of a times b over all orders of b, ascending."""
    values = np.array(b, np.int64)
    total = np.zeros(math.factorial(len(a)), np.int64)
    for weight, order in zip(a, _orders(len(a)), strict=True):
        total += weight * values[order]
    return np.sort(np.abs(total))


@lru_cache(maxsize=64)
def _balances(x_sizes: tuple[int, ...], y_sizes: tuple[int, ...]) -> np.ndarray:
    """Returns |concordant - discordant| over all orders of y, ascending.

    Args:
        x_sizes: Sizes of the groups of equal values of x.
        y_sizes: Sizes of the groups of equal values of y.
    """
    x, y = (np.repeat(np.arange(len(s), dtype=np.int8), s) for s in (x_sizes, y_sizes))
    shuffled = y[_orders(len(x))]
    total = np.zeros(shuffled.shape[1], np.int8)
    for high in range(1, len(x)):
        for low in np.flatnonzero(x[:high] < x[high]):
            total += np.sign(shuffled[high] - shuffled[low])
    return np.sort(np.abs(total))


def _share_from(ascending: np.ndarray, least: int) -> float:
    """Returns the share of numbers that are at least `least`."""
    size = len(ascending)
    return float((size - np.searchsorted(ascending, least)) / size)


def _normal(n: int, balance: int, x: _Ties, y: _Ties) -> float:
    m = float(n) * (n - 1)
    variance = (m * (2 * n + 5) - x.spread - y.spread) / 18 + 2.0 * x.pairs * y.pairs / m
    if n > 2:
        variance += x.triples * y.triples / (9 * m * (n - 2))
    return math.erfc(abs(balance) / math.sqrt(variance) / math.sqrt(2))


def _centred_ranks(values: np.ndarray) -> np.ndarray:
    _, place, sizes = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    doubled = 2 * last - sizes + 1
    return (doubled[place] - (len(values) + 1)).astype(np.float64)
