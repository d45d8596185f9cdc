"""Reads damaged files, with this project and without it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

WORDS = {
    **dict.fromkeys(("model_a", "a", "left", "player_a", "model_1", "x", "model_x"), "model_a"),
    **dict.fromkeys(("model_b", "b", "right", "player_b", "model_2", "y", "model_y"), "model_b"),
    **dict.fromkeys(("tie", "draw", "tie (bothbad)", "both_bad", "bothbad", "both bad"), "tie"),
}
"""The outcomes of the words of a winner column."""
UNJUDGED = ("", "nan", "null", "none", "na", "n/a", "error", "skip", "skipped")
FIELDS = ("model_a", "model_b", "winner", "question_id", "judge")
CELL = ("judge", "model_a", "model_b", "outcome", "score", "weight", "count")
ROW = ("model", "rank", "rating", "matches")

Answer = tuple[str, object]


def ours(kind: str, path: Path) -> Answer:
    """Reads a file with this project."""
    from humorrank.errors import InputError  # noqa: PLC0415 - the other child must not import it

    warnings.simplefilter("ignore")
    read = {"tally": _our_tally, "board": _our_board}.get(kind, _our_log)
    try:
        return "read", read(path)
    except InputError as error:
        return "refused", str(error)
    except BaseException as error:
        return "crashed", f"{type(error).__name__}: {error}"


def theirs(kind: str, path: Path) -> Answer:
    """Reads a file without code of this project."""
    try:
        return "read", _THEIRS[kind](path)
    except BaseException as error:
        return "refused", f"{type(error).__name__}: {error}"


def _our_log(path: Path) -> list[list[str | None]]:
    from humorrank.matches.log import MatchLog  # noqa: PLC0415

    log = MatchLog(path)
    frame = log.to_polars()
    names = [name for name in FIELDS if name in frame.columns]
    rows = [dict(zip(names, row, strict=True)) for row in frame.select(names).iter_rows()]
    found = Counter((row["model_a"], row["model_b"], row["winner"]) for row in rows)
    # The fast ways of reading must agree with the general one.
    for batches in (log.batches(), (matches for matches, _ in log.keyed(()))):
        coded: Counter = Counter()
        for matches in batches:
            texts = log.names
            counts = [1] * len(matches) if matches.count is None else matches.count.tolist()
            for first, second, outcome, count in zip(
                matches.first, matches.second, matches.outcome, counts, strict=True
            ):
                word = ("model_a", "model_b", "tie", "tie")[outcome]
                coded[texts[first], texts[second], word] += count
        if coded != found:
            raise AssertionError(f"codes give {coded}, values {found}")
    return [[_text(row.get(name)) for name in FIELDS] for row in rows]


def _our_tally(path: Path) -> list[list[Any]]:
    from humorrank import Tally  # noqa: PLC0415

    return sorted(list(row) for row in Tally.read(path).to_polars().select(CELL).iter_rows())


def _our_board(path: Path) -> list[list[Any]]:
    from humorrank import Leaderboard  # noqa: PLC0415

    rows = json.loads(Leaderboard.from_json(path).to_json())["leaderboard"]
    return [[row[name] for name in ROW] for row in rows]


def _matches(rows: list[dict[str, Any]]) -> list[list[str | None]]:
    """Returns the judged rows of a log, which must have all fields of a match."""
    out = []
    for row in rows:
        said = _text(row.get("winner"))
        if said is None or said.strip().lower() in UNJUDGED:
            continue
        out.append(
            [
                _text(row["model_a"]),
                _text(row["model_b"]),
                WORDS[said.strip().lower()],
                _text(row.get("question_id")),
                _text(row.get("judge")),
            ]
        )
    return out


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else str(value)
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _delimited(data: bytes, delimiter: str) -> dict[str, Any]:
    """Returns what Python and polars read."""
    import polars as pl  # noqa: PLC0415

    def by_python() -> list[dict[str, Any]]:
        text = io.StringIO(data.decode("utf-8-sig"), newline="")
        table = [row for row in csv.reader(text, delimiter=delimiter) if row]
        return [dict(zip(table[0], row, strict=True)) for row in table[1:]]

    def by_polars() -> list[dict[str, Any]]:
        frame = pl.read_csv(io.BytesIO(data), separator=delimiter, infer_schema=False)
        return frame.to_dicts()

    either, failed = [], []

    def by_lines() -> list[dict[str, Any]]:
        # In TSV, a quote may be part of the text (docs/guides/formats.md).
        lines = [line for line in data.decode("utf-8-sig").splitlines() if line]
        table = [line.split(delimiter) for line in lines]
        return [dict(zip(table[0], row, strict=True)) for row in table[1:]]

    def by_pairs() -> list[dict[str, Any]]:
        # Two columns without a header are the winner and the loser.
        text = io.StringIO(data.decode("utf-8-sig"), newline="")
        pairs = [(first, second) for first, second in csv.reader(text, delimiter=delimiter)]
        return [{"model_a": a, "model_b": b, "winner": "model_a"} for a, b in pairs]

    for read in (by_python, by_polars, by_pairs, *([by_lines] if delimiter == "\t" else [])):
        try:
            either.append(_matches(read()))
        except BaseException as error:
            failed.append(f"{type(error).__name__}: {error}")
    if not either:
        raise ValueError("; ".join(failed))
    return {"either": either}


def _lines(data: bytes) -> list[list[str | None]]:
    return _matches([json.loads(line) for line in data.decode().split("\n") if line.strip()])


def _unpacked(path: Path) -> bytes:
    import pyarrow as pa  # noqa: PLC0415

    with pa.input_stream(path, compression="zstd") as stream:
        return stream.read()


def _table(kind: str, path: Path) -> list[dict[str, Any]]:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    if kind == "parquet":
        table = pq.ParquetFile(path).read()
    elif kind == "arrow":
        table = pa.ipc.open_file(pa.OSFile(str(path))).read_all()
    else:
        table = pa.ipc.open_stream(pa.OSFile(str(path))).read_all()
    wanted = [name for name in table.column_names if name in (*FIELDS, *CELL)]
    table = table.select(wanted)
    table.validate(full=True)
    return table.to_pylist()


def _board(path: Path) -> list[list[Any]]:
    rows = json.loads(path.read_text("utf-8"))["leaderboard"]
    return [[row[name] for name in ROW] for row in rows]


_THEIRS: dict[str, Callable[[Path], object]] = {
    "csv": lambda path: _delimited(path.read_bytes(), ","),
    "tsv": lambda path: _delimited(path.read_bytes(), "\t"),
    "csv.gz": lambda path: _delimited(gzip.decompress(path.read_bytes()), ","),
    "jsonl": lambda path: _lines(path.read_bytes()),
    "jsonl.zst": lambda path: _lines(_unpacked(path)),
    "json": lambda path: _matches(json.loads(path.read_bytes().decode())),
    "parquet": lambda path: _matches(_table("parquet", path)),
    "arrow": lambda path: _matches(_table("arrow", path)),
    "arrow-stream": lambda path: _matches(_table("arrow-stream", path)),
    "tally": lambda path: sorted([row[name] for name in CELL] for row in _table("parquet", path)),
    "board": _board,
}
