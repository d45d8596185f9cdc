"""Sources of matches to count or rate: logs, tallies, stores, or tallies and logs to add up."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Final

import polars as pl

from humorrank._util.progress import Progress
from humorrank.errors import InputError, OptionError
from humorrank.matches import kinds
from humorrank.matches.log import MatchLog, ReadReport
from humorrank.matches.log.formats.further import BALLOT
from humorrank.matches.log.formats.readings import FURTHER_READINGS
from humorrank.matches.tally.tally import Tally

_UNSAID: Final[Mapping[str, object]] = {
    "columns": None,
    "score_of": None,
    "where": None,
    "exclude": None,
    "max_per_judge": None,
    "unjudged": "skip",
    "on_error": "fail",
    "reading": None,
    "quoting": None,
    "winner_words": None,
    "both_bad": "tie",
    "lower_wins": False,
    "strong_weight": 1,
    "alias": None,
    "fold": None,
}
"""The default values of the reading options."""

_WINNER_FIRST: Final = frozenset({"winner-loser", "chosen-rejected", "headerless"})
"""The formats in which the order of the columns is not the order of showing."""

_UNORDERED: Final = frozenset(known.name for known in FURTHER_READINGS)
"""The formats that do not have a first and a second model."""

_BALLOTS: Final = frozenset(known.name for known in FURTHER_READINGS if known.ballots)

NO_CLUSTERS: Final = "none"
"""The name of no clusters, which treats the pairs of a ballot as independent."""

_FILTERS: Final = ("where", "exclude", "max_per_judge", "alias", "fold")


class Board:
    """The base class of leaderboards, which no longer contain the matches they are made from."""


@dataclass(frozen=True)
class LogSource:
    """Rows of matches.

    Attributes:
        log: A `MatchLog`, or any source that `MatchLog` accepts.
    """

    log: Any


@dataclass(frozen=True)
class TallySource:
    """Counts of matches.

    Attributes:
        tallies: Tallies in memory, or paths of tally files.
        logs: Paths of logs to count and add.
    """

    tallies: tuple[Tally | str, ...]
    logs: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoreSource:
    """A store, which is a match log with the texts and the rationales of its judgments.

    Attributes:
        path: Path of the store.
    """

    path: Path


@dataclass(frozen=True)
class BoardSource:
    """A board, which contains no matches.

    Attributes:
        board: The board itself, or the path of a board saved as JSON.
    """

    board: Board | Path


Source = LogSource | TallySource | StoreSource | BoardSource


def resolve(source: object) -> Source:
    """Returns the kind of source that a user passed to a command or a function.

    Args:
        source: A path, a pattern, or a list of them (logs, tallies, one store, one board), a
            `Tally`, a board, a `MatchLog`, or any other source that `MatchLog` accepts.

    Raises:
        InputError: If a pattern matches both tallies and logs.
    """
    if isinstance(source, Board):
        return BoardSource(source)
    if isinstance(source, Tally):
        return TallySource((source,))
    given = source if isinstance(source, list | tuple) else [source]
    if not all(isinstance(path, str | os.PathLike) for path in given):
        return LogSource(source)
    paths = [os.fspath(path) for path in given if isinstance(path, str | os.PathLike)]
    if len(paths) == 1 and kinds.is_store(paths[0]):
        return StoreSource(Path(paths[0]))
    if len(paths) == 1 and kinds.is_board(paths[0]):
        return BoardSource(Path(paths[0]))
    tallies, logs = kinds.split(paths)
    return TallySource(tuple(tallies), tuple(logs)) if tallies else LogSource(source)


def is_pipe(source: object) -> bool:
    """Returns whether a source is standard input or another pipe, which is read only once."""
    paths = source if isinstance(source, list | tuple) else [source]
    for path in paths:
        if not isinstance(path, str | os.PathLike):
            return False
        if os.fspath(path) == "-" or (Path(path).exists() and not Path(path).is_file()):
            return not Path(path).is_dir()
    return False


def read_tally(
    matches: object,
    *,
    keys: Sequence[str] | None,
    progress: Progress | None,
    reading: Mapping[str, Any],
    ballots: bool | None = None,
) -> Tally:
    """Returns the tally of any source of matches.

    Args:
        matches: A tally, tally files, or any source that `MatchLog` accepts. Several files are
            added up.
        keys: Key columns. None means the keys of the tallies, and no keys for a log.
        progress: Function that is called with (stage, done, total).
        reading: Options of `MatchLog`.
        ballots: Whether the ballots are the last key if all matches are pairs of ballots. By
            default, they are if no keys are given.

    Raises:
        InputError: If the matches cannot be read.
        OptionError: If a tally lacks a key, or an option applies only to the rows of a log.
    """
    if isinstance(keys, str):
        raise OptionError(f"keys must be a sequence of columns, not {keys!r}; write [{keys!r}]")
    source = resolve(matches)
    ballots = keys is None if ballots is None else ballots
    if not isinstance(source, TallySource):
        log = log_of(matches, reading)
        return Tally.from_log(log, progress, keys=keys or (), ballots=ballots)
    said = said_options(reading)
    refuse_reading(said.intersection(_FILTERS) if source.logs else said)
    parts = [Tally.read(part) if isinstance(part, str) else part for part in source.tallies]
    shared = parts[0].keys if keys is None else tuple(keys)
    if source.logs:
        log = MatchLog(list(source.logs), **reading)
        parts.append(Tally.from_log(log, progress, keys=shared, ballots=ballots))
    if ballots and BALLOT not in shared and all(map(has_ballots, parts)):
        shared = (*shared, BALLOT)
    if keys is not None:
        parts = [part.project(shared) for part in parts]
    return reduce(Tally.merge, parts)


def log_of(matches: object, reading: Mapping[str, Any]) -> MatchLog:
    """Returns a log that is already open, or opens any source that `MatchLog` accepts.

    Raises:
        OptionError: If an option has an invalid value, or the log was opened with its own options.
    """
    if isinstance(matches, MatchLog):
        _refuse_said(said_options(reading))
        return matches
    refuse_board(matches, "matches")
    return MatchLog(matches, **reading)


def is_of_ballots(report: ReadReport | None) -> bool:
    """Returns whether any of the matches are pairs of ballots, which are not independent."""
    return bool(_BALLOTS & _readings(report))


def has_ballots(tally: Tally) -> bool:
    """Returns whether a tally keeps the ballots apart whose pairs its matches are."""
    return BALLOT in tally.keys and is_of_ballots(tally.report)


def cluster_keys(cluster: str | None) -> tuple[tuple[str, ...], bool]:
    """Returns the keys that clusters need, and whether the ballots are a further key.

    Args:
        cluster: Column of the clusters, "none", or None for the default: the ballots if there are
            ballots, and no clusters otherwise.
    """
    if cluster is None or cluster == NO_CLUSTERS:
        return (), cluster is None
    return (cluster,), False


def _readings(report: ReadReport | None) -> set[str]:
    return set(report.reading.split(" and ")) if report is not None else set()


def refuse_winner_first(report: ReadReport | None) -> None:
    """Refuses matches in a format that does not record who was shown first.

    Raises:
        InputError: If the matches are in such a format.
    """
    readings = _readings(report)
    if unordered := _WINNER_FIRST & readings or _UNORDERED & readings:
        first = "names the winner first and " if unordered <= _WINNER_FIRST else ""
        raise InputError(
            f"a log in the format {min(unordered)} {first}does not record who was shown first, so "
            "the position bias cannot be estimated"
        )


def said_options(reading: Mapping[str, Any]) -> set[str]:
    """Returns the reading options that differ from their defaults."""
    return {
        name
        for name, value in reading.items()
        if (None if value in ({}, (), []) else value) != _UNSAID.get(name)
    }


def _refuse_said(options: set[str]) -> None:
    """Refuses reading options for a log that was opened with its own."""
    for option in sorted(options):
        message = f"{option} must be set when the log is opened: MatchLog(..., {option}=...)"
        raise OptionError(message)


def decisions_of(store: Path) -> pl.DataFrame:
    """Returns all judgments of a store, with their texts, as rows to which reading options apply.

    Raises:
        StoreError: If the store cannot be read.
    """
    # SQLite takes a while to import, and most logs are not stores.
    from humorrank.store.export import store_decisions  # noqa: PLC0415

    return store_decisions(store)


def refuse_reading(options: set[str]) -> None:
    """Refuses options that apply to rows, which a tally does not have.

    Raises:
        OptionError: If there is such an option.
    """
    for option in sorted(options):
        flag = option.replace("_", "-")
        raise OptionError(
            f"{option} (--{flag}) applies to the rows of a log, but a tally has none; set it when "
            f"counting the log: humorrank tally LOG --{flag} ... -o T.parquet"
        )


def refuse_board(source: object, what: str) -> None:
    """Refuses a board if matches are needed.

    Raises:
        OptionError: If the source is a board.
    """
    if isinstance(resolve(source), BoardSource):
        raise OptionError(
            f"a board contains no {what}; pass the log or the store from which it was made"
        )


def refuse_counts(source: object, what: str) -> None:
    """Refuses a board or a tally if rows are needed.

    Raises:
        OptionError: If the source is a board or a tally.
    """
    refuse_board(source, what)
    if isinstance(resolve(source), TallySource):
        raise OptionError(
            f"a tally contains no {what}; pass the log or the store from which it was made"
        )


def tally(
    matches: object,
    *,
    keys: Sequence[str] | None = None,
    progress: Progress | None = None,
    **reading: object,
) -> Tally:
    """Counts matches.

    Args:
        matches: Any source that `humorrank.rate` accepts. Several tally files are added up.
        keys: Columns by which the counts are kept apart ("judge", "prompt", ...), or periods of
            their dates ("month(tstamp)"). The default is the keys of the tallies, and no keys for a
            log, except that the pairs of ballots keep the key "ballot". Use () for no keys.
        progress: Function that is called with (stage, done, total).
        **reading: Options of `humorrank.MatchLog`.

    Raises:
        InputError: If the matches cannot be read.
        OptionError: If there is no such column, or an option does not apply to the source.
    """
    return read_tally(matches, keys=keys, progress=progress, reading=reading)
