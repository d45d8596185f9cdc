"""A judge that draws verdicts from known ratings, for tests and trials without a model."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from humorrank._stats.scale import MEAN_RATING, POINTS, logistic
from humorrank._util import draws
from humorrank._util.checks import positive, share, whole
from humorrank._util.suggest import near
from humorrank._util.text import number_of
from humorrank.errors import OptionError
from humorrank.judge.protocol import Answers, Batch
from humorrank.store.field import Field

DEFAULT_RATING = MEAN_RATING
_VERDICT, _FAILURE, _JOKE = 1, 2, 3
"""The purposes of draws, which key their streams."""


@dataclass(frozen=True)
class JudgeSimulation:
    """Settings of a simulated judge.

    Attributes:
        ratings: Mapping from model to rating; a model that is not listed has 1000 points.
        tie_rate: Share of ties between equal jokes, 0 to 1: the parameter t of the rule in
            docs/statistics/ratings.md.
        position_bias: Points by which the joke shown first is favored.
        joke_effects: Standard deviation of a joke's quality around its model's rating, in points.
        failure_rate: Probability that one attempt fails, 0 to 1.
        retries: Number of retries after a failed attempt.
        latency: Seconds that one attempt takes.
        seed: Random seed for all draws.
    """

    ratings: Mapping[str, float] = field(default_factory=dict)
    tie_rate: float = 0.1
    position_bias: float = 0.0
    joke_effects: float = 0.0
    failure_rate: float = 0.0
    retries: int = 3
    latency: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Rejects invalid values.

        Raises:
            OptionError: If a value is invalid; the message states the allowed values.
        """
        for name in ("tie_rate", "failure_rate"):
            share(name, getattr(self, name))
        for name in ("joke_effects", "latency"):
            positive(name, getattr(self, name))
        whole("retries", self.retries, most=100)
        whole("seed", self.seed, most=2**64 - 1)
        points = {f"ratings.{name}": rating for name, rating in self.ratings.items()}
        for name, value in {**points, "position_bias": self.position_bias}.items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise OptionError(f"{name} must be a number of points, not {value!r}")
            if not math.isfinite(value):
                raise OptionError(f"{name} must be a finite number of points, not {value!r}")


class SimulatedJudge:
    """Draws verdicts from known ratings; see `JudgeSimulation`.

    A verdict is a function of (seed, the two names in their order, prompt id, attempt). It does
    not depend on when it is requested, or on what else is requested. With win probabilities p and
    q, a tie has probability 2t x min(p, q). The rest is divided such that the expected score is p.

    Args:
        simulation: Settings of the judge.
        field: Models, prompts and jokes that will be judged, against which the names in the
            ratings are checked; None for no check.
        batch_size: Most comparisons in a batch.
        in_flight: Most comparisons in flight.

    Raises:
        OptionError: If the ratings contain a model that is not in the field.
    """

    name = "simulated"

    def __init__(
        self,
        simulation: JudgeSimulation,
        field: Field | None = None,
        *,
        batch_size: int = 1_000,
        in_flight: int = 4_000,
    ) -> None:
        self.simulation = simulation
        self.settings: Mapping[str, Any] = asdict(simulation)
        self.batch_size = batch_size
        self.in_flight = in_flight
        self._strengths: tuple[Field, np.ndarray] | None = None
        if field is not None:
            _check_names(simulation.ratings, field)

    async def judge(self, batch: Batch) -> AsyncIterator[Answers]:
        """Yields all answers in one part, after the latency of the slowest."""
        answers = self.answer(batch)
        if self.simulation.latency:
            await asyncio.sleep(float(answers.latency.max(initial=0)))
        yield answers

    async def close(self) -> None:
        """Does nothing, since there is nothing to release."""

    def answer(self, batch: Batch) -> Answers:
        """Returns the answers to a batch, without waiting."""
        how, rows = self.simulation, len(batch)
        key = self._key(batch)
        start = batch.attempts.astype(np.uint64)
        attempts = np.ones(rows, np.uint32)
        failed = np.zeros(rows, bool)
        if how.failure_rate:
            failed = draws.uniform(_FAILURE, key, start) < how.failure_rate
            for retry in range(1, how.retries + 1):
                again = failed.nonzero()[0]
                if not len(again):
                    break
                attempts[again] += 1
                drawn = draws.uniform(_FAILURE, key[again], start[again] + np.uint64(retry))
                failed[again] = drawn < how.failure_rate
        score = self._scores(batch, key, start + attempts - np.uint64(1))
        score[failed] = np.nan
        reason = f"simulated failure of {number_of(how.retries + 1, 'attempt')}"
        return Answers(
            np.arange(rows),
            score,
            attempts,
            attempts * how.latency,
            reasons=dict.fromkeys(failed.nonzero()[0].tolist(), reason),
        )

    def _key(self, batch: Batch) -> np.ndarray:
        models = batch.field.model_keys
        return draws.bits(
            self.simulation.seed,
            models[batch.first],
            models[batch.second],
            batch.field.prompt_keys[batch.prompt],
        )

    def _scores(self, batch: Batch, key: np.ndarray, attempt: np.ndarray) -> np.ndarray:
        how = self.simulation
        strengths = self._ratings(batch.field)
        gap = strengths[batch.first] - strengths[batch.second] + how.position_bias
        if how.joke_effects:
            gap = gap + how.joke_effects * (
                self._joke(batch, batch.first) - self._joke(batch, batch.second)
            )
        p = logistic(gap / POINTS)
        tied = how.tie_rate * np.minimum(p, 1 - p)
        drawn = draws.uniform(_VERDICT, key, attempt)
        scores: np.ndarray = np.where(drawn < p - tied, 1.0, np.where(drawn < p + tied, 0.5, 0.0))
        return scores

    def _joke(self, batch: Batch, model: np.ndarray) -> np.ndarray:
        keys = batch.field.model_keys[model], batch.field.prompt_keys[batch.prompt]
        return draws.normal_draws(_JOKE, self.simulation.seed, *keys)

    def _ratings(self, field: Field) -> np.ndarray:
        if self._strengths is None or self._strengths[0] is not field:
            named = self.simulation.ratings
            ratings = [named.get(model, DEFAULT_RATING) for model in field.models]
            self._strengths = field, np.array(ratings, np.float64)
        return self._strengths[1]


def _check_names(ratings: Mapping[str, float], field: Field) -> None:
    present = set(field.models)
    for name in ratings:
        if name not in present:
            hint = near(name, field.models)
            raise OptionError(f"ratings: {name!r} is not a candidate{hint}")
