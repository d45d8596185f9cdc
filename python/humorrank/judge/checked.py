"""Checks that a judge follows the protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np

from humorrank.errors import JudgeError
from humorrank.judge.protocol import Answers, Batch, Judge


async def checked_answers(judge: Judge, batch: Batch) -> AsyncIterator[Answers]:
    """Yields a judge's answers to a batch, and checks that each row is answered exactly once.

    Raises:
        JudgeError: If a row is answered twice or never, or a score or probability is invalid.
    """
    answered, done = np.zeros(len(batch), bool), 0
    async for answers in judge.judge(batch):
        rows, score = answers.rows, answers.score
        if len(rows) and (rows.min() < 0 or rows.max() >= len(batch)):
            raise JudgeError(f"{judge.name} answered a comparison that it was not asked")
        answered[rows] = True
        done += len(rows)
        if np.count_nonzero(answered) != done:
            raise JudgeError(f"{judge.name} answered a comparison twice")
        known = np.isnan(score) | (score == 0) | (score == 0.5) | (score == 1)
        if not known.all():
            raise JudgeError(f"{judge.name} gave a score other than 0, 0.5 and 1")
        if answers.probability is not None and not _shares(answers.probability).all():
            raise JudgeError(f"{judge.name} gave a probability that is not between 0 and 1")
        yield answers
    if done < len(batch):
        missing = len(batch) - done
        raise JudgeError(f"{judge.name} left {missing:,} of {len(batch):,} comparisons unanswered")


def _shares(values: np.ndarray) -> np.ndarray:
    good: np.ndarray = np.isnan(values) | ((values >= 0) & (values <= 1))
    return good
