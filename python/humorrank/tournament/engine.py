"""The tournament engine, which schedules rounds, asks the judge, and commits its answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from humorrank._util.progress import Progress
from humorrank.judge import Answers, Batch, Field, Judge
from humorrank.llm.asking import interrupting
from humorrank.store.store import OWN_JUDGE, Store
from humorrank.tournament.commits import Judged, Scheduled
from humorrank.tournament.history import History, Stop, replay
from humorrank.tournament.identical import text_numbers, ties
from humorrank.tournament.rounds import OpenRound, open_round
from humorrank.tournament.session import Session, failed_slots
from humorrank.tournament.spec import Spec

SPENT: Final = "the budget is spent"


@dataclass(frozen=True)
class Ending:
    """The result of a run.

    Attributes:
        reason: Reason why nothing is left to do; None if the run was interrupted.
        judged: Number of judgments that this run committed.
        failed: Number of failures that this run committed.
        commits: Number of commits of this run.
    """

    reason: str | None
    judged: int
    failed: int
    commits: int


async def play_rounds(
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
    """Plays a tournament from the state of its store to its end.

    Ctrl-C lets the judge finish the comparisons in flight; a second Ctrl-C abandons them.
    Everything that is committed is kept in either case.

    Args:
        store: Store, open for writing.
        spec: Spec of the tournament.
        field: Models, prompts and jokes.
        judge: Judge of the tournament.
        stop: Rule for early stopping; None to play until the budget is spent.
        retry_failures: Whether failed comparisons are first asked again.
        progress: Called with "judging", the number of committed comparisons, and the budget.
        say: Called with messages for a user who presses Ctrl-C.

    Returns:
        The result of the run.

    Raises:
        JudgeError: If the judge cannot work at all.
        StoreError: If the store is damaged or cannot be written.
    """
    history = replay(store, spec, field, stop=stop)
    engine = _Engine(store, spec, field, judge, history, stop, progress)
    try:
        with interrupting(engine, say):
            ending = await engine.run(retry_failures=retry_failures)
        store.set_state("ended", ending.reason)
        return ending
    finally:
        await judge.close()


class _Engine(Session):
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
        super().__init__(store, field, judge)
        self._spec, self._history, self._stop = spec, history, stop
        self._progress = progress
        self._budget = store.budget()
        self._texts = text_numbers(field) if spec.identical == "tie" else None
        self._reason: str | None = None

    async def run(self, *, retry_failures: bool) -> Ending:
        try:
            if retry_failures:
                # Verdicts of retries enter the log, but not the running Elo.
                await self.ask_all(failed_slots(self._store, OWN_JUDGE), OWN_JUDGE)
            await self._play()
        finally:
            await self.close()
        reason = None if self._history.open else self._reason
        return Ending(reason, self.judged, self.failed, self.commits)

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
        """Schedules as many rounds as the lag allows."""
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
        """Asks the judge as many comparisons as it has room for."""
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
        """Settles identical jokes as ties without asking, and returns the remaining slots."""
        assert self._texts is not None
        place = opened.comparison[waiting]
        prompt = opened.prompt[place]
        same = self._texts[prompt, opened.low[place]] == self._texts[prompt, opened.high[place]]
        if not same.any():
            return waiting
        slots = waiting[same]
        opened.asked[slots] = True
        self._answered(opened, slots, ties(len(slots)), identical=True)
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
        settle = partial(self._settle, opened, slots, answers.score)
        self._put(work, urgent=not opened.unanswered, settle=settle)

    def _settle(self, opened: OpenRound, slots: np.ndarray, score: np.ndarray, part: slice) -> None:
        opened.settle(slots[part], score[part])

    def _tell(self) -> None:
        if self._progress is None:
            return
        history = self._history
        waiting = sum(opened.left // opened.positions for opened in history.open)
        self._progress("judging", history.comparisons - waiting, self._budget)
