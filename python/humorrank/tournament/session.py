"""Asks a judge about the comparisons of a store, and commits its answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from humorrank.judge import Answers, Batch, Field, Judge
from humorrank.judge.checked import checked_answers
from humorrank.llm.asking import Asking
from humorrank.store.faults import store_errors
from humorrank.store.store import Store
from humorrank.tournament.commits import Judged

_FAILED = (
    "SELECT comparison, position, f.attempts, low, high, prompt "
    "FROM failures f JOIN comparisons c USING (comparison) LEFT JOIN judgments j "
    "USING (comparison, position, judge) WHERE f.judge = ? AND j.judge IS NULL "
    "ORDER BY comparison, position"
)

_REASONS = (
    "SELECT name, COUNT(*), reason FROM failures JOIN judges USING (judge) WHERE judge = ? "
    "GROUP BY reason ORDER BY 2 DESC, reason"
)


@dataclass(frozen=True)
class Slots:
    """Required judgments, as columns of equal length.

    Attributes:
        comparison: Number of the comparison, int64.
        position: 0 if the contestant with the lower number is shown first, otherwise 1, uint8.
        attempts: Number of unsuccessful attempts in earlier runs, uint32.
        low: Contestant with the lower number, uint32.
        high: Contestant with the higher number, uint32.
        prompt: Prompt, uint32.
    """

    comparison: np.ndarray
    position: np.ndarray
    attempts: np.ndarray
    low: np.ndarray
    high: np.ndarray
    prompt: np.ndarray

    def __len__(self) -> int:
        """Returns the number of slots."""
        return len(self.comparison)

    def __getitem__(self, rows: slice | np.ndarray) -> Slots:
        """Returns the given rows."""
        columns = (self.comparison, self.position, self.attempts, self.low, self.high, self.prompt)
        return Slots(*(column[rows] for column in columns))

    @classmethod
    def of(cls, rows: list[tuple[int, ...]]) -> Slots:
        """Makes slots from rows with the values of the columns, in their order."""
        columns = np.array(rows, np.int64).reshape(-1, 6).T
        kinds = (np.int64, np.uint8, np.uint32, np.uint32, np.uint32, np.uint32)
        return cls(*(column.astype(kind) for column, kind in zip(columns, kinds, strict=True)))

    def batch(self, field: Field) -> Batch:
        """Returns the slots as questions to a judge."""
        turned = self.position == 1
        first, second = np.where(turned, self.high, self.low), np.where(turned, self.low, self.high)
        return Batch(field, self.prompt, first, second, self.attempts)


def failed_slots(store: Store, judge: int) -> Slots:
    """Returns the failures of a judge that no retry has answered since."""
    with store_errors(store.path):
        return Slots.of(store.connection.execute(_FAILED, (judge,)).fetchall())


@dataclass(frozen=True)
class Silence:
    """A judge that has failed on everything it was asked.

    Attributes:
        name: Name of the judge.
        failures: Number of its failures.
        reason: The most frequent reason.
    """

    name: str
    failures: int
    reason: str


def silence(store: Store, judge: int) -> Silence | None:
    """Returns the failures of a judge that has never answered, or None if it has."""
    with store_errors(store.path):
        # Ties of identical jokes are no answers.
        answered = store.count(
            "SELECT EXISTS (SELECT 1 FROM judgments WHERE judge = ? AND NOT identical)", judge
        )
        reasons = store.connection.execute(_REASONS, (judge,)).fetchall()
    if answered or not reasons:
        return None
    name, _, reason = reasons[0]
    return Silence(name, sum(count for _, count, _ in reasons), reason)


class Session(Asking):
    """Asks a judge within its limits, and commits its answers.

    Attributes:
        judged: Number of judgments that this run committed.
        failed: Number of failures that this run committed.
    """

    def __init__(self, store: Store, field: Field, judge: Judge) -> None:
        super().__init__(store)
        self._store, self._field, self._judge = store, field, judge
        self.judged = self.failed = 0

    @property
    def commits(self) -> int:
        """The number of commits of this run."""
        return self._writer.commits

    async def ask_all(
        self, slots: Slots, judge: int, tell: Callable[[], object] | None = None
    ) -> None:
        """Asks for judgments that enter the log, but never the running Elo.

        Args:
            slots: Required judgments.
            judge: Number of the judge.
            tell: Called whenever answers may have been committed.
        """
        while (len(slots) and not self.stopping) or self._tasks or self._commits:
            while not self.stopping and (room := self._room(len(slots))):
                now, slots = slots[:room], slots[room:]
                self._start(now.batch(self._field), partial(self._answered_late, now, judge))
            await self._wait()
            if tell is not None:
                tell()

    def _answered_late(self, slots: Slots, judge: int, answers: Answers) -> None:
        rows = answers.rows
        self._put(
            Judged(slots.comparison[rows], slots.position[rows], judge, answers, counted=False)
        )

    def _put(
        self,
        work: Judged,
        *,
        urgent: bool = False,
        settle: Callable[[slice], object] | None = None,
    ) -> None:
        """Passes answers to the writer.

        Args:
            work: The answers.
            urgent: Whether they are committed without waiting for further answers.
            settle: Called with each part of the answers once it is committed.
        """
        start = 0
        for done, size in self._writer.put(work, urgent=urgent):
            part = slice(start, start + size)
            start += size
            self._commits.add(done)
            done.add_done_callback(
                partial(
                    self._committed,
                    work.answers.score[part],
                    None if settle is None else partial(settle, part),
                )
            )

    def _committed(
        self,
        score: np.ndarray,
        settle: Callable[[], object] | None,
        done: asyncio.Future[None],
    ) -> None:
        """Counts and settles answers, which take effect only once they are committed."""
        self._changed.set()
        if done.cancelled() or done.exception() is not None:
            return
        self._commits.discard(done)
        if settle is not None:
            settle()
        failed = int(np.isnan(score).sum())
        self.failed += failed
        self.judged += len(score) - failed

    def _room(self, waiting: int) -> int:
        """Returns how many comparisons the judge can accept now, in one batch."""
        return self._free(waiting, self._judge.batch_size, self._judge.in_flight)

    def _start(self, batch: Batch, take: Callable[[Answers], object]) -> None:
        self.in_flight += len(batch)
        task = asyncio.create_task(self._consult(batch, take))
        self._tasks.add(task)

    async def _consult(self, batch: Batch, take: Callable[[Answers], object]) -> None:
        left = len(batch)
        try:
            async for answers in checked_answers(self._judge, batch):
                self.in_flight -= len(answers)
                left -= len(answers)
                take(answers)
                # The judge has room for more.
                self._changed.set()
        finally:
            self.in_flight -= left
            self._changed.set()
