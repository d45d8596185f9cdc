"""The order of a leaderboard, and its ranks by rating and by interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

_SAME_RATING = 1e-4
"""Ratings that differ by at most this many points, the accuracy of a fit, share a rank."""


def ranked(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Sorts the columns into the order of the board and adds the ranks.

    Args:
        columns: The columns model, rating, win_rate and matches, and rating_lower, rating_upper,
            elo and elo_sd if available.

    Returns:
        The same columns, best first and then by name, with `rank`, and with `rank_ci` if there
        are intervals.
    """
    order = np.argsort(-columns["rating"], kind="stable")
    out: dict[str, Any] = {
        name: [values[i] for i in order.tolist()] if name == "model" else values[order]
        for name, values in columns.items()
    }
    out["rank"] = ranks_by_rating(out["rating"])
    if "rating_lower" in out:
        out["rank_ci"] = ranks_by_interval(out["rating_lower"], out["rating_upper"])
    for name, values in out.items():
        if name != "model":
            values.flags.writeable = False
    return out


def ranks_by_rating(descending: np.ndarray, starts: np.ndarray | None = None) -> np.ndarray:
    """Returns ranks 1, 2, ..., where ratings equal to the first of their run share its rank.

    Args:
        descending: The ratings, highest first on each board.
        starts: The position at which each board starts; a single board by default.
    """
    size = len(descending)
    out = np.arange(1, size + 1, dtype=np.int64)
    alike = np.zeros(size, np.bool_)
    alike[1:] = descending[:-1] - descending[1:] <= _SAME_RATING
    if starts is not None:
        out -= np.repeat(starts, np.diff(np.append(starts, size)))
        alike[starts[starts < size]] = False
    same = alike.nonzero()[0]
    if not len(same):
        return out
    # Few ratings equal the one before them, and even fewer are the third or later of a run.
    leader = descending.copy()
    after_leader = same[~alike[same - 1]]
    leader[after_leader] = descending[after_leader - 1]
    out[after_leader] = out[after_leader - 1]
    for place in same[alike[same - 1]].tolist():
        if leader[place - 1] - descending[place] <= _SAME_RATING:
            leader[place] = leader[place - 1]
            out[place] = out[place - 1]
    return out


def ranks_by_interval(
    lower: np.ndarray, upper: np.ndarray, starts: np.ndarray | None = None
) -> np.ndarray:
    """Returns 1 + the number of contestants whose lower end lies above this one's upper end.

    Args:
        lower: The lower ends of the intervals.
        upper: The upper ends of the intervals.
        starts: The position at which each board starts; a single board by default.
    """
    size = len(lower)
    starts = np.zeros(1, np.int64) if starts is None else starts
    lengths = np.diff(np.append(starts, size))
    board = np.repeat(np.arange(len(starts)), lengths)
    # If two ends are equal, the lower one comes first so that it does not count as above.
    is_upper = np.repeat([False, True], size)
    order = np.lexsort((is_upper, np.concatenate([lower, upper]), np.tile(board, 2)))
    not_above = np.empty(2 * size, np.int64)
    not_above[order] = np.cumsum(~is_upper[order])
    end = np.repeat(starts + lengths, lengths)
    out: np.ndarray = 1 + end - not_above[size:]
    return out
