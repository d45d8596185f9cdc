"""From a file to a leaderboard."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import humorrank
from bench.racing import Peer, Race


@pytest.mark.parametrize(("replicates", "target"), [(0, None), (100, 5)])
def test_parquet(
    race: Race, hundred: pl.DataFrame, tmp_path: Path, replicates: int, target: float | None
) -> None:
    """Beside the least that polars can do with the same columns: count what they hold."""
    path = tmp_path / "matches.parquet"
    hundred.write_parquet(path)

    def count() -> pl.DataFrame:
        cells = pl.scan_parquet(path).group_by("model_a", "model_b", "winner").len()
        return cells.collect(engine="streaming")

    def check(board: humorrank.Leaderboard, cells: pl.DataFrame) -> None:
        assert cells["len"].sum() == hundred.height, "not every row was counted"
        memory = humorrank.rate(hundred, bootstrap=0, elo_shuffles=0)
        assert board.to_polars()["rating"].equals(memory.to_polars()["rating"]), "other ratings"

    race(
        f"Parquet of 1e6 rows to a leaderboard, {replicates} bootstraps",
        lambda: humorrank.rate(path, bootstrap=replicates, elo_shuffles=0),
        [Peer("polars, streaming group-by alone", count, check, target=target)],
        rounds=15,
    )
