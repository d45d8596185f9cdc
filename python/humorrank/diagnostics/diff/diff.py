"""The difference between two boards of one field, one later than the other.

Both boards are first put on a common scale, on which the models on both boards have a mean of 1000.
Otherwise a strong newcomer would lower the ratings of all other models on a board whose mean is
1000, although none of them has moved.

Intervals and statuses hold for all models simultaneously. The bound of [Sid67] holds for any
correlation: if no model of a board has moved, no move is shown with the given confidence level.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import polars as pl

from humorrank._stats.distributions import student_quantile, student_tail
from humorrank._stats.scale import MEAN_RATING
from humorrank._util import json as as_json
from humorrank._util.checks import check_confidence, one_of
from humorrank._util.progress import Progress
from humorrank._util.reporting import Report
from humorrank._util.text import Style, one_line, small
from humorrank.diagnostics.diff.paired_logs import RatedLog, paired_variance
from humorrank.errors import OptionError
from humorrank.matches.source import NO_CLUSTERS, BoardSource, cluster_keys, read_tally, resolve
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.board.saved import SavedBoard
from humorrank.rating.rate import rate
from humorrank.rating.settings import Ties

Basis = Literal["matches", "clusters", "intervals"]

SCHEMA: Final = {
    "model": pl.String,
    "status": pl.String,
    "old_rank": pl.Int64,
    "new_rank": pl.Int64,
    "old_rating": pl.Float64,
    "new_rating": pl.Float64,
    "move": pl.Float64,
    "move_lower": pl.Float64,
    "move_upper": pl.Float64,
    "p": pl.Float64,
    "p_all": pl.Float64,
}


@dataclass(frozen=True, eq=False, repr=False)
class BoardDiff(Report):
    """The differences between two boards.

    Attributes:
        table: A frame with the columns model, status ("up" or "down" beyond noise, "same", "new"
            or "gone"), old_rank and new_rank on the original boards, old_rating and new_rating
            (where the common models have a mean of 1000 on both), move, move_lower and move_upper
            (for all models simultaneously, so that a model is up or down if they exclude 0), p
            (the p-value of no move, for a model selected in advance) and p_all (the same, adjusted
            for looking at all models). The rows are in the order of the new board, followed by
            the models that are gone.
        confidence: Confidence level of the intervals and statuses, for all models simultaneously.
        basis: The source of the variances: the paired "matches" or "clusters" of both logs, or the
            "intervals" of boards without their matches, which are treated as independent.
        match_id: The columns that identify a match; empty if none were specified.
        shared: The number of matches or clusters in both logs; None if only boards are available.
        common: The number of models on both boards.
    """

    table: pl.DataFrame
    confidence: float
    basis: Basis
    match_id: tuple[str, ...]
    shared: int | None
    common: int

    def to_polars(self) -> pl.DataFrame:
        """Returns the table."""
        return self.table

    def to_dict(self) -> dict[str, Any]:
        """Returns the result in JSON types."""
        return {
            "moves": as_json.tree(self.table.to_dicts()),
            "confidence": self.confidence,
            "basis": self.basis,
            "match_id": list(self.match_id),
            "shared": self.shared,
            "common": self.common,
        }

    def _written(self, style: Style) -> str:
        interval = f"{100 * self.confidence:g} % interval"
        header = ["model", "old rank", "new rank", "old", "new", "move", interval, "status"]
        rows = [
            [
                one_line(row["model"]),
                *("" if row[name] is None else str(row[name]) for name in ("old_rank", "new_rank")),
                *(
                    "" if row[name] is None else f"{row[name]:.1f}"
                    for name in ("old_rating", "new_rating")
                ),
                "" if row["move"] is None else f"{row['move']:+.1f}",
                ""
                if row["move_lower"] is None
                else f"{row['move_lower']:+.1f} to {row['move_upper']:+.1f}",
                row["status"],
                "" if row["p_all"] is None else small(row["p_all"]),
            ]
            for row in self.table.iter_rows(named=True)
        ]
        if self.basis == "intervals":
            rest = "the intervals of both boards, as if no matches were shared (may be too wide)"
        else:
            rest = f"the {self.basis} of both logs, of which {self.shared:,} are shared"
            if self.basis == "matches" and not self.match_id:
                rest += (
                    " (all matches of the smaller log, by equal outcomes; match_id (--match-id) "
                    "identifies matches)"
                    if self.shared
                    else " (no overlap was found; match_id (--match-id) identifies matches)"
                )
        drop = ("old", "new", "p", "old rank", "new rank")
        return style.join(
            [
                style.table([*header, "p"], rows, left={"model", "status"}, drop=drop),
                "",
                f"ratings: the {self.common:,} models on both boards have a mean of 1000 on each",
                f"intervals: from {rest}",
                f"intervals, p and status: at {100 * self.confidence:g} % for all models "
                "simultaneously",
            ]
        )


def diff(
    old: object,
    new: object,
    *,
    match_id: Sequence[str] = (),
    cluster: str | None = None,
    confidence: float = 0.95,
    ties: Ties = "half",
    disconnected: Literal["error", "largest"] = "error",
    threads: int | None = None,
    progress: Progress | None = None,
    **reading: Any,  # noqa: ANN401 - the options of MatchLog
) -> BoardDiff:
    """Compares two boards and tests whether each model has moved.

    Args:
        old: A log or tally, as `humorrank.rate` accepts it, or a board as returned by it or as
            written by `humorrank rate --format json`.
        new: The later log, tally or board.
        match_id: The columns that identify a match, such as a comparison and its judge. Matches
            that are equal in these columns, in their models and in their outcome are treated as
            the same match in both logs.
        cluster: A column (prompt, judge) whose matches are correlated. Clusters with the same name
            are treated as the same cluster in both logs. The pairs of rankings and other ballots
            are clustered by ballot by default; "none" treats them as independent.
        confidence: Confidence level of the intervals and statuses, for all models simultaneously.
        ties: How ties are handled: as "half" a win for each side, or "exclude" to drop them.
        disconnected: What to do if the ratings do not exist; see `humorrank.rate`.
        threads: Number of threads; all processors by default.
        progress: A function called with (stage, done, total).
        **reading: The options of `humorrank.MatchLog`.

    Raises:
        OptionError: If fewer than two models are on both boards, or an option has an invalid value.
        InputError: If the matches or a board cannot be read, or a match has no `match_id`.
        NoMaximumError: If the ratings of a log do not exist.
    """
    check_confidence(confidence)
    one_of("ties", ties, ("half", "exclude"))
    options = {"ties": ties, "disconnected": disconnected, "threads": threads, "progress": progress}
    if isinstance(match_id, str):
        raise OptionError(
            f"match_id must be a sequence of columns, not {match_id!r}; write [{match_id!r}]"
        )
    match_id = tuple(match_id)
    if match_id and cluster is not None:
        raise OptionError(
            "match_id and cluster exclude each other: clusters are identified by their names; "
            "leave one of the two out"
        )
    sides = [_side(source, match_id, cluster, options, reading) for source in (old, new)]
    boards = [side.board if isinstance(side, RatedLog) else side for side in sides]
    common = sorted(set(boards[0].models) & set(boards[1].models))
    if len(common) < 2:
        raise OptionError(
            f"the two boards share {len(common)} model{'s' * (len(common) != 1)}, but at least "
            "two are needed to measure a move"
        )
    ratings = [board.rating_of(common) for board in boards]
    ratings = [rating - rating.mean() + MEAN_RATING for rating in ratings]
    logs = [side for side in sides if isinstance(side, RatedLog)]
    basis: Basis = "intervals"
    shared, degrees = None, math.inf
    if len(logs) == 2:
        if logs[0].unit != logs[1].unit:
            raise OptionError(
                "one of the logs contains pairs of ballots and the other does not; treat the "
                "matches of both as independent with cluster='none' (--cluster none)"
            )
        basis = "clusters" if logs[0].unit == "cluster" else "matches"
        variance, shared, degrees = paired_variance(logs[0], logs[1], common)
    else:
        variance = boards[0].errors(common) ** 2 + boards[1].errors(common) ** 2
    return BoardDiff(
        _table(boards, common, ratings, np.sqrt(variance), degrees, confidence),
        confidence,
        basis,
        match_id,
        shared,
        len(common),
    )


def _side(
    source: object,
    match_id: tuple[str, ...],
    cluster: str | None,
    options: Mapping[str, Any],
    reading: Mapping[str, Any],
) -> SavedBoard | RatedLog:
    keys, ballots = (match_id, False) if match_id else cluster_keys(cluster)
    found = resolve(source)
    if isinstance(found, BoardSource):
        if keys:
            option = "match_id" if match_id else "cluster"
            raise OptionError(f"{option} needs both logs: a board does not contain its matches")
        if isinstance(found.board, Path):
            return SavedBoard.read(found.board)
        if not isinstance(found.board, Leaderboard):
            raise OptionError(
                "boards rated with by cannot be compared as a whole; compare two of the groups: "
                "boards[...]"
            )
        return RatedLog.of_board(found.board)
    tally = read_tally(
        source, keys=keys, progress=options["progress"], reading=reading, ballots=ballots
    )
    own = None if ballots else NO_CLUSTERS
    board: Leaderboard = rate(tally, interval="sandwich", elo_shuffles=0, cluster=own, **options)
    if tally.keys and not match_id:
        return RatedLog.of_clusters(board, tally, tally.keys[0], options["ties"])
    if match_id:
        return RatedLog.of_named(board, tally, match_id, options["ties"])
    return RatedLog.of_board(board)


def _table(
    boards: Sequence[SavedBoard],
    common: Sequence[str],
    ratings: Sequence[np.ndarray],
    error: np.ndarray,
    degrees: float,
    confidence: float,
) -> pl.DataFrame:
    old, new = boards
    move = ratings[1] - ratings[0]
    # The rounding errors of two fits are not a move.
    move = np.where(np.abs(move) < 1e-6, 0.0, move)
    p = np.array(
        [
            1.0 if not m else student_tail(m / e, degrees) if e > 0 else 0.0
            for m, e in zip(move.tolist(), error.tolist(), strict=True)
        ]
    )
    # With two common models the moves mirror each other, so that there is only one test.
    looks = len(common) if len(common) > 2 else 1
    reach = student_quantile(confidence ** (1 / looks), degrees) * error
    rows = {}
    for i, name in enumerate(common):
        status = "same"
        if abs(move[i]) > reach[i]:
            status = "up" if move[i] > 0 else "down"
        rows[name] = {
            "model": name,
            "status": status,
            "old_rating": ratings[0][i],
            "new_rating": ratings[1][i],
            "move": move[i],
            "move_lower": move[i] - reach[i],
            "move_upper": move[i] + reach[i],
            "p": p[i],
            "p_all": -math.expm1(looks * math.log1p(-p[i])) if p[i] < 1 else 1.0,
        }
    shifts = [
        r[0] - board.rating_of(common[:1])[0] for r, board in zip(ratings, boards, strict=True)
    ]
    for board, status, shift, column in (
        (old, "gone", shifts[0], "old"),
        (new, "new", shifts[1], "new"),
    ):
        for name, rank in zip(board.models, board.ranks, strict=True):
            row = rows.setdefault(name, {"model": name, "status": status})
            row[f"{column}_rank"] = rank
            row.setdefault(f"{column}_rating", board.rating_of([name])[0] + shift)
    order = {name: place for place, name in enumerate([*new.models, *old.models][::-1])}
    placed = sorted(rows.values(), key=lambda row: -order[row["model"]])
    placed.sort(key=lambda row: row["status"] == "gone")
    return pl.DataFrame(placed, schema=SCHEMA)
