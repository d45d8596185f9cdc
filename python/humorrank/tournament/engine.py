"""The engine: schedule, ask the judge, commit, learn; round after round."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from humorrank.judge import Answers, Batch, Field, Judge
from humorrank.judge.checked import checked
from humorrank.progress import Progress
from humorrank.tournament.faults import told
from humorrank.tournament.history import History, Stop, replay
from humorrank.tournament.identical import text_numbers
from humorrank.tournament.rounds import OpenRound, open_round
from humorrank.tournament.spec import Spec
from humorrank.tournament.store import OWN_JUDGE, Store
from humorrank.tournament.writer import Judged, Scheduled, Writer

SPENT: Final = "the budget is spent"

_FAILED: Final = (
    "SELECT comparison, position, f.attempts, low, high, prompt "
    "FROM failures f JOIN comparisons c USING (comparison) LEFT JOIN judgments j "
    "USING (comparison, position, judge) WHERE f.judge = ? AND j.judge IS NULL "
    "ORDER BY comparison, position"
)


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Attributes:
        reason: why there is nothing more to do; None where the run was interrupted.
        judged: judgments that this run committed.
        failed: failures that this run committed.
        commits: commits of this run.
    """

    reason: str | None
    judged: int
    failed: int
    commits: int


async def play(
    store: Store,
    spec: Spec,
    field: Field,
    judge: Judge,
    *,
    stop: Stop | None = None,
    retry_failures: bool = False,
    progress: Progress | None = None,
    say: Callable[[str], object] | None = None,
) -> Ending:
    """Plays a tournament from where its store stands to its end.

    Args:
        store: open for writing.
        spec: its spec.
        field: its field.
        judge: its judge.
        stop: a rule of early stopping.
        retry_failures: ask the judge again, before everything else, what it failed to answer.
        progress: called with "judging", the committed comparisons, and the budget.
        say: called with what somebody who presses Ctrl-C should know.

    Returns:
        How it ended. The first Ctrl-C lets the judge finish what it was asked, the second gives
        that up; either way everything committed stays.

    Raises:
        JudgeError: the judge cannot work at all.
        StoreError: the store is damaged, or cannot be written.
    """
    history = replay(store, spec, field, stop=stop)
    engine = _Engine(store, spec, field, judge, history, stop, progress)
    try:
        with _interruptible(engine, say):
            ending = await engine.run(retry_failures=retry_failures)
        store.set_state("ended", ending.reason)
        return ending
    finally:
        await judge.close()


class _Engine:
    def __init__(
        self,
        store: Store,
        spec: Spec,
        field: Field,
        judge: Judge,
        history: History,
        stop: Stop | None,
        progress: Progress | None,
    ) -> None:
        self._store, self._spec, self._field = store, spec, field
        self._judge, self._history, self._stop = judge, history, stop
        self._progress = progress
        self._budget = store.budget()
        self._texts = text_numbers(field) if spec.identical == "tie" else None
        self._tasks: set[asyncio.Task[None]] = set()
        self._commits: set[asyncio.Future[None]] = set()
        self._changed = asyncio.Event()
        self._writer = Writer(store)
        self._reason: str | None = None
        self._judged = self._failed = 0
        self.in_flight = 0
        self.stopping = False

    async def run(self, *, retry_failures: bool) -> Ending:
        try:
            if retry_failures:
                await self._retry()
            await self._play()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, *self._commits, return_exceptions=True)
            await self._writer.close()
        reason = None if self._history.open else self._reason
        return Ending(reason, self._judged, self._failed, self._writer.commits)

    def interrupt(self) -> None:
        """Asks nothing more; the second time, waits for nothing more."""
        if self.stopping:
            for task in self._tasks:
                task.cancel()
        self.stopping = True
        self._changed.set()

    async def _play(self) -> None:
        history = self._history
        self._schedule()
        while history.open:
            if self.stopping and not self._tasks:
                return
            for opened in history.open:
                self._ask(opened)
            if not history.open[0].complete:
                await self._wait()
            while history.open and history.open[0].complete:
                history.record_oldest(self._stop)
                self._schedule()
            self._tell()

    def _schedule(self) -> None:
        """As many rounds as the lag allows."""
        history, spec = self._history, self._spec
        while history.rounds - history.recorded <= spec.lag and not self.stopping:
            left = self._budget - history.comparisons
            if history.stopped is not None or left <= 0:
                self._reason = history.stopped or SPENT
                return
            made = history.scheduler.next_round(left)
            if made.reason is not None:
                self._reason = made.reason
                return
            opened = open_round(
                history.rounds,
                history.comparisons,
                (made.first, made.second, made.prompt),
                self._field,
                spec.position,
                spec.seed,
            )
            pairs = opened.low, opened.high, opened.prompt
            self._writer.put(Scheduled(opened.number, opened.start, *pairs, len(made.byes)))
            history.add(opened)

    def _ask(self, opened: OpenRound) -> None:
        """Hands to the judge what it has room for."""
        if self.stopping or opened.all_asked:
            return
        waiting = (~opened.asked).nonzero()[0]
        if self._texts is not None:
            waiting = self._settle_identical(opened, waiting)
        while room := self._room(len(waiting)):
            slots, waiting = waiting[:room], waiting[room:]
            opened.asked[slots] = True
            first, second = opened.shown(slots)
            prompt = opened.prompt[opened.comparison[slots]]
            batch = Batch(self._field, prompt, first, second, np.zeros(room, np.uint32))
            self._start(batch, partial(self._answered, opened, slots))
        opened.all_asked = not len(waiting)

    def _settle_identical(self, opened: OpenRound, waiting: np.ndarray) -> np.ndarray:
        """Ties of identical jokes, which nobody is asked about; returns what is left to ask."""
        assert self._texts is not None
        place = opened.comparison[waiting]
        prompt = opened.prompt[place]
        same = self._texts[prompt, opened.low[place]] == self._texts[prompt, opened.high[place]]
        if not same.any():
            return waiting
        slots = waiting[same]
        opened.asked[slots] = True
        size = len(slots)
        zero, none = np.zeros(size, np.uint32), np.full(size, np.nan)
        tied = Answers(np.arange(size), np.full(size, 0.5), zero, none)
        self._answered(opened, slots, tied, identical=True)
        others: np.ndarray = waiting[~same]
        return others

    def _answered(
        self, opened: OpenRound, slots: np.ndarray, answers: Answers, *, identical: bool = False
    ) -> None:
        slots = slots[answers.rows]
        opened.unanswered -= len(slots)
        work = Judged(
            opened.comparison[slots] + opened.start,
            opened.position[slots],
            OWN_JUDGE,
            answers,
            counted=True,
            identical=identical,
        )
        start = 0
        for done, size in self._commit(work, urgent=not opened.unanswered):
            part = slice(start, start + size)
            start += size
            settle = partial(opened.settle, slots[part], answers.score[part])
            done.add_done_callback(partial(self._committed, answers.score[part], settle))

    def _commit(self, work: Judged, *, urgent: bool) -> list[tuple[asyncio.Future[None], int]]:
        parts = self._writer.put(work, urgent=urgent)
        self._commits.update(done for done, _ in parts)
        return parts

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
        self._failed += failed
        self._judged += len(score) - failed

    def _room(self, waiting: int) -> int:
        """How many comparisons the judge takes now, at once."""
        return min(waiting, self._judge.batch_size, self._judge.in_flight - self.in_flight)

    def _start(self, batch: Batch, take: Callable[[Answers], object]) -> None:
        self.in_flight += len(batch)
        task = asyncio.create_task(self._consult(batch, take))
        self._tasks.add(task)

    async def _consult(self, batch: Batch, take: Callable[[Answers], object]) -> None:
        left = len(batch)
        try:
            async for answers in checked(self._judge, batch):
                self.in_flight -= len(answers)
                left -= len(answers)
                take(answers)
                # There is room for more.
                self._changed.set()
        finally:
            self.in_flight -= left
            self._changed.set()

    async def _wait(self) -> None:
        """Until an answer or a commit comes; raises what went wrong."""
        await self._changed.wait()
        self._changed.clear()
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.discard(task)
            if not task.cancelled():
                task.result()
        for done in [done for done in self._commits if done.done()]:
            self._commits.discard(done)
            done.result()

    async def _retry(self) -> None:
        """Asks again for what failed. What comes of it enters the log, not the running Elo."""
        with told(self._store.path):
            rows = self._store.connection.execute(_FAILED, (OWN_JUDGE,)).fetchall()
        columns = np.array(rows, np.int64).reshape(-1, 6).T
        while (columns.shape[1] and not self.stopping) or self._tasks or self._commits:
            while not self.stopping and (room := self._room(columns.shape[1])):
                now, columns = columns[:, :room], columns[:, room:]
                comparison, position, attempts, low, high, prompt = now
                turned = position == 1
                batch = Batch(
                    self._field,
                    prompt.astype(np.uint32),
                    np.where(turned, high, low).astype(np.uint32),
                    np.where(turned, low, high).astype(np.uint32),
                    attempts.astype(np.uint32),
                )
                self._start(batch, partial(self._retried, comparison, position.astype(np.uint8)))
            await self._wait()

    def _retried(self, comparison: np.ndarray, position: np.ndarray, answers: Answers) -> None:
        rows = answers.rows
        work = Judged(comparison[rows], position[rows], OWN_JUDGE, answers, counted=False)
        start = 0
        for done, size in self._commit(work, urgent=False):
            score = answers.score[start : start + size]
            start += size
            done.add_done_callback(partial(self._committed, score, None))

    def _tell(self) -> None:
        if self._progress is None:
            return
        history = self._history
        waiting = sum(opened.left // opened.positions for opened in history.open)
        self._progress("judging", history.comparisons - waiting, self._budget)


@contextmanager
def _interruptible(engine: _Engine, say: Callable[[str], object] | None) -> Iterator[None]:
    """Ctrl-C and SIGTERM reach the engine, where signals can be handled at all."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        if say is not None and not engine.stopping and engine.in_flight:
            say(f"finishing {engine.in_flight:,} judgments in flight; again to give them up")
        engine.interrupt()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
