"""The information of Bradley-Terry fits, which are Laplacians of graphs of matches."""

from __future__ import annotations

import numpy as np

from humorrank._stats.scale import logistic


def of_weights(weights: np.ndarray) -> np.ndarray:
    """Returns the sum of w_ij (e_i - e_j)(e_i - e_j)' over pairs i < j.

    Args:
        weights: Symmetric matrix of shape (n, n). Its diagonal does not matter.
    """
    out = 0.0 - weights
    out[np.diag_indices(len(out))] += weights.sum(axis=1)
    return np.asarray(out)


def of_pairs(n: int, first: np.ndarray, second: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns the same sum over rows, of which several may be of one pair.

    Args:
        n: Number of contestants.
        first: Codes of contestants, one per row.
        second: Codes of their opponents.
        weight: Weight of each row.

    Returns:
        A matrix of shape (n, n).
    """
    return of_codes(n, first.astype(np.int64) * n + second, weight)


def of_codes(n: int, pair: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns the same sum over rows whose pair is given as a code, first x n + second."""
    weights = np.bincount(pair, weight, n * n).reshape(n, n)
    weights += weights.T
    return of_weights(weights)


def of_fit(
    strengths: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    amount: np.ndarray,
    prior: float = 0.0,
) -> np.ndarray:
    """Returns the information of fitted strengths.

    Args:
        strengths: Log strengths.
        first: Codes of contestants, one per row.
        second: Codes of their opponents.
        amount: Points that were played for in each row.
        prior: Points of the prior for each contestant against one of log strength 0.
    """
    chance = logistic(strengths[first] - strengths[second])
    matrix = of_pairs(len(strengths), first, second, amount * chance * (1 - chance))
    if prior:
        own = logistic(strengths)
        matrix[np.diag_indices(len(matrix))] += prior * own * (1 - own)
    return matrix


def information_matrix(
    low: np.ndarray, high: np.ndarray, information: np.ndarray, contestants: int
) -> np.ndarray:
    """Returns the information of a fit, plus 1/n of its mean diagonal so that it has an inverse.

    Args:
        low: Codes of one contestant of each pair.
        high: Codes of the other.
        information: Information of each pair about its difference.
        contestants: Number of contestants.
    """
    matrix = of_pairs(contestants, low, high, information)
    matrix += float(np.trace(matrix)) / contestants**2
    return matrix


def inverse(information: np.ndarray) -> np.ndarray:
    """Returns the inverse of an information without a prior, for strengths whose mean is 0."""
    n = len(information)
    return np.asarray(np.linalg.inv(information + 1 / n) - 1 / n)
