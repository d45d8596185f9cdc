"""Small logs drawn from known ratings, fast enough for thousands of them per minute."""

from __future__ import annotations

import numpy as np
import polars as pl


def drawn(ratings, matches, *, ties=0.1, seed=0):
    """Draws matches like `humorrank.simulate`; `ratings` maps names to ratings."""
    random = np.random.default_rng([seed, matches])
    names, strength = list(ratings), np.array(list(ratings.values()))
    first = random.integers(len(names), size=matches)
    second = (first + random.integers(1, len(names), size=matches)) % len(names)
    p = 1 / (1 + 10 ** ((strength[second] - strength[first]) / 400))
    tied = ties * np.minimum(p, 1 - p)
    number = random.random(matches)
    winner = np.where(number < p - tied, "model_a", np.where(number < p + tied, "tie", "model_b"))
    return pl.DataFrame(
        {
            "model_a": np.array(names)[first],
            "model_b": np.array(names)[second],
            "winner": winner,
        }
    )
