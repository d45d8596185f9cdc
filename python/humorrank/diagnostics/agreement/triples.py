"""Transitivity: the share of triples in which a beats c if a beats b and b beats c."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from humorrank._util.checks import whole
from humorrank.matches.source import read_tally

MOST_DENSE: Final = 2048
"""The number of contestants up to which triples are counted by matrix products."""

MOST_WEDGES: Final = 10**9
"""The largest number of paths of two pairs that are enumerated in larger fields."""

_BLOCK: Final = 1 << 22


@dataclass(frozen=True)
class Cycle:
    """Three contestants, each of which has the majority against the next, in a cycle.

    Attributes:
        models: The contestants in the order of the cycle, from the name that sorts first.
        shares: The share of points that each won against the next; all above 1/2.
    """

    models: tuple[str, str, str]
    shares: tuple[float, float, float]


@dataclass(frozen=True)
class Transitivity:
    """The transitivity of the triples of contestants in which all three pairs have met.

    Attributes:
        share: The share of `triples` without a cycle; None if there are no triples.
        triples: The number of triples in which all three pairs have a majority.
        cyclic: The number of these triples that are cycles.
        tied: The number of other triples, in which a pair has equal points.
        cycles: The cycles, sorted by their narrowest majority, widest first.
        note: The reason why there is no share; None otherwise.
    """

    share: float | None
    triples: int
    cyclic: int
    tied: int
    cycles: tuple[Cycle, ...]
    note: str | None


def transitivity(
    matches: object,
    *,
    limit: int = 20,
    **reading: Any,  # noqa: ANN401 - the options of MatchLog
) -> Transitivity:
    """Counts the triples with and without a cycle in their majority outcomes.

    A contestant has the majority of a pair if it won more points than the other, with half a point
    for a tie. A pair with equal points has no majority, and its triples are counted separately.

    Args:
        matches: The matches, as `humorrank.rate` accepts them.
        limit: The number of cycles to list.
        reading: The options of `MatchLog`.

    Raises:
        InputError: If the matches cannot be read.
        OptionError: If an option has an invalid value.
    """
    limit = whole("limit", limit)
    tally = read_tally(matches, keys=None, progress=None, reading=reading)
    first, second, _, score, weight, count = tally.counts.cells()
    amount = weight * count
    return of_points(tally.names, first, second, score * amount, (1 - score) * amount, limit)


def of_table(table: pl.DataFrame, limit: int) -> Transitivity:
    """Counts the triples of judgments, with columns as in `Judgments.table`."""
    names = pl.concat([table["model_a"], table["model_b"]]).unique().sort()
    kind = pl.Enum(names)
    amount = table["weight"].to_numpy() * table["count"].to_numpy()
    score = table["score"].to_numpy()
    return of_points(
        names.to_list(),
        table["model_a"].cast(kind).to_physical().to_numpy(),
        table["model_b"].cast(kind).to_physical().to_numpy(),
        score * amount,
        (1 - score) * amount,
        limit,
    )


def of_points(
    names: list[str] | tuple[str, ...],
    first: np.ndarray,
    second: np.ndarray,
    first_points: np.ndarray,
    second_points: np.ndarray,
    limit: int,
) -> Transitivity:
    """Counts the triples from points between contestants, with any number of rows per pair."""
    pairs = _Pairs.of(len(names), first, second, first_points, second_points)
    if pairs.n > MOST_DENSE:
        wedges = pairs.wedges()
        if wedges > MOST_WEDGES:
            note = f"{len(pairs.low):,} pairs of {pairs.n:,} contestants are too many to analyze"
            return Transitivity(None, 0, 0, 0, (), note)
        triples, cyclic, tied, found = _walked(pairs, limit)
    else:
        triples, cyclic, tied = _counted(pairs)
        found = _most_lopsided(pairs, limit) if cyclic and limit else np.empty((0, 3), np.int64)
    missing = None
    if not triples:
        missing = "no three contestants have all met" + (
            " and have a majority in each pair" if tied else ""
        )
    share = 1 - cyclic / triples if triples else None
    return Transitivity(share, triples, cyclic, tied, _listed(pairs, found, names, limit), missing)


@dataclass(frozen=True)
class _Pairs:
    """The pairs that met, with low < high, and low's share of the points minus 1/2."""

    n: int
    low: np.ndarray
    high: np.ndarray
    margin: np.ndarray

    @classmethod
    def of(
        cls,
        n: int,
        first: np.ndarray,
        second: np.ndarray,
        first_points: np.ndarray,
        second_points: np.ndarray,
    ) -> _Pairs:
        first, second = first.astype(np.int64), second.astype(np.int64)
        low, high = np.minimum(first, second), np.maximum(first, second)
        turned = first > second
        low_points = np.where(turned, second_points, first_points)
        high_points = np.where(turned, first_points, second_points)
        pair, place = np.unique(low * n + high, return_inverse=True)
        own = np.bincount(place, low_points, len(pair))
        other = np.bincount(place, high_points, len(pair))
        met = own + other > 0
        gap = own - other
        # Points from fractional scores that should be equal may differ by rounding errors.
        gap[np.abs(gap) <= 1e-12 * (own + other)] = 0
        pair, margin = pair[met], gap[met] / (own + other)[met] / 2
        return cls(n, pair // n, pair % n, margin)

    def subset(self, kept: np.ndarray) -> _Pairs:
        return _Pairs(self.n, self.low[kept], self.high[kept], self.margin[kept])

    def beaten(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the winner and the loser of each pair with a majority."""
        up = self.margin > 0
        decided = self.margin != 0
        winner = np.where(up, self.low, self.high)[decided]
        return winner, np.where(up, self.high, self.low)[decided]

    def ordered(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Returns the pairs as arrows from fewer to more opponents, sorted by their start.

        Returns:
            The start, the end and the pair of each arrow, and the position of the first arrow of
            each contestant.
        """
        degree = np.bincount(self.low, minlength=self.n) + np.bincount(self.high, minlength=self.n)
        key = degree.astype(np.int64) * self.n + np.arange(self.n)
        up = key[self.low] < key[self.high]
        start, end = np.where(up, self.low, self.high), np.where(up, self.high, self.low)
        order = np.lexsort((end, start))
        begin = np.searchsorted(start[order], np.arange(self.n + 1))
        return start[order], end[order], order, begin

    def wedges(self) -> int:
        """Returns the number of pairs of arrows with the same start."""
        out = np.bincount(self.ordered()[0], minlength=self.n).astype(np.int64)
        return int((out * (out - 1) // 2).sum())


def _counted(pairs: _Pairs) -> tuple[int, int, int]:
    """Returns the numbers of triples with majorities, with a cycle, and with a tied pair."""
    won = np.zeros((pairs.n, pairs.n), np.float32)
    winner, loser = pairs.beaten()
    won[winner, loser] = 1
    cyclic = _cycles(won)
    triples = _triangles(won + won.T)
    if (pairs.margin == 0).any():
        met = np.zeros_like(won)
        met[pairs.low, pairs.high] = met[pairs.high, pairs.low] = 1
        return triples, cyclic, _triangles(met) - triples
    return triples, cyclic, 0


def _cycles(won: np.ndarray) -> int:
    # Entries are integers of at most n, which float32 represents exactly.
    return int(((won @ won) * won.T).sum(dtype=np.float64)) // 3


def _triangles(met: np.ndarray) -> int:
    return int(((met @ met) * met).sum(dtype=np.float64)) // 6


def _most_lopsided(pairs: _Pairs, limit: int) -> np.ndarray:
    """Returns the triples of the `limit` cycles with the widest narrowest majority, or of all."""
    winner, loser = pairs.beaten()
    width = np.abs(pairs.margin[pairs.margin != 0])

    def in_cycles(kept: np.ndarray) -> tuple[np.ndarray, int]:
        won = np.zeros((pairs.n, pairs.n), np.float32)
        won[winner[kept], loser[kept]] = 1
        through = (won @ won)[loser[kept], winner[kept]]
        return np.flatnonzero(kept)[through > 0], int(through.sum(dtype=np.float64)) // 3

    # Only pairs that are part of a cycle matter.
    useful, cycles = in_cycles(np.ones(len(winner), np.bool_))
    levels = np.unique(width[useful])
    least, most = 0, len(levels) - 1
    while cycles > limit and least < most:
        middle = (least + most + 1) // 2
        if in_cycles(width >= levels[middle])[1] >= limit:
            least = middle
        else:
            most = middle - 1
    useful, _ = in_cycles(width >= levels[least])
    decided = pairs.subset(pairs.margin != 0)
    return _walked(decided.subset(useful), limit)[3]


def _walked(pairs: _Pairs, limit: int) -> tuple[int, int, int, np.ndarray]:
    """Enumerates all triangles; returns the counts as in `_counted`, and the cycles to list."""
    triples = cyclic = tied = 0
    found, widths = np.empty((0, 3), np.int64), np.empty(0)
    for members, margins in _triangles_of(pairs):
        even = (margins == 0).any(axis=1)
        # Of a < b < c, with margins of (a, b), (b, c) and (a, c): a > b > c > a or the reverse.
        up = margins > 0
        cycle = ~even & (up[:, 0] == up[:, 1]) & (up[:, 0] != up[:, 2])
        tied += int(even.sum())
        triples += int((~even).sum())
        cyclic += int(cycle.sum())
        if limit and cycle.any():
            found = np.concatenate([found, members[cycle]])
            widths = np.concatenate([widths, np.abs(margins[cycle]).min(axis=1)])
            best = np.lexsort((*found.T[::-1], -widths))[:limit]
            found, widths = found[best], widths[best]
    return triples, cyclic, tied, found


def _triangles_of(pairs: _Pairs) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields blocks of triangles a < b < c, with the margins of (a, b), (b, c) and (a, c)."""
    n = pairs.n
    start, end, _, begin = pairs.ordered()
    key = pairs.low * n + pairs.high
    # The number of later arrows with the same start, for each arrow.
    later = begin[start + 1] - np.arange(len(start)) - 1
    bounds = np.concatenate([[0], np.cumsum(later)])
    place = 0
    while place < len(start):
        stop = int(np.searchsorted(bounds, bounds[place] + _BLOCK, side="right")) - 1
        stop = max(stop, place + 1)
        arrows = np.repeat(np.arange(place, stop), later[place:stop])
        offset = np.arange(len(arrows)) - np.repeat(
            bounds[place:stop] - bounds[place], later[place:stop]
        )
        other = end[arrows + 1 + offset]
        one = end[arrows]
        place = stop
        closing = np.minimum(one, other) * n + np.maximum(one, other)
        at = np.minimum(np.searchsorted(key, closing), len(key) - 1)
        closed = key[at] == closing
        members = np.sort(
            np.stack([start[arrows][closed], one[closed], other[closed]], axis=1), axis=1
        )
        if len(members):
            a, b, c = members.T
            sides = np.stack([a * n + b, b * n + c, a * n + c], axis=1)
            yield members, pairs.margin[np.searchsorted(key, sides)]


def _listed(
    pairs: _Pairs, found: np.ndarray, names: list[str] | tuple[str, ...], limit: int
) -> tuple[Cycle, ...]:
    if not len(found):
        return ()
    key = pairs.low * pairs.n + pairs.high
    out = []
    for a, b, c in found[:limit].tolist():
        ab, bc, ac = (
            float(pairs.margin[np.searchsorted(key, x * pairs.n + y)])
            for x, y in ((a, b), (b, c), (a, c))
        )
        order, margins = ((a, b, c), (ab, bc, -ac)) if ab > 0 else ((a, c, b), (ac, -bc, -ab))
        one, two, three = (names[i] for i in order)
        first, second, third = (0.5 + margin for margin in margins)
        out.append(Cycle((one, two, three), (first, second, third)))
    return tuple(out)
