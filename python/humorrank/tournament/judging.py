"""Judges given pairs, or the comparisons of a tournament again with another judge."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from humorrank._util.progress import Progress
from humorrank.errors import OptionError, StoreError
from humorrank.judge import Field, Judge
from humorrank.llm.asking import interrupting
from humorrank.store.database import is_sqlite
from humorrank.store.differences import differences, flattened
from humorrank.store.faults import json_of, store_errors
from humorrank.store.store import OWN_JUDGE, Store
from humorrank.tournament.commits import Judged
from humorrank.tournament.engine import Ending
from humorrank.tournament.identical import ties
from humorrank.tournament.pairs import read_pairs
from humorrank.tournament.rounds import drawn_position
from humorrank.tournament.session import Session, Slots, failed_slots

Position = Literal["given", "both", "random"]
Identical = Literal["tie", "judge"]

DONE: Final = "all pairs are judged"

_FIRST_ASKED: Final = (
    "WITH asked AS (SELECT comparison, position, judge FROM judgments "
    "UNION SELECT comparison, position, judge FROM failures), "
    "earliest AS (SELECT comparison, MIN(judge) AS judge FROM asked WHERE judge <> ? "
    "GROUP BY comparison) "
    "SELECT comparison, SUM(position + 1) FROM asked JOIN earliest USING (comparison, judge) "
    "GROUP BY comparison"
)
"""Selects each comparison and the positions in which its first judge was asked, as in
`GivenPairs`."""


@dataclass(frozen=True)
class JudgingSettings:
    """Settings for judging pairs.

    Attributes:
        name: Name of the judge in the log; the judge's own name if None.
        position: Order of the jokes: "given" (as in the file, or as for the first judge of the
            comparison), "both" orders, or "random" by the seed.
        identical: How identical jokes are handled: "tie" without asking, or "judge" as others.
        seed: Random seed for random positions.
    """

    name: str | None = None
    position: Position = "given"
    identical: Identical = "tie"
    seed: int = 0


@dataclass
class Judging:
    """A store and a judge for its comparisons.

    Attributes:
        store: Store, open for writing.
        field: Models, prompts and jokes.
        judge: The judge.
        number: Number of the judge in the store.
        settings: Settings for judging.
    """

    store: Store
    field: Field
    judge: Judge
    number: int
    settings: JudgingSettings


def open_judging(
    source: Path,
    make_judge: Callable[[Field], Judge | None],
    settings: JudgingSettings,
    *,
    store: Path | None = None,
    columns: Mapping[str, str] | None = None,
) -> Judging:
    """Opens a store for one of its judges, and creates it for new pairs.

    Args:
        source: Path of a store, or of a file of pairs as in `read_pairs`.
        make_judge: Function that makes the judge for a field; it returns None for people.
        settings: Settings for judging.
        store: Path of the store for a file of pairs; the name of the file followed by `.sqlite` if
            None.
        columns: Mapping from role to column, for a file of pairs.

    Raises:
        HumorRankError: If an input is invalid, the store contains other pairs, or it has a judge of
            the same name with other settings. The store is then unchanged.
    """
    if is_sqlite(source):
        if store is not None or columns:
            raise OptionError(
                f"{source}: is a store; store (--store) and columns (--columns) apply only to a "
                "file of pairs"
            )
        opened = Store(source, write=True)
        with _closed_on_error(opened):
            field = opened.field()
            return _join(opened, field, _made(make_judge, field), settings)
    pairs = read_pairs(source, columns)
    path = store or source.with_name(source.name + ".sqlite")
    judge = _made(make_judge, pairs.field)
    if not path.exists():
        if not path.parent.is_dir():
            raise StoreError(f"{path}: there is no folder {path.parent}")
        given = {"pairs": pairs.digest, "judge.name": settings.name or judge.name}
        opened = Store.create(path, None, pairs.field, len(pairs.given), given, pairs.given)
    else:
        opened = Store(path, write=True)
    with _closed_on_error(opened):
        if opened.fingerprint().get("pairs") != pairs.digest:
            raise StoreError(
                f"{path}: contains other pairs than {source}; use --store (store=) to keep these "
                "in another file"
            )
        return _join(opened, pairs.field, judge, settings)


def _made(make_judge: Callable[[Field], Judge | None], field: Field) -> Judge:
    judge = make_judge(field)
    if judge is None:
        raise OptionError(
            "people cannot be asked; import their votes with `humorrank tournament import`"
        )
    return judge


@contextmanager
def _closed_on_error(store: Store) -> Iterator[None]:
    try:
        yield
    except BaseException:
        store.close()
        raise


def _join(store: Store, field: Field, judge: Judge, settings: JudgingSettings) -> Judging:
    """Finds the judge's number in the store, or assigns a new one."""
    name = settings.name or judge.name
    given = _fingerprint(judge, settings)
    with store_errors(store.path):
        numbers = {known: n for n, known in store.connection.execute("SELECT * FROM judges")}
    number = numbers.get(name, len(numbers))
    key = f"judge.{number}"
    before = store.state(key)
    if number == OWN_JUDGE and store.scheduled:
        raise StoreError(
            f"{store.path}: {name!r} is the tournament's own judge; continue with it by `humorrank "
            "tournament resume`, or use --name (name=) to give another judge another name"
        )
    if before is not None:
        found = differences(json_of(store.path, "judge", before), given)
        if found:
            raise StoreError(
                f"{store.path}: has judgments by {name!r} with other settings: "
                f"{'; '.join(found)}; use --name (name=) to give this judge another name"
            )
    elif name in numbers and store.count("SELECT COUNT(*) FROM judgments WHERE judge = ?", number):
        raise StoreError(
            f"{store.path}: has imported votes by {name!r}; use --name (name=) to give this judge "
            "another name"
        )
    else:
        with store.transaction() as connection:
            if name not in numbers:
                connection.execute("INSERT INTO judges VALUES (?, ?)", (number, name))
            text = json.dumps(given, ensure_ascii=False)
            connection.execute("INSERT INTO state VALUES (?, ?)", (key, text))
    return Judging(store, field, judge, number, settings)


def _fingerprint(judge: Judge, settings: JudgingSettings) -> dict[str, Any]:
    """Returns everything that the judgments depend on, as JSON values."""
    own: dict[str, Any] = {"position": settings.position, "identical": settings.identical}
    if settings.position == "random":
        own["seed"] = settings.seed
    return flattened({**own, "judge": judge.settings})


async def judge_pairs(
    judging: Judging,
    *,
    retry_failures: bool = False,
    progress: Progress | None = None,
    say: Callable[[str], object] | None = None,
) -> Ending:
    """Asks the judge for all judgments that it has not made yet.

    Ctrl-C lets the judge finish the comparisons in flight; a second Ctrl-C abandons them.
    Everything that is committed is kept in either case.

    Args:
        judging: The store and the judge.
        retry_failures: Whether failed comparisons are asked again.
        progress: Called with "judging", the number of committed judgments and failures, and their
            total.
        say: Called with messages for a user who presses Ctrl-C.

    Returns:
        The result of the run.

    Raises:
        JudgeError: If the judge cannot work at all.
        StoreError: If the store is damaged or cannot be written.
    """
    wanted = _wanted(judging)
    open_ = _without_known(judging, wanted)
    if retry_failures:
        open_ = _joined(failed_slots(judging.store, judging.number), open_)
    session = _Judging(judging, len(wanted), len(open_), progress)
    try:
        with interrupting(session, say):
            await session.run(open_)
    finally:
        await judging.judge.close()
    done = session.judged + session.failed == len(open_)
    return Ending(DONE if done else None, session.judged, session.failed, session.commits)


class _Judging(Session):
    def __init__(self, judging: Judging, wanted: int, left: int, progress: Progress | None) -> None:
        super().__init__(judging.store, judging.field, judging.judge)
        self._number, self._identical = judging.number, judging.settings.identical
        self._wanted, self._before, self._progress = wanted, wanted - left, progress

    async def run(self, slots: Slots) -> None:
        try:
            if self._identical == "tie":
                slots = self._settle_identical(slots)
            await self.ask_all(slots, self._number, self._tell)
        finally:
            await self.close()

    def _settle_identical(self, slots: Slots) -> Slots:
        """Settles identical jokes as ties without asking, and returns the remaining slots."""
        jokes = self._field.jokes
        columns = (column.tolist() for column in (slots.prompt, slots.low, slots.high))
        same = np.array(
            [jokes[p][a] == jokes[p][b] for p, a, b in zip(*columns, strict=True)], bool
        )
        if not same.any():
            return slots
        tied = slots[same]
        where = tied.comparison, tied.position, self._number
        self._put(Judged(*where, ties(len(tied)), counted=False, identical=True))
        return slots[~same]

    def _tell(self) -> None:
        if self._progress is not None:
            done = self._before + self.judged + self.failed
            self._progress("judging", done, self._wanted)


def _wanted(judging: Judging) -> Slots:
    """Returns all judgments that this judge should make, by prompt, so that prefixes are shared."""
    store, settings = judging.store, judging.settings
    with store_errors(store.path):
        rows = store.connection.execute(
            "SELECT comparison, low, high, prompt FROM comparisons ORDER BY comparison"
        ).fetchall()
        first = store.connection.execute(_FIRST_ASKED, (judging.number,)).fetchall()
    columns = np.array(rows, np.int64).reshape(-1, 4).T
    comparison, (low, high, prompt) = columns[0], columns[1:].astype(np.uint32)
    if len(comparison) and comparison[-1] != len(comparison) - 1:
        raise StoreError(f"{store.path}: is damaged: comparisons are missing")
    if store.scheduled:
        shown = np.zeros(len(comparison), np.uint8)
        for number, positions in first:
            shown[number] = positions
    else:
        shown = store.given_positions()
        if len(shown) != len(comparison):
            raise StoreError(f"{store.path}: is damaged: it does not say who is shown first")
    judged = shown > 0
    if settings.position == "both":
        shown = np.where(judged, 3, 0).astype(np.uint8)
    elif settings.position == "random":
        drawn = drawn_position(judging.field, low, high, prompt, settings.seed)
        shown = np.where(judged, drawn + 1, 0).astype(np.uint8)
    place = np.concatenate([(shown & 1).nonzero()[0], (shown & 2).nonzero()[0]])
    position = np.repeat(np.array([0, 1], np.uint8), [(shown & 1 > 0).sum(), (shown & 2 > 0).sum()])
    order = np.lexsort((position, comparison[place], prompt[place]))
    place, position = place[order], position[order]
    return Slots(
        comparison[place],
        position,
        np.zeros(len(place), np.uint32),
        low[place],
        high[place],
        prompt[place],
    )


def _without_known(judging: Judging, slots: Slots) -> Slots:
    """Returns the slots that the judge has neither judged nor failed to judge."""
    with store_errors(judging.store.path):
        rows = judging.store.connection.execute(
            "SELECT comparison, position FROM judgments WHERE judge = ?1 "
            "UNION SELECT comparison, position FROM failures WHERE judge = ?1",
            (judging.number,),
        ).fetchall()
    known = np.array(rows, np.int64).reshape(-1, 2)
    fresh = ~np.isin(slots.comparison * 2 + slots.position, known[:, 0] * 2 + known[:, 1])
    return slots[fresh]


def _joined(one: Slots, two: Slots) -> Slots:
    names = ("comparison", "position", "attempts", "low", "high", "prompt")
    return Slots(*(np.concatenate([getattr(one, n), getattr(two, n)]) for n in names))
