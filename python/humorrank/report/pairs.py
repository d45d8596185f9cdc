"""What a board says of every pair of its best contestants, as columns."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from humorrank._util.progress import Progress
from humorrank.rating.board.leaderboard import Leaderboard

MOST_PAIRED: Final = 300
"""Contestants whose pairs a page holds: the best ones, as pairs grow with their square."""

_POINTS: Final = 2
_CHANCE: Final = 4


def paired(board: Leaderboard) -> int:
    """How many contestants the pairs are of."""
    return min(len(board), MOST_PAIRED)


def pair_columns(board: Leaderboard, progress: Progress | None = None) -> dict[str, list[Any]]:
    """The figures of `Leaderboard.compare` for all pairs (i, j), i < j, of the best contestants.

    Pairs are in the order (0, 1), (0, 2), ..., (1, 2), ... of places on the board.

    Args:
        board: the board.
        progress: called with (stage, done, total).

    Returns:
        `lower` and `upper` (ends of the rating of i less that of j) and
        `stronger` where there are intervals; `matches`, `points` (of i) and `against` (of j) of
        their direct matches.
    """
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
    """Numbers of so many decimals, whole ones as such; "inf", "-inf", and None for no number."""
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
    low, high, low_points, high_points = board._field.pairs()
    kind, _, _, count = board._field.kinds()
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
