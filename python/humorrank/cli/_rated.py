"""Rates files for the commands that analyze a leaderboard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from humorrank._util.progress import Progress
from humorrank.cli import _output
from humorrank.cli._progress import progress_bar
from humorrank.matches.log import MatchLog
from humorrank.matches.source import TallySource, counted, resolve
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
    cluster = rating["cluster"]
    keys = None if rating["controls"] else by or (() if cluster is None else (cluster,))
    return counted(files, keys=keys, progress=progress, reading=reading)


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
