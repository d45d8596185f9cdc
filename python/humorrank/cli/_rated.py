"""Rates files for the commands that analyze a leaderboard."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from humorrank._util.progress import Progress
from humorrank.cli import _options, _output
from humorrank.cli._progress import progress_bar
from humorrank.errors import OptionError
from humorrank.matches.log import MatchLog
from humorrank.matches.source import (
    BoardSource,
    TallySource,
    cluster_keys,
    read_tally,
    resolve,
    said_options,
)
from humorrank.matches.tally.tally import Tally
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.rate import rate


def matches_of(
    files: list[str],
    reading: Mapping[str, Any],
    rating: Mapping[str, Any],
    *,
    by: tuple[str, ...] | None,
    progress: Progress | None,
) -> MatchLog | Tally:
    """Returns the matches to rate.

    They are a tally with all keys that the rating requires, or the log if there are controls.

    Raises:
        HumorRankError: If the files cannot be read.
    """
    if rating["controls"] and not isinstance(resolve(files), TallySource):
        return MatchLog(files, **reading)
    keys, ballots = (by, False) if by else cluster_keys(rating["cluster"])
    return read_tally(
        files,
        keys=None if rating["controls"] else keys,
        progress=progress,
        reading=reading,
        ballots=ballots,
    )


def saved_board(
    files: list[str], reading: Mapping[str, Any], rating: Mapping[str, Any], **other: object
) -> Leaderboard | None:
    """Reads a leaderboard that was written as JSON, or returns None for any other source.

    Args:
        files: The arguments of the command.
        reading: Reading options, which do not apply to a leaderboard.
        rating: Rating options, which do not apply to it either.
        other: Further options that do not apply to it, None if they are not set.

    Raises:
        OptionError: If an option is set that does not apply to a leaderboard.
        InputError: If the file is not a valid leaderboard.
    """
    if not isinstance(resolve(files), BoardSource):
        return None
    parameters = inspect.signature(_options.rating_options).parameters
    usual = {name: one.default for name, one in parameters.items()}
    renamed = {"controls": "control"}
    said = [name for name, value in other.items() if value is not None]
    said += sorted(said_options(reading))
    said += [
        renamed.get(name, name)
        for name, value in rating.items()
        if (value or None) != (usual[renamed.get(name, name)] or None)
    ]
    for name in said:
        raise OptionError(
            f"--{name.replace('_', '-')} does not apply to a leaderboard that is already rated; "
            "pass the log, tally or store from which it was made"
        )
    return Leaderboard.from_json(files[0])


def rated_board(
    files: list[str],
    reading: Mapping[str, Any],
    rating: Mapping[str, Any],
    *,
    bootstrap: int | None,
) -> Leaderboard:
    """Rates files, and prints the warnings about the leaderboard to standard error.

    Raises:
        HumorRankError: If the files cannot be read or rated; see `humorrank.rate`.
    """
    with progress_bar() as progress:
        matches = matches_of(files, reading, rating, by=None, progress=progress)
        board = rate(matches, bootstrap=bootstrap, elo_shuffles=0, progress=progress, **rating)
    assert isinstance(board, Leaderboard)
    tell(board)
    return board


def tell(board: Leaderboard) -> None:
    """Prints how many rows the filters removed, and the warnings about a leaderboard."""
    _output.say_filters(board.counts["filtered_by"])
    for warning in board.warnings:
        _output.say("warning", warning)
