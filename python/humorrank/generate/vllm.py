"""A provider that runs a model in a vLLM engine of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from humorrank.generate.provider import Reply, Request, Sampling
from humorrank.llm.engine import VLLMEngine, check_engine_options, import_vllm


class VLLMProvider:
    """Writes with continuous batching; the model is loaded when it is first asked.

    A request that is longer than the model's context is a failure. With a seed, a request's
    draws are keyed by (seed, attempt).

    Args:
        model: a name on the hub, or a folder.
        sampling: how it draws; without `max_tokens` an answer ends with the model's context.
        options: of `vllm.LLM`, by name.
        in_flight: the most requests at once.

    Raises:
        MissingExtraError: vLLM is not installed.
        OptionError: there is no such engine option.
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
        """Answers as the engine ends them."""
        await self._engine.start()
        asked = self._engine.requests()
        wanted = []
        longest = self._engine.longest
        for place, request in enumerate(requests):
            tokens = self._tokens(request)
            if len(tokens) >= longest:
                reason = f"the prompt has {len(tokens):,} tokens, and the model takes {longest:,}"
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
        """Ends the engine."""
        await self._engine.close()

    def _tokens(self, request: Request) -> list[int]:
        tokenizer = self._engine.tokenizer
        text = tokenizer.apply_chat_template(
            list(request.messages), tokenize=False, add_generation_prompt=True
        )
        # The template writes the special tokens itself.
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
