"""Ratings of models with ties as outcomes, a first-position parameter, or controls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np

from humorrank.errors import InputError, OptionError
from humorrank.leaderboard import Leaderboard
from humorrank.model.matches import Matches
from humorrank.model.paired_logit import PairedLogit, fit, quantile
from humorrank.model.reading import Read, read
from humorrank.parameter import Parameter
from humorrank.progress import Progress
from humorrank.rating import POINTS, Rating
from humorrank.settings import Settings
from humorrank.source import refuse_winner_first

LEAST_CLUSTERS: Final = 5
"""Fewer clusters say nothing of how much clusters differ."""

FEW_CLUSTERS: Final = 30
"""With fewer, the sandwich is too narrow."""


def rate_extended(
    matches: object,
    settings: Settings,
    *,
    reading: Mapping[str, Any],
    by: Sequence[str] | None,
    threads: int | None,
    progress: Progress | None,
) -> Leaderboard:
    """As `humorrank.rate`, of settings that ask for an extended model.

    Raises:
        HumorRankError: see `humorrank.rate`.
    """
    _refuse_unsupported(settings, by)
    found = read(
        matches,
        controls=settings.controls,
        cluster=settings.cluster,
        progress=progress,
        reading=reading,
    )
    if settings.first_position:
        refuse_winner_first(found.tally.report)
    soft = found.count[~np.isin(found.score, (0.0, 0.5, 1.0))].sum()
    if settings.ties == "davidson" and soft:
        raise OptionError(
            f"{int(soft):,} matches have a soft score, other than 0, 0.5 and 1, of which "
            "Davidson's model knows nothing; ties='half' (--ties half) takes them"
        )
    interval = settings.interval or "sandwich"
    settings = replace(settings, bootstrap=0, interval=interval)
    return ExtendedRating(settings, found, threads, progress).leaderboard()


class ExtendedRating(Rating):
    """One run of `rate` with an extended model."""

    def __init__(
        self, settings: Settings, found: Read, threads: int | None, progress: Progress | None
    ) -> None:
        super().__init__(settings, found.tally, threads, progress)
        self._found = found

    def _fit(self) -> tuple[np.ndarray, float, int]:
        fitted = self.fitted
        return fitted.strengths, fitted.distance, fitted.iterations

    def _add_intervals(self, columns: dict[str, Any], strengths: np.ndarray, shift: float) -> int:
        n = len(strengths)
        reach = quantile(self.settings.confidence) * self._errors[:n]
        # The ratings in the columns are shifted already.
        columns["rating_lower"] = columns["rating"] - reach
        columns["rating_upper"] = columns["rating"] + reach
        self.covariance = self._covariance[:n, :n] * POINTS**2
        self.parameters = self._parameters()
        return 0

    @cached_property
    def _matches(self) -> tuple[Matches, np.ndarray]:
        """The matches of the contestants that are rated, and the controls of each row."""
        found, names = self._found, self.tally.names
        place = {name: code for code, name in enumerate(names)}
        code = np.array([place.get(name, -1) for name in found.tally.names], np.int64)
        first, second = code[found.first], code[found.second]
        rows = (first >= 0) & (second >= 0)
        if self.settings.ties == "exclude":
            rows &= found.score != 0.5
        cluster = None if found.cluster is None else found.cluster[rows]
        matches = Matches(
            names,
            first[rows],
            second[rows],
            found.count[rows],
            found.weight[rows],
            found.score[rows],
            cluster,
        )
        return matches, found.controls[rows]

    @cached_property
    def _deviations(self) -> np.ndarray:
        """The standard deviation of each control over the matches."""
        matches, controls = self._matches
        out = np.empty(controls.shape[1])
        for place, name in enumerate(self.settings.controls):
            values = controls[:, place]
            if values.min() == values.max():
                raise InputError(
                    f"the control {name!r} is {values[0]:g} in every match, so that its effect "
                    "cannot be told"
                )
            middle = np.average(values, weights=matches.count)
            out[place] = math.sqrt(np.average((values - middle) ** 2, weights=matches.count))
        return out

    @cached_property
    def fitted(self) -> PairedLogit:
        """The fit; effects of controls are by their standard deviations.

        Raises:
            HumorRankError: see `humorrank.model.paired_logit.fit`.
        """
        matches, controls = self._matches
        if matches.cluster is not None:
            self._check_clusters(len(np.unique(matches.cluster)))
        settings = self.settings
        ones = np.ones((len(matches.first), int(settings.first_position)))
        labels = ["the first position"] * int(settings.first_position)
        return fit(
            matches,
            np.column_stack([ones, controls / self._deviations]),
            davidson=settings.ties == "davidson",
            labels=[*labels, *(f"the control {name!r}" for name in settings.controls)],
            progress=self.progress,
        )

    def _check_clusters(self, clusters: int) -> None:
        by = self.settings.cluster
        if clusters < LEAST_CLUSTERS:
            raise OptionError(
                f"there are {clusters:,} clusters by {by!r}, and fewer than {LEAST_CLUSTERS} say "
                "nothing of how much they differ; leave cluster out, or cluster by another column"
            )
        if clusters < FEW_CLUSTERS:
            self.notices.append(
                f"with {clusters:,} clusters by {by!r}, fewer than {FEW_CLUSTERS}, the intervals "
                "are too narrow"
            )

    @cached_property
    def _covariance(self) -> np.ndarray:
        over: Literal["information", "match", "cluster"] = "cluster"
        if self.settings.interval == "wald":
            over = "information"
        elif self.settings.cluster is None:
            over = "match"
        return self.fitted.covariance(over)

    @cached_property
    def _errors(self) -> np.ndarray:
        """Standard errors in points; of the controls by deviation."""
        return np.asarray(POINTS * np.sqrt(np.maximum(np.diag(self._covariance), 0)))

    def _parameters(self) -> tuple[Parameter, ...]:
        fitted, settings = self.fitted, self.settings
        reach = quantile(settings.confidence)
        own = zip(fitted.effects, self._errors[len(fitted.strengths) :], strict=False)
        figures = [(POINTS * float(effect), float(error)) for effect, error in own]
        out = []
        if settings.first_position:
            out.append(_around("first position", *figures.pop(0), reach, "points"))
        if fitted.tau is not None:
            nu, error = math.exp(fitted.tau), float(self._errors[-1]) / POINTS
            # An interval of its logarithm, which is nearer to normal.
            lower, upper = nu * math.exp(-reach * error), nu * math.exp(reach * error)
            out.append(Parameter("tie parameter nu", nu, lower, upper, nu * error, "ratio"))
        for name, (effect, error), deviation in zip(
            settings.controls, figures, self._deviations.tolist(), strict=True
        ):
            each = _around(name, effect / deviation, error / deviation, reach, "points per unit")
            out.append(replace(each, deviation=deviation))
        return tuple(out)


def _around(name: str, estimate: float, error: float, reach: float, unit: str) -> Parameter:
    p = math.erfc(abs(estimate) / error / math.sqrt(2)) if error > 0 else None
    lower, upper = estimate - reach * error, estimate + reach * error
    return Parameter(name, estimate, lower, upper, error, unit, p)


def _refuse_unsupported(settings: Settings, by: Sequence[str] | None) -> None:
    what = "a first-position parameter, controls or Davidson's ties"
    if by:
        raise OptionError(
            f"by (--by) does not go with {what}: rate each group on its own (where, --where)"
        )
    if settings.prior:
        raise OptionError(f"prior (--prior) does not go with {what}: leave it out")
    if settings.solver != "newton":
        raise OptionError(f"solver {settings.solver!r} does not go with {what}: only 'newton' does")
    if settings.interval not in (None, "wald", "sandwich"):
        raise OptionError(
            f"interval {settings.interval!r} does not go with {what}, for which no bootstrap is "
            "made: take 'sandwich' or 'wald'"
        )
    if settings.interval == "wald" and settings.cluster is not None:
        raise OptionError(
            "interval 'wald' takes every match for an independent fact and knows no clusters: "
            "take 'sandwich', or leave cluster out"
        )
