"""Independent reference implementations for the tests: simple, slow, and without humorrank."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

POINTS = 400 / math.log(10)
"""The number of rating points per natural-log unit of strength."""

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
TABLE_1 = ROOT / "examples" / "table1.csv"

WINNERS = np.array(["model_a", "model_b", "tie"])


def shared(path: str) -> Path:
    """Returns a file in `shared`, a folder next to the repository, or skips the test without it."""
    file = SHARED / path
    if not file.exists():
        pytest.skip(f"needs {path} in a folder named shared beside the repository")
    return file


def example(name: str) -> ModuleType:
    """Imports a script of examples/ as a module."""
    spec = importlib.util.spec_from_file_location(
        f"example_{name}", ROOT / "examples" / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Logs ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Log:
    """Matches between contestants numbered from 0, as arrays; each row stands for `count` matches.

    `score` is the score of the first contestant: 1, 0, 0.5, or a share.
    """

    contestants: int
    first: np.ndarray
    second: np.ndarray
    score: np.ndarray
    count: np.ndarray
    weight: np.ndarray

    @property
    def names(self) -> np.ndarray:
        """The names, which sort in the order of the numbers."""
        return np.array([f"m{i:04}" for i in range(self.contestants)])

    def points(self) -> np.ndarray:
        """Returns the points of each row against each column: wins and half the ties."""
        points = np.zeros((self.contestants, self.contestants))
        times = self.count * self.weight
        np.add.at(points, (self.first, self.second), times * self.score)
        np.add.at(points, (self.second, self.first), times * (1 - self.score))
        return points

    def frame(self) -> pl.DataFrame:
        """Returns the log as a table, with winner words if every score is 0, 0.5 or 1."""
        frame = pl.DataFrame(
            {
                "model_a": self.names[self.first],
                "model_b": self.names[self.second],
                "count": self.count,
                "weight": self.weight,
            }
        )
        if np.isin(self.score, (0, 0.5, 1)).all():
            words = WINNERS[np.select([self.score == 1, self.score == 0], [0, 1], 2)]
            return frame.with_columns(winner=pl.Series(words))
        return frame.with_columns(score=pl.Series(self.score))

    def take(self, rows: np.ndarray) -> Log:
        """Returns a log of the given rows."""
        return Log(
            self.contestants,
            self.first[rows],
            self.second[rows],
            self.score[rows],
            self.count[rows],
            self.weight[rows],
        )


def log_of(
    contestants: int,
    rows: Sequence[tuple[int, int, float]],
    count: Sequence[int] | None = None,
    weight: Sequence[float] | None = None,
) -> Log:
    """Returns a log of rows (first, second, score of the first)."""
    first, second, score = (np.array(column) for column in zip(*rows, strict=True))
    return Log(
        contestants,
        first,
        second,
        score.astype(float),
        np.ones(len(rows), np.int64) if count is None else np.array(count),
        np.ones(len(rows)) if weight is None else np.array(weight),
    )


def random_log(
    random: np.random.Generator,
    contestants: int,
    rows: int,
    *,
    spread: float = 1.0,
    ties: float = 0.0,
    largest_count: int = 1,
) -> Log:
    """Draws matches; the strengths have standard deviation `spread` in natural-log units."""
    strengths = random.normal(scale=spread, size=contestants)
    first = random.integers(contestants, size=rows)
    second = (first + 1 + random.integers(contestants - 1, size=rows)) % contestants
    won = random.random(rows) < expit(strengths[first] - strengths[second])
    score = np.where(random.random(rows) < ties, 0.5, won.astype(float))
    count = np.rint(np.exp(random.uniform(0, math.log(largest_count + 0.5), rows)))
    return Log(contestants, first, second, score, count.astype(np.int64), np.ones(rows))


def tied_into_a_ring(log: Log) -> Log:
    """Adds a win of each contestant over the next one, so that a maximum exists."""
    ring = np.arange(log.contestants)
    ones = np.ones(log.contestants)
    return Log(
        log.contestants,
        np.append(log.first, ring),
        np.append(log.second, np.roll(ring, -1)),
        np.append(log.score, ones),
        np.append(log.count, ones.astype(np.int64)),
        np.append(log.weight, ones),
    )


def mixed_log(seed: int, largest: int = 200) -> Log:
    """Returns a log with a maximum, of random size, density, share of ties and spread."""
    random = np.random.default_rng([seed, 1])
    contestants = round(math.exp(random.uniform(math.log(1.6), math.log(largest + 0.4))))
    contestants = min(max(contestants, 2), largest)
    return tied_into_a_ring(
        random_log(
            random,
            contestants,
            rows=int(contestants * random.choice([1, 4, 20])),
            spread=random.choice([0.1, 1, 4]),
            ties=random.choice([0, 0.3]),
            largest_count=int(random.choice([1, 20, 10_000])),
        )
    )


# The maximum --------------------------------------------------------------------------------


def in_points(strengths: np.ndarray) -> np.ndarray:
    """Converts natural-log strengths to ratings with mean 1000."""
    return 1000 + POINTS * (strengths - strengths.mean())


def score_and_information(
    strengths: np.ndarray, points: np.ndarray, prior: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the gradient and negative Hessian of the log likelihood, including the prior."""
    win = expit(strengths[:, None] - strengths[None, :])
    score = (points * win.T - points.T * win).sum(axis=1)
    weights = (points + points.T) * win * win.T
    np.fill_diagonal(weights, 0)
    information = np.diag(weights.sum(axis=1)) - weights
    score += prior * (expit(-strengths) - expit(strengths)) / 2
    information += np.diag(prior * expit(strengths) * expit(-strengths))
    return score, information


def maximum(points: np.ndarray, prior: float = 0.0) -> np.ndarray:
    """Returns the ratings at the maximum, by Newton steps of at most 1.

    The steps end below 1e-8 points, or 3e-7 if rounding errors do not allow better. Without a
    prior, the strength of the first contestant is fixed at 0. The likelihood is concave, so any
    point with a score of zero is the maximum.
    """
    free = slice(0 if prior else 1, None)
    strengths = np.zeros(len(points))
    for _ in range(200):
        score, information = score_and_information(strengths, points, prior)
        step = np.linalg.solve(information[free, free], score[free])
        length = np.abs(step).max()
        strengths[free] += step / max(1, length)
        if length * POINTS < 1e-8:
            break
    assert length * POINTS < 3e-7, "the reference did not converge"
    return in_points(strengths)


def reaches(points: np.ndarray) -> np.ndarray:
    """Returns whether a chain of wins leads from each row to each column (Warshall's algorithm)."""
    reach = (points > 0) | np.eye(points.shape[-1], dtype=bool)
    for k in range(points.shape[-1]):
        reach = reach | (reach[..., :, k, None] & reach[..., None, k, :])
    return reach


def largest_component(points: np.ndarray) -> np.ndarray:
    """Returns who is in the largest strongly connected component; nobody if it is not unique."""
    reach = reaches(points)
    mutual = reach & reach.swapaxes(-1, -2)
    size = mutual.sum(axis=-1)
    lowest = size.argmax(axis=-1)
    most = size.max(axis=-1, keepdims=True)
    only = (size == most).sum(axis=-1, keepdims=True) == most
    return np.take_along_axis(mutual, lowest[..., None, None], axis=-2)[..., 0, :] & only


def largest_components(points: np.ndarray) -> np.ndarray:
    """Returns the largest strongly connected components of one field [component, contestant]."""
    reach = reaches(points)
    mutual = reach & reach.T
    size = mutual.sum(axis=1)
    return np.unique(mutual[size == size.max()], axis=0)


def anchored(
    points: np.ndarray, inside: np.ndarray, point_fit: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns lower and upper ratings [field, contestant], anchored on the contestants inside."""
    level = (point_fit * inside).sum(axis=1) / inside.sum(axis=1)
    ratings = level[:, None] + POINTS * fit_all(points, inside)
    reach = reaches(points)
    above = (reach & inside[:, None, :]).any(axis=2) & ~inside
    below = (reach & inside[:, :, None]).any(axis=1) & ~inside
    ratings[above] = math.inf
    ratings[below] = -math.inf
    neither = ~(inside | above | below)
    return np.where(neither, -math.inf, ratings), np.where(neither, math.inf, ratings)


# The bootstrap ------------------------------------------------------------------------------


def fit_all(points: np.ndarray, inside: np.ndarray, prior: float = 0.0) -> np.ndarray:
    """Returns log strengths of many fields [field, contestant], with mean 0 over those inside.

    Newton steps are limited to length 1. Contestants outside get 0.
    """
    both = inside[:, :, None] & inside[:, None, :]
    points = np.where(both, points, 0)
    strengths = np.zeros(inside.shape)
    diagonal = np.arange(inside.shape[1])
    for _ in range(500):
        win = expit(strengths[:, :, None] - strengths[:, None, :])
        lose = win.swapaxes(1, 2)
        score = (points * lose - points.swapaxes(1, 2) * win).sum(axis=2)
        score += prior * (0.5 - expit(strengths))
        weights = (points + points.swapaxes(1, 2)) * win * lose
        information = -weights
        information[:, diagonal, diagonal] += weights.sum(axis=2) + ~inside
        information[:, diagonal, diagonal] += prior * expit(strengths) * expit(-strengths)
        if not prior:
            information += both / inside.sum(axis=1)[:, None, None]
        step = np.linalg.solve(information, score[:, :, None])[:, :, 0]
        longest = np.abs(step).max(axis=1, keepdims=True)
        strengths += step / np.maximum(longest, 1)
        if longest.max() < 1e-9:
            mean = (strengths * inside).sum(axis=1) / inside.sum(axis=1)
            return np.where(inside, strengths - mean[:, None], 0)
    message = f"the reference did not converge: {longest.max()}"
    raise AssertionError(message)


@dataclass(frozen=True)
class Bootstrap:
    """Ratings [replicate, contestant] of ordinary resamples of the rows.

    `lower` and `upper` differ if a replicate does not order a contestant relative to the others.
    """

    lower: np.ndarray
    upper: np.ndarray
    without_maximum: int


def resample_and_refit(log: Log, replicates: int, seed: int, prior: float = 0.0) -> Bootstrap:
    """Resamples the matches with replacement and fits each resample."""
    rows = np.repeat(np.arange(len(log.first)), log.count)
    log = log.take(rows)
    n = log.contestants
    drawn = np.random.default_rng(seed).integers(len(rows), size=(replicates, len(rows)))
    points = np.zeros((replicates, n, n))
    replicate = np.arange(replicates)[:, None]
    np.add.at(
        points, (replicate, log.first[drawn], log.second[drawn]), (log.weight * log.score)[drawn]
    )
    np.add.at(
        points,
        (replicate, log.second[drawn], log.first[drawn]),
        (log.weight * (1 - log.score))[drawn],
    )
    if prior:
        strengths = fit_all(points, np.ones((replicates, n), bool), prior)
        ratings = 1000 + POINTS * strengths
        return Bootstrap(ratings, ratings, 0)
    inside = largest_component(points)
    point_fit = maximum(log.points())
    one = inside.any(axis=1)
    lower, upper = np.empty((2, replicates, n))
    lower[one], upper[one] = anchored(points[one], inside[one], point_fit)
    for place in np.flatnonzero(~one):
        anchors = largest_components(points[place])
        each = anchored(np.broadcast_to(points[place], (len(anchors), n, n)), anchors, point_fit)
        lower[place], upper[place] = each[0].min(axis=0), each[1].max(axis=0)
    return Bootstrap(lower, upper, int((~inside.all(axis=1)).sum()))


def sparse_log(seed: int) -> Log:
    random = np.random.default_rng([seed, 11])
    contestants = int(random.integers(3, 40))
    rows = int(contestants * random.uniform(0.4, 2.5)) + 1
    return random_log(random, contestants, rows, spread=2, ties=random.choice([0, 0.2]))


def contestants_of(log: Log) -> np.ndarray:
    """Returns whether each contestant has a match."""
    return np.isin(np.arange(log.contestants), np.append(log.first, log.second))
