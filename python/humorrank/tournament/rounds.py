"""A round while it is judged."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from humorrank._util import draws
from humorrank.judge import Field
from humorrank.tournament.spec import Position

_POSITION = 11
"""What a draw is for."""


@dataclass
class OpenRound:
    """A scheduled round whose verdicts the schedule does not know yet.

    A slot is one judgment that is wanted: a comparison in one position. With both positions a
    comparison has two slots, one behind the other.

    Attributes:
        number: its number.
        start: the number of its first comparison.
        low: uint32, the contestant of the lower number, one a comparison.
        high: uint32, the other.
        prompt: uint32, the prompt.
        comparison: int64, which comparison of the round each slot belongs to.
        position: uint8, 0 where `low` is shown first, else 1, one a slot.
        score: float64, what `low` got, one a slot; NaN where not judged, or without success.
        asked: which slots the judge was asked about, or need not be.
        all_asked: whether all of them are.
        unanswered: how many slots have no answer yet, committed or not.
        left: how many slots are not settled.
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
        """Nothing is judged yet."""
        slots = len(self.comparison)
        self.score = np.full(slots, np.nan)
        self.asked = np.zeros(slots, bool)
        self.left = self.unanswered = slots

    def __len__(self) -> int:
        """How many comparisons."""
        return len(self.low)

    @property
    def positions(self) -> int:
        """How many slots a comparison has."""
        return len(self.comparison) // len(self.low)

    @property
    def complete(self) -> bool:
        """Whether every slot is committed."""
        return self.left == 0

    def settle(self, slots: np.ndarray, score: np.ndarray) -> None:
        """Notes committed answers.

        Args:
            slots: which slots.
            score: what the one shown first got; NaN where the judge failed.
        """
        self.score[slots] = np.where(self.position[slots] == 0, score, 1 - score)
        self.left -= len(slots)

    def shown(self, slots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Who is shown first and second in some slots."""
        comparison, turned = self.comparison[slots], self.position[slots] == 1
        low, high = self.low[comparison], self.high[comparison]
        return np.where(turned, high, low), np.where(turned, low, high)

    def results(self) -> tuple[np.ndarray, np.ndarray]:
        """The comparisons that have a verdict, in the order of the schedule.

        Returns:
            Which comparisons of the round, and the mean score of `low` over the slots that have
            a verdict.
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
    """A round with its slots.

    Args:
        number: its number.
        start: the number of its first comparison.
        pairs: contestant, contestant and prompt of each comparison.
        field: the names by which a random position is drawn.
        position: who is shown first.
        seed: of the tournament.
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
    """0 or 1 for each comparison, each half of the time, drawn by (seed, comparison)."""
    models, prompts = field.model_keys, field.prompt_keys
    # The same whichever of the two has the lower number.
    smaller = np.minimum(models[low], models[high])
    larger = np.maximum(models[low], models[high])
    drawn = draws.bits(_POSITION, seed, smaller, larger, prompts[prompt])
    turned = (drawn >> np.uint64(63)).astype(np.uint8) ^ (models[low] > models[high])
    shown: np.ndarray = turned.astype(np.uint8)
    return shown
