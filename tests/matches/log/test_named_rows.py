"""Rows with field names are read by name, never by position, or they are rejected."""

import dataclasses
import sqlite3
from collections import namedtuple

import numpy as np
import pandas as pd
import polars as pl
import pytest

import humorrank
from humorrank.errors import InputError, OptionError

FRAME = pd.DataFrame(
    {
        "winner": ["m1", "m2", "m1", "m3", "m1", "m2"],
        "loser": ["m2", "m3", "m3", "m1", "m2", "m1"],
        "prompt": list("aabbcc"),
    }
)
EXPECTED = humorrank.tally(FRAME[["winner", "loser"]])


@dataclasses.dataclass
class Match:
    loser: str
    winner: str


def sqlite_rows():
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    connection.execute("CREATE TABLE m (loser, winner)")
    connection.executemany(
        "INSERT INTO m VALUES (?, ?)", FRAME[["loser", "winner"]].values.tolist()
    )
    return connection.execute("SELECT * FROM m").fetchall()


SOURCES = {
    "named tuples of pandas": lambda: FRAME[["loser", "winner"]].itertuples(index=False),
    "named tuples with an index": FRAME[["loser", "winner"]].itertuples,
    "named tuples with more fields": FRAME[["prompt", "loser", "winner"]].itertuples,
    "our own named tuples": lambda: [
        namedtuple("Row", "loser winner")(loser, winner)
        for winner, loser in FRAME[["winner", "loser"]].values
    ],
    "dataclasses": lambda: [Match(r.loser, r.winner) for r in FRAME.itertuples()],
    "rows of sqlite3": sqlite_rows,
    "a structured array": lambda: np.array(
        [(r.loser, r.winner) for r in FRAME.itertuples()], dtype=[("loser", "U2"), ("winner", "U2")]
    ),
    "a record array": lambda: FRAME[["loser", "winner"]].to_records(index=False),
    "records one by one": lambda: list(FRAME[["loser", "winner"]].to_records(index=False)),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_names_decide_and_not_positions(kind):
    assert humorrank.tally(SOURCES[kind]()) == EXPECTED


def test_rows_without_the_names_of_a_format_are_refused_with_the_names_that_they_have():
    rows = FRAME.rename(columns={"winner": "first", "loser": "second"})
    with pytest.raises(InputError, match=r"no column.*'first', 'second'"):
        humorrank.tally(rows[["first", "second"]].itertuples(index=False))
    named = {"winner": "first", "loser": "second"}
    assert humorrank.tally(rows.itertuples(index=False), columns=named) == EXPECTED


def test_rows_of_different_kinds_are_refused():
    one, two = FRAME[["loser", "winner"]].itertuples(index=False), [("m1", "m2")]
    with pytest.raises(InputError, match=r"row 7.*has no named fields, but the first row has"):
        humorrank.tally([*one, *two])
    one = FRAME[["loser", "winner"]].itertuples(index=False)
    with pytest.raises(InputError, match=r"row 2.*has named fields, but the first row has none"):
        humorrank.tally([*two, *one])


def test_bytes_are_not_names():
    with pytest.raises(InputError, match=r"b'm1'.*decode bytes into text first"):
        humorrank.tally([(b"m1", b"m2", "model_a"), (b"m2", b"m1", "model_a")])
    arrays = {"winner": np.array([b"m1", b"m2"]), "loser": np.array([b"m2", b"m1"])}
    with pytest.raises(InputError, match="decode bytes into text first"):
        humorrank.tally(arrays)


@pytest.mark.parametrize(
    "groups", [FRAME.groupby("prompt"), pl.DataFrame(FRAME).group_by("prompt")]
)
def test_grouped_frames_are_refused_with_what_to_do(groups):
    with pytest.raises(OptionError, match=r"GroupBy; pass the frame itself, and.*by="):
        humorrank.rate(groups)


@pytest.mark.parametrize("columns", [{"model_a": 0}, {"model_a": None}, ["left", "right"], "left"])
def test_columns_must_be_named(columns):
    with pytest.raises(OptionError, match=r"columns.*must"):
        humorrank.rate(FRAME, columns=columns)
