"""A judge that runs a language model in its own vLLM engine."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from humorrank._util import draws
from humorrank._util.checks import positive, whole
from humorrank.errors import OptionError, VerdictError
from humorrank.judge.first_token import FirstTokens
from humorrank.judge.protocol import Answers, Batch, Failure, Judgment
from humorrank.judge.questions import Questions, check_settings, prefix_order
from humorrank.judge.verdict import parse_verdict
from humorrank.llm.engine import (
    DEFAULTS,
    EngineCompletion,
    VLLMEngine,
    check_engine_options,
    import_vllm,
)
from humorrank.llm.throughput import Throughput

_RENDERED_AT_ONCE: Final = 64
"""Number of prompts after which the engine starts, while the rest are rendered."""

_OPERATION: Final = frozenset(
    {
        "cpu_offload_gb",
        "disable_log_stats",
        "distributed_executor_backend",
        "download_dir",
        "enable_prefix_caching",
        "enforce_eager",
        "gpu_memory_utilization",
        "kv_cache_memory_bytes",
        "max_num_batched_tokens",
        "max_num_seqs",
        "max_parallel_loading_workers",
        "pipeline_parallel_size",
        "tensor_parallel_size",
    }
)
"""Engine options that affect the speed but not the verdicts, and may differ between runs."""


@dataclass(frozen=True)
class VLLMSettings:
    """Settings of a vLLM judge.

    Attributes:
        model: Name of the model on the Hugging Face hub, or a folder.
        temperature: Sampling temperature.
        top_p: Nucleus sampling threshold.
        max_tokens: Most tokens of an answer.
        retries: Number of retries after an answer that is not a verdict.
        seed: Random seed for sampling, with one stream for each comparison and attempt; the
            engine's own seed if None.
        template: File with the prompt template; the default template if None.
        taxonomy: File with the labels; the paper's labels if None.
        decision_only: Whether only A, B or TIE, and its probability, is read from the first token.
        chat_template: File with a chat template; the model's own if None.
        chat_template_kwargs: Further arguments of the chat template (`enable_thinking`).
        engine: Options of `vllm.LLM`, by name.
    """

    model: str
    temperature: float = 0.1
    top_p: float = 1.0
    max_tokens: int = 512
    retries: int = 3
    seed: int | None = None
    template: Path | None = None
    taxonomy: Path | None = None
    decision_only: bool = False
    chat_template: Path | None = None
    chat_template_kwargs: Mapping[str, Any] = field(default_factory=dict)
    engine: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Rejects invalid values.

        Raises:
            OptionError: If a value is invalid; the message states the allowed values.
        """
        check_settings(self.model, self.top_p, self.seed, decision_only=self.decision_only)
        positive("temperature", self.temperature)
        whole("max_tokens", self.max_tokens, 1)
        whole("retries", self.retries, most=100)


@dataclass
class _Question:
    """One comparison in flight."""

    tokens: Sequence[int]
    attempts: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    since: float = 0.0


class VLLMJudge:
    """Asks a language model that runs locally, in vLLM.

    Answers are constrained to the schema of a verdict. Requests that share a prompt and a first
    joke follow each other, so that their common prefix is computed once. The model is loaded for
    the first comparison.

    Args:
        how: Settings of the judge.
        batch_size: Most comparisons in a batch.
        in_flight: Most comparisons in flight. It should exceed the number of sequences that the
            engine runs concurrently (`max_num_seqs`), so that the engine is never idle.

    Raises:
        MissingExtraError: If vLLM is not installed.
        HumorRankError: If an engine option is unknown, or the template or the taxonomy is invalid.
    """

    def __init__(
        self, how: VLLMSettings, *, batch_size: int = 1_000, in_flight: int = 4_000
    ) -> None:
        check_engine_options(how.engine)
        self.how = how
        self.name = f"vllm/{how.model}"
        self.batch_size = batch_size
        self.in_flight = in_flight
        self.questions = Questions(
            how.template, how.taxonomy, how.seed, decision_only=how.decision_only
        )
        self._chat_template = None if how.chat_template is None else _read(how.chat_template)
        self.engine = VLLMEngine(how.model, how.engine)
        self.throughput = Throughput()
        self._busy_before = 0.0
        self._schema = json.dumps(self.questions.schema)
        self._first_tokens: FirstTokens | None = None
        self._unseeded: Any = None
        self.settings: Mapping[str, Any] = {
            "temperature": how.temperature,
            "top_p": how.top_p,
            "max_tokens": how.max_tokens,
            "retries": how.retries,
            **self.questions.settings,
            "chat_template": self._chat_template,
            "chat_template_kwargs": dict(how.chat_template_kwargs),
            "engine": {
                name: value
                for name, value in {**DEFAULTS, **how.engine}.items()
                if name not in _OPERATION
            },
        }

    async def judge(self, batch: Batch) -> AsyncIterator[Answers]:
        """Yields answers as the engine completes them."""
        await self.engine.start()
        if self.how.decision_only and self._first_tokens is None:
            tokenizer = self.engine.tokenizer
            self._first_tokens = FirstTokens.find(
                lambda text: tokenizer.encode(text, add_special_tokens=False)
            )
        if self.throughput.began is None:
            self._busy_before = self.engine.busy
        self.throughput.asked()
        requests = self.engine.requests()
        questions: dict[int, _Question] = {}
        seeds = self.questions.seeds(batch)
        try:
            for rows in _parts(prefix_order(batch)):
                rendered = await asyncio.to_thread(self.render, batch, rows)
                now = time.perf_counter()
                new = {
                    row: _Question(tokens, since=now)
                    for row, tokens in zip(rows, rendered, strict=True)
                }
                if too_long := self._refuse_too_long(new):
                    yield self._answers(too_long)
                questions |= new
                requests.add([self._request(row, new[row], seeds) for row in new])
            while requests.left:
                done: dict[int, Judgment | Failure] = {}
                again = []
                for row, completion in await requests.answers():
                    answer = self._answer(questions[row], completion)
                    if answer is None:
                        again.append(self._request(row, questions[row], seeds))
                    else:
                        done[row] = answer
                requests.add(again)
                if done:
                    yield self._answers(done)
        finally:
            requests.give_up()

    async def close(self) -> None:
        """Stops the engine and abandons comparisons in flight."""
        await self.engine.close()

    def render(self, batch: Batch, rows: Sequence[int]) -> list[list[int]]:
        """Returns the prompt tokens of the given rows; the model must be loaded."""
        rendered: list[list[int]] = self.engine.tokenizer.apply_chat_template(
            [self.questions.messages(batch, row) for row in rows],
            chat_template=self._chat_template,
            add_generation_prompt=True,
            tokenize=True,
            return_dict=False,
            **self.how.chat_template_kwargs,
        )
        return rendered

    def sampling(self, seed: int | None = None) -> Any:  # noqa: ANN401
        """Returns the `vllm.SamplingParams` of a request."""
        vllm = import_vllm()
        if self._first_tokens is not None:
            # The drawn token does not matter: only the model's probabilities are read.
            return vllm.SamplingParams(
                temperature=0.0, max_tokens=1, logprob_token_ids=self._first_tokens.all
            )
        structured = import_module("vllm.sampling_params").StructuredOutputsParams
        return vllm.SamplingParams(
            temperature=self.how.temperature,
            top_p=self.how.top_p,
            max_tokens=self.how.max_tokens,
            seed=seed,
            structured_outputs=structured(json=self._schema),
        )

    def _request(
        self, row: int, question: _Question, seeds: np.ndarray | None
    ) -> tuple[int, Sequence[int], Any]:
        question.attempts += 1
        if seeds is not None:
            drawn = draws.bits(seeds[row : row + 1], question.attempts)[0]
            return row, question.tokens, self.sampling(int(drawn >> np.uint64(33)))
        if self._unseeded is None:
            self._unseeded = self.sampling()
        return row, question.tokens, self._unseeded

    def _refuse_too_long(self, questions: dict[int, _Question]) -> dict[int, Judgment | Failure]:
        """Removes and returns the questions that exceed the model's context."""
        longest = self.engine.longest
        refused: dict[int, Judgment | Failure] = {}
        for row, question in list(questions.items()):
            if len(question.tokens) >= longest:
                del questions[row]
                refused[row] = Failure(
                    f"the prompt has {len(question.tokens):,} tokens, but the model has room for "
                    f"only {longest:,}, including its answer",
                    attempts=0,
                )
        return refused

    def _answer(
        self, question: _Question, completion: EngineCompletion
    ) -> Judgment | Failure | None:
        """Returns the judgment or failure of a completion; None if it should be retried."""
        question.prompt_tokens += completion.prompt_tokens
        question.output_tokens += completion.output_tokens
        counted = self.throughput
        counted.requests += 1
        counted.prompt_tokens += completion.prompt_tokens
        counted.cached_tokens += completion.cached_tokens
        counted.output_tokens += completion.output_tokens
        spent: dict[str, Any] = {
            "attempts": question.attempts,
            "latency": time.perf_counter() - question.since,
            "prompt_tokens": question.prompt_tokens,
            "output_tokens": question.output_tokens,
        }
        try:
            if self._first_tokens is not None:
                decision, probability = self._first_tokens.read(completion.first_logprobs)
                return Judgment(decision, probability=probability, **spent)
            verdict = parse_verdict(completion.text, self.questions.taxonomy)
        except VerdictError as error:
            # A retry would return the same probabilities.
            if question.attempts <= self.how.retries and self._first_tokens is None:
                return None
            cut = completion.finish == "length" and not self.how.decision_only
            where = f" (cut off at {self.how.max_tokens:,} tokens)" if cut else ""
            return Failure(f"{error}{where}", **spent)
        return Judgment(**dict(verdict), **spent)

    def _answers(self, done: Mapping[int, Judgment | Failure]) -> Answers:
        failed = sum(isinstance(answer, Failure) for answer in done.values())
        self.throughput.busy = self.engine.busy - self._busy_before
        self.throughput.answered(len(done) - failed, failed)
        return Answers.of(done)


def _parts(rows: list[int]) -> list[list[int]]:
    return [
        rows[start : start + _RENDERED_AT_ONCE] for start in range(0, len(rows), _RENDERED_AT_ONCE)
    ]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"chat_template: {path} cannot be read: {error}") from None
