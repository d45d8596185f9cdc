"""A judge that asks a language model at an endpoint with OpenAI's chat completions API."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

from humorrank._util.checks import one_of, positive, whole
from humorrank.errors import JudgeError, OptionError, VerdictError
from humorrank.judge.first_token import SPELLINGS, FirstTokens
from humorrank.judge.protocol import Answers, Batch, Decision, Failure, Judgment
from humorrank.judge.questions import Questions, check_settings, prefix_order
from humorrank.judge.verdict import parse_verdict
from humorrank.llm.endpoint import AgainError, Client, Completion, Endpoint, RejectedError
from humorrank.llm.presets import OPENAI, Preset, Structured, preset
from humorrank.llm.throughput import Throughput

_LIKELIEST: Final = 20
"""Number of tokens whose probabilities are requested: the most that OpenAI returns."""
_DECISIONS: Final[tuple[Decision, ...]] = ("A", "B", "TIE")
_FIRST_TOKENS: Final = FirstTokens(
    {decision: frozenset({number}) for number, decision in enumerate(_DECISIONS)}
)
"""The decisions by number, since an endpoint identifies tokens by their texts."""


def _openai() -> Preset:
    found = preset(OPENAI)
    assert found is not None
    return found


@dataclass(frozen=True)
class OpenAISettings:
    """Settings of a judge at an endpoint.

    Attributes:
        model: Name of the model at the endpoint.
        endpoint: Address and settings of the endpoint. Its retries cover both failed requests and
            answers that are not verdicts.
        preset: What the endpoint supports, and the first part of the judge's name.
        temperature: Sampling temperature; left to the endpoint if None.
        top_p: Nucleus sampling threshold; left to the endpoint if None.
        max_tokens: Most tokens of an answer; left to the endpoint if None.
        seed: Random seed, from which a seed for each comparison and attempt is derived; none is
            sent if None.
        structured: How the endpoint constrains an answer: to the schema of a verdict, to any JSON
            object, or not at all, for endpoints that support neither.
        template: File with the prompt template; the default template if None.
        taxonomy: File with the labels; the paper's labels if None.
        decision_only: Whether only A, B or TIE, and its probability, is read from the first token.
        price_prompt: Price of a million prompt tokens, for the report.
        price_output: Price of a million output tokens, for the report.
    """

    model: str
    endpoint: Endpoint = field(default_factory=Endpoint)
    preset: Preset = field(default_factory=_openai)
    temperature: float | None = 0.1
    top_p: float | None = 1.0
    max_tokens: int | None = 512
    seed: int | None = None
    structured: Structured = "json_schema"
    template: Path | None = None
    taxonomy: Path | None = None
    decision_only: bool = False
    price_prompt: float | None = None
    price_output: float | None = None

    def __post_init__(self) -> None:
        """Rejects invalid values.

        Raises:
            OptionError: If a value is invalid; the message states the allowed values.
        """
        top_p = 1.0 if self.top_p is None else self.top_p
        check_settings(self.model, top_p, self.seed, decision_only=self.decision_only)
        for name in ("temperature", "price_prompt", "price_output"):
            if (value := getattr(self, name)) is not None:
                positive(name, value)
        if self.max_tokens is not None:
            whole("max_tokens", self.max_tokens, 1)
        one_of("structured", self.structured, get_args(Structured))
        if self.decision_only and not self.preset.top_logprobs:
            raise OptionError(
                f"decision_only cannot be set, because {self.preset.name} returns no "
                "log-probabilities"
            )


@dataclass
class _Spent:
    """Attempts and tokens that a comparison has used so far."""

    attempts: int = 0
    prompt_tokens: int | None = None
    output_tokens: int | None = None

    def add(self, completion: Completion) -> None:
        for name in ("prompt_tokens", "output_tokens"):
            new, old = getattr(completion, name), getattr(self, name)
            if new is not None:
                setattr(self, name, new + (old or 0))


class OpenAIJudge:
    """Asks a language model over HTTP, on persistent connections.

    A failed request, or an answer that is not a verdict, is retried at most `retries` times.
    A comparison that still has no verdict is a failure. A refusal is a failure immediately. A
    wrong key, model or address ends the run. The key is sent with each request and is not written
    anywhere else: an answer or an error that repeats it contains ... instead.

    Args:
        how: Settings of the judge.
        batch_size: Most comparisons in a batch.
        in_flight: Most comparisons in flight, and most connections.

    Raises:
        MissingExtraError: If aiohttp is not installed.
        HumorRankError: If there is no key, or the template or the taxonomy is invalid.
    """

    def __init__(self, how: OpenAISettings, *, batch_size: int = 256, in_flight: int = 64) -> None:
        self.how = how
        self.name = f"{how.preset.name}/{how.model}"
        self.batch_size = batch_size
        self.in_flight = in_flight
        self.questions = Questions(
            how.template, how.taxonomy, how.seed, decision_only=how.decision_only
        )
        self.throughput = Throughput(price_prompt=how.price_prompt, price_output=how.price_output)
        self._preset = how.preset.at(how.endpoint)
        self._client = Client(how.model, how.endpoint, in_flight)
        self.settings: Mapping[str, Any] = {
            "base_url": how.endpoint.place,
            "body": dict(how.endpoint.body),
            "retries": how.endpoint.retries,
            "temperature": how.temperature,
            "top_p": how.top_p,
            "max_tokens": how.max_tokens,
            "structured": how.structured,
            **self.questions.settings,
        }

    async def judge(self, batch: Batch) -> AsyncIterator[Answers]:
        """Yields answers as they arrive; those that arrived together are in one part."""
        self.throughput.asked()
        seeds = self.questions.seeds(batch)
        ended: asyncio.Queue[asyncio.Task[tuple[int, Judgment | Failure]]] = asyncio.Queue()
        tasks = []
        for row in prefix_order(batch):
            seed = None if seeds is None else int(seeds[row])
            tasks.append(asyncio.create_task(self._judgment(batch, row, seed)))
            tasks[-1].add_done_callback(ended.put_nowait)
        open_tasks = len(tasks)
        try:
            while open_tasks:
                done = [await ended.get()]
                while not ended.empty():
                    done.append(ended.get_nowait())
                open_tasks -= len(done)
                errors = [error for task in done if (error := task.exception()) is not None]
                answers = dict(task.result() for task in done if task.exception() is None)
                failed = sum(isinstance(answer, Failure) for answer in answers.values())
                self.throughput.busy = self._client.busy
                self.throughput.answered(len(answers) - failed, failed)
                if answers:
                    yield Answers.of(answers)
                if errors:
                    raise errors[0]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()

    def fields(self, seed: int | None = None) -> dict[str, Any]:
        """Returns the fields of a request in addition to the model and the messages."""
        how = self.how
        if how.decision_only:
            first = {"temperature": 0, "max_tokens": 1, "logprobs": True}
            likeliest = min(_LIKELIEST, self._preset.top_logprobs)
            return self._preset.adapt({**first, "top_logprobs": likeliest})
        values = {
            "temperature": how.temperature,
            "top_p": how.top_p,
            "max_tokens": how.max_tokens,
            "seed": seed,
        }
        sent: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
        if how.structured == "json_schema":
            schema = {"name": "verdict", "strict": True, "schema": self.questions.schema}
            sent["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif how.structured == "json_object":
            sent["response_format"] = {"type": "json_object"}
        return self._preset.adapt(sent)

    async def _judgment(
        self, batch: Batch, row: int, seed: int | None
    ) -> tuple[int, Judgment | Failure]:
        spent, since = _Spent(), time.perf_counter()
        messages = self.questions.messages(batch, row)
        reason, judgment = "", None

        async def attempt() -> dict[str, Any]:
            spent.attempts += 1
            own = None if seed is None else (seed + spent.attempts) % 2**31
            return await self._attempt(messages, own, spent)

        try:
            judgment = await self._client.retried(attempt)
        except JudgeError:
            raise
        except (AgainError, RejectedError) as error:
            reason = str(error)
        told: dict[str, Any] = {
            "attempts": spent.attempts,
            "latency": time.perf_counter() - since,
            "prompt_tokens": spent.prompt_tokens,
            "output_tokens": spent.output_tokens,
        }
        if judgment is None:
            return row, Failure(reason, **told)
        return row, Judgment(**judgment, **told)

    async def _attempt(
        self, messages: list[dict[str, str]], seed: int | None, spent: _Spent
    ) -> dict[str, Any]:
        """Makes one attempt and returns the fields of its judgment."""
        self.throughput.requests += 1
        completion = await self._client.ask(messages, self.fields(seed))
        spent.add(completion)
        self.throughput.prompt_tokens += completion.prompt_tokens or 0
        self.throughput.cached_tokens += completion.cached_tokens
        self.throughput.output_tokens += completion.output_tokens or 0
        if completion.refusal is not None:
            raise RejectedError(f"refused: {completion.refusal}"[:500])
        if self.how.decision_only:
            return _first_token(completion)
        try:
            verdict = parse_verdict(completion.text, self.questions.taxonomy)
        except VerdictError as error:
            cut = " (cut off at the token limit)" if completion.cut else ""
            raise AgainError(f"{self._client.secrets.hidden(str(error))}{cut}") from None
        # The JSON of a verdict may contain the key in an escaped form.
        found: dict[str, Any] = self._client.secrets.removed(dict(verdict))
        return found


def _first_token(completion: Completion) -> dict[str, Any]:
    """Reads the decision from the probabilities of the first token."""
    if not completion.first_logprobs:
        raise JudgeError(
            "the endpoint returns no log-probabilities: decision_only cannot be used with it"
        )
    mass = dict.fromkeys(range(len(_DECISIONS)), 0.0)
    for token, logprob in completion.first_logprobs:
        for number, decision in enumerate(_DECISIONS):
            if token.strip() and token in SPELLINGS[decision]:
                mass[number] += math.exp(logprob)
    try:
        decision, probability = _FIRST_TOKENS.read(
            {number: math.log(share) for number, share in mass.items() if share}
        )
    except VerdictError as error:
        # A retry would return the same probabilities.
        raise RejectedError(str(error)) from None
    return {"decision": decision, "probability": probability}
