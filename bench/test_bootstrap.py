"""Intervals, counted by the replicate."""

from __future__ import annotations

import polars as pl

import humorrank
from bench.peers import evalica_bootstrap
from bench.racing import Race

REPLICATES = 1000


def bootstrap(log: pl.DataFrame) -> humorrank.Leaderboard:
    """The whole way from string columns to intervals."""
    return humorrank.rate(log, bootstrap=REPLICATES, elo_shuffles=0)


def test_nine(race: Race, nine: pl.DataFrame) -> None:
    """A small field."""
    race(
        "bootstrap, a replicate, 9 models, 10,800 matches",
        lambda: bootstrap(nine),
        [evalica_bootstrap(nine, 50, "evalica, percentile")],
        per=REPLICATES,
    )


def test_hundred(race: Race, hundred_short: pl.DataFrame) -> None:
    """Evalica's default, BCa, asks for 74.5 GiB here, so its percentile interval runs."""
    race(
        "bootstrap, a replicate, 100 models, 1e5 matches",
        lambda: bootstrap(hundred_short),
        [evalica_bootstrap(hundred_short, 10, "evalica, percentile", target=500)],
        per=REPLICATES,
    )
