"""Converts the source of a figure to the leaderboard that it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from humorrank.errors import OptionError
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.board.leaderboards import Leaderboards
from humorrank.rating.board.saved import opened
from humorrank.rating.rate import rate


def board_of(
    source: object, options: Mapping[str, Any], defaults: Mapping[str, object] | None = None
) -> Leaderboard:
    """Returns a leaderboard unchanged, and rates a log or a store.

    Args:
        source: A leaderboard, the path of one in JSON, the store of a tournament, or anything that
            `humorrank.rate` accepts.
        options: Options of `humorrank.rate`, for a source that is not rated yet.
        defaults: Default values that replace those of `humorrank.rate`.

    Raises:
        OptionError: If options are given together with a leaderboard, or there are several
            leaderboards.
        HumorRankError: If the source cannot be rated; see `humorrank.rate`.
    """
    source = opened(source)
    if isinstance(source, Leaderboards):
        raise OptionError(
            "a figure shows a single leaderboard; choose one of the groups: boards[...]"
        )
    if isinstance(source, Leaderboard):
        for name in options:
            raise OptionError(
                f"{name} cannot be set for a leaderboard; set it in rate(..., {name}=...)"
            )
        return source
    if options.get("by") is not None:
        raise OptionError(
            "a figure shows a single leaderboard; instead of by, use rate(..., by=...)[...]"
        )
    board = rate(source, **{**(defaults or {}), **options})
    assert isinstance(board, Leaderboard)
    return board
