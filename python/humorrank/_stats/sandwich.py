"""Sandwich covariances of estimates, whose independent units are matches or clusters of matches.

The covariance of the estimates is B M B [Hub67, Whi82], also over clusters [LZ86]. B is the inverse
of the information, and M is the sum of the outer products of the scores of the units.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

_BLOCK: Final = 1 << 22
"""The number of values in a block of scores."""


def sandwich(bread: np.ndarray, meat: np.ndarray) -> np.ndarray:
    """Returns B M B.

    Args:
        bread: Matrix B, which is symmetric.
        meat: Matrix M.
    """
    return np.asarray(bread @ meat @ bread)


def small_sample(units: float) -> float:
    """Returns the factor C / (C - 1) for C units, and 1 if there is only one."""
    return units / max(1, units - 1)


def score_blocks(
    unit: np.ndarray,
    units: int,
    first: np.ndarray,
    second: np.ndarray,
    residual: np.ndarray,
    width: int,
) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Yields the scores in blocks of units, which bounds the memory.

    Args:
        unit: Unit of each row, from 0 on, in ascending order.
        units: Number of units.
        first: Codes of contestants, one per row.
        second: Codes of their opponents.
        residual: Points of `first` minus their expected value.
        width: Number of parameters, of which the strengths come first.

    Yields:
        The rows of a block, the unit of each row within the block, and the scores with respect to
        the strengths, of shape (units in the block, width).
    """
    size = max(1, _BLOCK // width)
    for start in range(0, units, size):
        count = min(size, units - start)
        low, high = np.searchsorted(unit, (start, start + count))
        rows = slice(int(low), int(high))
        own = unit[rows] - start
        place, beyond = own * width, residual[rows]
        scores = np.bincount(place + first[rows], beyond, count * width)
        scores -= np.bincount(place + second[rows], beyond, count * width)
        yield rows, own, scores.reshape(count, width)
