"""A judge at work on a store: what it is asked, and the commits of what it answers."""

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


@dataclass(frozen=True)
class Slots:
    """Judgments that are wanted, as columns of equal length.

    Attributes:
        comparison: int64, the number of the comparison.
        position: uint8, 0 where the contestant of the lower number is to be shown first, else 1.
        attempts: uint32, how often each was asked in earlier runs, without success.
        low: uint32, the contestant of the lower number.
        high: uint32, the other.
        prompt: uint32, the prompt.
    """

    comparison: np.ndarray
    position: np.ndarray
    attempts: np.ndarray
    low: np.ndarray
    high: np.ndarray
    prompt: np.ndarray

    def __len__(self) -> int:
        """How many."""
        return len(self.comparison)

    def __getitem__(self, rows: slice | np.ndarray) -> Slots:
        """Some of them."""
        columns = (self.comparison, self.position, self.attempts, self.low, self.high, self.prompt)
        return Slots(*(column[rows] for column in columns))

    @classmethod
    def of(cls, rows: list[tuple[int, ...]]) -> Slots:
        """From rows of its columns, in their order."""
        columns = np.array(rows, np.int64).reshape(-1, 6).T
        kinds = (np.int64, np.uint8, np.uint32, np.uint32, np.uint32, np.uint32)
        return cls(*(column.astype(kind) for column, kind in zip(columns, kinds, strict=True)))

    def batch(self, field: Field) -> Batch:
        """The questions to a judge."""
        turned = self.position == 1
        first, second = np.where(turned, self.high, self.low), np.where(turned, self.low, self.high)
        return Batch(field, self.prompt, first, second, self.attempts)


def failed_slots(store: Store, judge: int) -> Slots:
    """What a judge failed to answer, and no retry has brought since."""
    with store_errors(store.path):
        return Slots.of(store.connection.execute(_FAILED, (judge,)).fetchall())


class Session(Asking):
    """Asks a judge, within its bounds, and commits its answers.

    Attributes:
        judged: judgments that this run committed.
        failed: failures that this run committed.
    """

    def __init__(self, store: Store, field: Field, judge: Judge) -> None:
        super().__init__(store.path)
        self._store, self._field, self._judge = store, field, judge
        self.judged = self.failed = 0

    @property
    def commits(self) -> int:
        """Commits of this run."""
        return self._writer.commits

    async def ask_all(
        self, slots: Slots, judge: int, tell: Callable[[], object] | None = None
    ) -> None:
        """Asks for judgments that enter the log, never the running Elo.

        Args:
            slots: what is wanted.
            judge: the number of the judge.
            tell: called whenever something may have been committed.
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
        """Hands answers to the writer.

        Args:
            work: the answers.
            urgent: that there is nothing to wait for any more.
            settle: called with each part of the answers once it is committed.
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
        """Only now does anybody learn of a verdict."""
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
        """How many comparisons the judge takes now, at once."""
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
                # There is room for more.
                self._changed.set()
        finally:
            self.in_flight -= left
            self._changed.set()
