"""The generation engine, which asks models for all missing jokes and commits each answer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from humorrank._util.progress import Progress
from humorrank._util.text import number_of
from humorrank.errors import JudgeError
from humorrank.generate.instructions import Instructions
from humorrank.generate.provider import Provider, Reply, Request
from humorrank.generate.store import CandidateStore, Outcome, Wanted, Written
from humorrank.generate.words import missing_words
from humorrank.llm.asking import Asking, interrupting

_N = TypeVar("_N", int, float)
_THOUGHT: Final = "</think>"
"""The end of a reasoning model's thoughts, if they are part of the answer."""


@dataclass(frozen=True)
class GenerationEnding:
    """The result of a run.

    Attributes:
        written: Number of jokes that this run committed.
        failed: Number of failures that this run committed.
        complete: Whether nothing is left to ask for.
    """

    written: int
    failed: int
    complete: bool


@dataclass(frozen=True)
class Assignment:
    """A model and the jokes that it should write.

    Attributes:
        name: Name of the model.
        model: Number of the model in the store.
        provider: Provider that asks the model.
        wanted: Jokes that the model should write.
    """

    name: str
    model: int
    provider: Provider
    wanted: Sequence[Wanted]


@dataclass
class _Open:
    """A joke that is asked for.

    Attributes:
        wanted: The joke that should be written.
        attempts: Number of attempts, including the provider's retries and earlier runs.
        best: The joke with the fewest missing words so far.
        empty: Number of answers that were empty or cut off.
        lacking: Number of answers with missing words.
        latency: Seconds of all attempts in this run.
        prompt_tokens: Prompt tokens of all attempts in this run.
        output_tokens: Output tokens of all attempts in this run.
    """

    wanted: Wanted
    attempts: int
    best: Outcome | None
    empty: int = 0
    lacking: int = 0
    latency: float | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None


async def write(
    store: CandidateStore,
    assignments: Sequence[Assignment],
    instructions: Instructions,
    *,
    retries: int = 3,
    word_retries: int = 0,
    progress: Progress | None = None,
    say: Callable[[str], object] | None = None,
) -> GenerationEnding:
    """Asks the models, one after the other, for their jokes.

    The thoughts of a reasoning model (up to the last `</think>`) and white space around the joke
    are removed; nothing else is. An answer that is empty or cut off at the token limit is asked
    for again, and is a failure once the retries are used up.

    Ctrl-C lets the model finish the jokes in flight; a second Ctrl-C abandons them. Everything
    that is committed is kept in either case.

    Args:
        store: Store, open for writing.
        assignments: Models and the jokes that they should write.
        instructions: Instructions to the models.
        retries: Number of retries after an empty or cut off answer.
        word_retries: Number of retries after a joke that lacks a word of its prompt. The joke with
            the fewest missing words is kept, and they are recorded.
        progress: Called with the name of the model, the number of its committed jokes and failures,
            and their total.
        say: Called with messages for a user who presses Ctrl-C.

    Returns:
        The result of the run.

    Raises:
        HumorRankError: If a model cannot be asked at all, or the store cannot be written.
    """
    written = failed = 0
    for assignment in assignments:
        run = _Run(store, assignment, instructions, retries, word_retries, progress)
        try:
            with interrupting(run, say, "jokes"):
                await run.play()
        finally:
            await assignment.provider.close()
        written += run.written
        failed += run.failed
        if run.stopping:
            break
    wanted = sum(len(assignment.wanted) for assignment in assignments)
    return GenerationEnding(written, failed, written + failed == wanted)


class _Run(Asking):
    """The run of one model."""

    def __init__(
        self,
        store: CandidateStore,
        assignment: Assignment,
        instructions: Instructions,
        retries: int,
        word_retries: int,
        progress: Progress | None,
    ) -> None:
        super().__init__(store)
        self._assignment, self._provider = assignment, assignment.provider
        self._instructions = instructions
        self._retries, self._word_retries = retries, word_retries
        self._progress = progress
        self._waiting = deque(_Open(item, item.attempts, item.best) for item in assignment.wanted)
        self.written = self.failed = 0

    @property
    def done(self) -> int:
        """Number of committed jokes and failures."""
        return self.written + self.failed

    async def play(self) -> None:
        """Asks until every joke is committed, or the run is interrupted."""
        try:
            while (self._waiting and not self.stopping) or self._tasks or self._commits:
                while not self.stopping and (room := self._room()):
                    self._start([self._waiting.popleft() for _ in range(room)])
                await self._wait()
                if self._progress is not None:
                    total = len(self._assignment.wanted)
                    self._progress(self._assignment.name, self.done, total)
        finally:
            await self.close()

    def _room(self) -> int:
        provider = self._provider
        return self._free(len(self._waiting), provider.batch_size, provider.in_flight)

    def _start(self, asked: list[_Open]) -> None:
        self.in_flight += len(asked)
        self._tasks.add(asyncio.create_task(self._ask(asked)))

    async def _ask(self, asked: list[_Open]) -> None:
        left = set(range(len(asked)))
        try:
            requests = [
                Request(
                    item.wanted.prompt,
                    self._instructions.messages(item.wanted.prompt),
                    item.attempts,
                )
                for item in asked
            ]
            async for place, reply in self._provider.write(requests):
                if place not in left:
                    raise JudgeError(
                        f"{self._assignment.name} answered a prompt that it was not asked"
                    )
                left.remove(place)
                self.in_flight -= 1
                self._take(asked[place], reply)
                self._changed.set()
            if left:
                prompts = number_of(len(left), "prompt")
                raise JudgeError(f"{self._assignment.name} left {prompts} unanswered")
        finally:
            self.in_flight -= len(left)
            self._changed.set()

    def _take(self, item: _Open, reply: Reply) -> None:
        """Commits a reply, or asks again."""
        item.attempts += reply.attempts
        item.latency = _sum(item.latency, reply.latency)
        item.prompt_tokens = _sum(item.prompt_tokens, reply.prompt_tokens)
        item.output_tokens = _sum(item.output_tokens, reply.output_tokens)
        place = item.wanted.number, self._assignment.model
        text, reason = _joke(reply)
        if text is not None:
            missing = missing_words(text, item.wanted.prompt.words or ())
            if item.best is None or len(missing) < len(item.best.missing):
                item.best = Outcome(*place, text, missing=missing)
            item.lacking += bool(missing)
            again = bool(missing) and item.lacking <= self._word_retries
        else:
            # For a reply without text, the provider has already made all retries.
            item.empty += reply.text is not None
            again = reply.text is not None and item.empty <= self._retries
        if again:
            self._waiting.append(item)
            return
        outcome = replace(
            item.best or Outcome(*place, None, reason),
            attempts=item.attempts,
            latency=item.latency,
            prompt_tokens=item.prompt_tokens,
            output_tokens=item.output_tokens,
        )
        urgent = not self._waiting and not self.in_flight
        for done, _ in self._writer.put(Written([outcome]), urgent=urgent):
            self._commits.add(done)
            done.add_done_callback(partial(self._committed, outcome))

    def _committed(self, outcome: Outcome, done: asyncio.Future[None]) -> None:
        self._changed.set()
        if done.cancelled() or done.exception() is not None:
            return
        self._commits.discard(done)
        if outcome.text is None:
            self.failed += 1
        else:
            self.written += 1


def _joke(reply: Reply) -> tuple[str | None, str]:
    """Returns the joke of a reply, or None and the reason why there is none."""
    if reply.text is None:
        return None, reply.reason or "no reason given"
    if reply.cut:
        return None, "the answer was cut off at the token limit"
    text = reply.text.rpartition(_THOUGHT)[2].strip()
    # Unpaired surrogates cannot be stored as UTF-8.
    text = text.encode("utf-8", "replace").decode()
    return (text, "") if text else (None, "the answer was empty")


def _sum(one: _N | None, two: _N | None) -> _N | None:
    return two if one is None else one if two is None else one + two
