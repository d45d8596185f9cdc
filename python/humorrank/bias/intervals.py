"""Shares with Wilson's interval, and the tail of the chi-squared distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval.

    Attributes:
        value: the figure; None where there is none.
        lower: lower end.
        upper: upper end.
    """

    value: float | None
    lower: float | None = None
    upper: float | None = None

    @classmethod
    def around(cls, value: float, error: float, confidence: float) -> Estimate:
        """A normal interval of a standard error."""
        reach = NormalDist().inv_cdf((1 + confidence) / 2) * error
        return cls(value, value - reach, value + reach)

    @classmethod
    def share(cls, part: float, whole: float, confidence: float) -> Estimate:
        """A share of independent trials with the interval of Wilson (1927); none of nothing."""
        if not whole:
            return cls(None)
        z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
        middle = (part + z2 / 2) / (whole + z2)
        reach = math.sqrt(z2 * (max(0.0, part * (whole - part)) / whole + z2 / 4)) / (whole + z2)
        lower = 0.0 if part == 0 else max(0.0, middle - reach)
        upper = 1.0 if part == whole else min(1.0, middle + reach)
        return cls(part / whole, lower, upper)


NONE: Final = Estimate(None)
"""No figure."""


def chi_squared_tail(x: float, degrees: int) -> float:
    """The chance that chi-squared with so many degrees of freedom is above x.

    By Q(a + 1, y) = Q(a, y) + y^a e^-y / Gamma(a + 1) from Q(1, y) = e^-y and Q(1/2, y) =
    erfc(sqrt y) (NIST DLMF 8.8.6); every term is positive, so that nothing cancels.
    """
    if x <= 0 or degrees <= 0:
        return 1.0
    y = x / 2
    a, tail = (0.5, math.erfc(math.sqrt(y))) if degrees % 2 else (1.0, math.exp(-y))
    while a < degrees / 2 - 0.25:
        tail += math.exp(a * math.log(y) - y - math.lgamma(a + 1))
        a += 1
    return min(1.0, tail)
