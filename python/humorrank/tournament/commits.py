"""Rounds and answers as units of work for the thread that commits them in groups."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from humorrank.judge import Answers, Failure, Judgment
from humorrank.store.writer import MOST_JUDGMENTS


@dataclass(frozen=True)
class Scheduled:
    """A round that should be written.

    Attributes:
        round: Number of the round.
        start: Number of its first comparison.
        low: Contestant with the lower number in each comparison.
        high: Contestant with the higher number in each comparison.
        prompt: Prompt of each comparison.
        byes: Number of contestants without an opponent.
    """

    round: int
    start: int
    low: np.ndarray
    high: np.ndarray
    prompt: np.ndarray
    byes: int

    def __len__(self) -> int:
        """Returns 0, since a round contains no answers."""
        return 0

    def parts(self) -> Sequence[Scheduled]:
        """Returns the round as one part, since it is stored completely or not at all."""
        return [self]

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes the round within a transaction."""
        _write_round(connection, self)


@dataclass(frozen=True)
class Judged:
    """Answers that should be written.

    Attributes:
        comparison: Number of the comparison of each answer, int64.
        position: 0 if the contestant with the lower number was shown first, otherwise 1, uint8.
        judge: Number of the judge.
        answers: The answers.
        counted: Whether the answers affect the running Elo.
        identical: Whether these are ties of identical jokes, for which no judge was asked.
    """

    comparison: np.ndarray
    position: np.ndarray
    judge: int
    answers: Answers
    counted: bool
    identical: bool = False

    def __len__(self) -> int:
        """Returns the number of answers."""
        return len(self.comparison)

    def parts(self) -> Sequence[Judged]:
        """Returns the answers in parts that fit into one commit each."""
        return _parts(self)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes the answers within a transaction."""
        write_answers(connection, self, time.time())


def _parts(work: Judged) -> list[Judged]:
    """Splits answers into parts that fit into one commit each."""
    size = len(work.comparison)
    if size <= MOST_JUDGMENTS:
        return [work]
    parts = []
    for start in range(0, size, MOST_JUDGMENTS):
        stop = min(start + MOST_JUDGMENTS, size)
        parts.append(
            Judged(
                work.comparison[start:stop],
                work.position[start:stop],
                work.judge,
                _slice(work.answers, start, stop),
                work.counted,
                work.identical,
            )
        )
    return parts


def _slice(answers: Answers, start: int, stop: int) -> Answers:
    probability = answers.probability
    return Answers(
        answers.rows[start:stop],
        answers.score[start:stop],
        answers.attempts[start:stop],
        answers.latency[start:stop],
        None if probability is None else probability[start:stop],
        answers.reasons,
        answers.verdicts,
    )


def _write_round(connection: sqlite3.Connection, work: Scheduled) -> None:
    size = len(work.low)
    connection.execute("INSERT INTO rounds VALUES (?, ?, ?)", (work.round, size, work.byes))
    # Values common to all rows are literals in the statement: binding them is half of the cost.
    connection.executemany(
        f"INSERT INTO comparisons VALUES (?, {work.round:d}, NULL, ?, ?, ?)",
        zip(
            range(work.start, work.start + size),
            work.low.tolist(),
            work.high.tolist(),
            work.prompt.tolist(),
            strict=True,
        ),
    )


def write_answers(connection: sqlite3.Connection, work: Judged, now: float) -> None:
    """Writes judgments and failures within a transaction."""
    answers = work.answers
    failed = np.isnan(answers.score)
    if failed.any():
        _write_failures(connection, work, failed.nonzero()[0].tolist(), now)
    good = slice(None) if not failed.any() else ~failed
    rows = list(
        zip(
            work.comparison[good].tolist(),
            work.position[good].tolist(),
            answers.score[good].tolist(),
            answers.attempts[good].tolist(),
            _or_none(answers.latency[good]),
            strict=True,
        )
    )
    same = f"{work.judge:d}, ?, {work.counted:d}, {work.identical:d}, ?, ?"
    if answers.probability is None and not answers.verdicts:
        insert = f"INSERT INTO judgments VALUES (?, ?, {same}, NULL, NULL, NULL, {now!r})"
        connection.executemany(insert, rows)
        return
    told = [answers.verdicts.get(int(row)) for row in answers.rows[good]]
    tokens = [(v.prompt_tokens, v.output_tokens) if v else (None, None) for v in told]
    nan = np.full(len(answers), np.nan)
    soft = _or_none((nan if answers.probability is None else answers.probability)[good])
    connection.executemany(
        f"INSERT INTO judgments VALUES (?, ?, {same}, ?, ?, ?, {now!r})",
        [(*row, p, *n) for row, p, n in zip(rows, soft, tokens, strict=True)],
    )
    connection.executemany(
        f"INSERT INTO rationales VALUES (?, ?, {work.judge:d}, ?, ?, ?, ?, ?)",
        [
            (*row[:2], *_rationale(judgment))
            for row, judgment in zip(rows, told, strict=True)
            if isinstance(judgment, Judgment) and any(_rationale(judgment))
        ],
    )


def _rationale(judgment: Judgment) -> tuple[str | None, ...]:
    labels = (
        judgment.winner_humor_features,
        judgment.winner_delivery_features,
        judgment.loser_features,
    )
    return (
        judgment.reasoning,
        *(
            json.dumps(names, ensure_ascii=False) if names else None
            for names in (*labels, dict(judgment.unknown_labels))
        ),
    )


def _write_failures(
    connection: sqlite3.Connection, work: Judged, places: Sequence[int], now: float
) -> None:
    answers = work.answers
    rows = []
    for i in places:
        row = int(answers.rows[i])
        told = answers.verdicts.get(row)
        tokens = (
            (told.prompt_tokens, told.output_tokens) if isinstance(told, Failure) else (None, None)
        )
        latency = float(answers.latency[i])
        rows.append(
            (
                int(work.comparison[i]),
                int(work.position[i]),
                work.judge,
                answers.reasons.get(row, "no reason given"),
                int(answers.attempts[i]),
                None if np.isnan(latency) else latency,
                *tokens,
                now,
            )
        )
    connection.executemany(
        "INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET reason = excluded.reason, "
        "attempts = attempts + excluded.attempts, latency = excluded.latency, "
        "prompt_tokens = excluded.prompt_tokens, output_tokens = excluded.output_tokens, "
        "time = excluded.time",
        rows,
    )


def _or_none(values: np.ndarray) -> list[float | None]:
    listed: list[float | None] = values.tolist()
    if np.isnan(values).any():
        return [None if value != value else value for value in listed]  # noqa: PLR0124 - NaN
    return listed
