"""A provider that asks any endpoint with OpenAI's chat completions API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from humorrank._util.text import number_of
from humorrank.errors import JudgeError
from humorrank.generate.provider import Reply, Request, Sampling
from humorrank.llm.endpoint import AgainError, Client, Completion, Endpoint, RejectedError
from humorrank.llm.presets import Preset


class OpenAIProvider:
    """Asks with bounded concurrency on persistent connections.

    Failed requests are retried (see `humorrank.llm.endpoint.Client`). A refusal, or any other
    request that the endpoint rejects, is a failure.

    Args:
        model: Name of the model at the endpoint.
        sampling: Sampling settings; the seed is sent as seed + attempt.
        endpoint: Address and settings of the endpoint.
        preset: What the endpoint supports.
        in_flight: Most requests in flight.

    Raises:
        MissingExtraError: If aiohttp is not installed.
        OptionError: If a required key is missing, or a sampling setting is one that the endpoint
            does not take.
    """

    def __init__(
        self,
        model: str,
        sampling: Sampling,
        endpoint: Endpoint,
        preset: Preset,
        *,
        in_flight: int = 64,
    ) -> None:
        default = Sampling()
        names = ("temperature", "top_p", "max_tokens", "seed")
        preset.refuse_omitted([n for n in names if getattr(sampling, n) != getattr(default, n)])
        self._preset = preset.at(endpoint)
        self._client = Client(model, endpoint, in_flight)
        self._sampling = sampling
        self.batch_size = self.in_flight = in_flight
        self.settings: Mapping[str, Any] = {
            "model": model,
            "base_url": endpoint.place,
            "body": dict(endpoint.body),
        }

    async def write(self, requests: Sequence[Request]) -> AsyncIterator[tuple[int, Reply]]:
        """Yields replies as they arrive."""
        tasks = [
            asyncio.create_task(self._reply(place, request))
            for place, request in enumerate(requests)
        ]
        try:
            for done in asyncio.as_completed(tasks):
                yield await done
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()

    async def _reply(self, place: int, request: Request) -> tuple[int, Reply]:
        start, attempts = time.monotonic(), 0

        async def attempt() -> Completion:
            nonlocal attempts
            attempts += 1
            return await self._client.ask(request.messages, self._fields(request))

        try:
            completion = await self._client.retried(attempt)
        except JudgeError:
            raise
        except (AgainError, RejectedError) as error:
            many = f" ({number_of(attempts, 'attempt')})" if isinstance(error, AgainError) else ""
            seconds = time.monotonic() - start
            return place, Reply(None, f"{error}{many}", False, attempts, seconds)
        return place, _reply(completion, attempts, time.monotonic() - start)

    def _fields(self, request: Request) -> dict[str, Any]:
        how = self._sampling
        body: dict[str, Any] = {"temperature": how.temperature, "top_p": how.top_p}
        if how.max_tokens is not None:
            body["max_tokens"] = how.max_tokens
        if how.seed is not None:
            body["seed"] = (how.seed + request.attempt) % 2**31
        return self._preset.adapt(body)


def _reply(completion: Completion, attempts: int, seconds: float) -> Reply:
    tokens = completion.prompt_tokens, completion.output_tokens
    if completion.refusal is not None:
        reason = f"refused: {completion.refusal}"[:500]
        return Reply(None, reason, False, attempts, seconds, *tokens)
    return Reply(completion.text, "", completion.cut, attempts, seconds, *tokens)
