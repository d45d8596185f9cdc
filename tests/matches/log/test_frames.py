"""Frames of all libraries and types give the same matches as a file."""

import enum
import io

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from humorrank.errors import InputError
from humorrank.matches.log import MatchLog

DATA = {
    "model_a": ["p", "p", "q", "r"],
    "model_b": ["q", "r", "p", "q"],
    "winner": ["model_a", "model_b", "tie", None],
}
MATCHES = [("p", "q", "first"), ("p", "r", "second"), ("q", "p", "tie")]
FRAME = pl.DataFrame(DATA)
TEXT = ["model_a", "model_b", "winner"]


def chunked():
    table = pa.table(DATA)
    return pa.concat_tables([table.slice(0, 1), table.slice(1, 2), table.slice(3)])


class Capsule:
    """An object that supports only the Arrow interface."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


FRAMES = {
    "polars": lambda: FRAME,
    "polars lazy": lambda: FRAME.lazy().with_columns(pl.lit(1).alias("other")),
    "polars categorical": lambda: FRAME.cast(dict.fromkeys(TEXT, pl.Categorical)),
    "polars enum": lambda: FRAME.with_columns(
        pl.col("model_a", "model_b").cast(pl.Enum(["r", "q", "p", "unused"])),
        pl.col("winner").cast(pl.Enum(["tie", "model_b", "model_a"])),
    ),
    "polars chunks": lambda: pl.concat([FRAME[:1], FRAME[1:2], FRAME[2:]], rechunk=False),
    "pandas": lambda: pd.DataFrame(DATA),
    "pandas objects": lambda: pd.DataFrame(DATA, dtype=object),
    "pandas NaN": lambda: pd.DataFrame(
        {**DATA, "winner": [*DATA["winner"][:3], np.nan]}, dtype=object
    ),
    "pandas categories": lambda: pd.DataFrame(DATA).astype("category"),
    "pandas odd index": lambda: pd.DataFrame(DATA, index=[9, 9, 3, 1]),
    "pyarrow": lambda: pa.table(DATA),
    "pyarrow chunks": chunked,
    "pyarrow dictionaries": lambda: pa.table(
        {name: pa.array(values).dictionary_encode() for name, values in DATA.items()}
    ),
    "pyarrow views": lambda: pa.table(
        {name: pa.array(values, pa.string_view()) for name, values in DATA.items()}
    ),
    "pyarrow record batch": lambda: pa.table(DATA).to_batches()[0],
    "pyarrow reader": lambda: pa.table(DATA).to_reader(),
    "Arrow capsule": lambda: Capsule(pa.table(DATA)),
    "tuples": lambda: list(zip(*DATA.values(), strict=True)),
    "a generator": lambda: zip(*DATA.values(), strict=True),
    "lists": lambda: [list(row) for row in zip(*DATA.values(), strict=True)],
    "an array": lambda: np.array(list(zip(*DATA.values(), strict=True)), dtype=object),
    "dictionaries": FRAME.to_dicts,
    "columns as lists": lambda: DATA,
    "columns as tuples": lambda: {name: tuple(values) for name, values in DATA.items()},
    "columns as arrays": lambda: {name: np.array(v, dtype=object) for name, v in DATA.items()},
    "columns as series": FRAME.to_dict,
    "columns of several kinds": lambda: {
        "model_a": pd.Series(DATA["model_a"]),
        "model_b": pa.array(DATA["model_b"]),
        "winner": DATA["winner"],
    },
    "pandas Arrow strings": lambda: pd.DataFrame(DATA).astype("string[pyarrow]"),
    "pandas python strings": lambda: pd.DataFrame(DATA).astype("string[python]"),
    "pandas large strings": lambda: pd.DataFrame(DATA).astype(pd.ArrowDtype(pa.large_string())),
    "pandas every other row": lambda: pd.DataFrame(
        {name: [v for value in values for v in (value, "x")] for name, values in DATA.items()},
        dtype=object,
    ).iloc[::2],
}


@pytest.mark.parametrize("kind", FRAMES)
def test_the_same_rows_in_any_frame_are_the_same_matches(read, kind):
    rows, report = read(FRAMES[kind]())
    assert rows == MATCHES
    assert (report.unjudged, report.unjudged_only, report.rows) == (1, [], 4)


def test_a_pandas_frame_is_read_without_pyarrow(read, monkeypatch):
    def refuse(*_, **__):
        raise ImportError("pyarrow is not installed")

    monkeypatch.setattr(pl, "from_pandas", refuse)
    assert read(pd.DataFrame(DATA))[0] == MATCHES
    assert read(pd.DataFrame(DATA).astype("category"))[0] == MATCHES


@pytest.mark.parametrize(
    "names", [[7, 8], [7.0, 8.0], np.array([7, 8], np.uint8), pl.Series([7, 8], dtype=pl.Int8)]
)
def test_numbers_as_names_are_text_and_whole_floats_are_whole(read, names):
    frame = pl.DataFrame({"model_a": names, "model_b": names[::-1], "winner": ["a", "b"]})
    assert read(frame)[0] == [("7", "8", "first"), ("8", "7", "second")]


def test_a_pandas_column_that_became_float_because_of_a_gap_keeps_its_names(read):
    frame = pd.DataFrame({"model_a": [7, None], "model_b": [8, 9], "winner": ["a", "b"]})
    rows, report = read(frame, on_error="skip")
    assert rows == [("7", "8", "first")]
    assert report.skipped == {"empty name": 1}


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "string", "int64[pyarrow]"])
def test_pandas_types_with_nulls(read, dtype):
    frame = pd.DataFrame({"model_a": [7, 8], "model_b": [8, 7], "winner": ["a", None]})
    frame = frame.astype({"model_a": dtype, "model_b": dtype, "winner": "string"})
    rows, report = read(frame)
    assert (rows, report.unjudged) == ([("7", "8", "first")], 1)


def test_a_pandas_frame_with_numbers_as_column_names_has_no_header(read):
    assert read(pd.read_csv(io.StringIO("0,1\n1,0\n"), header=None))[0] == [
        ("0", "1", "first"),
        ("1", "0", "first"),
    ]


@pytest.mark.parametrize(
    "others",
    [[0, 1], [None, True], [float("nan"), pd.Timestamp(0)], [("model_a", 1), ("model_b", 1)]],
)
def test_other_column_names_of_a_pandas_frame_do_not_matter(read, others):
    plain = pd.DataFrame({"model_a": ["x", "y"], "model_b": ["y", "x"], "winner": ["a", "tie"]})
    frame = pd.concat([plain, plain.iloc[::-1, :2].reset_index(drop=True)], axis=1)
    frame.columns = pd.Index([*plain.columns, *others], tupleize_cols=False)
    assert read(frame)[0] == read(plain)[0]
    mapped = {"model_a": str(others[0]), "model_b": str(others[1]), "winner": "winner"}
    assert read(frame, columns=mapped)[0] == [("y", "x", "first"), ("x", "y", "tie")]


@pytest.mark.parametrize("dtype", [pl.Null, pl.Boolean, pl.Float64, pl.Int64, pl.String])
def test_an_empty_winner_column_of_any_type_is_unjudged(dtype):
    empty = FRAME.with_columns(winner=pl.lit(None, dtype))
    with pytest.raises(InputError, match=r"no matches.*4 unjudged"):
        list(MatchLog(empty).batches())
    with pytest.raises(InputError, match="row 1, column 'winner'"):
        list(MatchLog(empty, unjudged="fail").batches())


def test_a_winner_column_of_nan_is_unjudged():
    with pytest.raises(InputError, match="4 unjudged"):
        list(MatchLog(FRAME.with_columns(winner=pl.lit(float("nan")))).batches())


@pytest.mark.parametrize("values", [[True] * 4, [1] * 4, [0.5] * 4])
def test_booleans_and_numbers_as_winners_are_not_guessed(values):
    with pytest.raises(InputError, match="--score-of"):
        list(MatchLog(FRAME.with_columns(winner=pl.Series(values))).batches())


@pytest.mark.parametrize("column", TEXT)
@pytest.mark.parametrize("value", [["x"], {"x": "y"}, b"x\xff"])
def test_a_column_of_the_wrong_type_is_reported_by_name(column, value):
    frame = FRAME.with_columns(pl.Series(column, [value] * 4))
    with pytest.raises(InputError) as caught:
        list(MatchLog(frame).batches())
    assert caught.value.column == column


def test_columns_that_are_not_needed_may_contain_anything(read):
    frame = FRAME.with_columns(
        pl.Series("conversation", [[{"role": "user"}]] * 4), pl.Series("o", [object()] * 4)
    )
    assert read(frame)[0] == MATCHES
    wide = pd.DataFrame(DATA)
    wide["mixed"] = [1, "x", None, {"y": 2}]
    assert read(wide)[0] == MATCHES


def test_rows_of_frames_count_from_one():
    frame = FRAME.with_columns(model_b=pl.Series(["q", "r", None, "q"]))
    for source in (frame, frame.lazy(), frame.to_arrow(), frame.to_pandas()):
        with pytest.raises(InputError) as caught:
            list(MatchLog(source).batches())
        assert (caught.value.row, caught.value.column) == (3, "model_b")


def test_duplicate_columns_of_a_frame_are_refused():
    doubled = pd.DataFrame([["p", "q", "a", "b"]], columns=[*TEXT, "winner"])
    for source in (doubled, pa.table([["p"], ["q"], ["a"], ["b"]], [*TEXT, "winner"])):
        with pytest.raises(InputError, match="earlier"):
            list(MatchLog(source).batches())


def test_an_empty_frame_has_no_rows():
    for source in (FRAME.clear(), FRAME.clear().lazy(), FRAME.clear().to_pandas()):
        with pytest.raises(InputError, match="no rows"):
            list(MatchLog(source).batches())


def test_a_lazy_frame_that_fails_is_reported():
    with pytest.raises(InputError, match="LazyFrame: cannot be read"):
        list(MatchLog(FRAME.lazy().select("nothing")).batches())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"winner": ["a", "b"]}, r"'winner': has 2 values, but 'model_a' has 4"),
        ({"model_b": "q"}, r"'model_b': is a str, not a column"),
        ({"model_b": {"q": 1}}, r"'model_b': is a dict, not a column"),
        ({"winner": ["a", "b", "draw", "nobody"]}, r"row 4, column 'winner'"),
        ({"model_b": ["q", "r", 0.5, ["q"]]}, r"row 4, column 'model_b'"),
    ],
)
def test_invalid_columns_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        list(MatchLog({**DATA, **change}).batches())


def test_columns_of_numbers_with_gaps_are_read_as_in_frames(read):
    columns = {
        "model_a": [7, 8.0, "x", 7],
        "model_b": ["x", 7, np.float64(8), 8],
        "winner": ["a", "b", float("nan"), pd.NA],
    }
    rows, report = read(columns)
    assert rows == [("7", "x", "first"), ("8", "7", "second")]
    assert report.unjudged == 2


@pytest.mark.parametrize("wrong", [1, 2**18, 400_000])
def test_a_bad_row_is_found_wherever_it_is(wrong):
    rows = 400_000
    columns = {
        "model_a": ["p", "q"] * (rows // 2),
        "model_b": ["q", "p"] * (rows // 2),
        "winner": ["a", "b"] * (rows // 2),
    }
    columns["winner"][wrong - 1] = "nobody"
    frame = pd.DataFrame(columns, dtype=object)
    for source in (columns, frame, frame.astype("string[pyarrow]"), pl.DataFrame(columns)):
        with pytest.raises(InputError) as caught:
            list(MatchLog(source).batches())
        assert (caught.value.row, caught.value.column) == (wrong, "winner")
        assert caught.value.value == "nobody"


def test_words_may_be_members_of_a_string_enumeration(read):
    class Winner(enum.StrEnum):
        A = "model_a"

    assert read([("p", "q", Winner.A)])[0] == [("p", "q", "first")]


def test_a_log_can_be_read_again(read):
    log = MatchLog(FRAME)
    first = [batch.outcome.tolist() for batch in log.batches()]
    assert [batch.outcome.tolist() for batch in log.batches()] == first
    assert log.report.rated == 3
    assert log.contestants == len(log.names) == 3
