"""The shares of matches that schedules give to pairs, counted in simulated tournaments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from humorrank._stats.scale import POINTS, logistic
from humorrank._util import draws
from humorrank.tournament.planning.variance import ComparisonMoments, MatchDesign, even
from humorrank.tournament.schedule import Kind, Scheduler

MOST_ROUNDS: Final = 5_000
"""Approximate limit on the rounds of a simulated tournament.

The remaining matches of a longer tournament are assumed to be distributed in the same way."""

_JOKE, _VERDICT = 1, 2
"""The purposes of draws, which key their streams."""


@dataclass(frozen=True, eq=False)
class PlannedField:
    """The assumed field of a plan.

    Attributes:
        ratings: Mapping from model to assumed rating in points.
        ties: Tie rate between equals.
        joke_effects: Standard deviation of a joke's own quality, in points.
        seed: Random seed for the simulated tournaments.
        runs: Number of simulated tournaments for each schedule.
    """

    ratings: dict[str, float]
    ties: float
    joke_effects: float
    seed: int
    runs: int

    @cached_property
    def outcomes(self) -> ComparisonMoments:
        """The moments of the scores of matches between these models."""
        points = np.array(list(self.ratings.values()), np.float64)
        return ComparisonMoments.of(points, self.ties, self.joke_effects)

    @property
    def pairs(self) -> int:
        """The number of pairs of models."""
        return len(self.ratings) * (len(self.ratings) - 1) // 2

    @cached_property
    def even(self) -> MatchDesign:
        """The design in which all pairs have the same share."""
        return MatchDesign(self.outcomes, even(len(self.ratings)))


class Schedule:
    """The designs of a schedule for any number of matches on the given number of prompts.

    Args:
        kind: The schedule.
        field: The assumed field.
        prompts: Number of prompts.
        reach: Approximate largest number of matches for which a design is needed.
    """

    def __init__(self, kind: Kind, field: PlannedField, prompts: int, reach: int) -> None:
        self.kind = kind
        self.prompts = prompts
        self.most = field.pairs * prompts
        self._field = field
        models = len(field.ratings)
        self._reach = max(4 * models, min(reach, MOST_ROUNDS * max(1, models // 2)))
        self._known: dict[int, MatchDesign] = {}

    @property
    def adaptive(self) -> bool:
        """Whether the pairs that meet depend on the verdicts."""
        return self.kind in ("swiss", "information")

    @cached_property
    def _logs(self) -> list[np.ndarray]:
        """The pair of each match of each simulated tournament, in order."""
        asked, runs = min(self._reach, self.most), range(self._field.runs)
        return [_played(self.kind, self._field, self.prompts, asked, run) for run in runs]

    def design(self, matches: int) -> MatchDesign:
        """Returns the design for a number of matches, averaged over the simulated tournaments."""
        if not self.adaptive or matches >= self.most:
            return self._field.even
        if matches not in self._known:
            n = len(self._field.ratings)
            seen = min(matches, self.simulated)
            met = sum(np.bincount(log[:seen], minlength=n * n) for log in self._logs)
            share = np.reshape(met, (n, n)) / (seen * len(self._logs))
            if matches > seen:
                share = _within(share, self.prompts / matches)
            self._known[matches] = MatchDesign(self._field.outcomes, share + share.T)
        return self._known[matches]

    def covariance(self, matches: int) -> np.ndarray:
        """Returns the covariance of the strengths fitted to the given number of matches.

        Its unit is the square of natural-log units.
        """
        prompts: float = self.prompts
        if self.kind == "round_robin":
            # A round robin finishes one prompt before it starts the next one.
            prompts = matches / self._field.pairs
        return self.design(matches).covariance(matches, prompts)

    @property
    def simulated(self) -> int:
        """The number of matches of the simulated tournaments; 0 if none was needed."""
        return min(map(len, self._logs)) if self.adaptive else 0


def _within(share: np.ndarray, most: float) -> np.ndarray:
    """Limits the shares of pairs (above the diagonal) to `most`, with their sum kept at 1.

    A pair meets at most once per prompt. The excess is distributed over the other pairs in
    proportion to their shares. A pair that never met counts with a thousandth of an even share, so
    that some pair can always take the excess.
    """
    n = len(share)
    above = np.triu_indices(n, 1)
    wanted = share[above] + 1e-3 / len(above[0])
    low, high = 0.0, most / wanted.min()
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if np.minimum(most, middle * wanted).sum() < 1 else (low, middle)
    out = np.zeros_like(share)
    out[above] = np.minimum(most, high * wanted)
    return out


def _played(kind: Kind, field: PlannedField, prompts: int, matches: int, run: int) -> np.ndarray:
    """Simulates a tournament, and returns the pair (low x models + high) of each match in order."""
    seed, n = field.seed + run, len(field.ratings)
    strengths = field.outcomes.strengths
    spread = field.joke_effects / POINTS
    scheduler = Scheduler(kind, n, prompts, seed=seed)
    waiting: tuple[np.ndarray, ...] | None = None
    met: list[np.ndarray] = []
    played = 0
    while played < matches:
        made = scheduler.next_round(matches - played)
        if made.reason is not None:
            break
        first, second, prompt = (
            column.astype(np.int64) for column in (made.first, made.second, made.prompt)
        )
        gap = strengths[first] - strengths[second]
        if spread:
            own, other = draws.normal_draws(_JOKE, seed, np.stack([first, second]), prompt)
            gap = gap + spread * (own - other)
        chance = logistic(gap)
        tied = field.ties * np.minimum(chance, 1 - chance)
        drawn = draws.uniform(_VERDICT, seed, played + np.arange(len(first)))
        score = np.where(drawn < chance - tied, 1.0, np.where(drawn < chance + tied, 0.5, 0.0))
        # Verdicts are recorded one round late, as in a tournament with a lag of 1.
        if waiting is not None:
            scheduler.record(*waiting)
        waiting = made.first, made.second, score
        met.append(np.minimum(first, second) * n + np.maximum(first, second))
        played += len(first)
    return np.concatenate(met)
