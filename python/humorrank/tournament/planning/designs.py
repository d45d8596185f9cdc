"""Whom schedules let meet: counted in simulated tournaments of humorrank's own scheduler."""

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
"""Rounds of a simulated tournament, about; a longer one is taken to share out the rest alike."""

_JOKE, _VERDICT = 1, 2
"""What a draw is for."""


@dataclass(frozen=True, eq=False)
class PlannedField:
    """Who competes, as assumed.

    Attributes:
        ratings: name -> points.
        ties: the tie rate between equals.
        joke_effects: standard deviation of a joke's own quality, in points.
        seed: of the simulated tournaments.
        runs: how many of them a schedule is measured by.
    """

    ratings: dict[str, float]
    ties: float
    joke_effects: float
    seed: int
    runs: int

    @cached_property
    def outcomes(self) -> ComparisonMoments:
        """What their matches come to."""
        points = np.array(list(self.ratings.values()), np.float64)
        return ComparisonMoments.of(points, self.ties, self.joke_effects)

    @property
    def pairs(self) -> int:
        """How many pairs of models there are."""
        return len(self.ratings) * (len(self.ratings) - 1) // 2

    @cached_property
    def even(self) -> MatchDesign:
        """All pairs alike."""
        return MatchDesign(self.outcomes, even(len(self.ratings)))


class Schedule:
    """The designs that a schedule makes of any number of matches on some prompts.

    Args:
        kind: the schedule.
        field: who competes.
        prompts: how many there are.
        reach: about how many matches will be asked about.
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
        """Whether who meets depends on the verdicts."""
        return self.kind in ("swiss", "information")

    @cached_property
    def _logs(self) -> list[np.ndarray]:
        """The pair of each match, in order, of each simulated tournament."""
        asked, runs = min(self._reach, self.most), range(self._field.runs)
        return [_played(self.kind, self._field, self.prompts, asked, run) for run in runs]

    def design(self, matches: int) -> MatchDesign:
        """The design of so many matches, the mean over the simulated tournaments."""
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
        """Of the strengths fitted to so many matches, in squares of natural-log units."""
        prompts: float = self.prompts
        if self.kind == "round_robin":
            # It plays out one prompt after the other.
            prompts = matches / self._field.pairs
        return self.design(matches).covariance(matches, prompts)

    @property
    def simulated(self) -> int:
        """How long the simulated tournaments are; 0 where none was needed."""
        return min(map(len, self._logs)) if self.adaptive else 0


def _within(share: np.ndarray, most: float) -> np.ndarray:
    """Shares of pairs (above the diagonal) as they are, but none above `most`; the sum stays 1.

    What pairs may not take, as they meet once a prompt, the others take in proportion; a pair that
    never met has a thousandth of an even share, so that there is somebody to take it.
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
    """The pair (low x models + high) of each match of a tournament, in its order."""
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
        # Verdicts are known a round late, as in a tournament with a lag of 1.
        if waiting is not None:
            scheduler.record(*waiting)
        waiting = made.first, made.second, score
        met.append(np.minimum(first, second) * n + np.maximum(first, second))
        played += len(first)
    return np.concatenate(met)
