"""What a judge is asked, what it answers, and what it must be able to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

from humorrank.store.field import Field, Prompt

Decision = Literal["A", "B", "TIE"]

SCORES: Mapping[Decision, float] = {"A": 1.0, "B": 0.0, "TIE": 0.5}
"""What a decision gives to the joke that was shown first."""


@dataclass(frozen=True)
class Comparison:
    """One question to a judge: which of two jokes for a prompt is funnier?

    Attributes:
        prompt: what the jokes were asked for.
        model_a: who wrote the joke that is shown first.
        model_b: who wrote the other one.
        joke_a: the joke that is shown first.
        joke_b: the other one.
        attempts: how often it has been asked in earlier runs, without success.
    """

    prompt: Prompt
    model_a: str
    model_b: str
    joke_a: str
    joke_b: str
    attempts: int = 0


@dataclass(frozen=True)
class Batch:
    """Comparisons as columns of equal length; iterating gives them one by one.

    Attributes:
        field: the texts.
        prompt: uint32, numbers of prompts.
        first: uint32, numbers of those shown first.
        second: uint32, numbers of those shown second.
        attempts: uint32, how often each was asked in earlier runs, without success.
    """

    field: Field
    prompt: np.ndarray
    first: np.ndarray
    second: np.ndarray
    attempts: np.ndarray

    def __len__(self) -> int:
        """How many comparisons."""
        return len(self.prompt)

    def __getitem__(self, row: int) -> Comparison:
        """One of them, with its texts."""
        field, prompt = self.field, int(self.prompt[row])
        first, second = int(self.first[row]), int(self.second[row])
        jokes = field.jokes[prompt]
        return Comparison(
            field.prompts[prompt],
            field.models[first],
            field.models[second],
            jokes[first],
            jokes[second],
            int(self.attempts[row]),
        )

    def __iter__(self) -> Iterator[Comparison]:
        """All of them, in order."""
        return (self[row] for row in range(len(self)))


@dataclass(frozen=True)
class Judgment:
    """One answer: a verdict, and what it took to get it.

    Attributes:
        decision: who is funnier: A, shown first, or B, or a genuine tie.
        reasoning: why, in words.
        winner_humor_features: labels of what made the winner funny.
        winner_delivery_features: labels of how it was told.
        loser_features: labels of what the loser lacked.
        unknown_labels: field -> labels that the judge gave there and that its taxonomy lacks.
        probability: that A is funnier (a tie half), if the judge says.
        latency: seconds from the first attempt to the answer.
        prompt_tokens: over all attempts, if known.
        output_tokens: over all attempts, if known.
        attempts: how often the judge was asked in this run.
    """

    decision: Decision
    reasoning: str | None = None
    winner_humor_features: tuple[str, ...] = ()
    winner_delivery_features: tuple[str, ...] = ()
    loser_features: tuple[str, ...] = ()
    unknown_labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    probability: float | None = None
    latency: float | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    attempts: int = 1


@dataclass(frozen=True)
class Failure:
    """No answer, after all attempts. It is never a tie.

    Attributes:
        reason: why, in words.
        attempts: how often the judge was asked in this run.
        latency: seconds from the first attempt to giving up.
        prompt_tokens: over all attempts, if known.
        output_tokens: over all attempts, if known.
    """

    reason: str
    attempts: int = 1
    latency: float | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True)
class Answers:
    """Answers to some rows of a batch, as columns of equal length.

    Attributes:
        rows: int64, which rows of the batch; each row of a batch is answered exactly once.
        score: float64, 1, 0.5 or 0 for the joke shown first; NaN where the judge failed.
        attempts: uint32, how often it was asked in this run.
        latency: float64, seconds; NaN where not known.
        probability: float64, that the first is funnier; NaN where the judge does not say; None
            if it never does.
        reasons: row -> why there is no answer, for each failure.
        verdicts: row -> the whole judgment or failure, where it has more to say than the columns.
    """

    rows: np.ndarray
    score: np.ndarray
    attempts: np.ndarray
    latency: np.ndarray
    probability: np.ndarray | None = None
    reasons: Mapping[int, str] = field(default_factory=dict)
    verdicts: Mapping[int, Judgment | Failure] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many answers."""
        return len(self.rows)

    @classmethod
    def of(cls, answers: Mapping[int, Judgment | Failure]) -> Answers:
        """From single answers by row of the batch, for judges that work one by one."""
        listed = list(answers.values())
        nan = float("nan")
        known = [nan if answer.latency is None else answer.latency for answer in listed]
        soft = [a.probability if isinstance(a, Judgment) else None for a in listed]
        return cls(
            np.fromiter(answers, np.int64, len(listed)),
            np.array([SCORES[a.decision] if isinstance(a, Judgment) else nan for a in listed]),
            np.array([answer.attempts for answer in listed], np.uint32),
            np.array(known, np.float64),
            np.array([nan if p is None else p for p in soft], np.float64)
            if any(p is not None for p in soft)
            else None,
            {row: a.reason for row, a in answers.items() if isinstance(a, Failure)},
            answers,
        )


class Judge(Protocol):
    """Something that says which of two jokes is funnier.

    Retries with their waits are the judge's own affair; what it could not answer after them is a
    failure. What no retry can mend (a wrong key, a model that does not exist) it raises as a
    `JudgeError`, which ends the run and leaves what is committed as it is.

    Attributes:
        name: what stands in the judge column ("vllm/Qwen/Qwen2.5-72B-Instruct").
        settings: everything that its verdicts depend on, as JSON values; a tournament is resumed
            only under the same.
        batch_size: the largest batch that it takes.
        in_flight: the most comparisons that it takes at once, over all batches.
    """

    name: str
    settings: Mapping[str, Any]
    batch_size: int
    in_flight: int

    def judge(self, batch: Batch) -> AsyncIterator[Answers]:
        """Answers every row of a batch exactly once, in parts as they come.

        Several batches may be asked at once, up to `in_flight` comparisons. Closing the iterator
        gives up what is not answered yet.
        """

    async def close(self) -> None:
        """Lets go of what it holds; nothing is asked afterwards."""
