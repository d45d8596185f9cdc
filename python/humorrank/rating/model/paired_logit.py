"""The Bradley-Terry model with covariates of a match, and Davidson's model of ties.

The log-odds of a match are x = theta_first - theta_second + covariates . beta. In the logistic
model, P(the first wins) = 1 / (1 + exp(-x)), and a tie is half a win for each side. In Davidson's
model [Dav70], the probabilities of a win of the first, a win of the second and a tie are
proportional to exp(x / 2), exp(-x / 2) and exp(tau). Both are fitted by Newton's method. The gauge
is mean(theta) = 0. If L + c 11'/n replaces the singular Laplacian L, the inverse of the information
is that of the constrained model plus 11' / (c n).
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
"""The largest number of contestants, because the information is a dense matrix."""

_ITERATIONS: Final = 100
_HALVINGS: Final = 40
_LARGEST: Final = 20.0
"""The log-odds beyond which a match carries no information and separation is checked."""

_TOLD_APART: Final = 1e-9
"""The smallest share of a covariate's variation not explained by the other parameters."""


@dataclass(frozen=True, eq=False)
class PairedLogit:
    """A fitted model.

    Attributes:
        matches: The matches that the model was fitted to.
        covariates: The covariates, with one row per row of the matches and one column each.
        strengths: The strengths theta in natural-log units, with mean 0.
        effects: The effects beta, one for each covariate.
        tau: The logarithm of Davidson's tie parameter nu; None in the logistic model.
        log_likelihood: The maximum of the log-likelihood.
        iterations: The number of Newton steps.
        distance: The distance to the maximum in points, to first order; at most 1e-6.
        bread: The inverse of the information, in the order contestants, covariates, tau.
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
        """Returns the covariance of (theta, beta, tau).

        Args:
            over: The estimator: "information" for the inverse information, where a weight is the
                importance of a judgment and not a number of judgments; "match" for the sandwich
                over single judgments [Hub67] [Whi82]; or "cluster" for the sandwich over clusters
                [LZ86]. Both sandwiches have the factor U / (U - 1) for U judgments or clusters.
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
        """Returns the influence of each cluster on contrast . (theta, beta, tau), to first order.

        Returns:
            The numbers of the clusters, and their influences. The sum of the squared influences is
            the variance of the sandwich without the factor C / (C - 1).
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
        """The number of clusters; 0 if the matches have none."""
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
    """Fits a model by maximum likelihood and certifies the maximum.

    Args:
        matches: The matches, at least one. Davidson's model needs scores of 0, 0.5 and 1.
        covariates: A float64 array of shape (rows, covariates), possibly with no columns. A column
            of ones is a first-position parameter.
        davidson: Whether ties are a separate outcome with a parameter tau.
        labels: The names of the covariates in error messages.
        progress: A function called with ("fitting", iterations, 0).

    Raises:
        NoMaximumError: If the likelihood has no maximum. The message names the parameters or
            contestants at fault.
        ConvergenceError: If Newton's method does not come close enough to the maximum.
        OptionError: If there are too many contestants.
    """
    n = len(matches.names)
    if n > MOST_CONTESTANTS:
        raise OptionError(
            f"a model with a first-position parameter, controls or Davidson's ties supports up to "
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
            # The change of the log-odds does not depend on the units of the covariates.
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
            f"the fit did not converge: after {_ITERATIONS} steps it is still {distance:.3g} "
            "points from the maximum"
        )

    def _climb(self, step: np.ndarray, along: np.ndarray) -> None:
        """Takes the step, halved until it does not decrease the likelihood."""
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
        """Returns whether the parameters have stayed within plausible bounds."""
        farthest = max(float(np.abs(self.odds).max(initial=0.0)), abs(self._tau(self.parameters)))
        return bool(np.isfinite(distance)) and farthest <= _LARGEST

    def _ensure_told_apart(self, information: np.ndarray) -> None:
        """Refuses covariates that are linear combinations of the other parameters."""
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
        """Determines by linear programs whether there is a maximum.

        Raises:
            NoMaximumError: If there is no maximum. The message names the parameters at fault.
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
