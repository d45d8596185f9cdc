"""The requests to a provider of jokes, its replies, and the protocol that it implements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from humorrank.generate.instructions import Message
from humorrank.judge import Prompt


@dataclass(frozen=True)
class Request:
    """One request to a model.

    Attributes:
        prompt: Prompt for which the joke is written.
        messages: Chat messages to the model.
        attempt: Number of earlier attempts, including those in earlier runs.
    """

    prompt: Prompt
    messages: Sequence[Message]
    attempt: int = 0


@dataclass(frozen=True)
class Reply:
    """The reply to a request.

    Attributes:
        text: Text of the model; None if the request failed.
        reason: Reason why the request failed, as text.
        cut: Whether the text was cut off at the token limit.
        attempts: Number of attempts that the provider made.
        latency: Seconds from the first attempt to the answer.
        prompt_tokens: Prompt tokens of all attempts, if known.
        output_tokens: Output tokens of all attempts, if known.
    """

    text: str | None
    reason: str = ""
    cut: bool = False
    attempts: int = 1
    latency: float | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None


class Provider(Protocol):
    """A model that writes jokes.

    The provider retries failed requests itself. If retries cannot help (a wrong key, a model that
    does not exist), it raises a `HumorRankError`, which ends the run. Committed jokes are kept.

    Attributes:
        settings: Everything that its texts depend on, as JSON values.
        batch_size: Most requests in one call.
        in_flight: Most requests in flight, over all calls.
    """

    settings: Mapping[str, Any]
    batch_size: int
    in_flight: int

    def write(self, requests: Sequence[Request]) -> AsyncIterator[tuple[int, Reply]]:
        """Answers every request exactly once, with its place, in order of arrival."""

    async def close(self) -> None:
        """Releases all resources; nothing is asked afterwards."""


@dataclass(frozen=True)
class Sampling:
    """Sampling settings of a model. The defaults are those of the paper [HR26].

    Attributes:
        temperature: Sampling temperature.
        top_p: Nucleus sampling threshold.
        max_tokens: Most tokens of an answer; the provider's own limit if None.
        seed: Random seed for the draws, if the provider supports one.
    """

    temperature: float = 0.7
    top_p: float = 1.0
    max_tokens: int | None = None
    seed: int | None = None
