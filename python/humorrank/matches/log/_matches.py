"""Coded matches, ready to be counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Matches:
    """The valid judged rows of a log.

    Attributes:
        first: Codes of the contestants shown first, uint32, as positions in `MatchLog.names`.
        second: Codes of the contestants shown second, uint32.
        outcome: Outcomes, uint8: 0 if the first won, 1 if the second won, 2 for a tie, 3 for both
            bad (a tie that is counted separately), 4 for a soft outcome with a score.
        score: Shares of the contestants shown first, float64, strictly between 0 and 1 if the
            outcome is 4 and NaN otherwise. None if no outcome is soft.
        weight: Weights of the rows, float64, above 0. None if the log has no weights.
        count: Number of identical matches that each row represents, uint64, at least 1. None if
            the log has no counts.
    """

    first: np.ndarray
    second: np.ndarray
    outcome: np.ndarray
    score: np.ndarray | None = None
    weight: np.ndarray | None = None
    count: np.ndarray | None = None

    def __len__(self) -> int:
        """Returns the number of rows."""
        return len(self.outcome)
