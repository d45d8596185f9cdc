"""Normal, Student and chi-squared distributions, and p-values adjusted for many tests.

The functions are those of `scipy.special`. It is imported inside the functions that need it, so
that commands which need no distribution start without it. `scipy.stats` takes three times as long
to import and is not used.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import overload

import numpy as np


def normal_cdf(x: float) -> float:
    """Returns the probability that a standard normal variable is at most x."""
    return 0.5 * math.erfc(-x / math.sqrt(2))


@overload
def normal_quantile(p: float) -> float: ...


@overload
def normal_quantile(p: np.ndarray) -> np.ndarray: ...


def normal_quantile(p: float | np.ndarray) -> float | np.ndarray:
    """Returns the quantiles of the standard normal distribution.

    Args:
        p: Probability, or an array of them, from 0 to 1. The quantiles of 0 and 1 are infinite.
    """
    # SciPy takes as long to import as all the rest.
    from scipy.special import ndtri  # noqa: PLC0415

    quantile = ndtri(p)
    return np.asarray(quantile) if isinstance(p, np.ndarray) else float(quantile)


def student_tail(t: float, degrees: float) -> float:
    """Returns the two-sided p-value of a t statistic, the probability of one beyond |t|.

    Args:
        t: Statistic, possibly infinite.
        degrees: Degrees of freedom; infinite for the normal distribution.
    """
    if math.isinf(degrees):
        return math.erfc(abs(t) / math.sqrt(2))
    # SciPy takes as long to import as all the rest.
    from scipy.special import stdtr  # noqa: PLC0415

    return float(2 * stdtr(degrees, -abs(t)))


@lru_cache(maxsize=64)
def student_quantile(confidence: float, degrees: float = math.inf) -> float:
    """Returns how many standard errors an interval extends to each side.

    Args:
        confidence: Confidence level of the interval, between 0 and 1.
        degrees: Degrees of freedom of the standard error; infinite for the normal distribution.
    """
    if math.isinf(degrees):
        return normal_quantile((1 + confidence) / 2)
    # SciPy takes as long to import as all the rest.
    from scipy.special import betaln, stdtrit  # noqa: PLC0415

    outside = 1 - confidence
    reach = -float(stdtrit(degrees, outside / 2))
    # SciPy 1.13 solves for the quantile to 1e-11 only; one step of Newton's method does the rest.
    tail = student_tail(reach, degrees)
    density = 2 * math.exp(
        -(degrees + 1) / 2 * math.log1p(reach**2 / degrees)
        - math.log(degrees) / 2
        - float(betaln(degrees / 2, 0.5))
    )
    return reach + math.log(tail / outside) * tail / density


def chi_squared_tail(x: float, degrees: int) -> float:
    """Returns the probability that a chi-squared variable exceeds x.

    Args:
        x: Statistic.
        degrees: Degrees of freedom; with none the probability is 1.
    """
    if x <= 0 or degrees <= 0:
        return 1.0
    # SciPy takes as long to import as all the rest.
    from scipy.special import chdtrc  # noqa: PLC0415

    return float(chdtrc(degrees, x))


def holm(p: np.ndarray) -> np.ndarray:
    """Returns p-values adjusted for multiple tests by [Hol79], which SciPy does not offer."""
    order = np.argsort(p, kind="stable")
    factor = np.arange(len(p), 0, -1)
    out = np.empty(len(p))
    out[order] = np.minimum(1, np.maximum.accumulate(p[order] * factor))
    return out
