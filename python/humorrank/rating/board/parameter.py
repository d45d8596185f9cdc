"""A parameter of a model in addition to the ratings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TIE_PARAMETER: Final = "tie parameter nu"
"""The name of the tie parameter of Davidson's model."""


@dataclass(frozen=True)
class Parameter:
    """An estimate with its interval.

    Attributes:
        name: "first position", "tie parameter nu", or the name of the control.
        estimate: The estimate.
        lower: Lower end of the interval.
        upper: Upper end of the interval.
        standard_error: The standard error, in the unit of the estimate.
        unit: "points" for the first position, "ratio" for nu, or "points per unit" of the column
            for a control. Between equal contestants, a tie is nu times as likely as a win of a
            given one.
        p: The p-value of the hypothesis that the parameter is 0; None for nu, which is never 0.
        deviation: The standard deviation of a control over the matches, in its own unit; None for
            other parameters.
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
        """Returns one line with the estimate and its interval.

        The effect of a control is also given per standard deviation.
        """
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
