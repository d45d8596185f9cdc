"""Coded matches, ready to be counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Matches:
    """Judged, good rows of a log, in its order.

    Attributes:
        first: uint32, codes of those shown first (positions in `MatchLog.names`).
        second: uint32, codes of those shown second.
        outcome: uint8: 0 the first won, 1 the second won, 2 tie, 3 both bad (a tie, counted
            apart), 4 soft (the score says).
        score: float64, the first's share, strictly between 0 and 1, where the outcome is 4, and
            NaN elsewhere; None if no row is soft.
        weight: float64, above 0, how much each row matters; None if the log has no weights.
        count: uint64, 1 or more, how many identical matches each row stands for; None if the
            log has no counts.
    """

    first: np.ndarray
    second: np.ndarray
    outcome: np.ndarray
    score: np.ndarray | None = None
    weight: np.ndarray | None = None
    count: np.ndarray | None = None

    def __len__(self) -> int:
        """How many rows."""
        return len(self.outcome)
