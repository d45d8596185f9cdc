"""The boards of individual raters."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from humorrank._util.warned import quietly
from humorrank.rating.board.leaderboards import Leaderboards
from humorrank.rating.rate import rate

Board = dict[str, float]
"""A mapping from model to rating."""

_COLUMNS = ("judge", "model_a", "model_b", "score", "weight", "count")


def rater_boards(
    table: pl.DataFrame, raters: Sequence[str | None], asked: Collection[int]
) -> tuple[dict[int, Board], dict[int, str]]:
    """Rates the judgments of each rater separately.

    Args:
        table: The judgments, with columns as in `Judgments.table`.
        raters: The judges, in order.
        asked: The positions of the raters whose boards are requested.

    Returns:
        The board {model: rating} of each rater that has one, and the reasons why the others do not.
    """
    place = {name: at for at, name in enumerate(raters)}
    rated = _rated(table)
    boards = {
        place[key[0]]: dict(board.iter_rows())
        for key, board in rated.table.filter(pl.col("rating").is_not_null())
        .select("judge", "model", "rating")
        .partition_by("judge", as_dict=True, include_key=False)
        .items()
        if place[key[0]] in asked
    }
    reasons = {
        place[judge]: note or "it cannot be rated"
        for judge, note in rated.groups.select("judge", "note").iter_rows()
        if place[judge] not in boards and place[judge] in asked
    }
    return boards, reasons


def reference_board(
    table: pl.DataFrame, reference: Sequence[str]
) -> tuple[Board | None, str | None]:
    """Returns the board of all judgments of the reference, or the reason why there is none."""
    if not reference:
        return None, None
    rows = table.filter(pl.col("judge").is_in(list(reference)))
    boards, reasons = rater_boards(
        rows.with_columns(pl.lit("reference").alias("judge")), ["reference"], {0}
    )
    return boards.get(0), reasons.get(0)


def _rated(table: pl.DataFrame) -> Leaderboards:
    with quietly():
        return rate(table.select(_COLUMNS), by="judge", bootstrap=0, elo_shuffles=0, score_of="a")
