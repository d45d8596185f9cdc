"""The scale of ratings."""

from __future__ import annotations

import numpy as np

from humorrank._core import MEAN_RATING, POINTS, TOLERANCE

__all__ = ["MEAN_RATING", "POINTS", "TOLERANCE", "logistic", "logistic_pair"]


def logistic(difference: np.ndarray) -> np.ndarray:
    """Returns P(i beats j), given the log strength of i minus that of j, to full accuracy."""
    small = np.exp(-np.abs(difference))
    values: np.ndarray = np.where(difference >= 0, 1.0, small) / (1 + small)
    return values


def logistic_pair(difference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns P(i beats j) and P(j beats i) as `logistic` does, from a single exponential."""
    small = np.exp(-np.abs(difference))
    likely, unlikely = 1 / (1 + small), small / (1 + small)
    ahead = difference >= 0
    return np.where(ahead, likely, unlikely), np.where(ahead, unlikely, likely)
