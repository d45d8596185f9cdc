"""Bradley-Terry's model with covariates of a match, and Davidson's with ties as outcomes.

The log-odds of a match are x = theta_first - theta_second + covariates . beta. In the logistic
model P(the first wins) = 1 / (1 + exp(-x)), a tie is half a win to each side; in that of Davidson
(1970) the first, the second and a tie have chances in the proportion of exp(x / 2), exp(-x / 2)
and exp(tau). Both are fitted by Newton's method. The gauge is mean(theta) = 0: with L + c 11'/n in
the place of the singular Laplacian L, the inverse of the information is that of the constrained
model plus 11' / (c n).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np

from humorrank._stats.sandwich import sandwich, small_sample
from humorrank._stats.scale import POINTS, TOLERANCE
from humorrank._util.progress import Progress
from humorrank.errors import ConvergenceError, OptionError
from humorrank.rating.model.design import Design
from humorrank.rating.model.direction import diagnosed
from humorrank.rating.model.matches import MatchArrays
from humorrank.rating.model.outcomes import Davidson, Derivatives, Logistic, OutcomeModel
from humorrank.rating.model.separation import Separated, settled

MOST_CONTESTANTS: Final = 5_000
"""The information is a dense matrix of contestants by contestants."""

_ITERATIONS: Final = 100
_HALVINGS: Final = 40
_LARGEST: Final = 20.0
"""A log-odds beyond which a match teaches nothing: where separation is looked for."""

_TOLD_APART: Final = 1e-9
"""The least share of a covariate's squares that contestants and other covariates leave."""


@dataclass(frozen=True, eq=False)
class PairedLogit:
    """A fit.

    Attributes:
        matches: what it was fitted to.
        covariates: one row a row of the matches, one column a covariate.
        strengths: theta, natural-log units, mean 0.
        effects: beta, one a covariate.
        tau: the logarithm of Davidson's tie parameter nu; None in the logistic model.
        log_likelihood: at the maximum.
        iterations: Newton steps.
        distance: to the maximum in points, to first order; at most 1e-6.
        bread: the inverse of the information; contestants, covariates, tau.
    """

    matches: MatchArrays
    covariates: np.ndarray
    strengths: np.ndarray
    effects: np.ndarray
    tau: float | None
    log_likelihood: float
    iterations: int
    distance: float
    bread: np.ndarray

    def covariance(self, over: Literal["information", "match", "cluster"]) -> np.ndarray:
        """Of (theta, beta, tau).

        Args:
            over: "information", the inverse information, in which a weight is importance and no
                number of judgments; "match", the sandwich of Huber (1967) and White (1982), each
                judgment on its own; or "cluster", that of Liang and Zeger (1986) over clusters.
                Both have the factor U / (U - 1) for U judgments or clusters.
        """
        amount = self.matches.count * self.matches.weight**2
        if over == "information":
            if (self.matches.weight == 1).all():
                return self.bread
            meat = self._design.information(amount, self._derivatives)
        elif over == "match":
            judgments = float(self.matches.count.sum())
            meat = self._design.by_match(self._derivatives) * small_sample(judgments)
        else:
            meat = self._design.by_cluster(self._derivatives)
        return sandwich(self.bread, meat)

    def influence(self, contrast: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What each cluster adds to contrast . (theta, beta, tau), to first order.

        Returns:
            The numbers of the clusters, and their influences; the sum of squares of these is the
            sandwich's variance but for C / (C - 1).
        """
        m, by = self.matches, self._derivatives
        along = self.bread @ contrast
        each = by.odds * self._design.project(along)
        if by.tie is not None:
            each = each + by.tie * along[-1]
        assert m.cluster is not None
        clusters, inverse = np.unique(m.cluster, return_inverse=True)
        return clusters, np.bincount(inverse, m.count * m.weight * each, len(clusters))

    @property
    def clusters(self) -> int:
        """How many clusters there are; 0 where none is known."""
        return 0 if self.matches.cluster is None else len(np.unique(self.matches.cluster))

    @cached_property
    def _design(self) -> Design:
        return Design(self.matches, self.covariates, 0 if self.tau is None else 1)

    @cached_property
    def _derivatives(self) -> Derivatives:
        outcomes: OutcomeModel = Logistic() if self.tau is None else Davidson()
        odds = self._design.project(np.concatenate([self.strengths, self.effects]))
        return outcomes.derivatives(self.matches.score, odds, self.tau or 0.0)


def fit(
    matches: MatchArrays,
    covariates: np.ndarray,
    *,
    davidson: bool = False,
    labels: Sequence[str] = (),
    progress: Progress | None = None,
) -> PairedLogit:
    """The maximum of the likelihood, certified.

    Args:
        matches: at least one; of Davidson's model with scores of 0, 0.5 and 1 only.
        covariates: float64 of shape (rows, covariates), possibly without a column; one of ones
            is a first-position parameter.
        davidson: whether ties are outcomes of their own, with a parameter tau.
        labels: what errors call each covariate.
        progress: called with ("fitting", iterations, 0).

    Raises:
        NoMaximumError: the likelihood has none; says which parameter or contestants are at fault.
        ConvergenceError: If Newton's method does not come close enough to the maximum.
        OptionError: there are too many contestants.
    """
    n = len(matches.names)
    if n > MOST_CONTESTANTS:
        raise OptionError(
            f"a model with a first-position parameter, controls or Davidson's ties takes up to "
            f"{MOST_CONTESTANTS:,} contestants, not {n:,}: leave some out (exclude, where, "
            "min_matches)"
        )
    labels = labels or [f"covariate {i + 1}" for i in range(covariates.shape[1])]
    return _Newton(matches, covariates, labels, davidson=davidson).run(progress)


class _Newton:
    """One run of `fit`."""

    def __init__(
        self, matches: MatchArrays, covariates: np.ndarray, labels: Sequence[str], *, davidson: bool
    ) -> None:
        self.settled = settled(matches, covariates, davidson=davidson)
        self.outcomes: OutcomeModel = Davidson() if davidson else Logistic()
        self.design = Design(matches, covariates, self.outcomes.extra)
        self.labels = labels
        self.total = matches.count * matches.weight
        self.parameters = np.zeros(self.design.width)
        self.odds = np.zeros(len(self.total))
        self.best = self._log_likelihood(self.odds, self.parameters)

    def run(self, progress: Progress | None) -> PairedLogit:
        matches, n, k = self.design.matches, self.design.contestants, self.design.effects
        distance = np.inf
        for iteration in range(1, _ITERATIONS + 1):
            by = self.outcomes.derivatives(matches.score, self.odds, self._tau(self.parameters))
            information = self.design.information(self.total, by)
            gauge = float(np.trace(information[:n, :n])) / n
            information[:n, :n] += gauge / n
            if iteration == 1 and k and not self.settled:
                self._ensure_told_apart(information)
            step = _solved(information, self.design.scores(self.total, by))
            step[:n] -= step[:n].mean()
            along = self.design.project(step)
            # Of no covariate the unit: what counts is how far a match's odds move.
            moved = [along, step[:n], step[n + k :]]
            distance = max(float(np.abs(part).max(initial=0.0)) for part in moved) * POINTS
            if progress is not None:
                progress("fitting", iteration, 0)
            if not self.settled and not self._within(distance):
                self._ensure_maximum()
            if distance <= TOLERANCE:
                bread = np.linalg.inv(information)
                bread[:n, :n] -= 1 / (gauge * n)
                return PairedLogit(
                    matches,
                    self.design.covariates,
                    self.parameters[:n],
                    self.parameters[n : n + k],
                    float(self.parameters[-1]) if self.design.extra else None,
                    self.best,
                    iteration,
                    distance,
                    bread,
                )
            self._climb(step, along)
        if not self.settled:
            self._ensure_maximum()
        raise ConvergenceError(
            f"the fit did not come closer to the maximum than {distance:.3g} points in "
            f"{_ITERATIONS} steps"
        )

    def _climb(self, step: np.ndarray, along: np.ndarray) -> None:
        """Takes the step, or the first of its halves that does not lower the likelihood."""
        size = 1.0
        for _ in range(_HALVINGS):
            parameters, odds = self.parameters + size * step, self.odds + size * along
            reached = self._log_likelihood(odds, parameters)
            if reached >= self.best - 1e-12 * abs(self.best):
                break
            size /= 2
        self.parameters, self.odds, self.best = parameters, odds, reached

    def _tau(self, parameters: np.ndarray) -> float:
        return float(parameters[-1]) if self.design.extra else 0.0

    def _log_likelihood(self, odds: np.ndarray, parameters: np.ndarray) -> float:
        score = self.design.matches.score
        each = self.outcomes.log_likelihood(score, odds, self._tau(parameters))
        return float((self.total * each).sum())

    def _within(self, distance: float) -> bool:
        """Whether Newton's method has not run off."""
        farthest = max(float(np.abs(self.odds).max(initial=0.0)), abs(self._tau(self.parameters)))
        return bool(np.isfinite(distance)) and farthest <= _LARGEST

    def _ensure_told_apart(self, information: np.ndarray) -> None:
        """Refuses covariates that contestants and the other covariates make up."""
        n, k = self.design.contestants, self.design.effects
        own = slice(n, n + k)
        try:
            variance = np.linalg.solve(information, np.eye(self.design.width)[:, own])[own]
        except np.linalg.LinAlgError:
            variance = np.full((k, k), np.inf)
        left = 1 / (np.diag(variance) * np.diag(information)[own])
        lost = [
            label for label, share in zip(self.labels, left, strict=True) if not share > _TOLD_APART
        ]
        if lost:
            raise Separated.unidentified(lost)

    def _ensure_maximum(self) -> None:
        """Settles by linear programs whether there is a maximum.

        Raises:
            NoMaximumError: If there is no maximum. It names the parameters at fault.
        """
        fault = diagnosed(self.design, self.labels)
        if fault is not None:
            raise fault
        self.settled = True


def _solved(information: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    try:
        return np.asarray(np.linalg.solve(information, gradient))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.pinv(information, hermitian=True) @ gradient)
