"""What writes jokes: what it is asked, what it answers, and what it must be able to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from humorrank.generate.instructions import Message
from humorrank.judge import Prompt


@dataclass(frozen=True)
class Request:
    """One question to a model.

    Attributes:
        prompt: what the joke is to be about.
        messages: what the model is told.
        attempt: how often it was asked this before, in earlier runs too.
    """

    prompt: Prompt
    messages: Sequence[Message]
    attempt: int = 0


@dataclass(frozen=True)
class Reply:
    """What came of a request.

    Attributes:
        text: what the model wrote; None where nothing came.
        reason: why nothing came, in words.
        cut: whether the text ends because a limit of tokens was reached.
        attempts: how often the provider asked.
        latency: seconds from the first attempt to the answer.
        prompt_tokens: over all attempts, if known.
        output_tokens: over all attempts, if known.
    """

    text: str | None
    reason: str = ""
    cut: bool = False
    attempts: int = 1
    latency: float | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None


class Provider(Protocol):
    """A model that writes.

    Retries of what did not come through are the provider's own affair; what no retry can mend (a
    wrong key, a model that does not exist) it raises as a `HumorRankError`, which ends the run and
    leaves what is committed as it is.

    Attributes:
        settings: everything that its texts depend on, as JSON values.
        batch_size: the most requests that it takes in one call.
        in_flight: the most requests that it takes at once, over all calls.
    """

    settings: Mapping[str, Any]
    batch_size: int
    in_flight: int

    def write(self, requests: Sequence[Request]) -> AsyncIterator[tuple[int, Reply]]:
        """Answers every request exactly once, each with its place, as they come."""

    async def close(self) -> None:
        """Lets go of what it holds; nothing is asked afterwards."""


@dataclass(frozen=True)
class Sampling:
    """How a model draws its words.

    Attributes:
        temperature: 0.7 as in the paper.
        top_p: 1.0 as in the paper.
        max_tokens: the longest answer; the provider's own limit if None.
        seed: of the draws, where the provider has one.
    """

    temperature: float = 0.7
    top_p: float = 1.0
    max_tokens: int | None = None
    seed: int | None = None
