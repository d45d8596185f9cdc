"""Votes made elsewhere: taken into the store, each once, each with its judge."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from humorrank._util.suggest import near
from humorrank.errors import InputError, OptionError
from humorrank.judge import Answers, Field
from humorrank.judge.backends import PEOPLE
from humorrank.matches.verdict_log import VerdictLog, read_verdicts
from humorrank.store.store import OWN_JUDGE, Store
from humorrank.tournament.commits import Judged, write_answers
from humorrank.tournament.spec import Spec

_WORDS = {1.0: "won", 0.5: "tied", 0.0: "lost"}

Key = tuple[int, int, int]
"""Contestant of the lower number, the other one, and prompt."""


@dataclass(frozen=True)
class _Vote:
    key: Key
    position: int
    judge: str


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Attributes:
        votes: how many votes entered the store.
        known: how many were there already, or stood twice in the file.
        comparisons: how many comparisons they made that the tournament did not have.
        judges: who judged.
        unjudged: rows without an outcome, which are no votes.
    """

    votes: int
    known: int
    comparisons: int
    judges: tuple[str, ...]
    unjudged: int


def import_votes(
    path: Path,
    votes: Path,
    *,
    judge: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> Imported:
    """Takes the votes of a match log that says prompt and judge.

    A vote on a comparison that the tournament does not have makes it one of its comparisons: it
    spends a unit of the budget, is never scheduled, and moves the running Elo. A vote on one that
    it has enters the log only. Either all votes are taken, or none.

    Args:
        path: the store.
        votes: the log, in any format that `MatchLog` reads; model_a was shown first.
        judge: whose votes these are, where no column says so.
        columns: role -> column, as of `MatchLog`.

    Raises:
        InputError: a vote names a model or a prompt that is not there, or contradicts another.
        OptionError: nobody says who judged, or the budget does not suffice.
        StoreError: the store cannot be used.
    """
    with Store(path, write=True) as store:
        field = store.field()
        log = read_verdicts(votes, columns=columns, judge=judge)
        rows, given = 0, dict[_Vote, float]()
        for vote, score in _votes(log, str(votes), field):
            rows += 1
            if given.setdefault(vote, score) != score:
                raise InputError(
                    f"{_told(vote, field)} twice, with different outcomes; a judge has one vote on "
                    "two jokes in one order",
                    file=str(votes),
                )
        own = store.connection.execute("SELECT name FROM judges WHERE judge = ?", (OWN_JUDGE,))
        (name,) = own.fetchone()
        if (
            any(vote.judge == name for vote in given)
            and Spec.of_store(store).judge.backend != PEOPLE
        ):
            raise OptionError(f"{name!r} is the tournament's own judge; votes need another name")
        known = _comparisons(store, {vote.key for vote in given})
        fresh = {
            vote: score
            for vote, score in given.items()
            if not _stored(store, known, vote, score, str(votes), field)
        }
        new = sorted({vote.key for vote in fresh} - known.keys())
        left = store.budget() - store.count("SELECT COUNT(*) FROM comparisons")
        if len(new) > left:
            raise OptionError(
                f"{votes}: {len(new):,} of its comparisons are new to the tournament, and only "
                f"{left:,} are left of the budget; add to it with `humorrank tournament extend "
                f"{path} --budget N`"
            )
        if fresh:
            _write(store, str(votes), field, fresh, known, new)
        judges = tuple(sorted({vote.judge for vote in fresh}))
        return Imported(len(fresh), rows - len(fresh), len(new), judges, log.unjudged)


def _votes(log: VerdictLog, file: str, field: Field) -> Iterator[tuple[_Vote, float]]:
    """The votes of a log, with what the one shown first got."""
    models = {name: i for i, name in enumerate(field.models)}
    prompts = {prompt.id: i for i, prompt in enumerate(field.prompts)}
    for first, second, share, prompt, judge in log.verdicts.iter_rows():
        for name in (first, second):
            if name not in models:
                hint = near(name, models)
                raise InputError(f"{name!r} is not in the tournament{hint}", file=file)
        if prompt not in prompts:
            hint = near(prompt, prompts) if prompt else ""
            message = f"prompt {prompt!r} is not in the tournament{hint}"
            raise InputError(f"a vote on {first!r} and {second!r}: {message}", file=file)
        if judge is None:
            message = f"a vote on prompt {prompt!r} says nobody as its judge"
            raise InputError(f"{message}; --judge NAME says whose votes these are", file=file)
        if share not in _WORDS:
            message = (
                f"a vote on prompt {prompt!r} is a share of a win; a vote is won, tied or lost"
            )
            raise InputError(message, file=file)
        a, b = models[first], models[second]
        yield _Vote((min(a, b), max(a, b), prompts[prompt]), int(a > b), judge), share


def _comparisons(store: Store, keys: set[Key]) -> dict[Key, int]:
    """Those that the tournament has, and their numbers."""
    ask = "SELECT comparison FROM comparisons WHERE low = ? AND high = ? AND prompt = ?"
    found = {key: store.connection.execute(ask, key).fetchone() for key in keys}
    return {key: row[0] for key, row in found.items() if row is not None}


def _stored(
    store: Store, known: Mapping[Key, int], vote: _Vote, score: float, file: str, field: Field
) -> bool:
    """Whether the store has this vote.

    Raises:
        InputError: it has another one in its place.
    """
    if vote.key not in known:
        return False
    row = store.connection.execute(
        "SELECT score FROM judgments JOIN judges USING (judge) "
        "WHERE comparison = ? AND position = ? AND name = ?",
        (known[vote.key], vote.position, vote.judge),
    ).fetchone()
    if row is not None and row[0] != score:
        message = f"{_told(vote, field)} otherwise than the tournament already has it"
        raise InputError(f"{message} ({_WORDS[row[0]]} for the first)", file=file)
    return row is not None


def _told(vote: _Vote, field: Field) -> str:
    low, high, prompt = vote.key
    first, second = (high, low) if vote.position else (low, high)
    return (
        f"{vote.judge!r} judges {field.models[first]!r} before {field.models[second]!r} on prompt "
        f"{field.prompts[prompt].id!r}"
    )


def _write(
    store: Store,
    file: str,
    field: Field,
    fresh: Mapping[_Vote, float],
    known: dict[Key, int],
    new: Sequence[Key],
) -> None:
    """All votes, or none."""
    with store.transaction() as connection:
        change = store.add_change(
            "import",
            models=len(field.models),
            prompts=len(field.prompts),
            budget=store.budget(),
            source=file,
        )
        start = store.count("SELECT COUNT(*) FROM comparisons")
        numbered = {key: start + i for i, key in enumerate(new)}
        connection.executemany(
            "INSERT INTO comparisons VALUES (?, NULL, ?, ?, ?, ?)",
            ((number, change, *key) for key, number in numbered.items()),
        )
        judges = {name: number for number, name in connection.execute("SELECT * FROM judges")}
        for judge in sorted({vote.judge for vote in fresh}):
            if judge not in judges:
                judges[judge] = len(judges)
                connection.execute("INSERT INTO judges VALUES (?, ?)", (judges[judge], judge))
        now = time.time()
        for places, counted in ((numbered, True), (known, False)):
            for judge in sorted({vote.judge for vote in fresh}):
                _write_votes(store, fresh, places, judge, judges[judge], counted, now)


def _write_votes(
    store: Store,
    fresh: Mapping[_Vote, float],
    places: Mapping[Key, int],
    judge: str,
    number: int,
    counted: bool,
    now: float,
) -> None:
    votes = sorted(
        (places[vote.key], vote.position, score)
        for vote, score in fresh.items()
        if vote.judge == judge and vote.key in places
    )
    if not votes:
        return
    comparison, position, score = np.array(votes, np.float64).T
    size = len(votes)
    answers = Answers(np.arange(size), score, np.ones(size, np.uint32), np.full(size, np.nan))
    places_of = comparison.astype(np.int64), position.astype(np.uint8)
    write_answers(store.connection, Judged(*places_of, number, answers, counted), now)
