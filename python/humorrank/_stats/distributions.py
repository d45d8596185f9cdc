"""Normal, Student and chi-squared distributions, and p-values of many tests."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np

_SMALLEST: Final = 1e-300
_STEPS: Final = 10_000
_LARGE: Final = 100


def normal_cdf(x: float) -> float:
    """The chance that a standard normal number is at most x."""
    return 0.5 * math.erfc(-x / math.sqrt(2))


def normal_quantile(p: float) -> float:
    """The number that a standard normal one is below with chance p; infinite for 0 and 1."""
    if p <= 0 or p >= 1:
        return -math.inf if p <= 0 else math.inf
    from statistics import NormalDist  # noqa: PLC0415 - not every rating needs it

    return NormalDist().inv_cdf(p)


def student_tail(t: float, degrees: float) -> float:
    """The chance that Student's t with so many degrees of freedom lies beyond |t|, two-sided."""
    if math.isinf(degrees):
        return math.erfc(abs(t) / math.sqrt(2))
    return beta_tail(degrees / (degrees + t * t), degrees)


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


def beta_tail(rest: float, degrees: float) -> float:
    """The chance that Student's |T| is above t, from rest = degrees / (degrees + t^2).

    It is I_rest(degrees / 2, 1/2) (NIST DLMF 8.17.22 for the continued fraction, by Lentz's
    method).

    Args:
        rest: from 0 (t infinite) to 1 (t = 0); of a correlation r it is 1 - r^2.
        degrees: of freedom, at least 1.
    """
    if rest <= 0:
        return 0.0
    if rest >= 1:
        return 1.0
    a, b = degrees / 2, 0.5
    scale = math.exp(a * math.log(rest) + b * math.log1p(-rest) - _log_beta_half(a))
    # The fraction converges quickly below its mean only.
    if rest < (a + 1) / (a + b + 2):
        return min(1.0, scale * _fraction(a, b, rest) / a)
    return max(0.0, 1.0 - scale * _fraction(b, a, 1 - rest) / b)


def _log_beta_half(a: float) -> float:
    """Logarithm of B(a, 1/2).

    For large a by the series of ln Gamma(a + 1/2) - ln Gamma(a), as the difference of two large
    logarithms loses digits.
    """
    if a < _LARGE:
        return math.lgamma(a) + math.lgamma(0.5) - math.lgamma(a + 0.5)
    gap = 0.5 * math.log(a) - 1 / (8 * a) + 1 / (192 * a**3) - 1 / (640 * a**5)
    return math.lgamma(0.5) - gap


def _fraction(a: float, b: float, x: float) -> float:
    front, back = 1.0, 1 - (a + b) * x / (a + 1)
    back = 1 / (back if abs(back) > _SMALLEST else _SMALLEST)
    value = back
    for m in range(1, _STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            back = 1 + term * back
            back = 1 / (back if abs(back) > _SMALLEST else _SMALLEST)
            front = 1 + term / front
            front = front if abs(front) > _SMALLEST else _SMALLEST
            step = front * back
            value *= step
        if abs(step - 1) < 1e-15:
            break
    return value


def holm(p: np.ndarray) -> np.ndarray:
    """p-values adjusted for as many tests as there are (Holm 1979)."""
    order = np.argsort(p, kind="stable")
    factor = np.arange(len(p), 0, -1)
    out = np.empty(len(p))
    out[order] = np.minimum(1, np.maximum.accumulate(p[order] * factor))
    return out


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
