"""Brute-force reference: the smallest change of a small log that changes its winner.

    python tests/soak/brute.py [LOGS]

compares the audit with this reference on the given number of small logs. The reference does not
use humorrank. Matches are numbers, the Bradley-Terry model is fitted by Newton's method to
thousands of changed logs at once, and the ratings exist if every model reaches every other one
along wins and ties [For57].
"""

from __future__ import annotations

import sys
from collections import Counter
from itertools import combinations_with_replacement

import numpy as np

EQUAL = 1e-7
"""Log strengths closer than this count as equal."""

SCORES = {"model_a": 1.0, "tie": 0.5, "model_b": 0.0}


def small_log(random):
    """Returns a log of 3 to 5 models and up to 14 matches, with a tie rate of one fifth."""
    models = int(random.integers(3, 6))
    strength = random.normal(0, 0.5, models)
    rows = []
    for _ in range(int(random.integers(models + 1, 15))):
        a, b = random.choice(models, 2, replace=False)
        p = 1 / (1 + np.exp(strength[b] - strength[a]))
        won = "model_a" if random.random() < p else "model_b"
        rows.append((f"m{a}", f"m{b}", "tie" if random.random() < 0.2 else won))
    return rows


def cells_of(rows):
    """Returns the models, and the number of matches by (i, j, points of i), with i < j."""
    names = sorted({name for a, b, _ in rows for name in (a, b)})
    cells = Counter()
    for a, b, winner in rows:
        i, j, s = names.index(a), names.index(b), SCORES[winner]
        cells[(i, j, s) if i < j else (j, i, 1 - s)] += 1
    return names, dict(sorted(cells.items()))


def fits(models, cells, counts, flips):
    """Returns whether ratings exist, and the log strengths, for each row of counts and flips."""
    points = np.zeros((len(counts), models, models))
    for place, (i, j, s) in enumerate(cells):
        points[:, i, j] += counts[:, place] * s + flips[:, place] * (1 - s)
        points[:, j, i] += counts[:, place] * (1 - s) + flips[:, place] * s
    reach = (points > 0) | np.eye(models, dtype=bool)
    for _ in range(models):
        reach = (reach[:, :, :, None] & reach[:, None, :, :]).any(axis=2)
    exist = reach.all(axis=(1, 2))
    theta = np.zeros((len(counts), models))
    points = points[exist]
    met, won = points + points.transpose(0, 2, 1), points.sum(axis=2)
    own = theta[exist]
    for _ in range(60):
        p = 1 / (1 + np.exp(own[:, None, :] - own[:, :, None]))
        score = won - (met * p).sum(axis=2)
        weight = met * p * (1 - p)
        information = -weight
        information[:, range(models), range(models)] += weight.sum(axis=2)
        step = np.linalg.solve(information + 1 / models, score[:, :, None])[:, :, 0]
        size = np.abs(step).max(axis=1, keepdims=True)
        own = own + step * np.log1p(size) / np.maximum(size, 1e-300)
        if not len(size) or size.max() < 1e-12:
            break
    theta[exist] = own
    return exist, theta


def winner(theta):
    """Returns the sole winner; None if there is a tie for the first place."""
    order = np.argsort(-theta)
    return None if theta[order[0]] - theta[order[1]] <= EQUAL else int(order[0])


def smallest(rows, change, most):
    """Returns the fewest matches, up to `most`, whose change gives another winner, or None."""
    names, cells = cells_of(rows)
    keys, have = list(cells), np.array(list(cells.values()))
    none = np.zeros((1, len(keys)), int)
    _, theta = fits(len(names), keys, have[None, :], none)
    first = winner(theta[0])
    usable = [i for i, key in enumerate(keys) if change == "remove" or key[2] != 0.5]
    for size in range(1, min(most, len(rows)) + 1):
        vectors = set()
        for chosen in combinations_with_replacement(usable, size):
            vector = np.bincount(chosen, minlength=len(keys))
            if (vector <= have).all():
                vectors.add(tuple(vector))
        if not vectors:
            return None
        taken = np.array(sorted(vectors))
        flips = taken if change == "flip" else np.zeros_like(taken)
        exist, theta = fits(len(names), keys, have - taken, flips)
        others = np.delete(theta[exist], first, axis=1).max(axis=1, initial=-np.inf)
        if (others > theta[exist][:, first] + EQUAL).any():
            return size
    return None


def rateable(rows):
    """Returns whether ratings exist, the sole winner (None if there is a tie), and the models."""
    names, cells = cells_of(rows)
    have = np.array(list(cells.values()))[None, :]
    exist, theta = fits(len(names), list(cells), have, np.zeros_like(have))
    return bool(exist[0]), winner(theta[0]), names


def compare(logs, seed=1):
    """Compares the audit, without its own exhaustive search, with brute force."""
    from humorrank.diagnostics.fragility import audit as report  # noqa: PLC0415 - the rest does not use humorrank

    random, told = np.random.default_rng(seed), Counter()
    sets, report.MOST_SETS = report.MOST_SETS, 0
    try:
        while sum(told.values()) < logs:
            rows, change = small_log(random), ("remove", "flip")[sum(told.values()) % 2]
            exist, first, _ = rateable(rows)
            if not exist or first is None:
                continue
            found = report.audit(rows, change=change)
            if found.size is None:
                all_sets = smallest(rows, change, len(rows))
                told["none there" if all_sets is None else "missed"] += 1
                continue
            least = smallest(rows, change, found.size)
            told["equal" if least == found.size else "below" if least is None else "above"] += 1
    finally:
        report.MOST_SETS = sets
    return told


if __name__ == "__main__":
    print(dict(compare(int(sys.argv[1]) if len(sys.argv) > 1 else 500)))
