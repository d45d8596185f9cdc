"""Which ranks the data allow: intervals of ranks, chances to be best, groups that are alike.

The rank of a contestant is 1 + the number of those that are better. An interval of it follows from
intervals of its differences to all others that hold at once: it is worse than those that lie above
it with certainty, and better than those below (Klein, Wright and Wieczorek 2020; Mogstad, Romano,
Shaikh and Wilhelm 2024). A bootstrap of the rank itself covers too little where ratings are close.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import polars as pl

from humorrank._stats.quantiles import weibull
from humorrank._util import json as as_json
from humorrank._util.progress import Progress
from humorrank._util.text import one_line, text_table
from humorrank.errors import OptionError

MOST_COMPARED: Final = 10**11
"""Draws times contestants squared: some minutes."""


class Ends(NamedTuple):
    """Intervals of ratings, or of differences between them.

    Attributes:
        lower: The lower ends, in points.
        upper: The upper ends.
        without_maximum: The number of replicates without a maximum.
        lower_needs: The number of replicates that each lower end needs if there are too few, and 0
            otherwise; None if there are always enough.
        upper_needs: The same for the upper ends.
    """

    lower: np.ndarray
    upper: np.ndarray
    without_maximum: int = 0
    lower_needs: np.ndarray | None = None
    upper_needs: np.ndarray | None = None


class Uncertainty(Protocol):
    """Estimates, and draws of what they might have been."""

    @property
    def ratings(self) -> np.ndarray:
        """In points, mean 1000."""

    @property
    def draws(self) -> np.ndarray:
        """Ratings of shape (draws, contestants)."""

    @property
    def basis(self) -> str:
        """What the draws are, in words."""

    def ends(self, confidence: float, progress: Progress | None = None) -> Ends:
        """Returns both ends of each rating, and the number of replicates without a maximum."""

    def band(self, confidence: float, progress: Progress | None = None) -> Ends:
        """The same for all ratings at once."""

    def differences(self, a: np.ndarray, b: np.ndarray, confidence: float) -> Ends:
        """Lower and upper end of the ratings of `a` less those of `b`, one a place of both."""

    def stronger(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """How sure it is that each of `a` is stronger than the one of `b` in its place."""


@dataclass(frozen=True, eq=False)
class RankTable:
    """The ranks of a board.

    Attributes:
        table: rank, model, rating, rank_lower and rank_upper (the best and the worst rank that the
            data allow), p_best (the share of draws in which it is first), p_top (among the first
            `top`), group (the numbers of its groups, as text); best first.
        groups: the largest runs of neighbours on the board of which no two can be told apart,
            at a confidence that holds for all pairs at once; a model may be in several.
        top: the k of p_top.
        confidence: of the rank intervals, and of the groups.
        joint: whether the rank intervals hold for all models at once, or each for its own.
        basis: what the draws are.
        undetermined: draws in which somebody is ordered neither above nor below the others, and
            which no share counts.
    """

    table: pl.DataFrame
    groups: tuple[tuple[str, ...], ...]
    top: int
    confidence: float
    joint: bool
    basis: str
    undetermined: int

    def to_polars(self) -> pl.DataFrame:
        """The table."""
        return self.table

    def to_dict(self) -> dict[str, Any]:
        """Everything, in JSON's types."""
        return {
            "ranks": as_json.tree(self.table.to_dicts()),
            "groups": [list(group) for group in self.groups],
            "top": self.top,
            "confidence": self.confidence,
            "joint": self.joint,
            "basis": self.basis,
            "undetermined": self.undetermined,
        }

    def to_json(self) -> str:
        """`to_dict` as text."""
        return as_json.text(self.to_dict())

    def to_text(self, *, color: bool = False) -> str:
        """The table for people, and what it means."""
        percent = f"{100 * self.confidence:g} %"
        header = ["rank", "model", "rating", f"{percent} ranks", "P(best)", f"P(top {self.top})"]
        rows = [
            [
                str(row["rank"]),
                one_line(row["model"]),
                f"{row['rating']:.1f}",
                _range_text(row["rank_lower"], row["rank_upper"]),
                f"{row['p_best']:.3f}",
                f"{row['p_top']:.3f}",
                row["group"],
            ]
            for row in self.table.iter_rows(named=True)
        ]
        kind = "all models at once" if self.joint else "each model"
        lines = [
            text_table([*header, "group"], rows, left={"model"}, color=color),
            "",
            f"ranks: {percent} intervals for {kind}, from {self.basis}",
            f"group: neighbours of one group cannot be told apart at {percent} (all pairs at once)",
        ]
        if self.undetermined:
            lines.append(
                f"{self.undetermined:,} draws put somebody neither above nor below the others, and "
                "count in no share"
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        """The table as text."""
        return self.to_text()


def rank_table(
    uncertainty: Uncertainty,
    names: Sequence[str],
    ranks: np.ndarray,
    ratings: np.ndarray,
    *,
    order: np.ndarray,
    top: int,
    confidence: float,
    joint: bool,
    progress: Callable[[int, int], object] | None = None,
) -> RankTable:
    """Ranks with what the data allow.

    Args:
        uncertainty: of the contestants.
        names: the contestants, best first.
        ranks: their ranks.
        ratings: their ratings as shown.
        order: their places in `uncertainty`.
        top: the k of the chance to be among the first k.
        confidence: of the intervals.
        joint: whether intervals shall hold for all contestants at once.
        progress: called with (done, total).

    Raises:
        OptionError: there are too many contestants and draws.
    """
    draws, n = uncertainty.draws, len(names)
    if draws.shape[0] * n**2 > MOST_COMPARED:
        raise OptionError(
            f"to compare {n:,} contestants with each other in {draws.shape[0]:,} draws takes "
            "hours; ask for fewer draws (bootstrap), or leave some contestants out (min_matches, "
            "exclude)"
        )
    draws = draws[:, order]
    lower, upper, apart = _rank_intervals(
        draws, uncertainty.ratings[order], confidence, joint=joint, progress=progress
    )
    p_best, p_top, undetermined = _shares(draws, top)
    runs = _runs(apart)
    member: list[list[str]] = [[] for _ in range(n)]
    for number, (start, end) in enumerate(runs, 1):
        for place in range(start, end):
            member[place].append(str(number))
    table = pl.DataFrame(
        {
            "rank": ranks,
            "model": list(names),
            "rating": ratings,
            "rank_lower": lower,
            "rank_upper": upper,
            "p_best": p_best,
            "p_top": p_top,
            "group": [",".join(numbers) for numbers in member],
        }
    )
    return RankTable(
        table,
        tuple(tuple(names[start:end]) for start, end in runs),
        top,
        confidence,
        joint,
        uncertainty.basis,
        undetermined,
    )


def _rank_intervals(
    draws: np.ndarray,
    ratings: np.ndarray,
    confidence: float,
    *,
    joint: bool,
    progress: Callable[[int, int], object] | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lowest and highest rank of each, and which pairs are apart with all pairs at once."""
    n = len(ratings)
    own = np.empty((n, draws.shape[0]))
    error = np.empty((n, n))
    for i in range(n):
        with np.errstate(invalid="ignore", divide="ignore"):
            deviation = draws[:, i, None] - draws - (ratings[i] - ratings)
            finite = np.isfinite(deviation)
            known = np.where(finite, deviation, 0.0)
            spread = np.sqrt((known**2).sum(0) / np.maximum(finite.sum(0), 1))
            studentized = np.where(finite, np.abs(known) / spread, np.inf)
        studentized[:, i] = 0.0
        # Two of which neither moves against the other are as far apart as they are.
        studentized = np.where((spread == 0) & finite, 0.0, studentized)
        own[i], error[i] = studentized.max(1), spread
        if progress is not None:
            progress(i + 1, n)
    reach_of_all = float(weibull(own.max(0)[:, None], confidence)[0])
    reach = np.full(n, reach_of_all) if joint else weibull(own.T, confidence)
    difference = ratings[:, None] - ratings
    with np.errstate(invalid="ignore"):
        surely_below = difference < -reach[:, None] * error
        surely_above = difference > reach[:, None] * error
        apart = np.abs(difference) > reach_of_all * error
    return 1 + surely_below.sum(1), n - surely_above.sum(1), apart


def _shares(draws: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Shares of draws in which each is first, and among the first `top`; equals share a place."""
    determined = ~np.isnan(draws).any(1)
    drawn = draws[determined]
    count, n = drawn.shape
    best, among = np.zeros(n), np.zeros(n)
    if not count:
        return np.full(n, np.nan), np.full(n, np.nan), len(draws)
    leaders = drawn == drawn.max(1, keepdims=True)
    best = (leaders / leaders.sum(1, keepdims=True)).sum(0) / count
    edge = -np.partition(-drawn, top - 1, axis=1)[:, top - 1, None]
    above, level = drawn > edge, drawn == edge
    room = top - above.sum(1, keepdims=True)
    among = (above + level * (room / level.sum(1, keepdims=True))).sum(0) / count
    return best, among, int((~determined).sum())


def _runs(apart: np.ndarray) -> list[tuple[int, int]]:
    """The largest runs of neighbours of which no two are apart."""
    n = len(apart)
    runs: list[tuple[int, int]] = []
    start = 0
    for end in range(1, n + 1):
        if end < n:
            clash = np.flatnonzero(apart[start:end, end])
            if not len(clash):
                continue
        runs.append((start, end))
        if end < n:
            start += int(clash[-1]) + 1
    return runs


def _range_text(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"
