"""Bradley-Terry's model with covariates of a match, such as who was shown first.

logit P(the first wins) = theta_first - theta_second + covariates . beta, ties half a win to each
side, fitted by Newton's method. The gauge is mean(theta) = 0: with L + 11'/n in the place of the
singular Laplacian L, the inverse of the information is that of the constrained model plus 11'/n.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from humorrank.bias.separation import Separated, first_position_exists, separates
from humorrank.errors import ConvergenceError, OptionError
from humorrank.rating import TOLERANCE
from humorrank.scale import POINTS

MOST_CONTESTANTS: Final = 5_000
"""The information is a dense matrix of contestants by contestants."""

_ITERATIONS: Final = 100
_HALVINGS: Final = 40
_LARGEST: Final = 20.0
"""A log-odds beyond which a match teaches nothing: where separation is looked for."""

_SINGULAR: Final = 1e12
"""The condition of an information that does not tell its covariates from the contestants."""

_BLOCK: Final = 1 << 22
"""Numbers in a block of the scores of clusters."""


@dataclass(frozen=True)
class Matches:
    """Judged matches as numbers; equal ones may be one row.

    Attributes:
        names: the contestants.
        first: codes of those shown first, one a row.
        second: codes of those shown second.
        count: judgments in each row.
        weight: weight of each of them.
        score: share of the first in each of them: 1, 0.5, 0, or any share.
        cluster: number of the prompt, one a row; None where the log has none.
    """

    names: tuple[str, ...]
    first: np.ndarray
    second: np.ndarray
    count: np.ndarray
    weight: np.ndarray
    score: np.ndarray
    cluster: np.ndarray | None = None

    def restricted(self, rows: np.ndarray) -> Matches:
        """Some of the rows, and the contestants that they are of."""
        first, second = self.first[rows], self.second[rows]
        present = np.zeros(len(self.names), bool)
        present[first] = present[second] = True
        code = np.cumsum(present) - 1
        return Matches(
            tuple(name for name, there in zip(self.names, present.tolist(), strict=True) if there),
            code[first],
            code[second],
            self.count[rows],
            self.weight[rows],
            self.score[rows],
            None if self.cluster is None else self.cluster[rows],
        )

    def by_pair(self) -> Matches:
        """One row for equal (first, second, weight, score), whatever the prompt."""
        keys = np.rec.fromarrays([self.first, self.second, self.weight, self.score])
        _, where, inverse = np.unique(keys, return_index=True, return_inverse=True)
        count = np.bincount(inverse, self.count.astype(np.float64))
        return Matches(
            self.names,
            self.first[where],
            self.second[where],
            count,
            self.weight[where],
            self.score[where],
        )


@dataclass(frozen=True, eq=False)
class PairedLogit:
    """A fit.

    Attributes:
        matches: what it was fitted to.
        covariates: one row a row of the matches, one column a covariate.
        strengths: theta, natural-log units, mean 0.
        effects: beta, one a covariate.
        log_likelihood: at the maximum.
        iterations: Newton steps.
        distance: to the maximum in points, to first order; at most 1e-6.
        bread: the inverse of the information, contestants first, then covariates.
    """

    matches: Matches
    covariates: np.ndarray
    strengths: np.ndarray
    effects: np.ndarray
    log_likelihood: float
    iterations: int
    distance: float
    bread: np.ndarray

    def covariance(self, clustered: bool) -> np.ndarray:
        """Of (theta, beta).

        Args:
            clustered: by the sandwich of Liang and Zeger (1986), over prompts, with the factor
                C / (C - 1) for C prompts; else by the inverse information, in which a weight is
                importance and no number of judgments.
        """
        meat = self._clustered_meat() if clustered else self._model_meat()
        return np.asarray(self.bread @ meat @ self.bread)

    def influence(self, contrast: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What each prompt adds to contrast . (theta, beta), to first order.

        Returns:
            The numbers of the prompts, and their influences; the sum of squares of these is the
            sandwich's variance but for C / (C - 1).
        """
        along = self.bread @ contrast
        rows = self._residuals() * self._project(along)
        assert self.matches.cluster is not None
        clusters, inverse = np.unique(self.matches.cluster, return_inverse=True)
        return clusters, np.bincount(inverse, rows, len(clusters))

    @property
    def clusters(self) -> int:
        """How many prompts there are; 0 where none is known."""
        return 0 if self.matches.cluster is None else len(np.unique(self.matches.cluster))

    def _project(self, direction: np.ndarray) -> np.ndarray:
        n, m = len(self.matches.names), self.matches
        linear = direction[m.first] - direction[m.second] + self.covariates @ direction[n:]
        return np.asarray(linear)

    def _chances(self) -> np.ndarray:
        return _logistic(self._project(np.concatenate([self.strengths, self.effects])))

    def _residuals(self) -> np.ndarray:
        m = self.matches
        return np.asarray(m.count * m.weight * (m.score - self._chances()))

    def _model_meat(self) -> np.ndarray:
        m, p = self.matches, self._chances()
        return _information(m, self.covariates, m.count * m.weight**2 * p * (1 - p), gauge=False)

    def _clustered_meat(self) -> np.ndarray:
        m, n = self.matches, len(self.matches.names)
        assert m.cluster is not None
        width = n + self.covariates.shape[1]
        _, cluster, sizes = np.unique(m.cluster, return_inverse=True, return_counts=True)
        residuals, clusters = self._residuals(), len(sizes)
        factor = clusters / max(1, clusters - 1)
        # Prompts of one row need no sum, and in many logs are nearly all.
        alone = sizes[cluster] == 1
        meat = _information(m, self.covariates, np.where(alone, residuals**2, 0.0), gauge=False)
        if alone.all():
            return meat * factor
        order = np.flatnonzero(~alone)
        order = order[np.argsort(cluster[order], kind="stable")]
        _, cluster = np.unique(cluster[order], return_inverse=True)
        first, second = m.first[order], m.second[order]
        residuals, covariates = residuals[order], self.covariates[order]
        clusters = int(cluster[-1]) + 1
        block = max(1, _BLOCK // width)
        for start in range(0, clusters, block):
            low, high = np.searchsorted(cluster, (start, start + block))
            rows, size = slice(low, high), min(block, clusters - start)
            place = (cluster[rows] - start) * width
            scores = np.bincount(place + first[rows], residuals[rows], size * width)
            scores -= np.bincount(place + second[rows], residuals[rows], size * width)
            scores = scores.reshape(size, width)
            for k in range(width - n):
                amount = residuals[rows] * covariates[rows, k]
                scores[:, n + k] = np.bincount(cluster[rows] - start, amount, size)
            meat += scores.T @ scores
        return meat * factor


def fit(matches: Matches, covariates: np.ndarray) -> PairedLogit:
    """The maximum of the likelihood, certified.

    Args:
        matches: at least one.
        covariates: float64 of shape (rows, covariates), possibly without a column.

    Raises:
        NoMaximumError: the likelihood has none, and a direction in which it never falls is known.
        ConvergenceError: the maximum could not be certified, nor that there is none.
        OptionError: there are too many contestants.
    """
    n, k = len(matches.names), covariates.shape[1]
    if n > MOST_CONTESTANTS:
        raise OptionError(
            f"the first-position model takes up to {MOST_CONTESTANTS:,} contestants, not {n:,}: "
            "leave some out (exclude, where)"
        )
    certain = k == 0 or (k == 1 and bool((covariates == 1).all()))
    if certain:
        first_position_exists(matches, parameter=k == 1)
    total = matches.count * matches.weight
    parameters = np.zeros(n + k)
    linear = np.zeros(len(total))
    best = _log_likelihood(matches, total, linear)
    for iteration in range(1, _ITERATIONS + 1):
        p = _logistic(linear)
        residuals = total * (matches.score - p)
        information = _information(matches, covariates, total * p * (1 - p), gauge=True)
        gradient = np.bincount(matches.first, residuals, n)
        gradient -= np.bincount(matches.second, residuals, n)
        gradient = np.concatenate([gradient, covariates.T @ residuals])
        try:
            bread = np.linalg.inv(information)
        except np.linalg.LinAlgError:
            bread = np.linalg.pinv(information, hermitian=True)
        step = bread @ gradient
        step[:n] -= step[:n].mean()
        along = step[matches.first] - step[matches.second] + covariates @ step[n:]
        # Of no covariate the unit: what counts is how far a match's odds move.
        distance = float(np.abs(along).max(initial=0.0)) * POINTS
        if not certain:
            if iteration == 1 and np.linalg.cond(information) > _SINGULAR:
                raise Separated.unidentified()
            if not np.isfinite(distance) or np.abs(linear).max(initial=0.0) > _LARGEST:
                break
        if distance <= TOLERANCE:
            bread[:n, :n] -= 1 / n
            return PairedLogit(
                matches,
                covariates,
                parameters[:n],
                parameters[n:],
                best,
                iteration,
                distance,
                bread,
            )
        size = 1.0
        for _ in range(_HALVINGS):
            candidate = linear + size * along
            reached = _log_likelihood(matches, total, candidate)
            if reached >= best - 1e-12 * abs(best):
                break
            size /= 2
        parameters, linear, best = parameters + size * step, candidate, reached
    if not certain and (separates(matches, along) or separates(matches, linear)):
        raise Separated.along(parameters[n:])
    raise ConvergenceError(
        f"the fit did not come closer to the maximum than {distance:.3g} points in "
        f"{_ITERATIONS} steps"
    )


def quantile(confidence: float) -> float:
    """How many standard errors an interval reaches to each side."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _logistic(x: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * (1 + np.tanh(x / 2)))


def _log_likelihood(matches: Matches, total: np.ndarray, linear: np.ndarray) -> float:
    return float((total * (matches.score * linear - np.logaddexp(0, linear))).sum())


def _information(
    matches: Matches, covariates: np.ndarray, amount: np.ndarray, *, gauge: bool
) -> np.ndarray:
    """X' diag(amount) X, with 11'/n added for the contestants where the gauge is fixed."""
    n, k = len(matches.names), covariates.shape[1]
    out = np.zeros((n + k, n + k))
    pairs = np.bincount(matches.first.astype(np.int64) * n + matches.second, amount, n * n)
    pairs = pairs.reshape(n, n)
    pairs = pairs + pairs.T
    out[:n, :n] = np.diag(pairs.sum(1)) - pairs
    if gauge:
        out[:n, :n] += 1 / n
    for column in range(k):
        weighted = amount * covariates[:, column]
        cross = np.bincount(matches.first, weighted, n) - np.bincount(matches.second, weighted, n)
        out[:n, n + column] = out[n + column, :n] = cross
        out[n + column, n:] = covariates.T @ weighted
    return out
