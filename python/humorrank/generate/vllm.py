"""A provider that runs a model in its own vLLM engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from humorrank.generate.provider import Reply, Request, Sampling
from humorrank.llm.engine import VLLMEngine, check_engine_options, import_vllm


class VLLMProvider:
    """Generates with continuous batching; the model is loaded for the first request.

    A request that exceeds the model's context is a failure. With a seed, the draws of a request
    are keyed by (seed, attempt).

    Args:
        model: Name of the model on the Hugging Face hub, or a folder.
        sampling: Sampling settings; without `max_tokens`, an answer is limited only by the model's
            context.
        options: Options of `vllm.LLM`, by name.
        in_flight: Most requests in flight.

    Raises:
        MissingExtraError: If vLLM is not installed.
        OptionError: If an engine option is unknown.
    """

    def __init__(
        self, model: str, sampling: Sampling, options: Mapping[str, Any], *, in_flight: int = 4_000
    ) -> None:
        check_engine_options(options)
        self.settings: Mapping[str, Any] = {"model": model, "engine": dict(options)}
        self.batch_size, self.in_flight = 1_000, in_flight
        self._sampling = sampling
        self._engine = VLLMEngine(model, options)

    async def write(self, requests: Sequence[Request]) -> AsyncIterator[tuple[int, Reply]]:
        """Yields replies as the engine completes them."""
        await self._engine.start()
        asked = self._engine.requests()
        wanted = []
        longest = self._engine.longest
        for place, request in enumerate(requests):
            tokens = self._tokens(request)
            if len(tokens) >= longest:
                reason = (
                    f"the prompt has {len(tokens):,} tokens, but the model has room for only "
                    f"{longest:,}, including its answer"
                )
                yield place, Reply(None, reason, prompt_tokens=len(tokens))
                continue
            wanted.append((place, tokens, self._params(request, longest - len(tokens))))
        try:
            asked.add(wanted)
            while asked.left:
                for place, done in await asked.answers():
                    yield (
                        place,
                        Reply(
                            done.text,
                            cut=done.finish == "length",
                            prompt_tokens=done.prompt_tokens,
                            output_tokens=done.output_tokens,
                        ),
                    )
        finally:
            asked.give_up()

    async def close(self) -> None:
        """Stops the engine."""
        await self._engine.close()

    def _tokens(self, request: Request) -> list[int]:
        tokenizer = self._engine.tokenizer
        text = tokenizer.apply_chat_template(
            list(request.messages), tokenize=False, add_generation_prompt=True
        )
        # The template already contains the special tokens.
        tokens: list[int] = tokenizer.encode(text, add_special_tokens=False)
        return tokens

    def _params(self, request: Request, room: int) -> Any:  # noqa: ANN401 - vLLM has no types
        how = asdict(self._sampling)
        seed = None if how["seed"] is None else (how["seed"] + request.attempt) % 2**63
        return import_vllm().SamplingParams(
            temperature=how["temperature"],
            top_p=how["top_p"],
            max_tokens=min(how["max_tokens"] or room, room),
            seed=seed,
        )
