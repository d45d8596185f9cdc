"""The order of a leaderboard, and the ranks that the intervals allow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

_SAME_RATING = 1e-4
"""Ratings closer than this many points, a fit's worst certificate, share a rank."""


def ranked(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns by contestant, brought into the order of the board and given ranks.

    Args:
        columns: model, rating, win_rate, matches; rating_lower and rating_upper, elo and elo_sd
            where there are some.

    Returns:
        The same columns, best first and then by name, with `rank`, and `rank_ci` where there
        are intervals.
    """
    ratings = columns["rating"]
    order = np.lexsort((np.arange(len(ratings)), -ratings))
    out: dict[str, Any] = {
        name: [values[i] for i in order.tolist()] if name == "model" else values[order]
        for name, values in columns.items()
    }
    out["rank"] = ranks(out["rating"])
    if "rating_lower" in out:
        out["rank_ci"] = ranks_by_interval(out["rating_lower"], out["rating_upper"])
    for name, values in out.items():
        if name != "model":
            values.flags.writeable = False
    return out


def ranks(descending: np.ndarray) -> np.ndarray:
    """1, 2, ...; a rating that equals the first of its run shares the rank of that one."""
    out: list[int] = []
    leader = math.inf
    for place, rating in enumerate(descending.tolist(), start=1):
        if leader - rating > _SAME_RATING:
            leader = rating
            out.append(place)
        else:
            out.append(out[-1])
    return np.array(out, np.int64)


def ranks_by_interval(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """1 + the number of contestants whose lower end lies above this one's upper end."""
    above = len(lower) - np.searchsorted(np.sort(lower), upper, side="right")
    return (1 + above).astype(np.int64)
