"""Two logs of one field, and how far apart chance alone moves their boards.

The variance of a move is that of the sandwich, paired: a match (or cluster) that both logs hold
pulls at both ratings, so that its influences on the two are subtracted before they are squared.
Which matches are the same, columns say that tell one match from another (`match_id`). Without them
matches have no names: where one log holds all that the other does, as a log that has grown, these
are taken as shared (which small logs may do by chance); else none is, and intervals are rather too
wide. Clusters have names, and are shared by them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import polars as pl

from humorrank._stats.sandwich import small_sample
from humorrank._stats.scale import POINTS, logistic
from humorrank.errors import InputError, OptionError
from humorrank.matches.tally.tally import Tally
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.board.saved import SavedBoard
from humorrank.rating.settings import Ties
from humorrank.rating.uncertainty.clusters import Clusters, refuse_few
from humorrank.rating.uncertainty.covariance import Curvature

_BLOCK: Final = 1 << 22


@dataclass(frozen=True, eq=False)
class RatedLog:
    """A log with its board, as units that another log may hold too.

    Attributes:
        board: what is on the board.
        names: the contestants by code.
        bread: the inverse information.
        unit: what is shared: a match of a name, a match of a kind (which tells it from others as
            far as it goes), a cluster.
        key: what each row is a unit of: a frame of columns that are equal for equal units.
        first: codes, one a row.
        second: codes.
        residual: points of `first` beyond expectation, of each match of the row.
        times: matches in each row; of clusters 1.
    """

    board: SavedBoard
    names: Sequence[str]
    bread: np.ndarray
    unit: Literal["match", "kind", "cluster"]
    key: pl.DataFrame
    first: np.ndarray
    second: np.ndarray
    residual: np.ndarray
    times: np.ndarray

    @classmethod
    def _of(
        cls,
        board: Leaderboard,
        unit: Literal["match", "kind", "cluster"],
        key: pl.DataFrame,
        pair: tuple[np.ndarray, np.ndarray],
        points: tuple[np.ndarray, np.ndarray],
        times: np.ndarray | None = None,
    ) -> RatedLog:
        """Rows by their contestants' codes, and the points that both took; `times` 1 for None."""
        ratings = dict(zip(board.columns["model"], board.columns["rating"].tolist(), strict=True))
        strengths = np.array([ratings[name] for name in board._names]) / POINTS
        strengths -= strengths.mean()
        chance = logistic(strengths[pair[0]] - strengths[pair[1]])
        return cls(
            SavedBoard.of(board),
            board._names,
            Curvature(board._field, strengths, 0.0).bread,
            unit,
            key,
            *pair,
            points[0] - (points[0] + points[1]) * chance,
            np.ones(len(chance)) if times is None else times.astype(np.float64),
        )

    @classmethod
    def of_board(cls, board: Leaderboard) -> RatedLog:
        """The kinds of match behind a board.

        Raises:
            OptionError: it is no board of ratings alone, without a prior.
        """
        if board.parameters or board.settings["prior"]:
            raise OptionError(
                "a board with a prior, or with parameters beside the ratings, is compared as it "
                "was written: humorrank rate ... --format json -o board.json"
            )
        low, high, _, _ = board._field.pairs()
        pair, *points, count = board._field.kinds()
        first, second = low[pair], high[pair]
        name = pl.Series(board._names, dtype=pl.String)
        key = {
            # Codes are in the order of names, so that the lower one is the same on both boards.
            "first": name.gather(first),
            "second": name.gather(second),
            "first_points": points[0],
            "second_points": points[1],
        }
        return cls._of(
            board, "kind", pl.DataFrame(key), (first, second), (points[0], points[1]), count
        )

    @classmethod
    def of_named(
        cls, board: Leaderboard, tally: Tally, match_id: tuple[str, ...], ties: Ties
    ) -> RatedLog:
        """The matches behind a board, each under its name.

        Args:
            board: of that tally.
            tally: with the columns of `match_id` as its keys.
            match_id: columns that tell one match from another.
            ties: as the board takes them.

        Raises:
            InputError: a match has no name.
        """
        cells = tally.to_polars()
        for column in match_id:
            nameless = int(cells.filter(pl.col(column).is_null())["count"].sum())
            if nameless:
                raise InputError(
                    f"{nameless:,} matches have no value, so that they cannot be told from others; "
                    f'leave them out (where="{column} IS NOT NULL") or name another column',
                    column=column,
                )
        cells = cells.filter(pl.all_horizontal(pl.col("model_a", "model_b").is_in(board._names)))
        if ties == "exclude":
            cells = cells.filter(~pl.col("outcome").is_in(["tie", "both_bad"]))
        code = {name: code for code, name in enumerate(board._names)}
        first, second = (
            cells[column].replace_strict(code, return_dtype=pl.Int64).to_numpy()
            for column in ("model_a", "model_b")
        )
        score, weight = cells["score"].to_numpy(), cells["weight"].to_numpy()
        key = cells.select(
            *(pl.col(column).alias(f"id {place}") for place, column in enumerate(match_id)),
            *("model_a", "model_b", "score", "weight"),
        )
        points = (score * weight, (1 - score) * weight)
        return cls._of(board, "match", key, (first, second), points, cells["count"].to_numpy())

    @classmethod
    def of_clusters(cls, board: Leaderboard, tally: Tally, cluster: str, ties: Ties) -> RatedLog:
        """The clusters behind a board of that tally, whose only key they are.

        Raises:
            InputError: a match belongs to none, or they are too few.
        """
        clusters = Clusters.of(tally, cluster, ties)
        inside = set(board._names)
        clusters = clusters.restricted(np.array([name in inside for name in tally.names]))
        refuse_few(len(clusters), cluster)
        assert tally.keyed is not None
        return cls._of(
            board,
            "cluster",
            pl.DataFrame({"cluster": tally.keyed.table[cluster].gather(clusters.cluster)}),
            (clusters.first, clusters.second),
            (clusters.first_points, clusters.second_points),
        )


def paired_variance(
    old: RatedLog, new: RatedLog, common: Sequence[str]
) -> tuple[np.ndarray, int, float]:
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
    if old.unit == "cluster":
        times = [np.minimum(time, 1) for time in times]
    both = np.minimum(*times)
    if old.unit == "kind" and both.sum() < min(time.sum() for time in times):
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
    degrees = total - 1 if old.unit == "cluster" else math.inf
    return POINTS**2 * small_sample(total) * variance, int(both.sum()), degrees


def _reach(side: RatedLog, common: Sequence[str]) -> np.ndarray:
    """How far a point beyond expectation moves each common model against their mean."""
    code = {name: code for code, name in enumerate(side.names)}
    own = side.bread[:, [code[name] for name in common]]
    return np.asarray(own - own.mean(1, keepdims=True))


def _pulls(
    side: RatedLog, place: np.ndarray, reach: np.ndarray, start: int, stop: int
) -> np.ndarray:
    """What units `start` to `stop` add to the common models' ratings, of shape (units, models)."""
    rows = np.flatnonzero((place >= start) & (place < stop))
    along = reach[side.first[rows]] - reach[side.second[rows]]
    along *= side.residual[rows, None]
    out = np.zeros((stop - start, reach.shape[1]))
    np.add.at(out, place[rows] - start, along)
    return out
