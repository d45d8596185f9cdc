"""The columns and rows of a leaderboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

COLUMNS: Final = (
    "rank",
    "model",
    "rating",
    "rating_lower",
    "rating_upper",
    "rank_ci",
    "win_rate",
    "matches",
    "elo",
    "elo_sd",
)
"""The columns of a leaderboard in all formats."""

OPTIONAL: Final = ("both_bad_share",)
"""The further columns of a leaderboard on request."""

WHOLE: Final = ("rank", "rank_ci", "matches")
"""The columns of whole numbers."""


def dtype_of(column: str) -> type[pl.DataType]:
    """The type of a column of a leaderboard."""
    if column in WHOLE:
        return pl.Int64
    return pl.String if column == "model" else pl.Float64


DECIMALS: Final[Mapping[str, int]] = {"win_rate": 3, "both_bad_share": 3}
"""Number of decimals in a markdown table, by column; 1 for all other columns."""


@dataclass(frozen=True)
class Row:
    """One row of a leaderboard.

    Attributes:
        rank: The rank, 1 for the highest rating. Equal ratings share a rank.
        model: The name of the contestant.
        rating: The Bradley-Terry rating in points. The mean of the board is 1000 unless anchored.
        rating_lower: Lower end of the interval; -inf if it is open, None without intervals.
        rating_upper: Upper end of the interval; +inf if it is open, None without intervals.
        rank_ci: 1 + the number of models whose lower end lies above the upper end of this one.
        win_rate: Points (wins and half the ties) per match; None if no match has a weight.
        matches: The number of matches rated.
        elo: Stable Elo, the mean over the shuffles; None without shuffles.
        elo_sd: The population standard deviation of Elo over the shuffles; None without shuffles.
        both_bad_share: The share of its matches in which both were called bad; None unless it was
            requested.
    """

    rank: int
    model: str
    rating: float
    rating_lower: float | None
    rating_upper: float | None
    rank_ci: int | None
    win_rate: float | None
    matches: int
    elo: float | None
    elo_sd: float | None
    both_bad_share: float | None = None


@dataclass(frozen=True)
class Unrated:
    """A contestant that could not be rated.

    Attributes:
        model: The name of the contestant.
        reason: The reason, as text.
        matches: The number of its matches in the log, which were not used.
    """

    model: str
    reason: str
    matches: int
