"""Two contestants of a board: how far apart, and how sure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from humorrank._util import json as as_json
from humorrank._util.text import one_line


@dataclass(frozen=True)
class RatingDifference:
    """What the data say of two contestants.

    Attributes:
        model_a: one of them.
        model_b: the other.
        difference: rating of a less rating of b, in points.
        difference_lower: lower end of its interval; -inf where it is open.
        difference_upper: upper end; +inf where it is open.
        p_stronger: how sure the data make it that a is stronger: the share of draws in which its
            rating is higher, equal ones half.
        p_beats: the chance that a beats b in one match, a tie counting half: 1 / (1 + 10^(-d/400)),
            or Davidson's, whoever is shown first.
        p_beats_lower: lower end of its interval.
        p_beats_upper: upper end.
        matches: direct ones between the two; the difference rests on all others as well.
        points_a: points that a won of b in them: wins and half the ties, with their weights.
        points_b: the points of b.
        confidence: of the intervals.
        interval: how they were made.
        basis: what the draws are.
    """

    model_a: str
    model_b: str
    difference: float
    difference_lower: float
    difference_upper: float
    p_stronger: float
    p_beats: float
    p_beats_lower: float
    p_beats_upper: float
    matches: int
    points_a: float
    points_b: float
    confidence: float
    interval: str
    basis: str

    def to_dict(self) -> dict[str, Any]:
        """Everything, in JSON's types: open ends are null."""
        return dict(as_json.tree(vars(self)))

    def to_json(self) -> str:
        """`to_dict` as text."""
        return as_json.text(self.to_dict())

    def to_text(self) -> str:
        """A few lines for people."""
        a, b = one_line(self.model_a), one_line(self.model_b)
        percent = f"{100 * self.confidence:g} %"
        return "\n".join(
            [
                f"{a} against {b}",
                "",
                f"difference of ratings     {self.difference:+.1f} points "
                f"({percent}: {_end(self.difference_lower)} to {_end(self.difference_upper)})",
                f"P({a} is stronger)  {_share(self.p_stronger)}  how sure the data make it",
                f"P({a} beats {b})  {self.p_beats:.3f} ({percent}: {self.p_beats_lower:.3f} to "
                f"{self.p_beats_upper:.3f})  in one match, a tie counting half",
                f"direct matches            {self.matches:,}, points "
                f"{self.points_a:g} to {self.points_b:g}",
                f"interval                  {self.interval}, {self.basis}",
            ]
        )

    def __repr__(self) -> str:
        """The lines."""
        return self.to_text()


def beats(difference: float, nu: float = 0.0) -> float:
    """P(a beats b), a tie counting half, for ratings that differ by so many points.

    Args:
        difference: 0 and 1 follow from infinite ones.
        nu: the tie parameter of Davidson's model; 0 of Bradley and Terry's.
    """
    if math.isinf(difference):
        return 1.0 if difference > 0 else 0.0
    half = abs(difference) * math.log(10) / 800
    lost = math.exp(-2 * half)
    tied = nu * math.exp(-half)
    better = (1 + tied / 2) / (1 + lost + tied)
    return better if difference > 0 else 1 - better


def _end(value: float) -> str:
    return f"{value:+.1f}" if math.isfinite(value) else ("∞" if value > 0 else "-∞")


def _share(value: float) -> str:
    if value < 0.001 or value > 0.999:
        return "< 0.001" if value < 0.5 else "> 0.999"
    return f"{value:.3f}"
