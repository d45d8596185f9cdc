"""Estimates with their intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from humorrank._stats.distributions import student_quantile


@dataclass(frozen=True)
class Estimate:
    """An estimate with its interval.

    Attributes:
        value: Estimated value, or None if it is undefined.
        lower: Lower end of the interval.
        upper: Upper end of the interval.
    """

    value: float | None
    lower: float | None = None
    upper: float | None = None

    @classmethod
    def around(cls, value: float, error: float, confidence: float) -> Estimate:
        """Returns a value with the normal interval of its standard error."""
        reach = student_quantile(confidence) * error
        return cls(value, value - reach, value + reach)

    @classmethod
    def share(cls, part: float, whole: float, confidence: float) -> Estimate:
        """Returns a share of independent trials with its interval [Wil27].

        The share of no trials is undefined.
        """
        if not whole:
            return cls(None)
        z2 = student_quantile(confidence) ** 2
        middle = (part + z2 / 2) / (whole + z2)
        reach = math.sqrt(z2 * (max(0.0, part * (whole - part)) / whole + z2 / 4)) / (whole + z2)
        lower = 0.0 if part == 0 else max(0.0, middle - reach)
        upper = 1.0 if part == whole else min(1.0, middle + reach)
        return cls(part / whole, lower, upper)


NONE: Final = Estimate(None)
"""The undefined estimate."""


def percent(estimate: Estimate) -> str:
    """Returns a share and its interval as text, in percent."""
    if estimate.value is None or estimate.lower is None or estimate.upper is None:
        return "-"
    return f"{estimate.value:.1%} ({100 * estimate.lower:.1f} to {100 * estimate.upper:.1f})"
