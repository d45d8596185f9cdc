"""Places names next to points if there is enough space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

from humorrank.figures.theme import short_names, text_width

MOST: Final = 20
"""Maximum number of points that are named."""

LONGEST: Final = 28
"""Maximum length of a name next to a point; the tooltip has the whole name."""

ACROSS: Final = 6
"""Horizontal distance of a name from its point, in pixels."""

DOWN: Final = (-6, 7, 0)
"""Possible vertical distances of a name below its point, in pixels, in the order of trial."""

_FONT: Final = 10

_OVERHANG: Final = 90
"""Maximum distance by which a name may extend beyond the right border, in pixels."""


@dataclass(frozen=True)
class Label:
    """A name next to a point.

    Attributes:
        text: The part of the name that is shown.
        side: The side of the point on which the name is placed.
        down: The distance of the name below the point, in pixels.
    """

    text: str
    side: Literal["left", "right"]
    down: int


def short(names: Sequence[str]) -> list[str]:
    """Cuts names to the maximum length next to a point, so that they stay different."""
    return short_names(names, most=LONGEST)


def placed(
    points: Sequence[tuple[float, float]],
    names: Sequence[str],
    weights: Sequence[float],
    size: tuple[float, float],
) -> list[Label | None]:
    """Chooses the points that are named, and the places of the names.

    Points with greater weights come first. A name is left out if it would cover another name or a
    point.

    Args:
        points: Horizontal and vertical positions of the points, in pixels.
        names: Names of the points.
        weights: Importance of naming each point.
        size: Width and height of the plot, in pixels.
    """
    out: list[Label | None] = [None] * len(points)
    texts = short(names)
    taken = [(x - 3, y - 3, x + 3, y + 3) for x, y in points]
    order = sorted(range(len(points)), key=lambda at: (-weights[at], names[at]))
    for at in order[: 4 * MOST]:
        if sum(label is not None for label in out) == MOST:
            break
        text, (x, y) = texts[at], points[at]
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
    """Moves heights between `low` and `high` so that neighbors are at least `gap` apart.

    Args:
        heights: Preferred heights of the labels.
        gap: Minimum distance between two labels, which is reduced if there is no space for all.
        low: Lowest allowed height.
        high: Greatest allowed height.
    """
    if len(heights) > 1:
        gap = min(gap, (high - low) / (len(heights) - 1))
    order = sorted(range(len(heights)), key=lambda at: heights[at])
    # Runs of labels that touch, each centered on the mean of the preferred heights.
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
