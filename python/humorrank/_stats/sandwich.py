"""Covariances of estimates from the scatter of the units: matches, or clusters of them.

The estimates' covariance is B M B (Huber 1967, White 1982; over clusters Liang and Zeger 1986). B
is the inverse of the information, and M the sum of the outer products of the units' scores.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

_BLOCK: Final = 1 << 22
"""Numbers in a block of scores."""


def sandwich(bread: np.ndarray, meat: np.ndarray) -> np.ndarray:
    """Returns B M B.

    Args:
        bread: B, symmetric.
        meat: M.
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
    """Yields the scores of some units at a time, which bounds the memory.

    Args:
        unit: Unit of each row, from 0 on, in ascending order.
        units: Number of units.
        first: Codes of contestants, one per row.
        second: Codes of their opponents.
        residual: Points of `first` beyond expectation.
        width: Number of parameters, of which the strengths come first.

    Yields:
        The rows of a block, the unit of each row within the block, and the scores by strengths, of
        shape (units in the block, width).
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
