"""Normal and Student distributions, as far as intervals need them."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import Final

_NORMAL: Final = NormalDist()
_TERMS: Final = 500
_TINY: Final = 1e-300


def normal_cdf(x: float) -> float:
    """The chance that a standard normal number is at most x."""
    return 0.5 * math.erfc(-x / math.sqrt(2))


def normal_quantile(p: float) -> float:
    """The number that a standard normal one is below with chance p; infinite for 0 and 1."""
    if p <= 0 or p >= 1:
        return -math.inf if p <= 0 else math.inf
    return _NORMAL.inv_cdf(p)


def student_tail(t: float, degrees: float) -> float:
    """The chance that Student's t with so many degrees of freedom lies beyond |t|, two-sided.

    The regularized incomplete beta function I_x(d/2, 1/2) at x = d / (d + t^2), by its continued
    fraction (Abramowitz and Stegun 26.5.8).
    """
    if math.isinf(degrees):
        return math.erfc(abs(t) / math.sqrt(2))
    x = degrees / (degrees + t * t)
    return _incomplete_beta(degrees / 2, 0.5, x, t * t / (degrees + t * t))


@lru_cache(maxsize=64)
def student_quantile(confidence: float, degrees: float = math.inf) -> float:
    """How many standard errors an interval reaches to each side.

    Args:
        confidence: of the interval, between 0 and 1.
        degrees: of freedom of the standard error; infinite for the normal distribution.
    """
    reach = normal_quantile((1 + confidence) / 2)
    if math.isinf(degrees):
        return reach
    low, high = reach, 2 * reach + 1
    while student_tail(high, degrees) > 1 - confidence:
        high *= 2
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        if student_tail(middle, degrees) > 1 - confidence:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """I_x(a, b) with rest = 1 - x, which x may be too close to 1 to tell."""
    if x <= 0 or rest <= 0:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, rest, x)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(front + a * math.log(x) + b * math.log(rest)) / a
    # Lentz's way through the continued fraction 1 + d_1 / (1 + d_2 / (1 + ...)).
    value, above, below = 1.0, 1.0, 0.0
    for term in range(1, _TERMS):
        m = term // 2
        if term % 2:
            factor = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            factor = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        below = 1 / ((1 + factor * below) or _TINY)
        above = (1 + factor / above) or _TINY
        value *= above * below
        if abs(above * below - 1) < 1e-16:
            break
    return front / value
