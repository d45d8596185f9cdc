"""Rank intervals, probabilities of being best, and groups of indistinguishable contestants.

The rank of a contestant is 1 + the number of better contestants. An interval of the rank follows
from simultaneous intervals of its differences to all other contestants: those that lie above it
with certainty are better, and those below are worse [KWW20] [MRSW24]. A bootstrap of the rank
itself has too low a coverage if ratings are close.
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
from humorrank._util.reporting import Report
from humorrank._util.text import Style, one_line
from humorrank.errors import OptionError

_SHOWN_ROWS: Final = 30

MOST_COMPARED: Final = 10**11
"""The limit of draws times contestants squared, which takes some minutes."""


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
    """The ratings with draws from their sampling distribution."""

    @property
    def ratings(self) -> np.ndarray:
        """The ratings in points, with mean 1000."""

    @property
    def draws(self) -> np.ndarray:
        """Draws of the ratings, of shape (draws, contestants)."""

    @property
    def basis(self) -> str:
        """Description of the draws."""

    def ends(self, confidence: float, progress: Progress | None = None) -> Ends:
        """Returns both ends of each rating, and the number of replicates without a maximum."""

    def band(self, confidence: float, progress: Progress | None = None) -> Ends:
        """Returns ends that hold for all ratings simultaneously, as `ends` does."""

    def differences(self, a: np.ndarray, b: np.ndarray, confidence: float) -> Ends:
        """Returns the intervals of the ratings of `a` minus those of `b`, element by element."""

    def stronger(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Returns the probability that each of `a` is stronger than the same element of `b`."""


@dataclass(frozen=True, eq=False, repr=False)
class RankTable(Report):
    """The ranks of a board, with their intervals.

    Attributes:
        table: A frame with the columns rank, model, rating, rank_lower and rank_upper (the best
            and the worst rank in the interval), p_best (the share of draws in which the model is
            first), p_top (the share in which it is among the first `top`) and group (the numbers
            of its groups, as text), best model first.
        groups: The longest runs of neighbors on the board in which no two models can be
            distinguished, at a confidence level that holds for all pairs simultaneously. A model
            may be in several groups.
        top: The k of p_top.
        confidence: Confidence level of the rank intervals and of the groups.
        joint: Whether the rank intervals hold for all models simultaneously instead of for each
            one separately.
        basis: Description of the draws.
        undetermined: The number of draws in which some model is ordered neither above nor below
            the others. These draws are excluded from p_best and p_top.
    """

    table: pl.DataFrame
    groups: tuple[tuple[str, ...], ...]
    top: int
    confidence: float
    joint: bool
    basis: str
    undetermined: int

    def to_polars(self) -> pl.DataFrame:
        """Returns the table."""
        return self.table

    def to_dict(self) -> dict[str, Any]:
        """Returns all figures in JSON types."""
        return {
            "ranks": as_json.tree(self.table.to_dicts()),
            "groups": [list(group) for group in self.groups],
            "top": self.top,
            "confidence": self.confidence,
            "joint": self.joint,
            "basis": self.basis,
            "undetermined": self.undetermined,
        }

    def _repr_html_(self) -> str:
        return self._written(Style(markup=True), _SHOWN_ROWS)

    def _written(self, style: Style, top: int | None = None) -> str:
        percent = f"{100 * self.confidence:g} %"
        header = ["rank", "model", "rating", f"{percent} ranks", "P(best)", f"P(top {self.top})"]
        drop = (header[-1], "rating", "group")
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
            for row in self.table.head(len(self.table) if top is None else top).iter_rows(
                named=True
            )
        ]
        more = len(self.table) - len(rows)
        kind = "all models simultaneously" if self.joint else "each model separately"
        lines = [
            style.table([*header, "group"], rows, left={"model"}, drop=drop),
            *([f"... and {more:,} more"] if more else []),
            "",
            f"ranks: {percent} intervals for {kind}, from {self.basis}",
            f"group: models in the same group cannot be distinguished at {percent} (all pairs "
            "simultaneously)",
        ]
        if self.undetermined:
            lines.append(
                f"{self.undetermined:,} draws place some model neither above nor below the others "
                "and are excluded from P(best) and P(top)"
            )
        return style.join(lines)


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
    """Computes rank intervals, probabilities of being best, and groups.

    Args:
        uncertainty: The ratings of the contestants with their draws.
        names: The names of the contestants, best first.
        ranks: The ranks of the contestants.
        ratings: The ratings of the contestants as shown on the board.
        order: The positions of the contestants in `uncertainty`.
        top: The k for the probability of being among the first k.
        confidence: Confidence level of the intervals.
        joint: Whether the intervals hold for all contestants simultaneously.
        progress: A function called with (done, total).

    Raises:
        OptionError: If there are too many contestants and draws.
    """
    draws, n = uncertainty.draws, len(names)
    if draws.shape[0] * n**2 > MOST_COMPARED:
        raise OptionError(
            f"comparing {n:,} contestants with each other in {draws.shape[0]:,} draws would take "
            "hours; use fewer draws (bootstrap), or leave out some contestants (min_matches, "
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
    """Returns the best and worst rank of each, and which pairs differ simultaneously."""
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
        # The difference of two contestants that never varies over the draws has no error.
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
    """Returns the shares of draws in which each is first and in the top; ties share a place."""
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
    """Returns the longest runs of neighbors in which no two are apart."""
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
