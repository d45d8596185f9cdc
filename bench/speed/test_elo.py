"""Elo, measured per match, and also per shuffle if there are shuffles."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import polars as pl

import humorrank
from bench.speed.peers import Lists, evalica_elo, same_replay
from bench.speed.racing import Peer, Race
from humorrank import _core

SHUFFLES = 10


def test_stable_elo(race: Race, hundred: pl.DataFrame) -> None:
    """All of `rate` except the bootstrap, from string columns. Evalica replays one order."""
    race(
        "Stable Elo, a match and shuffle, 100 models, 1e6 matches, from string columns",
        lambda: humorrank.rate(hundred, bootstrap=0, elo_shuffles=SHUFFLES),
        [evalica_elo(hundred, "evalica", hundred.height, target=40)],
        per=SHUFFLES * hundred.height,
    )


def test_stable_elo_from_a_tally(race: Race, hundred: pl.DataFrame) -> None:
    """The shuffles without reading the columns. Evalica still looks up its names."""
    tally = humorrank.tally(hundred)
    race(
        "Stable Elo, a match and shuffle, 100 models, 1e6 matches, from a tally",
        lambda: humorrank.rate(tally, bootstrap=0, elo_shuffles=SHUFFLES),
        [evalica_elo(Lists.of(hundred), "evalica, its lists made beforehand", hundred.height)],
        per=SHUFFLES * hundred.height,
    )


def test_stable_elo_beside_plain_replays(race: Race) -> None:
    """Ten million matches: ten random orders, compared with ten replays in the given order."""
    matches, models, threads = 10_000_000, 100, 2
    random = np.random.default_rng(1)
    first = random.integers(0, models, matches, dtype=np.uint32)
    second = (first + random.integers(1, models, matches, dtype=np.uint32)) % models
    better = 1 / (1 + np.exp((second.astype(float) - first) * 0.0288))
    outcome = (random.random(matches) > better).astype(np.uint8)
    score, weight = 1.0 - outcome, np.ones(matches)
    counts = _core.Tally(models)
    counts.add(first, second, outcome)
    field = _core.FitData(counts)

    def replay(_: int) -> None:
        elo = _core.Elo(32.0, 1000.0)
        elo.grow(models)
        elo.play(first, second, score, weight)

    def replays() -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(replay, range(SHUFFLES)))

    race(
        "Stable Elo, a match and shuffle, 100 models, 1e7 matches, from a tally, 2 threads",
        lambda: field.stable_elo(k=32.0, shuffles=SHUFFLES, seed=0, threads=threads),
        [Peer("10 plain replays of codes, 2 threads", replays, per=SHUFFLES * matches, target=0.5)],
        per=SHUFFLES * matches,
        rounds=3,
    )


def test_replay(race: Race, hundred: pl.DataFrame) -> None:
    """One replay in the order of the log, which both tools support, with the same ratings."""
    peer = evalica_elo(hundred, "evalica", hundred.height)
    race(
        "Elo, one replay in order, a match, 100 models, 1e6 matches, from string columns",
        lambda: humorrank.replay_elo(hundred),
        [replace(peer, check=lambda _, theirs: same_replay(hundred, theirs))],
        per=hundred.height,
    )
