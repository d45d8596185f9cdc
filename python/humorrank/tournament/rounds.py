"""Rounds that are being judged."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from humorrank._util import draws
from humorrank.judge import Field
from humorrank.tournament.spec import Position

_POSITION = 11
"""The purpose of the draws of positions, which keys their stream."""


@dataclass
class OpenRound:
    """A scheduled round whose verdicts are not recorded in the schedule yet.

    A slot is one required judgment: a comparison in one position. With both positions, a
    comparison has two consecutive slots.

    Attributes:
        number: Number of the round.
        start: Number of its first comparison.
        low: Contestant with the lower number in each comparison, uint32.
        high: Contestant with the higher number in each comparison, uint32.
        prompt: Prompt of each comparison, uint32.
        comparison: Comparison of the round to which each slot belongs, int64.
        position: 0 if `low` is shown first in the slot, otherwise 1, uint8.
        score: Score of `low` in each slot, float64; NaN if not judged or failed.
        asked: Whether each slot has been asked, or does not need to be.
        all_asked: Whether this holds for all slots.
        unanswered: Number of slots without an answer, committed or not.
        left: Number of slots that are not settled.
    """

    number: int
    start: int
    low: np.ndarray
    high: np.ndarray
    prompt: np.ndarray
    comparison: np.ndarray
    position: np.ndarray
    score: np.ndarray = field(init=False)
    asked: np.ndarray = field(init=False)
    all_asked: bool = field(init=False, default=False)
    unanswered: int = field(init=False)
    left: int = field(init=False)

    def __post_init__(self) -> None:
        """Marks all slots as not judged."""
        slots = len(self.comparison)
        self.score = np.full(slots, np.nan)
        self.asked = np.zeros(slots, bool)
        self.left = self.unanswered = slots

    def __len__(self) -> int:
        """Returns the number of comparisons."""
        return len(self.low)

    @property
    def positions(self) -> int:
        """The number of slots of a comparison."""
        return len(self.comparison) // len(self.low)

    @property
    def complete(self) -> bool:
        """Whether every slot is committed."""
        return self.left == 0

    def settle(self, slots: np.ndarray, score: np.ndarray) -> None:
        """Records committed answers.

        Args:
            slots: Slots that were answered.
            score: Scores of the jokes shown first; NaN if the judge failed.
        """
        self.score[slots] = np.where(self.position[slots] == 0, score, 1 - score)
        self.left -= len(slots)

    def shown(self, slots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the contestants shown first and second in the given slots."""
        comparison, turned = self.comparison[slots], self.position[slots] == 1
        low, high = self.low[comparison], self.high[comparison]
        return np.where(turned, high, low), np.where(turned, low, high)

    def results(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the comparisons that have a verdict, in the order of the schedule.

        Returns:
            The comparisons of the round, and the mean score of `low` over the slots that have a
            verdict.
        """
        judged = ~np.isnan(self.score)
        place = self.comparison[judged]
        count = np.bincount(place, minlength=len(self))
        total = np.bincount(place, self.score[judged], minlength=len(self))
        found = count.nonzero()[0]
        return found, total[found] / count[found]


def open_round(
    number: int,
    start: int,
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray],
    field: Field,
    position: Position,
    seed: int,
) -> OpenRound:
    """Makes a round with its slots.

    Args:
        number: Number of the round.
        start: Number of its first comparison.
        pairs: Both contestants and the prompt of each comparison.
        field: Models and prompts, whose names key the draws of random positions.
        position: Which joke is shown first.
        seed: Seed of the tournament.
    """
    first, second, prompt = pairs
    low, high = np.minimum(first, second), np.maximum(first, second)
    size = len(low)
    comparison = np.arange(size)
    if position == "both":
        comparison = np.repeat(comparison, 2)
        shown = np.tile(np.array([0, 1], np.uint8), size)
    elif position == "fixed":
        shown = np.zeros(size, np.uint8)
    else:
        shown = drawn_position(field, low, high, prompt, seed)
    return OpenRound(number, start, low, high, prompt, comparison, shown)


def drawn_position(
    field: Field, low: np.ndarray, high: np.ndarray, prompt: np.ndarray, seed: int
) -> np.ndarray:
    """Draws 0 or 1 with equal probability for each comparison, keyed by (seed, comparison)."""
    models, prompts = field.model_keys, field.prompt_keys
    # The draw must not depend on which of the two has the lower number.
    smaller = np.minimum(models[low], models[high])
    larger = np.maximum(models[low], models[high])
    drawn = draws.bits(_POSITION, seed, smaller, larger, prompts[prompt])
    turned = (drawn >> np.uint64(63)).astype(np.uint8) ^ (models[low] > models[high])
    shown: np.ndarray = turned.astype(np.uint8)
    return shown
