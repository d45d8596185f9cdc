"""From whatever a figure is given to the board, or to the matches, that it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from humorrank.errors import OptionError
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.board.leaderboards import Leaderboards
from humorrank.rating.rate import rate


def board_of(
    source: object, options: Mapping[str, Any], defaults: Mapping[str, object] | None = None
) -> Leaderboard:
    """A board as it is; of a log or a store its rating.

    Args:
        source: a board, a tournament's store, or whatever `humorrank.rate` takes.
        options: of `humorrank.rate`, for what is not rated yet.
        defaults: options that hold where nothing else is said.

    Raises:
        OptionError: options stand beside a board, or there are several boards.
        HumorRankError: see `humorrank.rate`.
    """
    if isinstance(source, Leaderboards):
        raise OptionError("a figure shows one board; choose one of the groups: boards[...]")
    if isinstance(source, Leaderboard):
        for name in options:
            raise OptionError(f"{name} is said where the board is made: rate(..., {name}=...)")
        return source
    if options.get("by") is not None:
        raise OptionError("by makes many boards, and a figure shows one; rate(...)[...] gives it")
    board = rate(source, **{**(defaults or {}), **options})
    assert isinstance(board, Leaderboard)
    return board
