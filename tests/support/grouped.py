"""Logs with key columns, for the tests of tallies and groups."""

from __future__ import annotations

import polars as pl
from hypothesis import strategies as st

NAMES = ["pun", "irony", "sarcasm", "wit", "Zeugma", "10", "9"]
JUDGES = ["ann", "bob", "cy", None]
WINNERS = ["model_a", "model_b", "tie", "tie (bothbad)", None]

rows = st.lists(
    st.tuples(
        st.permutations(NAMES).map(lambda names: names[:2]),
        st.sampled_from(WINNERS),
        st.sampled_from(JUDGES),
        st.sampled_from(["1", "2", "10"]),
        st.integers(1, 3),
        st.sampled_from([1.0, 1.0, 2.5]),
    ),
    min_size=1,
    max_size=60,
).filter(lambda rows: any(row[1] for row in rows))


def frame_of(rows) -> pl.DataFrame:
    """Returns the rows as a log."""
    schema = {
        "model_a": pl.String,
        "model_b": pl.String,
        "winner": pl.String,
        "judge": pl.String,
        "prompt": pl.String,
        "count": pl.Int64,
        "weight": pl.Float64,
    }
    plain = [(*pair, winner, judge, prompt, n, w) for pair, winner, judge, prompt, n, w in rows]
    return pl.DataFrame(plain, schema=schema, orient="row")


def bits(board) -> list:
    """Returns the rows of a leaderboard, with every float as its bits."""
    table = board.to_polars()
    return table.with_columns(
        pl.col(pl.Float64).map_batches(
            lambda column: pl.Series(column.to_numpy().view("u8")), return_dtype=pl.UInt64
        )
    ).rows()
