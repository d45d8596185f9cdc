"""From large files to a leaderboard, compared with polars' streaming group-by of the same file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from polars.io.plugins import register_io_source

import humorrank
from bench.speed.large.fresh import Cost, fresh, memory, middle, ratio, report
from bench.speed.racing import Line

_MODELS = 100
_ROUNDS = 3
_PART = 1 << 20
_NAMES = pl.Series([f"vendor/model-{i:03}" for i in range(_MODELS)])
_WORDS = pl.Series(["model_a", "model_b", "tie"])
_COLUMNS = ["model_a", "model_b", "winner"]


def matches(rows: int, seed: int) -> pl.DataFrame:
    """Returns matches of randomly drawn models; one in ten is a tie."""
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
    """Yields all matches of a log in parts."""
    for seed, start in enumerate(range(0, rows, _PART)):
        yield matches(min(_PART, rows - start), seed)


def write(path: Path, rows: int, writer: str) -> None:
    """Writes a log with the defaults of the writer, but Parquet always with zstd."""
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
    return fresh("bench.speed.large.files", str(path), who, str(bootstrap), str(shuffles))


def _race(path: Path, rows: int, rounds: int, least: dict[str, float]) -> Iterator[Line]:
    """Measures the way from a file to a leaderboard, compared with polars.

    Args:
        path: The file.
        rows: The number of its rows.
        rounds: The number of measurements of each, in turns.
        least: The target for the ratio of polars' time to ours, for each work that has one.
    """
    works = {"0 bootstraps": (0, 0), "100 bootstraps": (100, 0)}
    if path.suffix != ".csv":
        works["100 bootstraps, 10 Elo shuffles"] = (100, 10)
    costs: dict[str, list[Cost]] = {}
    for _ in range(rounds):
        costs.setdefault("polars", []).append(_measure(path, "polars"))
        for work, (bootstrap, elo) in works.items():
            costs.setdefault(work, []).append(_measure(path, "ours", bootstrap, elo))
    peer = middle(costs["polars"])
    for work, (_, elo) in works.items():
        name, ours = f"{path.name}, {rows:.0e} rows, {work}", middle(costs[work])
        yield ratio(name, ours, "polars, streaming group-by alone", peer, least.get(work), rounds)
        if elo:
            without = middle(costs["100 bootstraps"])
            yield ratio(name, ours, "without the shuffles", without, 1 / 20, rounds)
        if path.suffix != ".csv":
            yield memory(name, ours, 1e9 if elo else 300e6, rounds)


def lines(folder: Path, scale: float) -> Iterator[Line]:
    """Yields the lines of this module (see `bench.speed.large`)."""
    for writer, count in (("polars", 1e8), ("pyarrow", 1e8), ("csv", 1e7)):
        path = folder / f"{writer}.{'csv' if writer == 'csv' else 'parquet'}"
        rows = int(count * scale)
        write(path, rows, writer)
        least = {"0 bootstraps": 2.0} if writer == "csv" else {"100 bootstraps": 5.0}
        yield from _race(path, rows, _ROUNDS, least)
        if writer == "polars":
            tenth = middle([_measure(path, "ours", 1000) for _ in range(_ROUNDS)])
            write(path, rows * 10, writer)
            whole = _measure(path, "ours", 1000)
            name = f"{path.name}, {rows * 10:.0e} rows, 1,000 bootstraps"
            ten = replace(tenth, seconds=10 * tenth.seconds)
            yield ratio(name, whole, "ten times a tenth of the rows", ten, 1 / 1.2, 1)
            yield memory(name, whole, 300e6, 1)
        path.unlink()


if __name__ == "__main__":
    path_, who_, bootstrap_, shuffles_ = sys.argv[1:]
    report(lambda: _work(Path(path_), who_, int(bootstrap_), int(shuffles_)))
