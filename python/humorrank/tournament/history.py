"""Restores the state of a schedule from a store, by repeating the same calls in the same order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Final, Protocol

import numpy as np

from humorrank.errors import StoreError
from humorrank.judge import Field
from humorrank.store.faults import store_errors
from humorrank.store.store import OWN_JUDGE, Change, Store
from humorrank.tournament.identical import identical_pairs
from humorrank.tournament.missing import missing_pairs
from humorrank.tournament.rounds import OpenRound, open_round
from humorrank.tournament.schedule import Scheduler
from humorrank.tournament.spec import Spec

_MEAN_SCORE: Final = (
    "SELECT c.comparison, c.round, c.change, c.low, c.high, c.prompt, "
    "COALESCE(AVG(CASE j.position WHEN 0 THEN j.score ELSE 1 - j.score END), -1.0) "
    "FROM comparisons c LEFT JOIN judgments j ON j.comparison = c.comparison AND j.counted "
    "GROUP BY c.comparison ORDER BY c.comparison"
)


@dataclass(frozen=True)
class RoundVerdicts:
    """The verdicts of a round, as columns in the order of the schedule.

    Attributes:
        round: Number of the round.
        first: One contestant of each comparison that has a verdict, uint32.
        second: The other contestant, uint32.
        prompt: The prompt, uint32.
        score: Score of `first`, float64: 1, 0.5, 0, or the mean of both positions.
    """

    round: int
    first: np.ndarray
    second: np.ndarray
    prompt: np.ndarray
    score: np.ndarray


class Stop(Protocol):
    """Decides whether a tournament may end before its budget is spent."""

    def __call__(self, verdicts: RoundVerdicts) -> str | None:
        """Receives the verdicts of a round, once for each round and in order.

        The result must be a function of the verdicts received so far, because a resumed store
        passes them again from the first round on. Rounds that are already scheduled when the rule
        stops the tournament are still judged.

        Returns:
            The reason to stop, or None to continue.
        """


@dataclass
class History:
    """The schedule of a store in its current state.

    Attributes:
        scheduler: Scheduler that has recorded the verdicts of all rounds except the open ones.
        open: Rounds whose verdicts are not recorded yet, oldest first.
        rounds: Number of scheduled rounds.
        recorded: Number of rounds whose verdicts are recorded.
        comparisons: Number of comparisons, including imported ones.
        stopped: Reason why a stopping rule ended the tournament, if it did.
    """

    scheduler: Scheduler
    open: list[OpenRound] = field(default_factory=list)
    rounds: int = 0
    recorded: int = 0
    comparisons: int = 0
    stopped: str | None = None

    def add(self, opened: OpenRound) -> None:
        """Adds a scheduled round."""
        self.open.append(opened)
        self.rounds += 1
        self.comparisons += len(opened)

    def record_oldest(self, stop: Stop | None) -> None:
        """Records the verdicts of the oldest open round, which must be complete."""
        done = self.open[0]
        self.record(*done.results(), stop)

    def record(self, found: np.ndarray, score: np.ndarray, stop: Stop | None) -> None:
        """Records verdicts of the oldest open round.

        Args:
            found: Comparisons of the round that have a verdict, in order.
            score: Scores of the contestants with the lower numbers in these comparisons.
            stop: Rule for early stopping.
        """
        done = self.open.pop(0)
        verdicts = RoundVerdicts(
            done.number, done.low[found], done.high[found], done.prompt[found], score
        )
        self.scheduler.record(verdicts.first, verdicts.second, score)
        self.recorded += 1
        if stop is not None and self.stopped is None:
            self.stopped = stop(verdicts)


@dataclass(frozen=True)
class _Block:
    """Consecutive comparisons of one round or one import."""

    round: int | None
    change: int | None
    start: int
    low: np.ndarray
    high: np.ndarray
    prompt: np.ndarray
    score: np.ndarray


def replay(
    store: Store,
    spec: Spec,
    field: Field,
    *,
    stop: Stop | None = None,
    told_round: Callable[[int], object] | None = None,
) -> History:
    """Restores the schedule of a store to its state after the last scheduled round.

    Args:
        store: The store.
        spec: Spec of the tournament.
        field: Models, prompts and jokes.
        stop: Rule for early stopping; it receives all recorded rounds.
        told_round: Called with the number of each round.

    Raises:
        StoreError: If the rounds in the store differ from those that its schedule makes.
    """
    changes = store.changes()
    past = _Replay(store, spec, field, changes)
    for block in _blocks(store):
        if block.change is not None:
            past.imported(block)
        else:
            past.scheduled(block, stop)
            if told_round is not None:
                told_round(past.history.rounds)
    past.apply_changes()
    _check_complete(store, spec, past.history.recorded)
    for opened in past.history.open:
        _settle(store, opened)
    return past.history


def new_scheduler(spec: Spec, contestants: int, prompts: int) -> Scheduler:
    """Returns the schedule of a spec before its first round."""
    how = spec.schedule
    return Scheduler(
        how.kind,
        contestants,
        prompts,
        seed=spec.seed,
        slack=how.slack,
        prompts_per_pairing=how.prompts_per_pairing,
        elo_k=how.elo_k,
        prior=how.prior,
    )


def impossible_pairs(
    spec: Spec,
    field: Field,
    models: int,
    prompts: int,
    known_models: int = 0,
    known_prompts: int = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the comparisons that a spec leaves out, as `identical_pairs` does.

    They are those of identical jokes and of missing jokes, if these are to be skipped.
    """
    size = models, prompts, known_models, known_prompts
    parts = [np.empty((3, 0), np.uint32)]
    if spec.identical == "skip":
        parts.append(np.stack(identical_pairs(field, *size)))
    if spec.missing == "skip":
        parts.append(np.stack(missing_pairs(field, *size)))
    columns = np.concatenate(parts, axis=1)
    return columns[0], columns[1], columns[2]


class _Replay:
    def __init__(self, store: Store, spec: Spec, field: Field, changes: Sequence[Change]) -> None:
        self._store, self._spec, self._field = store, spec, field
        self._changes = changes
        self._applied = 0
        self._imports: dict[int, list[_Block]] = {}
        self._budget = changes[0].budget
        self._lag = spec.lag
        self._scores: deque[np.ndarray] = deque()
        self.history = History(new_scheduler(spec, changes[0].models, changes[0].prompts))

    def imported(self, block: _Block) -> None:
        assert block.change is not None
        self._imports.setdefault(block.change, []).append(block)
        self.history.comparisons += len(block.low)

    def apply_changes(self) -> None:
        """Applies all changes from before the next round was scheduled."""
        history = self.history
        while self._applied < len(self._changes):
            change = self._changes[self._applied]
            if change.rounds > history.rounds:
                return
            before = self._changes[self._applied - 1] if self._applied else None
            self._applied += 1
            self._budget = change.budget
            if change.kind == "extend":
                history.scheduler.extend(change.models, change.prompts)
            if change.kind != "import":
                size = (0, 0) if before is None else (before.models, before.prompts)
                now = change.models, change.prompts
                pairs = impossible_pairs(self._spec, self._field, *now, *size)
                history.scheduler.take(*pairs, played=False)
            for block in self._imports.pop(change.number, ()):
                history.scheduler.take(block.low, block.high, block.prompt)
                history.scheduler.record(block.low, block.high, block.score)

    def scheduled(self, block: _Block, stop: Stop | None) -> None:
        history, number = self.history, self.history.rounds
        if block.round != number:
            raise self._differs(number)
        # Imports from before this round have lower numbers, so they have been read by now.
        self.apply_changes()
        while history.recorded < number - self._lag:
            score = self._scores.popleft()
            found = (~np.isnan(score)).nonzero()[0]
            history.record(found, score[found], stop)
        made = history.scheduler.next_round(self._budget - history.comparisons)
        opened = open_round(
            number,
            block.start,
            (made.first, made.second, made.prompt),
            self._field,
            self._spec.position,
            self._spec.seed,
        )
        same = len(opened) == len(block.low) and all(
            np.array_equal(ours, theirs)
            for ours, theirs in (
                (opened.low, block.low),
                (opened.high, block.high),
                (opened.prompt, block.prompt),
            )
        )
        if not same or block.start != history.comparisons:
            raise self._differs(number)
        self._scores.append(block.score)
        history.add(opened)

    def _differs(self, number: int) -> StoreError:
        return StoreError(
            f"{self._store.path}: round {number} differs from what the schedule makes of the "
            "rounds before it; the store was changed by another program, or by another version of "
            "the schedule"
        )


def _blocks(store: Store) -> Iterator[_Block]:
    with store_errors(store.path):
        rows = store.connection.execute(_MEAN_SCORE)
        for (number, change), group in groupby(rows, key=itemgetter(1, 2)):
            comparison, _, _, low, high, prompt, score = zip(*group, strict=True)
            if comparison != tuple(range(comparison[0], comparison[0] + len(comparison))):
                raise StoreError(f"{store.path}: is damaged: comparisons are missing")
            mean = np.array(score, np.float64)
            mean[mean < 0] = np.nan
            lower, higher, place = (np.array(c, np.uint32) for c in (low, high, prompt))
            yield _Block(number, change, comparison[0], lower, higher, place, mean)


def _settle(store: Store, opened: OpenRound) -> None:
    """Settles the slots of an open round that already have an answer in the store."""
    slot = {
        (int(comparison) + opened.start, int(position)): i
        for i, (comparison, position) in enumerate(
            zip(opened.comparison, opened.position, strict=True)
        )
    }
    bounds = (OWN_JUDGE, opened.start, opened.start + len(opened))
    with store_errors(store.path):
        known = store.connection.execute(
            "SELECT comparison, position, score FROM judgments "
            "WHERE judge = ?1 AND counted AND comparison >= ?2 AND comparison < ?3 UNION ALL "
            "SELECT comparison, position, NULL FROM failures "
            "WHERE judge = ?1 AND comparison >= ?2 AND comparison < ?3",
            bounds,
        ).fetchall()
    try:
        slots = np.array([slot[row[:2]] for row in known], np.int64)
    except KeyError:
        raise StoreError(
            f"{store.path}: round {opened.number} has judgments in other positions than the spec "
            "requires; the store was changed by another program"
        ) from None
    opened.settle(slots, np.array([row[2] for row in known], np.float64))
    opened.asked[slots] = True
    opened.unanswered -= len(slots)


def _check_complete(store: Store, spec: Spec, recorded: int) -> None:
    """Checks that every slot of the recorded rounds has a verdict or a failure."""
    ask = store.count
    wanted = ask("SELECT COALESCE(SUM(comparisons), 0) FROM rounds WHERE round < ?", recorded)
    found = ask(
        "SELECT (SELECT COUNT(*) FROM judgments j JOIN comparisons c USING (comparison) "
        "WHERE j.judge = ?1 AND j.counted AND c.round < ?2) + "
        "(SELECT COUNT(*) FROM failures f JOIN comparisons c USING (comparison) "
        "WHERE f.judge = ?1 AND c.round < ?2)",
        OWN_JUDGE,
        recorded,
    )
    if found != wanted * (2 if spec.position == "both" else 1):
        raise StoreError(
            f"{store.path}: is damaged: judgments of its first {recorded:,} rounds are missing"
        )
