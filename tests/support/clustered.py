"""Logs whose matches are clustered by prompt."""

from __future__ import annotations

import numpy as np

import humorrank


def simulated(models=6, rows=700, clusters=40, ties=0.2, seed=1):
    random = np.random.default_rng(seed)
    strength = random.normal(0, 0.8, models)
    effect = random.normal(0, 0.7, (clusters, models))
    first = random.integers(0, models, rows)
    second = (first + random.integers(1, models, rows)) % models
    cluster = random.integers(0, clusters, rows)
    gap = strength[first] + effect[cluster, first] - strength[second] - effect[cluster, second]
    chance = 1 / (1 + np.exp(-gap))
    draw = random.random(rows)
    outcome = np.where(draw < chance * (1 - ties), 0, np.where(draw < 1 - ties, 1, 2))
    return first, second, outcome, cluster


def tally_of(first, second, outcome, cluster=None):
    names = [f"m{i}" for i in range(int(max(first.max(), second.max())) + 1)]
    keys = None if cluster is None else {"prompt": (None, cluster)}
    return humorrank.Tally.from_codes(names, first, second, outcome, keys=keys)
