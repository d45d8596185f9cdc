"""Which order is to change, and how far it is from that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from humorrank._stats.scale import POINTS

LEAD: Final = 1e-5 / POINTS
"""Ratings closer than 0.00001 points are equal: fits are exact to less, and a lead must be real."""

MOST_TRIED: Final = 6
"""Challengers, or pairs across the last place of the top, that are looked into: those whose gap is
smallest beside its standard error."""


@dataclass(frozen=True)
class Aim:
    """An order that is to change.

    Attributes:
        ahead: codes of those who are to fall behind; whoever of them is nearest to it counts.
        behind: codes of those who are to rise above them.
        every: whether one of `behind` must rise above all of `ahead`, not above any.
        pair: whose gap is to be closed, where it is always the same one; else None.
    """

    ahead: tuple[int, ...]
    behind: tuple[int, ...]
    every: bool = False
    pair: tuple[int, int] | None = None

    def lead(self, strengths: np.ndarray) -> float:
        """By how much the order holds; below 0 it does not."""
        ahead, behind = strengths[list(self.ahead)], strengths[list(self.behind)]
        return float((ahead.max() if self.every else ahead.min()) - behind.max())

    def changed(self, strengths: np.ndarray) -> bool:
        """Whether the order is another one."""
        return self.lead(strengths) < -LEAD

    def gap(self, strengths: np.ndarray) -> tuple[float, int, int]:
        """The gap to be closed, and between whom."""
        if self.pair is not None:
            a, b = self.pair
        else:
            pick = np.argmax if self.every else np.argmin
            a = self.ahead[int(pick(strengths[list(self.ahead)]))]
            b = self.behind[int(np.argmax(strengths[list(self.behind)]))]
        return float(strengths[a] - strengths[b]), a, b


def pair_aim(strengths: np.ndarray, one: int, other: int) -> Aim:
    """The order of two contestants."""
    a, b = (one, other) if strengths[one] >= strengths[other] else (other, one)
    return Aim((a,), (b,), pair=(a, b))


def make_aim(strengths: np.ndarray, winner: int) -> Aim:
    """That a given contestant comes first, alone."""
    others = tuple(i for i in range(len(strengths)) if i != winner)
    return Aim(others, (winner,), every=True)


def top_aims(strengths: np.ndarray, inverse: np.ndarray, top: int) -> list[Aim]:
    """Who the best `top` are, once for each pair that could change it most easily.

    Args:
        strengths: of the fit.
        inverse: of its information.
        top: how many; 1 for the winner.
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
