"""Intervals, measured per replicate."""

from __future__ import annotations

import polars as pl

import humorrank
from bench.speed.peers import evalica_bootstrap
from bench.speed.racing import Peer, Race

REPLICATES = 1000


def bootstrap(log: pl.DataFrame | humorrank.Tally) -> humorrank.Leaderboard:
    """Rates string columns or a tally, with intervals."""
    return humorrank.rate(log, bootstrap=REPLICATES, elo_shuffles=0)


def test_nine(race: Race, nine: pl.DataFrame) -> None:
    """Few models and few matches."""
    race(
        "bootstrap, a replicate, 9 models, 10,800 matches",
        lambda: bootstrap(nine),
        [evalica_bootstrap(nine, 50, "evalica, percentile")],
        per=REPLICATES,
    )


def test_hundred(race: Race, hundred_short: pl.DataFrame) -> None:
    """The default of evalica, BCa, requires 74.5 GiB here, so percentile intervals are used."""
    race(
        "bootstrap, a replicate, 100 models, 1e5 matches",
        lambda: bootstrap(hundred_short),
        [evalica_bootstrap(hundred_short, 10, "evalica, percentile", target=500)],
        per=REPLICATES,
    )


def test_a_thousand_times_the_matches(race: Race, hundred_short: pl.DataFrame) -> None:
    """The cost of a replicate hardly depends on the number of matches; the peer is ours at 1e5."""
    few = humorrank.tally(hundred_short)
    many = humorrank.tally(hundred_short.with_columns(count=1000))
    race(
        "bootstrap, a replicate, 100 models, 1e8 matches, from a tally",
        lambda: bootstrap(many),
        [Peer("at 1e5 matches", lambda: bootstrap(few), per=REPLICATES, target=1 / 1.5)],
        per=REPLICATES,
    )
