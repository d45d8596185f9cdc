"""Codes are assigned in order of first occurrence, regardless of the layout of the column."""

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from humorrank._core import NULL_CODE, Interner

ROWS = 300_000


@pytest.fixture(scope="module")
def texts():
    """Returns short, long, empty and missing names, and names in other alphabets."""
    random = np.random.default_rng(1)
    names = [f"m{i}" for i in range(900)] + [f"a longer name of {i}" for i in range(900)]
    names += ["", "é", "日本語のとても長い名前", "x" * 12, "x" * 13, None]
    return [names[i] for i in random.integers(0, len(names), ROWS)]


def chunks(series, sizes):
    """Splits the rows of a column into chunks of the given sizes."""
    ends = np.cumsum([size for _ in range(len(series)) for size in sizes])
    starts = [0, *ends[ends < len(series)].tolist()]
    parts = [series[a:b] for a, b in zip(starts, [*starts[1:], len(series)], strict=True)]
    return pl.concat([part.rechunk().clone() for part in parts], rechunk=False)


def test_codes_match_those_of_a_dictionary(texts):
    known = {}
    truth = [NULL_CODE if text is None else known.setdefault(text, len(known)) for text in texts]
    distinct = pl.Series(list(dict.fromkeys(texts)))
    place = {text: i for i, text in enumerate(distinct)}
    apart = pl.Series([None if t is None else "".join(list(t)) for t in texts], dtype=pl.String)
    columns = {
        "list": texts,
        "list, every string its own": apart.to_list(),
        "tuple": tuple(apart.to_list()),
        "objects": np.array(apart.to_list(), object),
        "a kind of string": [None if text is None else np.str_(text) for text in texts],
        "every string its own": apart,
        "gathered, each string once": distinct.gather([place[text] for text in texts]),
        "many small chunks": chunks(apart, [5_000, 1, 20_000]),
        "chunks of all sizes": chunks(apart, [200_000, 7, 50_000]),
        "strings": pa.array(texts, pa.large_string()),
        "a slice": pa.array(["before", *texts], pa.string_view())[1:],
    }
    for name, column in columns.items():
        interner = Interner()
        assert interner.encode(column).tolist() == truth, name
        assert interner.names == list(known), name
