"""Quantiles of replicates, as `rate` computes them."""

from __future__ import annotations

import numpy as np

_WHOLE = 1e-9


def weibull(values: np.ndarray, p: np.ndarray | float) -> np.ndarray:
    """Returns the (B + 1)p quantile of each column (Weibull's definition, type 6 in [HF96]).

    Args:
        values: Replicates of shape (B, columns), with B at least 1. Values may be infinite.
        p: One level for all columns, or one level per column. Levels beyond the extreme order
            statistics give an infinite quantile, because nothing is known there.

    Returns:
        One quantile per column. Between a finite and an infinite value it is that infinity.
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
