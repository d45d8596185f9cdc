"""Every kind of interval, from integer codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import humorrank
from bench.speed.racing import Limit, Race

MODELS, MATCHES, CLUSTERS = 100, 1_000_000, 10_000
WAYS: dict[str, dict[str, Any]] = {
    "percentile": {"bootstrap": 100},
    "basic": {"interval": "basic", "bootstrap": 100},
    "bca, 1,000 replicates": {"interval": "bca", "bootstrap": 1_000},
    "wald": {"interval": "wald"},
    "sandwich": {"interval": "sandwich"},
    "a simultaneous band": {"interval": "sandwich", "simultaneous": True},
    "Davidson's ties": {"ties": "davidson"},
    "a first-position parameter": {"first_position": True},
}


@pytest.fixture(scope="module")
def codes() -> tuple[np.ndarray, ...]:
    """Codes of 1e6 matches among 100 models, 10 % of them ties, and their prompts."""
    random = np.random.default_rng(11)
    strength = random.normal(0, 150, MODELS)
    first = random.integers(0, MODELS, MATCHES, dtype=np.uint32)
    second = (first + random.integers(1, MODELS, MATCHES, dtype=np.uint32)) % MODELS
    expected = 1 / (1 + 10 ** ((strength[second] - strength[first]) / 400))
    outcome = (random.random(MATCHES) > expected).astype(np.uint8)
    outcome[random.random(MATCHES) < 0.1] = 2
    return first, second, outcome, random.integers(0, CLUSTERS, MATCHES, dtype=np.uint32)


@pytest.mark.parametrize("way", WAYS)
def test_intervals(race: Race, codes: tuple[np.ndarray, ...], way: str) -> None:
    """Rates the codes and returns a board with intervals."""
    first, second, outcome, _ = codes

    def ours() -> humorrank.Leaderboard:
        tally = humorrank.Tally.from_codes(None, first, second, outcome)
        return humorrank.rate(tally, elo_shuffles=0, **WAYS[way])

    work = f"intervals, {way}, 100 models, 1e6 matches, from codes"
    race(work, ours, [], rounds=5, limit=Limit(1.0))


@pytest.mark.parametrize(
    ("way", "options", "limit"),
    [
        ("sandwich", {"interval": "sandwich"}, 1.0),
        ("1,000 replicates", {"bootstrap": 1_000}, 10.0),
    ],
)
def test_clustered(
    race: Race, codes: tuple[np.ndarray, ...], way: str, options: dict[str, Any], limit: float
) -> None:
    """The same intervals, clustered by 1e4 prompts."""
    first, second, outcome, prompt = codes

    def ours() -> humorrank.Leaderboard:
        keys = {"prompt": (None, prompt)}
        tally = humorrank.Tally.from_codes(None, first, second, outcome, keys=keys)
        return humorrank.rate(tally, elo_shuffles=0, cluster="prompt", **options)

    work = f"{way} over 1e4 prompts, 100 models, 1e6 matches, from codes"
    race(work, ours, [], rounds=3, limit=Limit(limit))


def test_ranks(race: Race, codes: tuple[np.ndarray, ...]) -> None:
    """Rank intervals, probabilities of being best, and groups of an existing board."""
    first, second, outcome, _ = codes
    tally = humorrank.Tally.from_codes(None, first, second, outcome)
    board = humorrank.rate(tally, elo_shuffles=0, bootstrap=1_000)
    race("ranks of 100 models from 1,000 replicates", board.ranks, [], rounds=5, limit=Limit(1.0))
