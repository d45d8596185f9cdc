"""Logs of judges with known biases, for the tests of methods that detect them."""

from __future__ import annotations

import numpy as np
import polars as pl

from humorrank.rating.model.matches import MatchArrays


def log(
    ratings,
    judgments,
    *,
    bias=0.0,
    ties=0.0,
    slope=0.0,
    prompts=100,
    judge="judge",
    both=False,
    seed=0,
):
    """Returns a log with a bias for the first joke, and one of `slope` per doubling of length."""
    random = np.random.default_rng(seed)
    n = len(ratings)
    asked = judgments // 2 if both else judgments
    first = random.integers(n, size=asked)
    second = (first + random.integers(1, n, size=asked)) % n
    prompt = random.integers(prompts, size=asked)
    if both:
        first, second = np.concatenate([first, second]), np.concatenate([second, first])
        prompt = np.concatenate([prompt, prompt])
    lengths = random.integers(20, 300, size=(prompts, n))
    length_a, length_b = lengths[prompt, first], lengths[prompt, second]
    strength = np.array(ratings, float)
    gap = strength[first] - strength[second] + bias + slope * np.log2(length_a / length_b)
    p = 1 / (1 + 10 ** (-gap / 400))
    tied = ties * np.minimum(p, 1 - p)
    drawn = random.random(len(first))
    winner = np.where(drawn < p - tied, "model_a", np.where(drawn < p + tied, "tie", "model_b"))
    return pl.DataFrame(
        {
            "model_a": [f"m{i}" for i in first],
            "model_b": [f"m{i}" for i in second],
            "winner": winner,
            "question_id": [f"p{i}" for i in prompt],
            "judge": judge,
            "joke_a": ["x" * i for i in length_a.tolist()],
            "joke_b": ["x" * i for i in length_b.tolist()],
        }
    )


def matches(first, second, score, *, contestants=None, cluster=None, count=None, weight=None):
    """Returns matches between contestants that are given as codes."""
    first, second = np.asarray(first, np.int64), np.asarray(second, np.int64)
    n = contestants or int(max(first.max(), second.max())) + 1
    ones = np.ones(len(first))
    return MatchArrays(
        tuple(f"m{i}" for i in range(n)),
        first,
        second,
        ones if count is None else np.asarray(count, float),
        ones if weight is None else np.asarray(weight, float),
        np.asarray(score, float),
        None if cluster is None else np.asarray(cluster, np.int64),
    )
