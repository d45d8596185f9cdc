"""Names beside points, where there is room for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

from humorrank.figures.theme import text_width

MOST: Final = 20
"""The most points that are named."""

LONGEST: Final = 28
"""Characters of a name beside a point; the whole name is in the tooltip."""

ACROSS: Final = 6
"""How far a name stands from its point, in pixels."""

DOWN: Final = (-6, 7, 0)
"""How far below its point it may stand: there is room for it above, below, or beside."""

_FONT: Final = 10

_OVERHANG: Final = 90
"""How far a name may stand out of the plot to the right, in pixels."""


@dataclass(frozen=True)
class Label:
    """A name beside a point.

    Attributes:
        text: as much of it as is shown.
        side: on which side of the point it stands.
        down: how far below it, in pixels.
    """

    text: str
    side: Literal["left", "right"]
    down: int


def short(name: str) -> str:
    """A name that can stand beside a point."""
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def placed(
    points: Sequence[tuple[float, float]],
    names: Sequence[str],
    weights: Sequence[float],
    size: tuple[float, float],
) -> list[Label | None]:
    """Which points are named, and on which side.

    The heaviest come first; a name is left out where it would cover another name or a point.

    Args:
        points: across and down, in pixels.
        names: of the points.
        weights: how much each should be named.
        size: of the plot, in pixels.
    """
    out: list[Label | None] = [None] * len(points)
    taken = [(x - 3, y - 3, x + 3, y + 3) for x, y in points]
    order = sorted(range(len(points)), key=lambda at: (-weights[at], names[at]))
    for at in order[: 4 * MOST]:
        if sum(label is not None for label in out) == MOST:
            break
        text, (x, y) = short(names[at]), points[at]
        width = text_width(text, _FONT)
        sides: list[tuple[Literal["left", "right"], float]] = [
            ("right", x + ACROSS),
            ("left", x - ACROSS - width),
        ]
        for down, (side, left) in product(DOWN, sides):
            box = (left, y + down - _FONT / 2, left + width, y + down + _FONT / 2)
            inside = box[0] >= 0 and box[2] <= size[0] + _OVERHANG
            others = (other for place, other in enumerate(taken) if place != at)
            if inside and not any(_overlap(box, other) for other in others):
                out[at] = Label(text, side, down)
                taken.append(box)
                break
    return out


def spread(heights: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Heights moved apart so that neighbours are at least `gap` apart, from `low` to `high`.

    Args:
        heights: where the labels would stand.
        gap: between two of them; less, if there is no room for all.
        low: the least height.
        high: the greatest height.
    """
    if len(heights) > 1:
        gap = min(gap, (high - low) / (len(heights) - 1))
    order = sorted(range(len(heights)), key=lambda at: heights[at])
    # Runs of labels that touch, each around the mean of where its members would stand.
    runs: list[list[float]] = []
    for number, at in enumerate(order):
        runs.append([heights[at] - number * gap, 1.0])
        while len(runs) > 1 and runs[-2][0] >= runs[-1][0]:
            mean, count = runs.pop()
            runs[-1] = [
                (runs[-1][0] * runs[-1][1] + mean * count) / (runs[-1][1] + count),
                runs[-1][1] + count,
            ]
    out = [0.0] * len(heights)
    number = 0
    for base, count in runs:
        for _ in range(int(count)):
            most = high - (len(heights) - 1) * gap
            out[order[number]] = min(max(base, low), most) + number * gap
            number += 1
    return out


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
