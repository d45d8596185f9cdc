"""The questions to a judge, its answers, and the protocol that it implements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

from humorrank.store.field import Field, Prompt

Decision = Literal["A", "B", "TIE"]

SCORES: Mapping[Decision, float] = {"A": 1.0, "B": 0.0, "TIE": 0.5}
"""The score of the joke that was shown first, for each decision."""


@dataclass(frozen=True)
class Comparison:
    """One question to a judge: which of two jokes for a prompt is funnier.

    Attributes:
        prompt: The prompt for which the jokes were written.
        model_a: Model that wrote the joke shown first.
        model_b: Model that wrote the joke shown second.
        joke_a: Joke shown first.
        joke_b: Joke shown second.
        attempts: Number of unsuccessful attempts in earlier runs.
    """

    prompt: Prompt
    model_a: str
    model_b: str
    joke_a: str
    joke_b: str
    attempts: int = 0


@dataclass(frozen=True)
class Batch:
    """Comparisons as columns of equal length; iteration yields them one by one.

    Attributes:
        field: Models, prompts and jokes.
        prompt: Numbers of the prompts, uint32.
        first: Numbers of the models whose jokes are shown first, uint32.
        second: Numbers of the models whose jokes are shown second, uint32.
        attempts: Numbers of unsuccessful attempts in earlier runs, uint32.
    """

    field: Field
    prompt: np.ndarray
    first: np.ndarray
    second: np.ndarray
    attempts: np.ndarray

    def __len__(self) -> int:
        """Returns the number of comparisons."""
        return len(self.prompt)

    def __getitem__(self, row: int) -> Comparison:
        """Returns one comparison with its texts."""
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
        """Yields all comparisons in order."""
        return (self[row] for row in range(len(self)))


@dataclass(frozen=True)
class Judgment:
    """One answer of a judge: a verdict and the effort that it took.

    Attributes:
        decision: The funnier joke: A, which was shown first, or B; TIE for a genuine tie.
        reasoning: Reasons for the decision, as text.
        winner_humor_features: Labels of what made the winner funny.
        winner_delivery_features: Labels of the winner's delivery.
        loser_features: Labels of what the loser lacked.
        unknown_labels: Mapping from a field to the labels that the judge gave there and that its
            taxonomy lacks.
        probability: Probability that A is funnier, where a tie counts half, if the judge reports
            it.
        latency: Seconds from the first attempt to the answer.
        prompt_tokens: Prompt tokens of all attempts, if known.
        output_tokens: Output tokens of all attempts, if known.
        attempts: Number of attempts in this run.
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
    """A comparison without an answer after all attempts. It never counts as a tie.

    Attributes:
        reason: Reason for the failure, as text.
        attempts: Number of attempts in this run.
        latency: Seconds from the first attempt until the last one failed.
        prompt_tokens: Prompt tokens of all attempts, if known.
        output_tokens: Output tokens of all attempts, if known.
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
        rows: Rows of the batch, int64. Each row of a batch is answered exactly once.
        score: Scores of the jokes shown first, float64: 1, 0.5 or 0, or NaN if the judge failed.
        attempts: Numbers of attempts in this run, uint32.
        latency: Latencies in seconds, float64; NaN if unknown.
        probability: Probabilities that the first joke is funnier, float64; NaN if the judge does
            not report one. None if it never does.
        reasons: Mapping from row to the reason why there is no answer, for each failure.
        verdicts: Mapping from row to the whole judgment or failure, if it contains more than the
            columns.
    """

    rows: np.ndarray
    score: np.ndarray
    attempts: np.ndarray
    latency: np.ndarray
    probability: np.ndarray | None = None
    reasons: Mapping[int, str] = field(default_factory=dict)
    verdicts: Mapping[int, Judgment | Failure] = field(default_factory=dict)

    def __len__(self) -> int:
        """Returns the number of answers."""
        return len(self.rows)

    @classmethod
    def of(cls, answers: Mapping[int, Judgment | Failure]) -> Answers:
        """Collects single answers, by row of the batch, for judges that answer one at a time."""
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
    """Decides which of two jokes is funnier.

    The judge handles retries and the waits between them itself. A comparison without an answer
    after the last retry is a failure. If retries cannot help (a wrong key, a model that does not
    exist), the judge raises a `JudgeError`, which ends the run. Committed answers are kept.

    Attributes:
        name: Name in the judge column ("vllm/Qwen/Qwen2.5-72B-Instruct").
        settings: Everything that the verdicts depend on, as JSON values. A tournament is resumed
            only with the same settings.
        batch_size: Most comparisons in a batch.
        in_flight: Most comparisons in flight, over all batches.
    """

    name: str
    settings: Mapping[str, Any]
    batch_size: int
    in_flight: int

    def judge(self, batch: Batch) -> AsyncIterator[Answers]:
        """Answers every row of a batch exactly once, in parts as they arrive.

        Several batches may be asked concurrently, up to `in_flight` comparisons. Closing the
        iterator abandons unanswered comparisons.
        """

    async def close(self) -> None:
        """Releases all resources; nothing is asked afterwards."""
