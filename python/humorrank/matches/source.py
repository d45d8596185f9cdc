"""What is to be counted or rated: a log, tallies, or tallies and logs to be added up."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Final

from humorrank._util.progress import Progress
from humorrank.errors import InputError, OptionError
from humorrank.matches import kinds
from humorrank.matches.log import MatchLog, ReadReport
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
}
"""The options of reading a log where nothing is said."""

_WINNER_FIRST: Final = frozenset({"winner-loser", "chosen-rejected", "headerless"})
"""Forms of logs in which the order of the columns is not that of showing."""

_FILTERS: Final = ("where", "exclude", "max_per_judge")


class Board:
    """What is made of matches and no longer holds them: the base of leaderboards."""


@dataclass(frozen=True)
class LogSource:
    """Rows of matches.

    Attributes:
        log: Whatever `MatchLog` takes, or a `MatchLog`.
    """

    log: Any


@dataclass(frozen=True)
class TallySource:
    """Counts of matches.

    Attributes:
        tallies: Tallies in memory, or the paths of their files.
        logs: The paths of logs that are to be counted and added.
    """

    tallies: tuple[Tally | str, ...]
    logs: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoreSource:
    """A store, which is a match log with the texts and the reasons of its judgments.

    Attributes:
        path: Its path.
    """

    path: Path


@dataclass(frozen=True)
class BoardSource:
    """A board, which holds no matches.

    Attributes:
        board: The board itself, or the path of one that was saved as JSON.
    """

    board: Board | Path


Source = LogSource | TallySource | StoreSource | BoardSource


def resolve(source: object) -> Source:
    """Says what a user handed over; every command and function asks here.

    Args:
        source: A path, a pattern, or a list of them (logs, tallies, one store, one board), a
            `Tally`, a board, a `MatchLog`, or anything else that `MatchLog` takes.

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


def counted(
    matches: object,
    *,
    keys: Sequence[str] | None,
    progress: Progress | None,
    reading: Mapping[str, Any],
) -> Tally:
    """The tally of whatever a user hands over.

    Args:
        matches: a tally, tally files, or whatever `MatchLog` takes; of several files the sum.
        keys: the key columns; None for those of the tallies, none of a log.
        progress: called with (stage, done, total).
        reading: options of `MatchLog`.

    Raises:
        InputError: the matches cannot be read as they stand.
        OptionError: a tally lacks a key, or an option is about the rows of a log.
    """
    if isinstance(keys, str):
        raise OptionError(f"keys must be a sequence of columns, not {keys!r}; write [{keys!r}]")
    source = resolve(matches)
    if not isinstance(source, TallySource):
        return Tally.from_log(log_of(matches, reading), progress, keys=keys or ())
    said = said_options(reading)
    refuse_reading(said.intersection(_FILTERS) if source.logs else said)
    parts = [Tally.read(part) if isinstance(part, str) else part for part in source.tallies]
    shared = parts[0].keys if keys is None else tuple(keys)
    if keys is not None:
        parts = [part.project(shared) for part in parts]
    if source.logs:
        log = MatchLog(list(source.logs), **reading)
        parts.append(Tally.from_log(log, progress, keys=shared))
    return reduce(Tally.merge, parts)


def log_of(matches: object, reading: Mapping[str, Any]) -> MatchLog:
    """A log: as it was opened, or of whatever `MatchLog` takes.

    Raises:
        OptionError: an option has a value that it cannot have, or a log was opened with its own.
    """
    if isinstance(matches, MatchLog):
        _refuse_said(said_options(reading))
        return matches
    refuse_board(matches, "matches")
    return MatchLog(matches, **reading)


def refuse_winner_first(report: ReadReport | None) -> None:
    """Refuses matches of a form that names the winner first, whoever was shown first.

    Raises:
        InputError: they are; says of which form.
    """
    words = re.findall(r"[\w-]+", report.reading if report is not None else "")
    unordered = _WINNER_FIRST.intersection(words)
    if unordered:
        raise InputError(
            f"a log of the form {min(unordered)} names the winner first, and does not say who was "
            "shown first, so that no bias of position can be told"
        )


def said_options(reading: Mapping[str, Any]) -> set[str]:
    """The options of reading that are not as where nothing is said."""
    return {
        name
        for name, value in reading.items()
        if (None if value in ({}, (), []) else value) != _UNSAID.get(name)
    }


def _refuse_said(options: set[str]) -> None:
    """Refuses options of reading beside a log that was opened with its own."""
    for option in sorted(options):
        message = f"{option} is said where the log is opened: MatchLog(..., {option}=...)"
        raise OptionError(message)


def refuse_beside_store(path: Path, options: set[str]) -> None:
    """Refuses options that are about rows of a log, beside a tournament's store.

    Raises:
        OptionError: there is one; says how to export the store.
    """
    for option in sorted(options):
        raise OptionError(
            f"{option} (--{option.replace('_', '-')}) is about the rows of a log; export the "
            f"store first: humorrank tournament export {path} --decisions -o decisions.parquet"
        )


def refuse_reading(options: set[str]) -> None:
    """Refuses options that are about rows, of which a tally keeps none.

    Raises:
        OptionError: there is one.
    """
    for option in sorted(options):
        flag = option.replace("_", "-")
        raise OptionError(
            f"{option} (--{flag}) is about the rows of a log, and a tally keeps none; say it "
            f"where the log is counted: humorrank tally LOG --{flag} ... -o T.parquet"
        )


def refuse_board(source: object, what: str) -> None:
    """Refuses a board where matches are needed.

    Raises:
        OptionError: it is one.
    """
    if isinstance(resolve(source), BoardSource):
        raise OptionError(f"a board holds no {what}; give the log or the store that it is of")


def refuse_counts(source: object, what: str) -> None:
    """Refuses a board or a tally where rows are needed.

    Raises:
        OptionError: it is one.
    """
    refuse_board(source, what)
    if isinstance(resolve(source), TallySource):
        raise OptionError(f"a tally holds no {what}; give the log or the store that it is of")


def tally(
    matches: object,
    *,
    keys: Sequence[str] | None = None,
    progress: Progress | None = None,
    **reading: object,
) -> Tally:
    """Counts matches.

    Args:
        matches: whatever `humorrank.rate` takes; of tally files the sum.
        keys: columns to keep the counts apart by ("judge", "prompt", ...); by default those that
            tallies have, and none of a log. () gives up the keys of tallies.
        progress: called with (stage, done, total).
        **reading: the options of `humorrank.MatchLog`.

    Raises:
        InputError: the matches cannot be read as they stand.
        OptionError: there is no such column, or an option is not about such matches.
    """
    return counted(matches, keys=keys, progress=progress, reading=reading)
