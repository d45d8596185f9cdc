"""Laplacians of graphs of matches: what the information of a fit is made of."""

from __future__ import annotations

import numpy as np


def of_weights(weights: np.ndarray) -> np.ndarray:
    """The sum of w_ij (e_i - e_j)(e_i - e_j)' over pairs i < j.

    Args:
        weights: symmetric, of shape (n, n); what stands on the diagonal does not matter.
    """
    return np.asarray(np.diag(weights.sum(axis=1)) - weights)


def of_pairs(n: int, first: np.ndarray, second: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The same of rows: codes of two contestants and a weight; a pair may stand in several.

    Returns:
        Of shape (n, n).
    """
    pairs = np.bincount(first.astype(np.int64) * n + second, weight, n * n).reshape(n, n)
    return of_weights(pairs + pairs.T)


def information_matrix(
    low: np.ndarray, high: np.ndarray, information: np.ndarray, contestants: int
) -> np.ndarray:
    """The information of a fit, plus 1/n in each direction of the level, so that it inverts."""
    matrix = of_pairs(contestants, low, high, information)
    matrix += float(np.trace(matrix)) / contestants**2
    return matrix
