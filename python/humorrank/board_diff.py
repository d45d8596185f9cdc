"""Two boards of one field, one later than the other: who moved, and is it more than noise?

Both are brought to one scale first, on which the models that they share have a mean of 1000: a
strong newcomer lowers everyone else's rating on a board whose mean is 1000, and moves nobody.

The variance of a move is that of the sandwich, paired: a match (or cluster) that both logs hold
pulls at both ratings, so that its influences on the two are subtracted before they are squared.
Which matches are the same, columns say that tell one match from another (`match_id`). Without them
matches have no names: where one log holds all that the other does, as a log that has grown, these
are taken as shared (which small logs may do by chance); else none is, and intervals are rather too
wide. Clusters have names, and are shared by them.

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

from humorrank import as_json
from humorrank.distributions import student_quantile, student_tail
from humorrank.errors import InputError, OptionError
from humorrank.leaderboard import Leaderboard
from humorrank.progress import Progress
from humorrank.rating import rate
from humorrank.saved_board import SavedBoard
from humorrank.scale import MEAN_RATING, POINTS, logistic
from humorrank.settings import Ties, check_confidence, one_of
from humorrank.source import counted
from humorrank.tally import Tally
from humorrank.text_table import one_line, small, text_table
from humorrank.uncertainty.clusters import Clusters, refuse_few
from humorrank.uncertainty.covariance import Curvature

Basis = Literal["matches", "clusters", "intervals"]

_BLOCK: Final = 1 << 22
_SHARES: Final = {"model_a": 1.0, "model_b": 0.0, "tie": 0.5, "both_bad": 0.5}

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
    boards = [side.board for side in sides]
    common = sorted(set(boards[0].models) & set(boards[1].models))
    if len(common) < 2:
        raise OptionError(
            f"the two boards share {len(common)} model{'s' * (len(common) != 1)}, and a move is "
            "told by two at least"
        )
    ratings = [board.rating_of(common) for board in boards]
    ratings = [rating - rating.mean() + MEAN_RATING for rating in ratings]
    logs = [side for side in sides if isinstance(side, _Log)]
    basis: Basis = "intervals"
    shared, degrees = None, math.inf
    if len(logs) == 2:
        basis = "matches" if cluster is None else "clusters"
        variance, shared, degrees = _paired_variance(logs[0], logs[1], common)
    elif cluster is not None or match_id:
        option = "match_id" if match_id else "cluster"
        raise OptionError(f"{option} needs both logs: a board keeps no matches")
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


@dataclass(frozen=True, eq=False)
class _Board:
    """A saved board."""

    board: SavedBoard


@dataclass(frozen=True, eq=False)
class _Log:
    """A rated log, or a board that has its matches.

    Attributes:
        board: what is on it.
        names: the contestants by code.
        bread: the inverse information.
        key: what each row is a unit of: a frame of columns that are equal for equal units.
        first: codes, one a row.
        second: codes.
        residual: points of `first` beyond expectation, of each match of the row.
        times: matches in each row; of clusters 1.
        named: whether the key tells matches apart, rather than kinds of match.
        clustered: whether the units are clusters.
    """

    board: SavedBoard
    names: Sequence[str]
    bread: np.ndarray
    key: pl.DataFrame
    first: np.ndarray
    second: np.ndarray
    residual: np.ndarray
    times: np.ndarray
    named: bool = False
    clustered: bool = False


def _side(
    source: object,
    match_id: tuple[str, ...],
    cluster: str | None,
    options: Mapping[str, Any],
    reading: Mapping[str, Any],
) -> _Board | _Log:
    if isinstance(source, list | tuple) and len(source) == 1:
        source = source[0]
    if isinstance(source, str | Path):
        saved = SavedBoard.read(source)
        if saved is not None:
            return _Board(saved)
    keys = match_id if cluster is None else (cluster,)
    if isinstance(source, Leaderboard):
        if keys:
            option = "match_id" if match_id else "cluster"
            raise OptionError(f"{option} needs both logs: a board does not keep that column")
        return _of_board(source)
    tally = counted(source, keys=keys, progress=options["progress"], reading=reading)
    board: Leaderboard = rate(tally, interval="sandwich", elo_shuffles=0, **options)
    if not keys:
        return _of_board(board)
    if cluster is not None:
        return _of_clusters(board, tally, cluster, options["ties"])
    return _of_named(board, tally, match_id, options["ties"])


def _of_clusters(board: Leaderboard, tally: Tally, cluster: str, ties: Ties) -> _Log:
    """The clusters behind a board."""
    clusters = Clusters.of(tally, cluster, ties)
    inside = set(board._names)
    clusters = clusters.restricted(np.array([name in inside for name in tally.names]))
    refuse_few(len(clusters), cluster)
    assert tally.keyed is not None
    strengths = _strengths(board)
    chance = logistic(strengths[clusters.first] - strengths[clusters.second])
    points = clusters.first_points, clusters.second_points
    return _Log(
        SavedBoard.of(board),
        board._names,
        Curvature(board._field, strengths, 0.0).bread,
        pl.DataFrame({"cluster": tally.keyed.table[cluster].gather(clusters.cluster)}),
        clusters.first,
        clusters.second,
        points[0] - (points[0] + points[1]) * chance,
        np.ones(len(chance)),
        clustered=True,
    )


def _of_named(board: Leaderboard, tally: Tally, match_id: tuple[str, ...], ties: Ties) -> _Log:
    """The matches behind a board, each under its name."""
    cells = tally.to_polars()
    for column in match_id:
        nameless = int(cells.filter(pl.col(column).is_null())["count"].sum())
        if nameless:
            raise InputError(
                f"{nameless:,} matches have no value, so that they cannot be told from others; "
                f'leave them out (where="{column} IS NOT NULL") or name another column',
                column=column,
            )
    models = pl.col("model_a").is_in(board._names) & pl.col("model_b").is_in(board._names)
    cells = cells.filter(models)
    if ties == "exclude":
        cells = cells.filter(~pl.col("outcome").is_in(["tie", "both_bad"]))
    share = cells["outcome"].replace_strict(_SHARES, default=None, return_dtype=pl.Float64)
    points = share.fill_null(cells["score"]).to_numpy()
    code = {name: code for code, name in enumerate(board._names)}
    first, second = (
        cells[column].replace_strict(code, return_dtype=pl.Int64).to_numpy()
        for column in ("model_a", "model_b")
    )
    strengths = _strengths(board)
    chance = logistic(strengths[first] - strengths[second])
    return _Log(
        SavedBoard.of(board),
        board._names,
        Curvature(board._field, strengths, 0.0).bread,
        cells.select(
            *(pl.col(column).alias(f"id {place}") for place, column in enumerate(match_id)),
            *("model_a", "model_b", "weight"),
            points=pl.Series(points),
        ),
        first,
        second,
        (points - chance) * cells["weight"].to_numpy(),
        cells["count"].to_numpy().astype(np.float64),
        named=True,
    )


def _strengths(board: Leaderboard) -> np.ndarray:
    ratings = dict(zip(board.columns["model"], board.columns["rating"].tolist(), strict=True))
    values = np.array([ratings[name] for name in board._names]) / POINTS
    return np.asarray(values - values.mean())


def _of_board(board: Leaderboard) -> _Log:
    """The kinds of match behind a board."""
    if board.parameters or board.settings["prior"]:
        raise OptionError(
            "a board with a prior, or with parameters beside the ratings, is compared as it was "
            "written: humorrank rate ... --format json -o board.json"
        )
    names, strengths = board._names, _strengths(board)
    low, high, _, _ = board._field.pairs()
    pair, low_points, high_points, count = board._field.kinds()
    first, second = low[pair], high[pair]
    name = pl.Series(names, dtype=pl.String)
    chance = logistic(strengths[first] - strengths[second])
    key = {
        # Codes are in the order of names, so that the lower one is the same on both boards.
        "first": name.gather(first),
        "second": name.gather(second),
        "first_points": low_points,
        "second_points": high_points,
    }
    return _Log(
        SavedBoard.of(board),
        names,
        Curvature(board._field, strengths, 0.0).bread,
        pl.DataFrame(key),
        first,
        second,
        low_points - (low_points + high_points) * chance,
        count.astype(np.float64),
    )


def _paired_variance(old: _Log, new: _Log, common: Sequence[str]) -> tuple[np.ndarray, int, float]:
    """Variances of the moves in points squared, units that are shared, degrees of freedom."""
    units = pl.concat([old.key, new.key]).unique(maintain_order=True).with_row_index("unit")
    count = units.height
    variance = np.zeros(len(common))
    places = []
    for side in (old, new):
        joined = side.key.join(units, on=side.key.columns, how="left", maintain_order="left")
        places.append(joined["unit"].to_numpy().astype(np.int64))
    times = [
        np.bincount(place, side.times, count)
        for place, side in zip(places, (old, new), strict=True)
    ]
    if old.clustered:
        times = [np.minimum(time, 1) for time in times]
    both = np.minimum(*times)
    if not (old.clustered or old.named) and both.sum() < min(time.sum() for time in times):
        both = np.zeros(count)
    reaches = [_reach(side, common) for side in (old, new)]
    size = max(1, _BLOCK // len(common))
    for start in range(0, count, size):
        stop = min(start + size, count)
        part = slice(start, stop)
        pulls = [
            _pulls(side, place, reach, start, stop)
            for side, place, reach in zip((old, new), places, reaches, strict=True)
        ]
        variance += both[part] @ (pulls[1] - pulls[0]) ** 2
        for time, pull in zip(times, pulls, strict=True):
            variance += (time - both)[part] @ pull**2
    total = float(np.maximum(*times).sum())
    factor = total / max(1.0, total - 1)
    degrees = total - 1 if old.clustered else math.inf
    return POINTS**2 * factor * variance, int(both.sum()), degrees


def _reach(side: _Log, common: Sequence[str]) -> np.ndarray:
    """How far a point beyond expectation moves each common model against their mean."""
    code = {name: code for code, name in enumerate(side.names)}
    own = side.bread[:, [code[name] for name in common]]
    return np.asarray(own - own.mean(1, keepdims=True))


def _pulls(side: _Log, place: np.ndarray, reach: np.ndarray, start: int, stop: int) -> np.ndarray:
    """What units `start` to `stop` add to the common models' ratings, of shape (units, models)."""
    rows = np.flatnonzero((place >= start) & (place < stop))
    along = reach[side.first[rows]] - reach[side.second[rows]]
    along *= side.residual[rows, None]
    out = np.zeros((stop - start, reach.shape[1]))
    np.add.at(out, place[rows] - start, along)
    return out


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
