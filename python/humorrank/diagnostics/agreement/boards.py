"""Comparison of the order of the models on two boards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from numbers import Real
from typing import Any, Final

import numpy as np
import polars as pl

from humorrank._stats.correlation import Correlation, kendall, spearman
from humorrank._util.checks import whole
from humorrank.errors import InputError
from humorrank.rating.board.leaderboard import Leaderboard

_BLOCK: Final = 1 << 22


@dataclass(frozen=True)
class Discordant:
    """Two models that two boards order differently, with their ratings on both.

    Attributes:
        better: The model that the first board rates higher.
        worse: The model that the second board rates higher.
        better_one: The rating of `better` on the first board.
        worse_one: The rating of `worse` on the first board.
        better_other: The rating of `better` on the second board.
        worse_other: The rating of `worse` on the second board.
    """

    better: str
    worse: str
    better_one: float
    worse_one: float
    better_other: float
    worse_other: float


@dataclass(frozen=True)
class BoardComparison:
    """The comparison of two boards over the models on both.

    Attributes:
        kendall: Kendall's tau-b of the ratings [Ken45].
        spearman: Spearman's rho of the ratings.
        common: The models on both boards, sorted by name.
        only_one: The models on the first board only.
        only_other: The models on the second board only.
        pairs: The number of pairs of common models.
        reversed: The number of pairs that the boards order differently, without equal ratings.
        discordant: The reversed pairs up to the requested number, sorted by the smaller of their
            two rating gaps, largest first.
    """

    kendall: Correlation
    spearman: Correlation
    common: tuple[str, ...]
    only_one: tuple[str, ...]
    only_other: tuple[str, ...]
    pairs: int
    reversed: int
    discordant: tuple[Discordant, ...]

    def to_dict(self) -> dict[str, Any]:
        """Returns all figures in JSON types."""
        return asdict(self)


def compare_boards(one: object, other: object, *, limit: int = 100) -> BoardComparison:
    """Compares two boards over the models that are on both.

    Args:
        one: The first board: a `Leaderboard`, a frame or mapping with the columns model and
            rating, or a mapping {model: rating}.
        other: The second board, in one of the same forms.
        limit: The number of reversed pairs to list.

    Raises:
        InputError: If a board lacks a column, has a duplicate model, or has a rating that is not
            a number.
        OptionError: If the limit is not a whole number.
    """
    limit = whole("limit", limit)
    return of_ratings(_ratings("the first board", one), _ratings("the second board", other), limit)


def of_ratings(
    first: Mapping[str, float], second: Mapping[str, float], limit: int
) -> BoardComparison:
    """Compares two boards given as validated mappings {model: rating}."""
    common = sorted(first.keys() & second.keys())
    x = np.array([first[name] for name in common], np.float64)
    y = np.array([second[name] for name in common], np.float64)
    count, rows, columns = _discordant(x, y, limit)
    listed = []
    for a, b in zip(rows.tolist(), columns.tolist(), strict=True):
        values = map(float, (x[a], x[b], y[a], y[b]))
        listed.append(Discordant(common[a], common[b], *values))
    return BoardComparison(
        kendall(x, y),
        spearman(x, y),
        tuple(common),
        tuple(sorted(first.keys() - second.keys())),
        tuple(sorted(second.keys() - first.keys())),
        len(common) * (len(common) - 1) // 2,
        count,
        tuple(listed),
    )


def _discordant(x: np.ndarray, y: np.ndarray, limit: int) -> tuple[int, np.ndarray, np.ndarray]:
    """Returns the number of reversed pairs, and both models of those with the widest gaps."""
    n = len(x)
    step = max(1, _BLOCK // max(n, 1))
    count = 0
    rows, columns, widths = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    for start in range(0, n, step):
        stop = min(n, start + step)
        own = x[start:stop, None] - x[None, :]
        theirs = y[start:stop, None] - y[None, :]
        # i is the model that the first board rates higher.
        i, j = np.nonzero((own > 0) & (theirs < 0))
        count += len(i)
        rows, columns = np.concatenate([rows, i + start]), np.concatenate([columns, j])
        width = np.minimum(own[i, j], -theirs[i, j])
        widths = np.concatenate([widths, width])
        kept = np.lexsort((columns, rows, -widths))[:limit]
        rows, columns, widths = rows[kept], columns[kept], widths[kept]
    return count, rows, columns


def _ratings(what: str, board: object) -> dict[str, float]:
    if isinstance(board, Leaderboard):
        frame = board.table
    elif isinstance(board, pl.DataFrame):
        frame = board
    elif isinstance(board, Mapping) and not {"model", "rating"} <= board.keys():
        return _checked(what, list(board), list(board.values()))
    else:
        frame = _frame(what, board)
    for name in ("model", "rating"):
        if name not in frame.columns:
            raise InputError(
                f"{what} has no column {name!r}; its columns are {', '.join(frame.columns)}"
            )
    try:
        ratings = frame["rating"].cast(pl.Float64).to_list()
    except pl.exceptions.PolarsError:
        raise InputError(f"{what} has a rating that is not a number", column="rating") from None
    return _checked(what, frame["model"].cast(pl.String).to_list(), ratings)


def _checked(what: str, models: list[Any], ratings: list[Any]) -> dict[str, float]:
    out: dict[str, float] = {}
    for model, rating in zip(models, ratings, strict=True):
        if model is None:
            raise InputError(f"{what} has a row without a model")
        if model in out:
            raise InputError(f"{what} has the model {model!r} twice")
        if not isinstance(rating, Real) or rating != rating:  # noqa: PLR0124 - not a number
            raise InputError(f"{what} has no rating for {model!r}; leave the model out")
        out[str(model)] = float(rating)
    return out


def _frame(what: str, board: object) -> pl.DataFrame:
    try:
        if hasattr(board, "to_dict") and hasattr(board, "columns"):
            board = {str(name): board[name].to_list() for name in board.columns}  # type: ignore[index]
        return pl.DataFrame(board)  # type: ignore[arg-type]
    except Exception as error:
        raise InputError(
            f"{what} is not a board with the columns model and rating: {error}"
        ) from None
