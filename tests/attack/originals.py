"""Undamaged files of every format that is read."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

FORMATS = {
    "csv": "csv",
    "tsv": "tsv",
    "jsonl": "jsonl",
    "json": "json",
    "csv.gz": "csv.gz",
    "jsonl.zst": "jsonl.zst",
    "parquet": "parquet",
    "arrow": "arrow",
    "arrow-stream": "arrows",
    "tally": "tally.parquet",
    "board": "board.json",
}
"""The extension of each format."""

NAMES = ["pun", "irony", "dad joke", "Käse", "漢字", "a, b", 'the "wit"', "satire-v2", "x" * 40]
COMPRESSIONS = ["none", "snappy", "zstd", "gzip", "lz4", "brotli"]


def _rows(variant: int, small: bool) -> list[dict[str, Any]]:
    dice = random.Random(variant)
    names = NAMES[: 3 if small else 4 + variant]
    rows = []
    for number in range(5 if small else 20 + 30 * variant):
        first, second = dice.sample(names, 2)
        winner = dice.choice(["model_a", "model_b", "tie", None if variant % 2 else "tie"])
        rows.append(
            {
                "model_a": first,
                "model_b": second,
                "winner": winner,
                "question_id": None if dice.random() < 0.1 else 1000 * number,
                "judge": dice.choice(["anna", "ben"]),
            }
        )
    # At least one match of everybody, so that each has a rating.
    for first, second in zip(names, names[1:] + names[:1], strict=True):
        row = {"model_a": first, "model_b": second, "winner": "model_a"}
        rows.append({**row, "question_id": 7, "judge": "anna"})
    return rows


@cache
def original(kind: str, variant: int, *, small: bool = False) -> bytes:
    """Returns the bytes of a file, whose rows and form depend on the variant (0 to 7)."""
    rows = _rows(variant, small)
    if kind in ("csv", "tsv", "csv.gz"):
        text = _delimited(rows, "\t" if kind == "tsv" else ",", variant)
        return gzip.compress(text, mtime=0) if kind == "csv.gz" else text
    if kind in ("jsonl", "jsonl.zst", "json"):
        text = _objects(rows, kind, variant)
        return _compressed(text) if kind == "jsonl.zst" else text
    table = pa.Table.from_pylist(rows)
    if variant in (2, 5):
        names = table.column("judge").dictionary_encode()
        table = table.set_column(table.schema.get_field_index("judge"), "judge", names)
    if kind == "parquet":
        return _parquet(table, variant, small)
    if kind in ("arrow", "arrow-stream"):
        return _arrow(table, kind, variant)
    return _own(rows, kind)


def _delimited(rows: list[dict[str, Any]], delimiter: str, variant: int) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(
        out,
        list(rows[0]),
        delimiter=delimiter,
        quoting=csv.QUOTE_ALL if variant == 3 else csv.QUOTE_MINIMAL,
        lineterminator="\r\n" if variant == 4 else "\n",
    )
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig" if variant == 6 else "utf-8")


def _objects(rows: list[dict[str, Any]], kind: str, variant: int) -> bytes:
    plain = variant % 3 == 0
    lines = [json.dumps(row, ensure_ascii=plain) for row in rows]
    if kind == "json":
        return ("[" + (",\n " if variant % 2 else ",").join(lines) + "]").encode()
    return ("\n".join(lines) + "\n").encode()


def _compressed(data: bytes) -> bytes:
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as stream:
        stream.write(data)
    return out.getvalue().to_pybytes()


def _parquet(table: pa.Table, variant: int, small: bool) -> bytes:
    out = io.BytesIO()
    compression = COMPRESSIONS[variant % len(COMPRESSIONS)]
    if variant in (1, 7):
        names = {"none": "uncompressed"}
        pl.from_arrow(table).write_parquet(out, compression=names.get(compression, compression))
        return out.getvalue()
    encodings = {"model_a": "DELTA_BYTE_ARRAY", "model_b": "DELTA_LENGTH_BYTE_ARRAY"}
    encodings |= {"question_id": "DELTA_BINARY_PACKED"}
    pq.write_table(
        table,
        out,
        compression=compression,
        use_dictionary=variant not in (3, 4),
        column_encoding=encodings if variant == 4 else None,
        data_page_version="2.0" if variant % 2 or variant == 4 else "1.0",
        row_group_size=None if small else 37,
        data_page_size=200 if variant == 2 else None,
        write_page_checksum=variant == 6,
        store_schema=variant != 3,
    )
    return out.getvalue()


def _arrow(table: pa.Table, kind: str, variant: int) -> bytes:
    out = io.BytesIO()
    if variant in (1, 7):
        frame = pl.from_arrow(table)
        write = frame.write_ipc if kind == "arrow" else frame.write_ipc_stream
        write(out, compression="zstd" if variant == 1 else "uncompressed")
        return out.getvalue()
    options = pa.ipc.IpcWriteOptions(compression=[None, "lz4", "zstd"][variant % 3])
    new = pa.ipc.new_file if kind == "arrow" else pa.ipc.new_stream
    with new(out, table.schema, options=options) as writer:
        writer.write_table(table, 1000 if variant == 3 else 40)
    return out.getvalue()


def _own(rows: list[dict[str, Any]], kind: str) -> bytes:
    import humorrank  # noqa: PLC0415 - only these formats are our own

    frame = pl.DataFrame(rows)
    if kind == "board":
        return humorrank.rate(frame, bootstrap=40, seed=1).to_json().encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tally.parquet"
        humorrank.tally(frame, keys=["judge"]).write(path)
        return path.read_bytes()


def main() -> None:
    """Writes the files that the compiled readers read into the folder given as an argument."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("csv", "tsv", "parquet", "arrow", "arrow-stream"):
        for variant in range(8):
            for small in (True, False):
                name = f"{variant}-{'small' if small else 'large'}.{FORMATS[kind]}"
                (folder / name).write_bytes(original(kind, variant, small=small))


if __name__ == "__main__":
    main()
