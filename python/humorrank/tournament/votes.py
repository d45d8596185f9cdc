"""Imports votes that were made elsewhere into a store, each once and with its judge."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from humorrank._util.spreadsheet import names_meant
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
"""Contestant with the lower number, contestant with the higher number, and prompt."""


@dataclass(frozen=True)
class _Vote:
    key: Key
    position: int
    judge: str


@dataclass(frozen=True)
class Imported:
    """The result of an import.

    Attributes:
        votes: Number of votes that were added to the store.
        known: Number of votes that were already in the store, or repeated in the file.
        comparisons: Number of comparisons that the votes added to the tournament.
        judges: Names of the judges of the added votes.
        unjudged: Number of rows without an outcome, which are not votes.
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
    """Imports the votes of a match log that has columns for the prompt and the judge.

    A vote on a comparison that the tournament does not have adds that comparison: it uses one unit
    of the budget, is never scheduled, and changes the running Elo. A vote on a comparison that the
    tournament has only enters the log. Either all votes are imported, or none.

    Args:
        path: Path of the store.
        votes: Path of the log, in any format that `MatchLog` reads; model_a was shown first.
        judge: Name of the judge, if no column contains it.
        columns: Mapping from role to column, as in `MatchLog`.

    Raises:
        InputError: If a vote has an unknown model or prompt or no judge, or contradicts another
            vote.
        OptionError: If the votes are by the tournament's own judge, or exceed the budget.
        StoreError: If the store cannot be used.
    """
    with Store(path, write=True) as store:
        field = store.field()
        log = read_verdicts(votes, columns=columns, judge=judge)
        rows, given = 0, dict[_Vote, float]()
        for vote, score in _votes(log, str(votes), field):
            rows += 1
            if given.setdefault(vote, score) != score:
                raise InputError(
                    f"{_told(vote, field)} occurs twice, with different outcomes; a judge has one "
                    "vote on two jokes in one order",
                    file=str(votes),
                )
        own = store.connection.execute("SELECT name FROM judges WHERE judge = ?", (OWN_JUDGE,))
        (name,) = own.fetchone()
        if any(vote.judge == name for vote in given) and not _only_people(Spec.of_store(store)):
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
                f"{votes}: {len(new):,} of its comparisons are new to the tournament, but only "
                f"{left:,} are left in the budget; increase it with `humorrank tournament extend "
                f"{path} --budget N`"
            )
        if fresh:
            _write(store, str(votes), field, fresh, known, new)
        judges = tuple(sorted({vote.judge for vote in fresh}))
        return Imported(len(fresh), rows - len(fresh), len(new), judges, log.unjudged)


def _votes(log: VerdictLog, file: str, field: Field) -> Iterator[tuple[_Vote, float]]:
    """Yields the votes of a log, with the score of the joke shown first."""
    models = {name: i for i, name in enumerate(field.models)}
    prompts = {prompt.id: i for i, prompt in enumerate(field.prompts)}
    for one, other, share, identifier, judge in log.verdicts.iter_rows():
        first, second = (_known(name, models, "", file) for name in (one, other))
        place = f"a vote on {first!r} and {second!r}: prompt "
        prompt = _known(identifier, prompts, place, file)
        if judge is None:
            message = f"a vote on prompt {prompt!r} has no judge; use --judge NAME (judge=)"
            raise InputError(f"{message} to specify the judge", file=file)
        if share not in _WORDS:
            message = (
                f"a vote on prompt {prompt!r} is a share of a win, but must be won, tied or lost"
            )
            raise InputError(message, file=file)
        a, b = models[first], models[second]
        for name, model in ((first, a), (second, b)):
            if not field.jokes[prompts[prompt]][model]:
                message = f"{name!r} has no joke for prompt {prompt!r} in the tournament"
                raise InputError(f"a vote on {first!r} and {second!r}: {message}", file=file)
        yield _Vote((min(a, b), max(a, b), prompts[prompt]), int(a > b), judge), share


def _known(name: str | None, known: Mapping[str, int], what: str, file: str) -> str:
    """Returns a name of the tournament, also if `--format spreadsheet` put an apostrophe before it.

    Raises:
        InputError: If the name is unknown or may mean two names.
    """
    found = [] if name is None else names_meant(name, known)
    if len(found) > 1:
        message = (
            "may mean either of two names, because a spreadsheet has an apostrophe before some"
        )
        raise InputError(f"{what}{name!r} {message}; use the format csv", file=file)
    if not found:
        hint = near(name, known) if name else ""
        raise InputError(f"{what}{name!r} is not in the tournament{hint}", file=file)
    return found[0]


def _only_people(spec: Spec) -> bool:
    return spec.judge is not None and spec.judge.backend == PEOPLE


def _comparisons(store: Store, keys: set[Key]) -> dict[Key, int]:
    """Returns the numbers of the comparisons that are in the tournament."""
    ask = "SELECT comparison FROM comparisons WHERE low = ? AND high = ? AND prompt = ?"
    found = {key: store.connection.execute(ask, key).fetchone() for key in keys}
    return {key: row[0] for key, row in found.items() if row is not None}


def _stored(
    store: Store, known: Mapping[Key, int], vote: _Vote, score: float, file: str, field: Field
) -> bool:
    """Returns whether the store has this vote.

    Raises:
        InputError: If the store has a vote with another outcome in its place.
    """
    if vote.key not in known:
        return False
    row = store.connection.execute(
        "SELECT score FROM judgments JOIN judges USING (judge) "
        "WHERE comparison = ? AND position = ? AND name = ?",
        (known[vote.key], vote.position, vote.judge),
    ).fetchone()
    if row is not None and row[0] != score:
        message = f"{_told(vote, field)} contradicts the vote that is already in the tournament"
        raise InputError(f"{message} ({_WORDS[row[0]]} for the first)", file=file)
    return row is not None


def _told(vote: _Vote, field: Field) -> str:
    low, high, prompt = vote.key
    first, second = (high, low) if vote.position else (low, high)
    return (
        f"the vote of {vote.judge!r} on {field.models[first]!r} before {field.models[second]!r} "
        f"for prompt {field.prompts[prompt].id!r}"
    )


def _write(
    store: Store,
    file: str,
    field: Field,
    fresh: Mapping[_Vote, float],
    known: dict[Key, int],
    new: Sequence[Key],
) -> None:
    """Writes all votes in one transaction."""
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
