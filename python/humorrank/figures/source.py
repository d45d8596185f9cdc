"""From whatever a figure is given to the board, or to the matches, that it shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from humorrank import tally_file
from humorrank.bias.source import store_path
from humorrank.errors import OptionError
from humorrank.leaderboard import Leaderboard
from humorrank.leaderboards import Leaderboards
from humorrank.rating import rate
from humorrank.tally import Tally


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
    board = rate(matches_of(source), **{**(defaults or {}), **options})
    assert isinstance(board, Leaderboard)
    return board


def matches_of(source: object) -> Any:  # noqa: ANN401 - many kinds
    """What `humorrank.rate` takes: the match log of a store, anything else as it is.

    Raises:
        StoreError: the store cannot be read.
    """
    path = store_path(source)
    return source if path is None else store_log(path)


def store_log(path: Path) -> Any:  # noqa: ANN401 - a polars frame
    """The match log of a store, in the order of its schedule."""
    # SQLite takes a while to import, and most logs are no stores.
    from humorrank.tournament.export import match_log  # noqa: PLC0415
    from humorrank.tournament.store import Store  # noqa: PLC0415

    with Store(path, write=False) as store:
        return match_log(store)


def refuse_board(source: object, what: str) -> None:
    """Refuses a board where matches are needed.

    Raises:
        OptionError: it is one.
    """
    if isinstance(source, Leaderboard | Leaderboards):
        raise OptionError(f"a board holds no {what}; give the log or the store that it is of")


def refuse_counts(source: object, what: str) -> None:
    """Refuses a board or a tally where rows are needed.

    Raises:
        OptionError: it is one.
    """
    refuse_board(source, what)
    if isinstance(source, Tally) or tally_file.split(source)[0]:
        raise OptionError(f"a tally holds no {what}; give the log or the store that it is of")
