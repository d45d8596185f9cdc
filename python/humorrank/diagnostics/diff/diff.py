"""Two boards of one field, one later than the other: who moved, and is it more than noise?

Both are brought to one scale first, on which the models that they share have a mean of 1000: a
strong newcomer lowers everyone else's rating on a board whose mean is 1000, and moves nobody.

Intervals and statuses hold for all models together (Sidak 1967, whose bound holds whatever the
correlation): a board of fifty on which nobody has moved shows no move with the confidence asked
for.
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
from humorrank._util.text import one_line, small, text_table
from humorrank.diagnostics.diff.paired_logs import RatedLog, paired_variance
from humorrank.errors import OptionError
from humorrank.matches.source import BoardSource, counted, resolve
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


@dataclass(frozen=True, eq=False)
class BoardDiff:
    """What has changed between two boards.

    Attributes:
        table: model, status ("up" or "down" beyond noise, "same", "new", "gone"), old_rank and
            new_rank on the boards as they are, old_rating and new_rating (the common models' mean
            is 1000 on both), move, move_lower and move_upper (for all models together, so that
            a model is up or down where they leave out 0), p (of no move, for a model that was
            picked before) and p_all (the same, allowing for looking at all models); in the order
            of the new board, then those gone.
        confidence: of the intervals of all models together, and of the statuses.
        basis: what the variances are of: "matches" or "clusters" of both logs, paired, or the
            "intervals" of boards whose matches are not there, taken as independent.
        match_id: the columns that tell matches apart; empty where none were named.
        shared: matches, or clusters, that both logs hold; None where only boards are there.
        common: how many models are on both.
    """

    table: pl.DataFrame
    confidence: float
    basis: Basis
    match_id: tuple[str, ...]
    shared: int | None
    common: int

    def to_polars(self) -> pl.DataFrame:
        """The table."""
        return self.table

    def to_dict(self) -> dict[str, Any]:
        """Everything, in JSON's types."""
        return {
            "moves": as_json.tree(self.table.to_dicts()),
            "confidence": self.confidence,
            "basis": self.basis,
            "match_id": list(self.match_id),
            "shared": self.shared,
            "common": self.common,
        }

    def to_json(self) -> str:
        """`to_dict` as text."""
        return as_json.text(self.to_dict())

    def to_text(self, *, color: bool = False) -> str:
        """The table for people, and what it rests on."""
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
            rest = "the boards' intervals, as if they shared no match: moves may look noisier"
        else:
            rest = f"the {self.basis} of both logs, of which they share {self.shared:,}"
            if self.basis == "matches" and not self.match_id:
                rest += (
                    " (all of one log, by what is equal; --match-id tells them apart)"
                    if self.shared
                    else " (none as far as can be told; --match-id tells them apart)"
                )
        return "\n".join(
            [
                text_table([*header, "p"], rows, left={"model", "status"}, color=color),
                "",
                f"ratings: the {self.common:,} models on both boards have a mean of 1000 on each",
                f"intervals: of {rest}",
                f"intervals, p, up, down: at {100 * self.confidence:g} % for all models together",
            ]
        )

    def __repr__(self) -> str:
        """The table as text."""
        return self.to_text()


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
    """Says who moved between two boards, and whether it is more than noise.

    Args:
        old: a log or tally, as `humorrank.rate` takes it; or a board, as that returns it or as
            `humorrank rate --format json` writes it.
        new: the same, later.
        match_id: columns that tell one match from another (a comparison and its judge). Matches
            that are equal in these, in their models and in their outcome are one in both logs.
        cluster: a column (prompt, judge) whose matches are alike; clusters of one name are one
            in both logs.
        confidence: of the intervals and statuses, for all models together.
        ties: "half" a win to each side, or "exclude" them.
        disconnected: as in `humorrank.rate`.
        threads: all processors by default.
        progress: called with (stage, done, total).
        **reading: the options of `humorrank.MatchLog`.

    Raises:
        OptionError: fewer than two models are on both boards, or an option does not fit.
        InputError: the matches or a board cannot be read, or a match has no `match_id`.
        NoMaximumError: a log has no board.
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
        raise OptionError("clusters are shared by their names; leave out match_id, or cluster")
    sides = [_side(source, match_id, cluster, options, reading) for source in (old, new)]
    boards = [side.board if isinstance(side, RatedLog) else side for side in sides]
    common = sorted(set(boards[0].models) & set(boards[1].models))
    if len(common) < 2:
        raise OptionError(
            f"the two boards share {len(common)} model{'s' * (len(common) != 1)}, and a move is "
            "told by two at least"
        )
    ratings = [board.rating_of(common) for board in boards]
    ratings = [rating - rating.mean() + MEAN_RATING for rating in ratings]
    logs = [side for side in sides if isinstance(side, RatedLog)]
    basis: Basis = "intervals"
    shared, degrees = None, math.inf
    if len(logs) == 2:
        basis = "matches" if cluster is None else "clusters"
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
    keys = match_id if cluster is None else (cluster,)
    found = resolve(source)
    if isinstance(found, BoardSource):
        if keys:
            option = "match_id" if match_id else "cluster"
            raise OptionError(f"{option} needs both logs: a board keeps no matches")
        if isinstance(found.board, Path):
            return SavedBoard.read(found.board)
        if not isinstance(found.board, Leaderboard):
            raise OptionError("by makes many boards; compare two of the groups: boards[...]")
        return RatedLog.of_board(found.board)
    tally = counted(source, keys=keys, progress=options["progress"], reading=reading)
    board: Leaderboard = rate(tally, interval="sandwich", elo_shuffles=0, **options)
    if cluster is not None:
        return RatedLog.of_clusters(board, tally, cluster, options["ties"])
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
    # Rounding of two fits is no move.
    move = np.where(np.abs(move) < 1e-6, 0.0, move)
    p = np.array(
        [
            1.0 if not m else student_tail(m / e, degrees) if e > 0 else 0.0
            for m, e in zip(move.tolist(), error.tolist(), strict=True)
        ]
    )
    # Two moves are one, seen from both ends.
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
