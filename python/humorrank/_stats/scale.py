"""The scale of ratings."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

POINTS: Final = 400 / math.log(10)
"""Rating points in one natural-log unit of strength."""

MEAN_RATING: Final = 1000.0
"""The mean of the ratings of a board that is not anchored."""


def logistic(difference: np.ndarray) -> np.ndarray:
    """P(i beats j) where log strengths differ by so much, to full relative accuracy."""
    small = np.exp(-np.abs(difference))
    values: np.ndarray = np.where(difference >= 0, 1.0, small) / (1 + small)
    return values


TOLERANCE = 1e-6
