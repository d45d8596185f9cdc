"""A parameter of a model beside the ratings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TIE_PARAMETER: Final = "tie parameter nu"
"""The name of Davidson's."""


@dataclass(frozen=True)
class Parameter:
    """An estimate with its interval.

    Attributes:
        name: "first position", "tie parameter nu", or the control.
        estimate: the estimate.
        lower: lower end of the interval.
        upper: upper end.
        standard_error: in the same unit.
        unit: "points" (of being shown first), "ratio" (nu: a tie between equals is nu times as
            likely as a win of a given one), or "points per unit" (of a control's column).
        p: the chance of an estimate as far from 0, were the parameter 0; None of nu, which never
            is.
        deviation: the standard deviation of a control over the matches, in its own unit; None
            of others.
    """

    name: str
    estimate: float
    lower: float
    upper: float
    standard_error: float
    unit: str
    p: float | None = None
    deviation: float | None = None

    def to_text(self) -> str:
        """One line: the estimate, its interval, and what a control does by its deviation."""
        if self.unit == "points":
            figures = f"{self.estimate:.1f} points ({self.lower:.1f} to {self.upper:.1f})"
        elif self.deviation is None:
            figures = f"{self.estimate:.3f} ({self.lower:.3f} to {self.upper:.3f})"
        else:
            figures = (
                f"{self.estimate:.4g} {self.unit} ({self.lower:.4g} to {self.upper:.4g}), "
                f"{self.estimate * self.deviation:.1f} points per standard deviation "
                f"({self.deviation:.4g})"
            )
        if self.p is not None:
            figures += ", p < 0.0001" if self.p < 1e-4 else f", p = {self.p:.4f}"
        return f"{self.name}: {figures}"
