"""The outcomes of a match, their codes, and the share of the win that each gives."""

from __future__ import annotations

from typing import Final

import numpy as np

from humorrank._core import (
    BAD,
    BOTH_BAD,
    FIRST,
    OUTCOME_SHARES,
    OUTCOMES,
    SECOND,
    SOFT,
    TIE,
    UNJUDGED,
)

__all__ = [
    "BAD",
    "BOTH_BAD",
    "CELL_COLUMNS",
    "CODES",
    "FIRST",
    "OUTCOMES",
    "SECOND",
    "SHARES",
    "SHARE_OF",
    "SOFT",
    "TIE",
    "UNJUDGED",
    "UNJUDGED_WORDS",
]

CODES: Final = {word: code for code, word in enumerate(OUTCOMES)}
"""The code of each word."""

SHARES: Final = np.array(OUTCOME_SHARES)
"""The share of the model shown first, by code; NaN where the score of the match says it."""

SHARE_OF: Final = {word: float(SHARES[code]) for word, code in CODES.items() if word != "soft"}
"""The same by word, for outcomes that say it."""

CELL_COLUMNS: Final = ("model_a", "model_b", "outcome", "score", "weight", "count")
"""The columns of a tally's cells behind its keys."""

UNJUDGED_WORDS: Final = frozenset(
    {"", "nan", "null", "none", "na", "n/a", "error", "skip", "skipped"}
)
"""The words that say that there is no outcome."""
