"""Parquet and Arrow data whose bytes are not what they should be."""

import io

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from humorrank import Tally
from humorrank.errors import InputError
from humorrank.matches.log import MatchLog

WINNERS = pa.array(["model_a", "model_b", "tie"])


def parquet(column, **options):
    """Returns the bytes of an uncompressed Parquet file with the given first contestants."""
    out = io.BytesIO()
    others = pa.array(["y"] * len(column))
    table = pa.table({"model_a": column, "model_b": others, "winner": WINNERS[: len(column)]})
    pq.write_table(table, out, compression="none", **options)
    return out.getvalue()


def names(source):
    """Returns the names of the contestants shown first, as codes and as values."""
    log = MatchLog(source)
    coded = [log.names[code] for batch in log.batches() for code in batch.first]
    valued = MatchLog(source, where="1 = 1").to_polars().get_column("model_a").to_list()
    assert coded == valued
    return coded


@pytest.mark.parametrize("dictionary", [False, True])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize(
    "dtype", [pa.int8(), pa.int16(), pa.uint8(), pa.uint16(), pa.int32(), pa.uint32()], ids=str
)
def test_bits_beyond_the_width_of_an_integer_are_ignored(tmp_path, dtype, version, dictionary):
    data = parquet(
        pa.array([5, 101, 102], dtype), use_dictionary=dictionary, data_page_version=version
    )
    path = tmp_path / "log.parquet"
    stored = (5).to_bytes(4, "little") + (101).to_bytes(4, "little")
    assert data.count(stored) == 1
    for first in (0x8005, 0x80000005, 0xFFFFFF85, 0x1FF):
        path.write_bytes(data.replace(stored, first.to_bytes(4, "little") + stored[4:]))
        expected = pq.read_table(path).column("model_a").to_pylist()
        assert names(path) == [str(value) for value in expected]


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        (pa.uint64(), [2**64 - 1, 1, 2]),
        (pa.int64(), [-(2**63), 1, 2]),
        (pa.uint32(), [2**32 - 1, 1, 2]),
        (pa.int8(), [-128, 127, 0]),
        (pa.uint16(), [65535, 32768, 0]),
    ],
    ids=str,
)
@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT", None])
def test_the_ends_of_integers_in_every_encoding(tmp_path, dtype, values, encoding):
    path = tmp_path / "log.parquet"
    options = {"use_dictionary": encoding is None}
    if encoding is not None:
        options["column_encoding"] = {"model_a": encoding}
    path.write_bytes(parquet(pa.array(values, dtype), **options))
    assert names(path) == [str(value) for value in values]


def test_columns_of_types_that_are_not_supported_can_be_left_out(tmp_path):
    path = tmp_path / "log.arrow"
    table = pa.table({"model_a": ["x"], "model_b": ["y"], "winner": ["tie"]})
    odd = table.append_column("odd", pa.array([(1, 2, 3)], pa.month_day_nano_interval()))
    with pa.ipc.new_file(path, odd.schema) as writer:
        writer.write_table(odd)
    assert names(path) == ["x"]
    with pytest.raises(
        InputError, match=r"log\.arrow: cannot be read: column .odd. contains Interval"
    ):
        MatchLog(path, where="odd IS NULL").to_polars()


def bad_text():
    """Returns strings that are not UTF-8, by kind of damage."""
    offsets = np.array([0, 1, 2, 3], np.int32)
    return {
        "not UTF-8": pa.StringArray.from_buffers(3, pa.py_buffer(offsets), pa.py_buffer(b"x\xffz")),
        "offsets": pa.StringArray.from_buffers(
            3, pa.py_buffer(np.array([0, 3, 1, 3], np.int32)), pa.py_buffer(b"xyz")
        ),
        "beyond the end": pa.StringArray.from_buffers(
            3, pa.py_buffer(np.array([0, 1, 1 << 20, 3], np.int32)), pa.py_buffer(b"xyz")
        ),
        "index": pa.DictionaryArray.from_arrays(
            pa.array([0, 9, 1], pa.int32()), pa.array(["x", "z"]), safe=False
        ),
        "negative index": pa.DictionaryArray.from_arrays(
            pa.array([0, -7, 1], pa.int32()), pa.array(["x", "z"]), safe=False
        ),
    }


class Foreign:
    """Arrow data of a library that is not pyarrow."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("wrap", ["table", "batch", "columns", "foreign", "pandas"])
@pytest.mark.parametrize("damage", list(bad_text()))
def test_invalid_arrow_data_in_memory_are_refused(damage, wrap):
    bad = bad_text()[damage]
    others = {"model_b": pa.array(["p", "q", "r"]), "winner": WINNERS}
    table = pa.table({"model_a": bad, **others})
    if wrap == "pandas":
        pd = pytest.importorskip("pandas")
        source = pd.DataFrame({"winner": WINNERS.to_pylist(), "model_b": ["p", "q", "r"]})
        source["model_a"] = pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([bad])))
    else:
        source = {
            "table": table,
            "batch": table.to_batches()[0],
            "columns": {"model_a": bad, **others},
            "foreign": Foreign(table),
        }[wrap]
    with pytest.raises(InputError):
        MatchLog(source).to_polars()
    with pytest.raises(InputError):
        list(MatchLog(source).batches())


@pytest.mark.parametrize(
    "source",
    [
        [("x", "y", "tie"), ("x\ud800", "y", "tie")],
        [{"model_a": "x", "model_b": "y", "winner": "tie"}] * 1
        + [{"model_a": "x\ud800", "model_b": "y", "winner": "tie"}],
        {"model_a": ["x", "x\ud800"], "model_b": ["y", "y"], "winner": ["tie", "tie"]},
    ],
    ids=["tuples", "dictionaries", "columns"],
)
def test_half_of_a_surrogate_pair_is_refused_with_its_row(source):
    with pytest.raises(InputError, match=r"row 2, column 'model_a': is not Unicode text"):
        list(MatchLog(source).batches())


def test_half_of_a_surrogate_pair_in_pandas_is_refused():
    pd = pytest.importorskip("pandas")
    rows = {"model_a": ["x", "x\ud800"], "model_b": ["y", "y"], "winner": ["tie", "tie"]}
    with pytest.raises(InputError, match=r"is not Unicode text"):
        list(
            MatchLog(
                pd.DataFrame({k: pd.Series(v, dtype=object) for k, v in rows.items()})
            ).batches()
        )


def test_a_damaged_file_is_named_in_one_line(tmp_path, read):
    path = tmp_path / "log.parquet"
    data = parquet(pa.array(["x", "z", "w"]))
    for content, reason in [
        (data[:-100] + data[-8:], "Parquet error|metadata"),
        (data[:-1], "does not end as a Parquet file does"),
        (data[:4] + data[-8:], "the metadata is longer than the file"),
    ]:
        path.write_bytes(content)
        with pytest.raises(InputError, match=reason) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: cannot be read: ")
        assert "\n" not in str(caught.value)


def test_checksums_of_pages_are_verified(tmp_path):
    path = tmp_path / "log.parquet"
    data = parquet(pa.array(["x", "z", "w"]), write_page_checksum=True, use_dictionary=False)
    at = data.index(b"\x01\x00\x00\x00z")
    path.write_bytes(data[: at + 4] + b"q" + data[at + 5 :])
    with pytest.raises(InputError, match="CRC"):
        names(path)


def test_a_tally_with_damaged_pages_is_refused(tmp_path):
    path = tmp_path / "T.parquet"
    frame = pl.DataFrame({"model_a": ["x"], "model_b": ["y"], "winner": ["tie"]})
    Tally.from_log(MatchLog(frame)).write(path)
    data = bytearray(path.read_bytes())
    data[4:40] = bytes(36)
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged tally"):
        Tally.read(path)


def test_a_tally_with_too_many_matches_in_groups_is_refused(tmp_path):
    path = tmp_path / "T.parquet"
    row = {"model_a": "x", "model_b": "y", "winner": "tie"}
    frame = pl.DataFrame([{**row, "judge": "j"}, {**row, "judge": "k"}])
    Tally.from_log(MatchLog(frame), keys=["judge"]).write(path)
    metadata = pl.read_parquet_metadata(path)
    cells = pl.read_parquet(path).with_columns(count=pl.lit(2**64 - 1, pl.UInt64))
    cells.write_parquet(path, metadata=metadata)
    with pytest.raises(InputError, match="more than"):
        Tally.read(path)


def test_a_column_name_with_a_null_byte_is_refused(tmp_path, read):
    path = tmp_path / "log.arrow"
    with pa.ipc.new_file(path, pa.schema([("model_a", pa.string())])) as writer:
        writer.write_table(pa.table({"model_a": ["x"]}))
    path.write_bytes(path.read_bytes().replace(b"model_a", b"mod\0l_a"))
    with pytest.raises(InputError, match=r"log\.arrow: cannot be read: .*ull byte"):
        read(path)
