"""A provider that needs no model, for tests and trials."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from humorrank._util import draws
from humorrank._util.checks import positive, share, whole
from humorrank._util.text import number_of
from humorrank.generate.provider import Reply, Request

_FAILURE, _MISS, _JOKE, _EMPTY = 21, 22, 23, 24
"""The purposes of draws, which key their streams."""

_OPENINGS: Final = (
    "My therapist says I should stop worrying about {0}.",
    "Nobody warned me about {0}.",
    "I put {0} on my CV.",
    "They said {0} could not be outsourced.",
    "Scientists have finally explained {0}.",
    "I asked my landlord about {0}.",
    "There are two kinds of people: those who fear {0}, and those who have not met it.",
    "I went to a support group for {0}.",
)
_ENDINGS: Final = (
    "So I brought {0}, and now we are both unemployed.",
    "The refund came as {0}.",
    "My mother still prefers {0}.",
    "It turns out that it was {0} all along.",
    "The committee recommends {0}.",
    "At least {0} returned my call.",
    "Even {0} had better reviews.",
    "I was told to bring {0}; nobody said why.",
)
_ANYTHING: Final = "a stapler"


@dataclass(frozen=True)
class GeneratorSimulation:
    """Settings of a simulated model.

    Attributes:
        failure_rate: Probability that one attempt fails, 0 to 1.
        miss_rate: Probability that a joke lacks the second word of its prompt, 0 to 1.
        empty_rate: Probability that an answer is empty, 0 to 1.
        retries: Number of retries after a failed attempt.
        latency: Seconds that one attempt takes.
        seed: Random seed for all draws.
    """

    failure_rate: float = 0.0
    miss_rate: float = 0.0
    empty_rate: float = 0.0
    retries: int = 3
    latency: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Rejects invalid values.

        Raises:
            OptionError: If a value is invalid; the message states the allowed values.
        """
        for name in ("failure_rate", "miss_rate", "empty_rate"):
            share(name, getattr(self, name))
        positive("latency", self.latency)
        whole("retries", self.retries, most=100)
        whole("seed", self.seed, most=2**64 - 1)


class SimulatedProvider:
    """Composes jokes as a function of (seed, model, prompt id, attempt) alone.

    Args:
        model: Name of the model.
        simulation: Settings of the model.
        in_flight: Most requests in flight.
    """

    batch_size = 1_000

    def __init__(
        self, model: str, simulation: GeneratorSimulation, *, in_flight: int = 4_000
    ) -> None:
        self.model, self.simulation = model, simulation
        self.in_flight = in_flight
        self.settings: Mapping[str, Any] = {"model": model, **asdict(simulation)}

    async def write(self, requests: Sequence[Request]) -> AsyncIterator[tuple[int, Reply]]:
        """Yields all replies, after the latency of one attempt."""
        if self.simulation.latency:
            await asyncio.sleep(self.simulation.latency)
        for place, request in enumerate(requests):
            yield place, self._reply(request)

    async def close(self) -> None:
        """Does nothing, since there is nothing to release."""

    def _reply(self, request: Request) -> Reply:
        how, prompt = self.simulation, request.prompt
        (model,), (name,) = draws.name_keys([self.model]), draws.name_keys([prompt.id])
        key = draws.bits(how.seed, int(model), int(name), request.attempt)
        attempts = 1
        while draws.uniform(_FAILURE, key, attempts) < how.failure_rate:
            if attempts > how.retries:
                reason = f"simulated failure of {number_of(attempts, 'attempt')}"
                return Reply(None, reason, attempts=attempts, latency=attempts * how.latency)
            attempts += 1
        one, two = prompt.words or (prompt.text, _ANYTHING)
        if draws.uniform(_MISS, key) < how.miss_rate:
            two = _ANYTHING
        opening = _OPENINGS[_below(len(_OPENINGS), key, 0)].format(one)
        ending = _ENDINGS[_below(len(_ENDINGS), key, 1)].format(two)
        empty = draws.uniform(_EMPTY, key) < how.empty_rate
        text = "" if empty else f"{opening} {ending}"
        return Reply(text, attempts=attempts, latency=attempts * how.latency)


def _below(size: int, key: np.ndarray, place: int) -> int:
    """Draws a number from 0 to size - 1."""
    return int(draws.uniform(_JOKE, key, place) * size)
