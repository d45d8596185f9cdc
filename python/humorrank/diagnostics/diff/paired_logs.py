"""The variance of the moves between the boards of two logs of one field.

The variance of a move is a paired sandwich: a match (or cluster) in both logs influences both
ratings, and its two influences are subtracted before they are squared. The columns `match_id`
identify the matches that are the same. Without them, matches cannot be identified. If one log then
contains all matches of the other, as a log that has grown does, these matches are treated as shared
(small logs may do so by chance). Otherwise none is treated as shared, and the intervals tend to be
too wide. Clusters are identified by their names.
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
from humorrank._util.text import number_of
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
    """A log with its board, split into units that another log may contain as well.

    Attributes:
        board: The ratings of the board.
        names: The names of the contestants by code.
        bread: The inverse information.
        unit: The type of the units: a "match" with an identifier, a "kind" of equal matches that
            cannot be distinguished, or a "cluster".
        key: A frame whose columns are equal for equal units, with one row per row of the log.
        first: The codes of the contestants, one per row.
        second: The codes of their opponents.
        residual: The points of `first` minus their expectation, for each match of the row.
        times: The number of matches in each row; 1 for clusters.
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
        """Creates a log from the codes and points of both contestants of each row."""
        ratings = dict(zip(board.columns["model"], board.columns["rating"].tolist(), strict=True))
        strengths = np.array([ratings[name] for name in board._names]) / POINTS
        strengths -= strengths.mean()
        chance = logistic(strengths[pair[0]] - strengths[pair[1]])
        return cls(
            SavedBoard.of(board),
            board._names,
            Curvature(board.counted(), strengths, 0.0).bread,
            unit,
            key,
            *pair,
            points[0] - (points[0] + points[1]) * chance,
            np.ones(len(chance)) if times is None else times.astype(np.float64),
        )

    @classmethod
    def of_board(cls, board: Leaderboard) -> RatedLog:
        """Returns the matches of a board, grouped into kinds of equal matches.

        Raises:
            OptionError: If the board has a prior or parameters in addition to the ratings.
        """
        if board.parameters or board.settings["prior"]:
            raise OptionError(
                "a board with a prior, or with parameters in addition to the ratings, can only be "
                "compared as a file: write it with humorrank rate ... --format json -o board.json"
            )
        low, high, _, _ = board.counted().pairs()
        pair, *points, count = board.counted().kinds()
        first, second = low[pair], high[pair]
        name = pl.Series(board._names, dtype=pl.String)
        key = {
            # Codes are in the order of names, so the lower one is the same on both boards.
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
        """Returns the matches of a board with their identifiers.

        Args:
            board: The board of the tally.
            tally: The tally, with the columns of `match_id` as its keys.
            match_id: The columns that identify a match.
            ties: How the board handles ties.

        Raises:
            InputError: If a match has no identifier.
        """
        cells = tally.to_polars()
        for column in match_id:
            nameless = int(cells.filter(pl.col(column).is_null())["count"].sum())
            if nameless:
                found = number_of(nameless, "match has", "matches have")
                raise InputError(
                    f"{found} no value and cannot be identified; leave them out "
                    f'(where="{column} IS NOT NULL"), or use another column',
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
        """Returns the clusters of a board of a tally whose only key is the cluster.

        Raises:
            InputError: If a match does not belong to a cluster, or there are too few clusters.
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
    """Returns the variances of the moves in points squared, the shared units, and the degrees."""
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
    """Returns the effect of an unexpected point on each common model relative to their mean."""
    code = {name: code for code, name in enumerate(side.names)}
    own = side.bread[:, [code[name] for name in common]]
    return np.asarray(own - own.mean(1, keepdims=True))


def _pulls(
    side: RatedLog, place: np.ndarray, reach: np.ndarray, start: int, stop: int
) -> np.ndarray:
    """Returns the influences of units `start` to `stop`, of shape (units, common models)."""
    rows = np.flatnonzero((place >= start) & (place < stop))
    along = reach[side.first[rows]] - reach[side.second[rows]]
    along *= side.residual[rows, None]
    out = np.zeros((stop - start, reach.shape[1]))
    np.add.at(out, place[rows] - start, along)
    return out
