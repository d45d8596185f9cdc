"""Quantiles of replicates, as `rate` takes them."""

from __future__ import annotations

import numpy as np

_WHOLE = 1e-9


def weibull(values: np.ndarray, p: np.ndarray | float) -> np.ndarray:
    """The (B + 1)p quantile of each column (Weibull's; type 6 of Hyndman and Fan 1996).

    Args:
        values: of shape (B, columns), B at least 1; may be infinite.
        p: one level, or one a column; levels beyond the extreme order statistics give an infinite
            end, as nothing is known there.

    Returns:
        One number a column; next to an infinite value that infinity.
    """
    replicates, columns = values.shape
    ordered = np.sort(values, axis=0)
    position = np.broadcast_to(np.asarray(p, np.float64), (columns,)) * (replicates + 1)
    nearest = np.rint(position)
    near = np.abs(position - nearest) < _WHOLE * np.maximum(nearest, 1)
    position = np.where(near, nearest, position)
    inside = np.clip(position, 1, replicates)
    whole = np.floor(inside).astype(np.int64)
    part = inside - whole
    place = np.arange(columns)
    below = ordered[whole - 1, place]
    above = ordered[np.minimum(whole, replicates - 1), place]
    with np.errstate(invalid="ignore"):
        between = below + part * (above - below)
    out = np.where(part == 0, below, between)
    out = np.where((part > 0) & np.isinf(above), above, out)
    out = np.where((part > 0) & np.isinf(below), below, out)
    out = np.where(position < 1, -np.inf, out)
    return np.asarray(np.where(position > replicates, np.inf, out))
