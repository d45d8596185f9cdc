"""Elo, counted by the match, and by the shuffle too where there are shuffles."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

import humorrank
from bench.peers import Lists, evalica_elo, same_replay
from bench.racing import Race

SHUFFLES = 10


def test_stable_elo(race: Race, hundred: pl.DataFrame) -> None:
    """All of `rate` but the bootstrap, from string columns; evalica plays one order."""
    race(
        "Stable Elo, a match and shuffle, 100 models, 1e6 matches, from string columns",
        lambda: humorrank.rate(hundred, bootstrap=0, elo_shuffles=SHUFFLES),
        [evalica_elo(hundred, "evalica", hundred.height, target=40)],
        per=SHUFFLES * hundred.height,
    )


def test_stable_elo_from_a_tally(race: Race, hundred: pl.DataFrame) -> None:
    """The shuffles without the reading; evalica still looks up its names."""
    tally = humorrank.tally(hundred)
    race(
        "Stable Elo, a match and shuffle, 100 models, 1e6 matches, from a tally",
        lambda: humorrank.rate(tally, bootstrap=0, elo_shuffles=SHUFFLES),
        [evalica_elo(Lists.of(hundred), "evalica, its lists made beforehand", hundred.height)],
        per=SHUFFLES * hundred.height,
    )


def test_replay(race: Race, hundred: pl.DataFrame) -> None:
    """One replay in the order of the log, which both can do, to the same ratings."""
    peer = evalica_elo(hundred, "evalica", hundred.height)
    race(
        "Elo, one replay in order, a match, 100 models, 1e6 matches, from string columns",
        lambda: humorrank.replay_elo(hundred),
        [replace(peer, check=lambda _, theirs: same_replay(hundred, theirs))],
        per=hundred.height,
    )
