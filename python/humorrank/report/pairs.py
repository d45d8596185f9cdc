"""The results of a leaderboard for every pair of its best contestants, as columns."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from humorrank._util.progress import Progress
from humorrank.rating.board.leaderboard import Leaderboard

MOST_PAIRED: Final = 300
"""Maximum number of the best contestants whose pairs are included in a page."""

_POINTS: Final = 2
_CHANCE: Final = 4


def paired(board: Leaderboard) -> int:
    """Returns the number of contestants whose pairs are included."""
    return min(len(board), MOST_PAIRED) if board.has_matches else 0


def pair_columns(board: Leaderboard, progress: Progress | None = None) -> dict[str, list[Any]]:
    """Compares all pairs (i, j), i < j, of the best contestants, like `Leaderboard.compare`.

    Pairs are in the order (0, 1), (0, 2), ..., (1, 2), ... of places on the leaderboard.

    Args:
        board: The leaderboard.
        progress: Function that is called with (stage, done, total).

    Returns:
        `lower` and `upper` (ends of the interval of the rating of i minus that of j) and
        `stronger`, if there are intervals; `matches`, `points` (of i) and `against` (the points of
        j) in their direct matches.
    """
    if not board.has_matches:
        return {}
    n = paired(board)
    codes = board.codes[:n]
    i, j = np.triu_indices(n, 1)
    out: dict[str, list[Any]] = _direct(board, codes, i, j)
    uncertainty = board._uncertainty
    if uncertainty is None:
        return out
    lower, upper, stronger = (np.empty(len(i)) for _ in range(3))
    confidence = board.settings["confidence"]
    for row in range(n - 1):
        start, end = np.searchsorted(i, (row, row + 1))
        part = slice(int(start), int(end))
        one, other = codes[i[part]], codes[j[part]]
        ends = uncertainty.differences(one, other, confidence)
        lower[part], upper[part] = ends.lower, ends.upper
        stronger[part] = uncertainty.stronger(one, other)
        if progress is not None:
            progress("pairs", row + 1, n - 1)
    return {
        "lower": rounded(lower, _POINTS),
        "upper": rounded(upper, _POINTS),
        "stronger": rounded(stronger, _CHANCE),
        **out,
    }


def rounded(values: np.ndarray, decimals: int) -> list[float | int | str | None]:
    """Rounds numbers for JSON: infinite ones become "inf" or "-inf", and NaN becomes None."""
    out: list[float | int | str | None] = []
    for value in np.round(np.asarray(values, np.float64), decimals).tolist():
        if math.isfinite(value):
            out.append(int(value) if value == int(value) else value)
        else:
            out.append(None if math.isnan(value) else str(value))
    return out


def _direct(
    board: Leaderboard, codes: np.ndarray, i: np.ndarray, j: np.ndarray
) -> dict[str, list[Any]]:
    n = len(codes)
    place = np.full(len(board._names), -1, np.int64)
    place[codes] = np.arange(n)
    low, high, low_points, high_points = board.counted().pairs()
    kind, _, _, count = board.counted().kinds()
    met = np.bincount(kind, count.astype(np.float64), len(low))
    one, other = place[low], place[high]
    held = (one >= 0) & (other >= 0)
    one, other, met = one[held], other[held], met[held]
    matches, points = np.zeros((n, n)), np.zeros((n, n))
    matches[one, other] = matches[other, one] = met
    points[one, other], points[other, one] = low_points[held], high_points[held]
    return {
        "matches": rounded(matches[i, j], 0),
        "points": rounded(points[i, j], _POINTS),
        "against": rounded(points[j, i], _POINTS),
    }
