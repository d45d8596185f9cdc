"""Reading as codes gives the same results as the general reader."""

import io
from collections import Counter
from unittest import mock

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from humorrank.errors import HumorRankError
from humorrank.matches.log import MatchLog, _pass

PROFILE = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
NAMES = st.sampled_from(["p", "q", "r", "naïve 模型", "model_b", "a", "tie", "7", "none"])
RARE_NAMES = st.one_of(NAMES, NAMES, NAMES, NAMES, st.sampled_from(["", " ", "\x1f", None]))
WORDS = st.sampled_from(["model_a", " Model_B", "tie", "both_bad", "tie"])
RARE_WORDS = st.one_of(*[WORDS] * 6, st.sampled_from(["", "error", None, "modle_a", "p", "q", "1"]))
COUNTS = st.sampled_from(["1", "2", "12", "0"])
RARE_COUNTS = st.one_of(COUNTS, COUNTS, COUNTS, st.sampled_from(["1.5", "", "x", "-1", "3.0"]))


@st.composite
def logs(draw):
    """Draws text columns of mostly valid logs, in the formats that can be read as codes."""
    reading = draw(st.sampled_from(["word", "name", "loser"]))
    rows = draw(st.integers(1, 40))
    clean = draw(st.booleans())
    names, words = (NAMES, WORDS) if clean else (RARE_NAMES, RARE_WORDS)
    first, second = (draw(st.lists(names, min_size=rows, max_size=rows)) for _ in range(2))
    if draw(st.booleans()):
        second = ["s" if a == b else b for a, b in zip(first, second, strict=True)]
    if reading == "loser":
        columns = {"winner": first, "loser": second}
    else:
        said = draw(st.lists(words, min_size=rows, max_size=rows))
        if reading == "name":
            sides = zip(first, second, said, strict=True)
            said = [{"model_a": a, " Model_B": b}.get(word, word) for a, b, word in sides]
        columns = {"model_a": first, "model_b": second, "winner": said}
    if draw(st.integers(0, 3)) == 0:
        counts = COUNTS if clean else RARE_COUNTS
        columns["count"] = draw(st.lists(counts, min_size=rows, max_size=rows))
    return columns


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "on_error": st.sampled_from(["fail", "skip"]),
        "unjudged": st.sampled_from(["skip", "fail"]),
        "exclude": st.lists(st.sampled_from(["p", "q", "nobody"]), max_size=2),
        "reading": st.sampled_from(["winner-word", "winner-name"]),
    },
)


def outcome(source, options):
    """Returns all results of a pass (matches by name, names, report), or its error."""
    try:
        log = MatchLog(source, **options)
        rows = []
        for batch in log.batches():
            names = log.names
            counts = [None] * len(batch) if batch.count is None else batch.count.tolist()
            sides = (batch.first.tolist(), batch.second.tolist(), batch.outcome.tolist(), counts)
            rows += [(names[a], names[b], *rest) for a, b, *rest in zip(*sides, strict=True)]
        return rows, sorted(log.names), vars(log.report)
    except HumorRankError as error:
        return type(error), str(error), vars(error)


def counts(source, options):
    """Returns the results as `outcome` does, with the matches counted in any order."""
    try:
        log = MatchLog(source, **options)
        cells = Counter()
        for batch, _ in log.keyed(()):
            names = log.names
            times = [1] * len(batch) if batch.count is None else batch.count.tolist()
            sides = (batch.first.tolist(), batch.second.tolist(), batch.outcome.tolist(), times)
            for a, b, said, count in zip(*sides, strict=True):
                cells[names[a], names[b], said] += count
        return cells, sorted(log.names), vars(log.report)
    except HumorRankError as error:
        return type(error), str(error), vars(error)


def assert_alike(source, options):
    found = outcome(source, options), counts(source, options)
    with mock.patch.object(_pass, "wanted", lambda _: None):
        assert found == (outcome(source, options), counts(source, options))


def write_polars(path, columns, **options):
    pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)).write_parquet(path, **options)


def write_categories(path, columns, **options):
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    frame.cast(dict.fromkeys(columns, pl.Categorical)).write_parquet(path, **options)


def write_arrow(path, columns, kind=None, **options):
    table = pa.table({name: pa.array(v, pa.string()) for name, v in columns.items()})
    if kind is not None:
        table = table.cast(pa.schema([(name, kind) for name in columns]))
    pq.write_table(table, path, **options)


PARQUET = {
    "polars": (write_polars, {}),
    "polars, row groups": (write_polars, {"row_group_size": 3, "compression": "lz4"}),
    "polars, plain": (write_polars, {"compression": "uncompressed"}),
    "polars, categories": (write_categories, {"compression": "gzip"}),
    "pyarrow": (write_arrow, {"compression": "zstd"}),
    "pyarrow, snappy": (write_arrow, {"row_group_size": 4}),
    "pyarrow, no dictionary": (write_arrow, {"use_dictionary": False, "compression": "none"}),
    "pyarrow, pages": (
        write_arrow,
        {"data_page_size": 1, "write_batch_size": 1, "data_page_version": "2.0"},
    ),
    "pyarrow, overflow": (
        write_arrow,
        {"dictionary_pagesize_limit": 4, "write_batch_size": 2, "data_page_size": 1},
    ),
    "pyarrow, second pages": (
        write_arrow,
        {"data_page_version": "2.0", "row_group_size": 2, "compression": "lz4"},
    ),
    "pyarrow, gzip": (write_arrow, {"compression": "gzip", "row_group_size": 7}),
    "pyarrow, views": (write_arrow, {"kind": pa.string_view()}),
    "pyarrow, large": (write_arrow, {"kind": pa.large_string()}),
    "pyarrow, dictionaries": (write_arrow, {"kind": pa.dictionary(pa.int32(), pa.string())}),
    "pyarrow, brotli": (write_arrow, {"compression": "brotli"}),
    "pyarrow, delta": (
        write_arrow,
        {"use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"},
    ),
}


@pytest.mark.parametrize("kind", PARQUET)
@given(columns=logs(), options=OPTIONS)
@PROFILE
def test_parquet_as_codes(tmp_path, kind, columns, options):
    write, written = PARQUET[kind]
    write(tmp_path / "log.parquet", columns, **written)
    assert_alike(tmp_path / "log.parquet", options)


ODD_CELLS = st.sampled_from(["", '"', "x,y", "\r", "\n", "\x00", "\ufeff", "é"])
ENDS = st.sampled_from(["\n", "\r\n", "\n\n", "\r\r\n"])


@pytest.mark.slow
@given(
    columns=logs(),
    options=OPTIONS,
    ends=st.lists(ENDS, min_size=1, max_size=3),
    odd=st.lists(st.tuples(st.integers(0, 39), ODD_CELLS), max_size=1),
    bom=st.booleans(),
    cut=st.booleans(),
)
@settings(PROFILE, max_examples=300)
def test_delimited_text_as_codes(tmp_path, columns, options, ends, odd, bom, cut):
    lines = [",".join(columns)]
    lines += [",".join(cell or "" for cell in row) for row in zip(*columns.values(), strict=True)]
    for row, cell in odd:
        lines[row % len(lines)] += cell
    text = "".join(line + ends[i % len(ends)] for i, line in enumerate(lines))
    data = ("\ufeff" if bom else "").encode() + (text.rstrip("\r\n") if cut else text).encode()
    (tmp_path / "log.csv").write_bytes(data)
    assert_alike(tmp_path / "log.csv", options)
    (tmp_path / "latin.csv").write_bytes(data.replace("é".encode(), b"\xe9"))
    assert_alike([tmp_path / "log.csv", tmp_path / "latin.csv"], options)


@given(columns=logs(), options=OPTIONS)
@PROFILE
def test_frames_and_tuples_as_codes(columns, options):
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    assert_alike(frame, options)
    assert_alike(frame.cast(dict.fromkeys(columns, pl.Categorical)), options)
    columns.pop("count", None)
    rows = list(zip(*columns.values(), strict=True))
    assert_alike(rows, options)
    assert_alike([*rows, rows[0][:1]], options)


@pytest.mark.parametrize("kind", [pl.Int8, pl.UInt16, pl.Int32, pl.UInt32, pl.Int64, pl.UInt64])
@pytest.mark.parametrize("dictionary", [True, False])
def test_numbers_as_names_and_counts(tmp_path, kind, dictionary):
    frame = pl.DataFrame(
        {
            "model_a": pl.Series([7, 100, None, 7], dtype=kind),
            "model_b": pl.Series([100, 7, 7, 100], dtype=kind),
            "winner": ["a", "b", "a", "tie"],
            "count": pl.Series([1, 0, 1, 3], dtype=kind),
        }
    )
    pq.write_table(frame.to_arrow(), tmp_path / "log.parquet", use_dictionary=dictionary)
    for options in ({}, {"on_error": "skip"}):
        assert_alike(tmp_path / "log.parquet", options)
        assert_alike(frame, options)


def test_equal_rows_of_a_file_are_merged(tmp_path):
    rows = [("p", "q", "a"), ("q", "p", "tie"), ("p", "r", None), ("r", "q", "b")] * 50_000
    frame = pl.DataFrame(rows, ["model_a", "model_b", "winner"], orient="row")
    frame.write_csv(tmp_path / "log.csv")
    frame.write_parquet(tmp_path / "log.parquet", row_group_size=1_000)
    for path in (tmp_path / "log.csv", tmp_path / "log.parquet"):
        log = MatchLog(path)
        batches = [batch for batch, _ in log.keyed(())]
        assert sum(map(len, batches)) <= 6, "at most one row a match, a thread"
        assert sum(int(batch.count.sum()) for batch in batches) == 150_000
        assert (log.report.rated, log.report.unjudged, log.report.ties) == (150_000, 50_000, 50_000)
        assert (log.report.rows, log.report.read) == (200_000, 200_000)


def test_values_that_occur_in_no_row_are_not_names(tmp_path):
    indices = pa.array([0, 0], pa.int32())
    columns = {
        name: pa.DictionaryArray.from_arrays(indices, pa.array([value, "unused"]))
        for name, value in {"model_a": "p", "model_b": "q", "winner": "tie"}.items()
    }
    pq.write_table(pa.table(columns), tmp_path / "log.parquet")
    log = MatchLog(tmp_path / "log.parquet")
    assert [len(batch) for batch, _ in log.keyed(())] == [1]
    assert sorted(log.names) == ["p", "q"]


def test_more_names_than_a_table_has_room_for_are_counted(tmp_path):
    n = 40_000
    rows = pl.int_range(n, eager=True)
    names = "model " + rows.cast(pl.String)
    frame = pl.DataFrame(
        {
            "model_a": names,
            "model_b": names.gather((rows + 1) % n),
            "winner": pl.Series(["a", "b", "tie"]).gather(rows % 3),
        }
    )
    frame.write_csv(tmp_path / "log.csv")
    for size in (500, 3_000, n):
        frame.write_parquet(tmp_path / f"{size}.parquet", row_group_size=size)
    # The table fits at first and then becomes too small.
    pl.concat([frame.head(50)] * 100 + [frame]).write_parquet(
        tmp_path / "late.parquet", row_group_size=5_000
    )
    for path in tmp_path.iterdir():
        assert_alike(path, {})


@pytest.mark.slow
def test_many_rows_in_parts_of_all_sizes(tmp_path):
    names = pl.Series([f"model {i}" for i in range(700)])
    n = 1_100_000
    rows = pl.int_range(n, eager=True)
    frame = pl.DataFrame(
        {
            "model_a": names.gather(rows * rows % 699),
            "model_b": names.gather(rows * 7 % 699 + 1),
            "winner": pl.Series(["a", "b", "tie", "", "b"]).gather(rows % 5),
        }
    ).filter(pl.col("model_a") != pl.col("model_b"))
    # More rows than are read at once, and as a single chunk also more than are kept in memory.
    part = frame.head(600_000)
    part.write_csv(tmp_path / "log.csv")
    wide = frame.with_columns(pl.when(rows[: frame.height] % 7 > 0).then("winner").alias("winner"))
    for size, count in ((1_000, 300_000), (200_000, 600_000), (5_000_000, n)):
        wide.head(count).write_parquet(tmp_path / f"{size}.parquet", row_group_size=size)
    pq.write_table(part.to_arrow(), tmp_path / "late.parquet", dictionary_pagesize_limit=900)
    for path in tmp_path.iterdir():
        assert_alike(path, {})
    bad = io.BytesIO((tmp_path / "log.csv").read_bytes() + b"p,q,neither\n")
    (tmp_path / "log.csv").write_bytes(bad.getvalue())
    assert_alike(tmp_path / "log.csv", {})
    assert_alike(tmp_path / "log.csv", {"on_error": "skip"})
