"""The scale of ratings."""

from __future__ import annotations

import math
from typing import Final

POINTS: Final = 400 / math.log(10)
"""Rating points in one natural-log unit of strength."""

MEAN_RATING: Final = 1000.0
"""The mean of the ratings of a board that is not anchored."""
