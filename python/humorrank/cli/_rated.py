"""Files to a board, for the commands that ask something of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import humorrank
from humorrank.cli import _output
from humorrank.cli._progress import progress_bar
from humorrank.leaderboard import Leaderboard
from humorrank.source import counted


def rated(
    files: list[str], reading: Mapping[str, Any], rating: Mapping[str, Any], *, bootstrap: int
) -> Leaderboard:
    """The board of some files, with what is to be known of it on standard error.

    Raises:
        HumorRankError: see `humorrank.rate`.
    """
    cluster = rating["cluster"]
    with progress_bar() as progress:
        matches = counted(
            files, keys=() if cluster is None else (cluster,), progress=progress, reading=reading
        )
        board: Leaderboard = humorrank.rate(
            matches, bootstrap=bootstrap, elo_shuffles=0, progress=progress, **rating
        )
    _output.say_filters(board.counts["filtered_by"])
    for warning in board.warnings:
        _output.say("warning", warning)
    return board
