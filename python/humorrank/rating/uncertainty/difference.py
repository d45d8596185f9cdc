"""The difference between two contestants of a board, with its uncertainty."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from humorrank._util import json as as_json
from humorrank._util.text import Style, cell_width, distinct_names, one_line


@dataclass(frozen=True)
class RatingDifference:
    """The difference between two contestants.

    Attributes:
        model_a: Name of the first contestant, a.
        model_b: Name of the second contestant, b.
        difference: The rating of a minus the rating of b, in points.
        difference_lower: Lower end of the interval of the difference; -inf if it is open.
        difference_upper: Upper end of the interval of the difference; +inf if it is open.
        p_stronger: The probability that a is stronger, given the data: the share of draws in which
            its rating is higher, with equal ratings counted half.
        p_beats: The probability that a beats b in one match, with a tie counted half. It is
            1 / (1 + 10^(-d/400)), or follows from Davidson's model, without any effect of the
            first position.
        p_beats_lower: Lower end of the interval of p_beats.
        p_beats_upper: Upper end of the interval of p_beats.
        matches: The number of direct matches. The difference depends on all other matches as well.
        points_a: The weighted points (wins and half the ties) of a in the direct matches.
        points_b: The weighted points of b in the direct matches.
        confidence: Confidence level of the intervals.
        interval: The interval method.
        basis: Description of the draws.
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
        """Returns all figures in JSON types; open interval ends are null."""
        return dict(as_json.tree(vars(self)))

    def to_json(self) -> str:
        """Returns `to_dict` as JSON text."""
        return as_json.text(self.to_dict())

    def to_text(self, *, width: int | None = None) -> str:
        """Returns the comparison as a few lines of text.

        Args:
            width: The number of characters in a line, by default any number. Longer lines are
                wrapped, and long names are cut.
        """
        return self._written(Style(width=width))

    def _repr_html_(self) -> str:
        return self._written(Style(markup=True))

    def _written(self, style: Style) -> str:
        a, b = one_line(self.model_a), one_line(self.model_b)
        if style.width is not None:
            a, b = distinct_names([a, b], max(8, style.width // 3))
        percent = f"{100 * self.confidence:g} %"
        lines = {
            "rating difference": f"{self.difference:+.1f} points "
            f"({percent}: {_end(self.difference_lower)} to {_end(self.difference_upper)})",
            f"P({a} is stronger)": f"{_share(self.p_stronger)} given the data",
            f"P({a} beats {b})": f"{self.p_beats:.3f} ({percent}: {self.p_beats_lower:.3f} to "
            f"{self.p_beats_upper:.3f}) in one match, with a tie counted half",
            "direct matches": f"{self.matches:,}, points {self.points_a:g} to {self.points_b:g}",
            "interval": f"{self.interval}, {self.basis}",
        }
        column = max(map(cell_width, lines)) + 2
        return style.join(
            [
                f"{a} against {b}",
                "",
                *(
                    title + " " * (column - cell_width(title)) + text
                    for title, text in lines.items()
                ),
            ]
        )

    def __repr__(self) -> str:
        """Returns the comparison as text."""
        return self.to_text()


def beats(difference: float, nu: float = 0.0) -> float:
    """Returns the probability that a beats b, with a tie counted half.

    Args:
        difference: The difference of the ratings in points, possibly infinite.
        nu: The tie parameter of Davidson's model; 0 for the Bradley-Terry model.
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
