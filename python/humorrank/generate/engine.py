"""The engine: ask a model for every joke that is not there yet, and commit each one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from humorrank._util.progress import Progress
from humorrank.errors import JudgeError
from humorrank.generate.instructions import Instructions
from humorrank.generate.provider import Provider, Reply, Request
from humorrank.generate.store import CandidateStore, Outcome, Wanted, Written
from humorrank.generate.words import missing_words
from humorrank.llm.asking import Asking, interrupting

_N = TypeVar("_N", int, float)
_THOUGHT: Final = "</think>"
"""What ends a reasoning model's thoughts, where they are not kept apart."""


@dataclass(frozen=True)
class GenerationEnding:
    """How a run ended.

    Attributes:
        written: jokes that this run committed.
        failed: failures that this run committed.
        complete: whether there is nothing more to ask for.
    """

    written: int
    failed: int
    complete: bool


@dataclass(frozen=True)
class Assignment:
    """A model and what it is to write about.

    Attributes:
        name: the model's.
        model: its number in the store.
        provider: asks it.
        wanted: what it is to write.
    """

    name: str
    model: int
    provider: Provider
    wanted: Sequence[Wanted]


@dataclass
class _Open:
    """A joke that is asked for.

    Attributes:
        wanted: what it is.
        attempts: how often the provider asked for it, in earlier runs and its own retries too.
        best: the joke with the fewest words missing so far.
        empty: how often the answer was empty or cut.
        lacking: how often words were missing.
        latency: seconds of all attempts of this run.
        prompt_tokens: of all attempts of this run.
        output_tokens: of all attempts of this run.
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
    """Asks each model, one after the other, for its jokes.

    What a model thinks aloud (up to the last `</think>`) and white space around the joke are
    taken off; nothing else is. An answer that is empty or cut at the limit of tokens is asked for
    again, and a failure in the end.

    Args:
        store: open for writing.
        assignments: who writes about what.
        instructions: what they are told.
        retries: how often an empty or cut answer is asked for again.
        word_retries: how often a joke without both words of its prompt is; the one with the
            fewest missing is kept, and says which are.
        progress: called with the model's name, its committed jokes and failures, and how many
            there will be.
        say: called with what somebody who presses Ctrl-C should know.

    Returns:
        How it ended. The first Ctrl-C lets the models finish what they were asked, the second
        gives that up; either way everything committed stays.

    Raises:
        HumorRankError: a model cannot be asked at all, or the store cannot be written.
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
    """One model at work."""

    def __init__(
        self,
        store: CandidateStore,
        assignment: Assignment,
        instructions: Instructions,
        retries: int,
        word_retries: int,
        progress: Progress | None,
    ) -> None:
        super().__init__(store.path)
        self._assignment, self._provider = assignment, assignment.provider
        self._instructions = instructions
        self._retries, self._word_retries = retries, word_retries
        self._progress = progress
        self._waiting = deque(_Open(item, item.attempts, item.best) for item in assignment.wanted)
        self.written = self.failed = 0

    @property
    def done(self) -> int:
        """Jokes and failures that are committed."""
        return self.written + self.failed

    async def play(self) -> None:
        """Until every joke is committed, or nothing more may be asked."""
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
                    raise JudgeError(f"{self._assignment.name} answered what it was not asked")
                left.remove(place)
                self.in_flight -= 1
                self._take(asked[place], reply)
                self._changed.set()
            if left:
                raise JudgeError(f"{self._assignment.name} left {len(left):,} prompts unanswered")
        finally:
            self.in_flight -= len(left)
            self._changed.set()

    def _take(self, item: _Open, reply: Reply) -> None:
        """Commits what came, or asks again."""
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
            # What did not come at all, the provider has asked for as often as it should.
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
    """The joke of a reply; or None, and why there is none."""
    if reply.text is None:
        return None, reply.reason or "no reason given"
    if reply.cut:
        return None, "the answer was cut at the limit of tokens"
    text = reply.text.rpartition(_THOUGHT)[2].strip()
    # What cannot be stored as UTF-8 is no text.
    text = text.encode("utf-8", "replace").decode()
    return (text, "") if text else (None, "the answer was empty")


def _sum(one: _N | None, two: _N | None) -> _N | None:
    return two if one is None else one if two is None else one + two
