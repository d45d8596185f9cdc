"""Large files to a leaderboard, beside polars' streaming group-by of the same file.

    python -m bench.large.files [--folder DIR] [--rows 1e8] [--writers polars,pyarrow] [--tenfold]

Writes the files (2 bytes a row), times each work in processes of their own, in turns, prints a
table and writes build/bench-large-files.json. With --tenfold also ten times the rows, once.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from polars.io.plugins import register_io_source

import humorrank
from bench.large.fresh import Cost, fresh, middle, report

_MODELS = 100
_PART = 1 << 20
_NAMES = pl.Series([f"vendor/model-{i:03}" for i in range(_MODELS)])
_WORDS = pl.Series(["model_a", "model_b", "tie"])
_COLUMNS = ["model_a", "model_b", "winner"]


def matches(rows: int, seed: int) -> pl.DataFrame:
    """Matches of models drawn at random; one in ten is a tie."""
    random = np.random.default_rng(seed)
    strengths = np.random.default_rng(_MODELS).normal(0, 1, _MODELS)
    first = random.integers(0, _MODELS, rows)
    second = (first + random.integers(1, _MODELS, rows)) % _MODELS
    share = 0.9 / (1 + np.exp(strengths[second] - strengths[first]))
    drawn = random.random(rows)
    outcome = np.where(drawn < share, 0, np.where(drawn < 0.9, 1, 2))
    texts = [_NAMES.gather(first), _NAMES.gather(second), _WORDS.gather(outcome)]
    return pl.DataFrame(dict(zip(_COLUMNS, texts, strict=True)))


def parts(rows: int) -> Iterator[pl.DataFrame]:
    """All matches of a log, some at a time."""
    for seed, start in enumerate(range(0, rows, _PART)):
        yield matches(min(_PART, rows - start), seed)


def write(path: Path, rows: int, writer: str) -> None:
    """Writes a log as a writer does by default, with zstd where it does not by itself."""
    if writer == "csv":
        with path.open("wb") as file:
            for number, part in enumerate(parts(rows)):
                part.write_csv(file, include_header=number == 0)
    elif writer == "polars":
        scan = register_io_source(lambda *_: parts(rows), schema=dict.fromkeys(_COLUMNS, pl.String))
        scan.sink_parquet(path)
    else:
        tables = (part.to_arrow() for part in parts(rows))
        first = next(tables)
        with pq.ParquetWriter(path, first.schema, compression="zstd") as out:
            out.write_table(first)
            for table in tables:
                out.write_table(table)


def _work(path: Path, who: str, bootstrap: int, shuffles: int) -> None:
    if who == "ours":
        humorrank.rate(path, bootstrap=bootstrap, elo_shuffles=shuffles)
        return
    scan = pl.scan_csv(path) if path.suffix == ".csv" else pl.scan_parquet(path)
    scan.group_by(_COLUMNS).len().collect(engine="streaming")


def _measure(path: Path, who: str, bootstrap: int = 0, shuffles: int = 0) -> Cost:
    return fresh("bench.large.files", "--work", str(path), who, str(bootstrap), str(shuffles))


def _line(work: str, ours: Cost, peer: str, theirs: Cost, rows: int) -> dict[str, object]:
    ratio = theirs.seconds / ours.seconds
    print(
        f"{work}: {ours.seconds:.2f} s ({ours.cpu:.2f} s of processors, {ours.megabytes:.0f} MB "
        f"above the imports); {peer}: {theirs.seconds:.2f} s; {ratio:.2f}x",
        flush=True,
    )
    return {
        "work": work,
        "rows": rows,
        "ours": asdict(ours),
        "peer": peer,
        "theirs": asdict(theirs),
        "ratio": ratio,
    }


def _race(path: Path, rows: int, rounds: int, shuffles: bool) -> Iterator[dict[str, object]]:
    works = {"0 bootstraps": (0, 0), "100 bootstraps": (100, 0)}
    if shuffles:
        works["100 bootstraps, 10 Elo shuffles"] = (100, 10)
    costs: dict[str, list[Cost]] = {}
    for _ in range(rounds):
        costs.setdefault("polars", []).append(_measure(path, "polars"))
        for work, (bootstrap, elo) in works.items():
            costs.setdefault(work, []).append(_measure(path, "ours", bootstrap, elo))
    peer = middle(costs["polars"])
    for work in works:
        name = f"{path.name}, {rows:.0e} rows, {work}"
        yield _line(name, middle(costs[work]), "polars' streaming group-by", peer, rows)


def main() -> None:
    """Runs the benchmark, or one piece of its work."""
    if sys.argv[1:2] == ["--work"]:
        path, who, bootstrap, shuffles = sys.argv[2:]
        report(lambda: _work(Path(path), who, int(bootstrap), int(shuffles)))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rows", type=float, default=1e8)
    parser.add_argument("--writers", default="polars,pyarrow,csv")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tenfold", action="store_true")
    given = parser.parse_args()
    rows = int(given.rows)
    lines: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for writer in given.writers.split(","):
            path = Path(folder) / f"{writer}.{'csv' if writer == 'csv' else 'parquet'}"
            # Text takes twenty times the room.
            some = rows // 10 if writer == "csv" else rows
            write(path, some, writer)
            lines += _race(path, some, given.rounds, shuffles=writer != "csv")
            if given.tenfold and writer == "polars":
                tenth = middle([_measure(path, "ours", 1000) for _ in range(given.rounds)])
                write(path, rows * 10, writer)
                whole = _measure(path, "ours", 1000)
                name = f"{path.name}, {rows * 10:.0e} rows, 1000 bootstraps"
                lines.append(_line(name, whole, "a tenth of the rows", tenth, rows * 10))
            path.unlink()
    out = Path("build") / "bench-large-files.json"
    out.parent.mkdir(exist_ok=True)
    record = {"humorrank": humorrank.__version__, "processors": os.cpu_count(), "lines": lines}
    out.write_text(json.dumps(record, indent=2) + "\n")
    print(f"written to {out}")


if __name__ == "__main__":
    main()
