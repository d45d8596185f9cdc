"""From a file to a leaderboard. The targets, for 1e8 rows, are in `bench.speed.large.files`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import humorrank
from bench.speed.racing import Peer, Race

_FILES: dict[str, tuple[Callable[..., object], Callable[[Path], pl.LazyFrame]]] = {
    "Parquet": (pl.DataFrame.write_parquet, pl.scan_parquet),
    "CSV": (pl.DataFrame.write_csv, pl.scan_csv),
}


@pytest.mark.parametrize("replicates", [0, 100])
@pytest.mark.parametrize("kind", _FILES)
def test_file(
    race: Race, hundred: pl.DataFrame, tmp_path: Path, kind: str, replicates: int
) -> None:
    """Compared with the least that polars can do with the same columns: count equal rows."""
    write, scan = _FILES[kind]
    path = tmp_path / f"matches.{kind.lower()}"
    write(hundred, path)

    def count() -> pl.DataFrame:
        cells = scan(path).group_by("model_a", "model_b", "winner").len()
        return cells.collect(engine="streaming")

    def check(board: humorrank.Leaderboard, cells: pl.DataFrame) -> None:
        assert cells["len"].sum() == hundred.height, "not every row was counted"
        memory = humorrank.rate(hundred, bootstrap=0, elo_shuffles=0)
        assert board.to_polars()["rating"].equals(memory.to_polars()["rating"]), "other ratings"

    race(
        f"{kind} of 1e6 rows to a leaderboard, {replicates} bootstraps",
        lambda: humorrank.rate(path, bootstrap=replicates, elo_shuffles=0),
        [Peer("polars, streaming group-by alone", count, check)],
        rounds=15,
    )
