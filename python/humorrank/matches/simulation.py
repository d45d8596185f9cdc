"""Simulated match logs of any size from known ratings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from humorrank._util.checks import whole
from humorrank.errors import OptionError
from humorrank.matches.outcomes import OUTCOMES

BLOCK = 1 << 20
"""The number of matches that share a random stream, which is keyed by the seed and the block."""

_WINNERS = OUTCOMES[:3]


def simulate(
    ratings: Mapping[str, float], matches: int, ties: float = 0.1, seed: int = 0
) -> pl.DataFrame:
    """Draws a match log from the Bradley-Terry model [BT52].

    Every match is between two contestants drawn at random, shown in random order. Let p and q be
    their win probabilities. The match is a tie with probability 2t x min(p, q), a win of the first
    with probability p - t x min(p, q), and a win of the second with probability q - t x min(p, q).
    The expected score is therefore still p, and ties that count half do not change the ratings.

    Args:
        ratings: Rating of each contestant in points, by name.
        matches: Number of rows.
        ties: Tie rate t between equally strong contestants, from 0 to 1.
        seed: Random seed. The same seed gives the same log, and a longer log starts with the same
            rows.

    Returns:
        A frame with the columns model_a, model_b, winner (model_a, model_b or tie).

    Raises:
        OptionError: If there are fewer than two contestants, or a value is out of range.
    """
    return pl.concat(list(simulate_blocks(ratings, matches, ties, seed)))


def simulate_blocks(
    ratings: Mapping[str, float], matches: int, ties: float = 0.1, seed: int = 0
) -> Iterator[pl.DataFrame]:
    """Yields the log of `simulate` in blocks of at most 2^20 rows, for logs larger than memory."""
    if len(ratings) < 2:
        raise OptionError(f"a match needs two contestants, and ratings has {len(ratings)}")
    if not 0 <= ties <= 1:
        raise OptionError(f"ties must lie between 0 and 1, not {ties!r}")
    matches, seed = whole("matches", matches), whole("seed", seed)
    strengths = np.array(list(ratings.values()), np.float64) * (math.log(10) / 400)
    if not np.isfinite(strengths).all():
        raise OptionError("every rating must be a finite number")
    names = pl.Series("names", list(ratings), dtype=pl.String)
    winners = pl.Series("winners", _WINNERS, dtype=pl.String)
    for block in range(max(1, -(-matches // BLOCK))):
        rows = min(BLOCK, matches - block * BLOCK)
        first, second, winner = _block(strengths, ties, seed, block)
        yield pl.DataFrame(
            {
                "model_a": names.gather(first[:rows]),
                "model_b": names.gather(second[:rows]),
                "winner": winners.gather(winner[:rows]),
            }
        )


def _block(
    strengths: np.ndarray, ties: float, seed: int, block: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, block])))
    first = random.integers(len(strengths), size=BLOCK, dtype=np.uint32)
    second = random.integers(len(strengths) - 1, size=BLOCK, dtype=np.uint32)
    second += second >= first
    p = 1 / (1 + np.exp(strengths[second] - strengths[first]))
    tied = ties * np.minimum(p, 1 - p)
    draw = random.random(BLOCK)
    won = draw < p - tied
    winner = np.where(won, 0, np.where(draw < p + tied, 2, 1)).astype(np.uint8)
    return first, second, winner
