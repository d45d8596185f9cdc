"""Raw agreement: the share of equal judgments by two raters on the same comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from humorrank._stats.estimate import Estimate
from humorrank.diagnostics.agreement.comparisons import Comparisons

_MERGED_AT: Final = 1 << 22
_SUMS: Final = (
    "comparisons",
    "pairs",
    "agreeing",
    "pairs_squared",
    "agreeing_squared",
    "product",
)


@dataclass(frozen=True)
class Agreement:
    """The agreement of pairs of judgments.

    Attributes:
        share: The share of agreeing pairs, with the Wilson interval for the effective number of
            independent pairs, which follows from the spread between comparisons.
        pairs: The number of pairs of judgments by different raters on the same comparison.
        comparisons: The number of comparisons with such a pair.
    """

    share: Estimate
    pairs: float
    comparisons: int


@dataclass(frozen=True, eq=False)
class RawAgreement:
    """Raw agreement between all raters.

    Attributes:
        micro: The agreement over all pairs of judgments.
        macro: The mean of the agreement shares over the pairs of raters; None without any pair.
        rater_pairs: The number of pairs of raters that share a comparison.
    """

    micro: Agreement
    macro: float | None
    rater_pairs: int


@dataclass(frozen=True, eq=False)
class PairSums:
    """Sums over the shared comparisons of each pair of raters, with one row per pair, sorted.

    Attributes:
        one: The position of the first rater.
        other: The position of the second rater, which is larger.
        comparisons: The number of shared comparisons.
        pairs: The number of pairs of judgments.
        agreeing: The number of agreeing pairs of judgments.
        pairs_squared: The sum over comparisons of the squared number of pairs.
        agreeing_squared: The sum over comparisons of the squared number of agreeing pairs.
        product: The sum over comparisons of the number of agreeing pairs times that of all pairs.
    """

    one: np.ndarray
    other: np.ndarray
    comparisons: np.ndarray
    pairs: np.ndarray
    agreeing: np.ndarray
    pairs_squared: np.ndarray
    agreeing_squared: np.ndarray
    product: np.ndarray

    def __len__(self) -> int:
        """Returns the number of pairs of raters."""
        return len(self.one)

    def agreement(self, row: int, confidence: float) -> Agreement:
        """Returns the agreement of one pair of raters."""
        return _clustered(
            float(self.agreeing[row]),
            float(self.pairs[row]),
            float(self.agreeing_squared[row]),
            float(self.pairs_squared[row]),
            float(self.product[row]),
            int(self.comparisons[row]),
            confidence,
        )


def pair_sums(comparisons: Comparisons) -> PairSums:
    """Computes the sums of all pairs of raters, in time proportional to the pairs of judgments."""
    raters = len(comparisons.raters)
    key, sums = np.empty(0, np.int64), np.empty((0, len(_SUMS)))
    waiting, rows = [(key, sums)], 0
    # The entries of a comparison are contiguous. Pairs at a distance of 1 come first, then 2, ...
    start = np.arange(len(comparisons.unit))
    distance = 1
    while True:
        start = start[start + distance < len(comparisons.unit)]
        start = start[comparisons.unit[start] == comparisons.unit[start + distance]]
        if not len(start):
            break
        one, other = comparisons.said[start], comparisons.said[start + distance]
        pair = comparisons.rater[start] * raters + comparisons.rater[start + distance]
        agreeing, pairs = (one * other).sum(axis=1), one.sum(axis=1) * other.sum(axis=1)
        known, place = np.unique(pair, return_inverse=True)
        columns = (np.ones(len(start)), pairs, agreeing, pairs**2, agreeing**2, agreeing * pairs)
        totals = [np.bincount(place, column, len(known)) for column in columns]
        waiting.append((known, np.stack(totals, axis=1)))
        rows += len(known)
        if rows > _MERGED_AT:
            waiting = [_merged(waiting)]
            rows = 0
        distance += 1
    key, sums = _merged(waiting)
    shared, *others = sums.T
    return PairSums(key // raters, key % raters, shared.astype(np.int64), *others)


def raw_agreement(comparisons: Comparisons, sums: PairSums, confidence: float) -> RawAgreement:
    """Computes micro and macro agreement.

    Args:
        comparisons: The judgments of all raters.
        sums: The result of `pair_sums` for these comparisons.
        confidence: Confidence level of the interval.
    """
    macro = float((sums.agreeing / sums.pairs).mean()) if len(sums) else None
    return RawAgreement(_all_pairs(comparisons, confidence), macro, len(sums))


@dataclass(frozen=True, eq=False)
class Reference:
    """The judgments of the reference on each comparison.

    Attributes:
        comparisons: The judgments of all raters.
        reference: A mask of the raters that belong to the reference.
        total: The judgments of the reference on each comparison, of shape (comparisons, 3).
        order: The entries, sorted by rater.
        begin: The position in `order` at which each rater begins.
    """

    comparisons: Comparisons
    reference: np.ndarray
    total: np.ndarray
    order: np.ndarray
    begin: np.ndarray

    @classmethod
    def of(cls, comparisons: Comparisons, reference: np.ndarray) -> Reference:
        """Adds up the judgments of the raters in a mask."""
        theirs = reference[comparisons.rater]
        total = _by_unit(comparisons.unit[theirs], comparisons.said[theirs], comparisons.units)
        order = np.argsort(comparisons.rater, kind="stable")
        places = np.arange(len(reference) + 1)
        begin = np.searchsorted(comparisons.rater[order], places)
        return cls(comparisons, reference, total, order, begin)

    def of_rater(self, rater: int, confidence: float) -> Agreement:
        """Returns the agreement of a rater with the other raters of the reference."""
        entries = self.order[self.begin[rater] : self.begin[rater + 1]]
        own = self.comparisons.said[entries]
        others = self.total[self.comparisons.unit[entries]]
        if self.reference[rater]:
            others = others - own
        pairs = own.sum(axis=1) * others.sum(axis=1)
        return _share((own * others).sum(axis=1)[pairs > 0], pairs[pairs > 0], confidence)


def _clustered(
    agreeing: float,
    pairs: float,
    agreeing_squared: float,
    pairs_squared: float,
    product: float,
    comparisons: int,
    confidence: float,
) -> Agreement:
    """Returns the share of agreeing pairs clustered by comparison, from sums over comparisons.

    The interval is the Wilson interval with the effective number of pairs p(1 - p) / v [KG98].
    Here v = sum (a - p n)^2 / (sum n)^2 is the variance of a ratio over comparisons, where a of n
    pairs agree. With one pair per comparison, the effective number is the number of pairs. If
    nothing varies, the number of comparisons is used.
    """
    if not pairs:
        return Agreement(Estimate(None), 0.0, 0)
    share = agreeing / pairs
    spread = agreeing_squared - 2 * share * product + share**2 * pairs_squared
    variance = spread / pairs**2
    # A spread within rounding error of 0 is not a variance.
    effective = float(comparisons)
    if spread > 1e-9 * pairs_squared and 0 < share < 1:
        effective = min(pairs, share * (1 - share) / variance)
    interval = Estimate.share(share * effective, effective, confidence)
    return Agreement(Estimate(share, interval.lower, interval.upper), pairs, comparisons)


def _share(agreeing: np.ndarray, pairs: np.ndarray, confidence: float) -> Agreement:
    """Returns the agreement from one row per comparison."""
    return _clustered(
        float(agreeing.sum()),
        float(pairs.sum()),
        float((agreeing**2).sum()),
        float((pairs**2).sum()),
        float((agreeing * pairs).sum()),
        len(pairs),
        confidence,
    )


def _all_pairs(comparisons: Comparisons, confidence: float) -> Agreement:
    unit, said, size = comparisons.unit, comparisons.said, comparisons.units
    total = _by_unit(unit, said, size)
    own = said.sum(axis=1)
    agreeing = (total**2).sum(axis=1) - np.bincount(unit, (said**2).sum(axis=1), size)
    pairs = total.sum(axis=1) ** 2 - np.bincount(unit, own**2, size)
    shared = np.bincount(unit, minlength=size) > 1
    return _share(agreeing[shared] / 2, pairs[shared] / 2, confidence)


def _by_unit(unit: np.ndarray, said: np.ndarray, size: int) -> np.ndarray:
    return np.stack([np.bincount(unit, column, size) for column in said.T], axis=1)


def _merged(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the sums by key, with each key once, sorted."""
    keys, sums = (np.concatenate(column) for column in zip(*parts, strict=True))
    known, place = np.unique(keys, return_inverse=True)
    out = [np.bincount(place, column, len(known)) for column in sums.T]
    return known, np.stack(out, axis=1)
