"""The outcomes of a match, their codes, and the share of the win for the first contestant."""

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
"""The codes of the outcomes by word."""

SHARES: Final = np.array(OUTCOME_SHARES)
"""The shares of the model shown first by code, NaN if the score of the match gives the share."""

SHARE_OF: Final = {word: float(SHARES[code]) for word, code in CODES.items() if word != "soft"}
"""The shares of the model shown first by word, for all outcomes but soft ones."""

CELL_COLUMNS: Final = ("model_a", "model_b", "outcome", "score", "weight", "count")
"""The columns of the cells of a tally that follow its keys."""

UNJUDGED_WORDS: Final = frozenset(
    {"", "nan", "null", "none", "na", "n/a", "error", "skip", "skipped"}
)
"""The words that mean that there is no outcome."""
