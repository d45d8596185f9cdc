"""The order that an audit tries to change, and its distance from a change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from humorrank._stats.scale import POINTS

LEAD: Final = 1e-5 / POINTS
"""The smallest lead, 0.00001 points, which is larger than the error of a fit."""

MOST_TRIED: Final = 6
"""The number of pairs across the edge of the top that are tried, those with the smallest gap
relative to its standard error."""


@dataclass(frozen=True)
class Aim:
    """An order that an audit tries to change.

    Attributes:
        ahead: The codes of the contestants of which one is to fall behind.
        behind: The codes of the contestants of which one is to rise above `ahead`.
        every: Whether one of `behind` must rise above all of `ahead` instead of above any.
        pair: The pair whose gap is to be closed, if it is fixed; else None.
    """

    ahead: tuple[int, ...]
    behind: tuple[int, ...]
    every: bool = False
    pair: tuple[int, int] | None = None

    def lead(self, strengths: np.ndarray) -> float:
        """Returns the margin by which the order holds; negative if it does not hold."""
        ahead, behind = strengths[list(self.ahead)], strengths[list(self.behind)]
        return float((ahead.max() if self.every else ahead.min()) - behind.max())

    def changed(self, strengths: np.ndarray) -> bool:
        """Returns whether the order has changed."""
        return self.lead(strengths) < -LEAD

    def gap(self, strengths: np.ndarray) -> tuple[float, int, int]:
        """Returns the gap to be closed, and the two contestants."""
        if self.pair is not None:
            a, b = self.pair
        else:
            pick = np.argmax if self.every else np.argmin
            a = self.ahead[int(pick(strengths[list(self.ahead)]))]
            b = self.behind[int(np.argmax(strengths[list(self.behind)]))]
        return float(strengths[a] - strengths[b]), a, b


def pair_aim(strengths: np.ndarray, one: int, other: int) -> Aim:
    """Returns the aim to change the order of two contestants."""
    a, b = (one, other) if strengths[one] >= strengths[other] else (other, one)
    return Aim((a,), (b,), pair=(a, b))


def make_aim(strengths: np.ndarray, winner: int) -> Aim:
    """Returns the aim that a given contestant is the only one in first place."""
    others = tuple(i for i in range(len(strengths)) if i != winner)
    return Aim(others, (winner,), every=True)


def top_aims(strengths: np.ndarray, inverse: np.ndarray, top: int) -> list[Aim]:
    """Returns aims to change the set of the best `top`, one for each of the closest pairs.

    Args:
        strengths: The fitted strengths.
        inverse: The inverse of the information.
        top: The number of the best contestants; 1 for the winner.
    """
    order = np.lexsort((np.arange(len(strengths)), -strengths))
    ahead, behind = order[:top], order[top:]
    gap = strengths[ahead][:, None] - strengths[behind][None, :]
    diagonal = np.diag(inverse)
    variance = diagonal[ahead][:, None] + diagonal[behind][None, :]
    variance = variance - 2 * inverse[np.ix_(ahead, behind)]
    distance = (gap / np.sqrt(np.maximum(variance, 1e-300))).ravel()
    places = np.lexsort((np.arange(len(distance)), distance))[:MOST_TRIED]
    return [
        Aim(_codes(ahead), _codes(behind), pair=(int(ahead[i]), int(behind[j])))
        for i, j in (divmod(int(place), len(behind)) for place in places)
    ]


def _codes(values: np.ndarray) -> tuple[int, ...]:
    return tuple(int(value) for value in values)
