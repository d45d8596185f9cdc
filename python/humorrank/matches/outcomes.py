"""The outcomes of a match, their codes, and the share of the win that each gives."""

from __future__ import annotations

from typing import Final

import numpy as np

OUTCOMES: Final = ("model_a", "model_b", "tie", "both_bad", "soft")
"""The words for outcomes in what we write; the position of each is its code."""

FIRST: Final = 0
"""The model that was shown first won."""
SECOND: Final = 1
"""The model that was shown second won."""
TIE: Final = 2
"""Neither won."""
BOTH_BAD: Final = 3
"""Neither won, and the voter called both bad: a tie that is counted apart."""
SOFT: Final = 4
"""A share of the match went to each."""
UNJUDGED: Final = 5
"""There is no outcome."""
BAD: Final = 6
"""The value is none that this column can have."""

CODES: Final = {word: code for code, word in enumerate(OUTCOMES)}
"""The code of each word."""

SHARES: Final = np.array([1.0, 0.0, 0.5, 0.5, np.nan])
"""The share of the model shown first, by code; NaN where the score of the match says it."""

SHARE_OF: Final = {word: float(SHARES[code]) for word, code in CODES.items() if word != "soft"}
"""The same by word, for outcomes that say it."""

CELL_COLUMNS: Final = ("model_a", "model_b", "outcome", "score", "weight", "count")
"""The columns of a tally's cells behind its keys."""

UNJUDGED_WORDS: Final = frozenset(
    {"", "nan", "null", "none", "na", "n/a", "error", "skip", "skipped"}
)
"""The words that say that there is no outcome."""
