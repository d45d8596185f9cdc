"""Ratings with ties as a separate outcome, a first-position parameter, or controls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from humorrank._stats.distributions import student_quantile, student_tail
from humorrank._stats.scale import MEAN_RATING, POINTS
from humorrank._util.progress import Progress
from humorrank._util.text import number_of
from humorrank.errors import InputError, OptionError
from humorrank.matches.source import refuse_winner_first
from humorrank.rating.ballots import clustered
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.board.parameter import TIE_PARAMETER, Parameter
from humorrank.rating.model.matches import MatchArrays
from humorrank.rating.model.paired_logit import PairedLogit, fit
from humorrank.rating.model.reading import ModelData, read_model_data
from humorrank.rating.notices import of_clusters
from humorrank.rating.run import Rating
from humorrank.rating.settings import RESAMPLED, RatingSettings
from humorrank.rating.uncertainty.clusters import refuse_few
from humorrank.rating.uncertainty.normal import Normal
from humorrank.rating.uncertainty.rank_intervals import Uncertainty


def rate_extended(
    matches: object,
    settings: RatingSettings,
    *,
    reading: Mapping[str, Any],
    by: Sequence[str] | None,
    ballots: bool,
    threads: int | None,
    progress: Progress | None,
) -> Leaderboard:
    """Rates matches as `humorrank.rate` does, with additional parameters of the model.

    Raises:
        HumorRankError: See `humorrank.rate`.
    """
    _refuse_unsupported(settings, by)
    found = read_model_data(
        matches,
        controls=settings.controls,
        cluster=settings.cluster,
        ballots=ballots,
        progress=progress,
        reading=reading,
    )
    if settings.first_position:
        refuse_winner_first(found.tally.report)
    soft = found.count[~np.isin(found.score, (0.0, 0.5, 1.0))].sum()
    if settings.ties == "davidson" and soft:
        raise OptionError(
            f"{number_of(int(soft), 'match has', 'matches have')} a soft score other than 0, 0.5 "
            "and 1, which Davidson's model does not support; use ties='half' (--ties half)"
        )
    told: list[str] = []
    if ballots:
        number = None if found.cluster is None else len(np.unique(found.cluster))
        settings, told = clustered(settings, found.tally.report, number)
    return ExtendedRating(settings, found, threads, progress, told).leaderboard()


class ExtendedRating(Rating):
    """One run of `rate` with parameters in addition to the strengths."""

    def __init__(
        self,
        settings: RatingSettings,
        found: ModelData,
        threads: int | None,
        progress: Progress | None,
        told: Sequence[str] = (),
    ) -> None:
        super().__init__(settings, found.tally, threads, progress, told)
        self._found = found
        self._degrees = math.inf

    def _fit(self) -> tuple[np.ndarray, float, int]:
        fitted = self.fitted
        return fitted.strengths, fitted.distance, fitted.iterations

    def _uncertainty(self, strengths: np.ndarray) -> Uncertainty:
        n = len(strengths)
        self.parameters = self._parameters()
        return Normal(
            MEAN_RATING + POINTS * strengths,
            self._covariance[:n, :n] * POINTS**2,
            self._degrees,
            self.settings.seed,
        )

    @cached_property
    def _matches(self) -> tuple[MatchArrays, np.ndarray]:
        """The matches between rated contestants, and the controls of each row."""
        found, names = self._found, self.tally.names
        place = {name: code for code, name in enumerate(names)}
        code = np.array([place.get(name, -1) for name in found.tally.names], np.int64)
        first, second = code[found.first], code[found.second]
        rows = (first >= 0) & (second >= 0)
        if self.settings.ties == "exclude":
            rows &= found.score != 0.5
        cluster = None if found.cluster is None else found.cluster[rows]
        matches = MatchArrays(
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
                    f"the control {name!r} is {values[0]:g} in every match, so its effect cannot "
                    "be estimated; leave it out"
                )
            middle = np.average(values, weights=matches.count)
            out[place] = math.sqrt(np.average((values - middle) ** 2, weights=matches.count))
        return out

    @cached_property
    def fitted(self) -> PairedLogit:
        """The fit, with the effects of controls per standard deviation.

        Raises:
            HumorRankError: See `humorrank.rating.model.paired_logit.fit`.
        """
        matches, controls = self._matches
        if matches.cluster is not None:
            self._degrees = len(np.unique(matches.cluster)) - 1
            refuse_few(self._degrees + 1, str(self.settings.cluster))
            self.notices += of_clusters(self._degrees + 1, str(self.settings.cluster))
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
        """Standard errors in points; those of controls are per standard deviation."""
        return np.asarray(POINTS * np.sqrt(np.maximum(np.diag(self._covariance), 0)))

    def _parameters(self) -> tuple[Parameter, ...]:
        fitted, settings = self.fitted, self.settings
        reach = student_quantile(settings.confidence, self._degrees)
        own = zip(fitted.effects, self._errors[len(fitted.strengths) :], strict=False)
        figures = [(POINTS * float(effect), float(error)) for effect, error in own]
        out = []
        if settings.first_position:
            out.append(self._around("first position", *figures.pop(0), reach, "points"))
        if fitted.tau is not None:
            nu, error = math.exp(fitted.tau), float(self._errors[-1]) / POINTS
            # The interval is computed for the logarithm, which is closer to normal.
            lower, upper = nu * math.exp(-reach * error), nu * math.exp(reach * error)
            out.append(Parameter(TIE_PARAMETER, nu, lower, upper, nu * error, "ratio"))
        for name, (effect, error), deviation in zip(
            settings.controls, figures, self._deviations.tolist(), strict=True
        ):
            each = self._around(
                name, effect / deviation, error / deviation, reach, "points per unit"
            )
            out.append(replace(each, deviation=deviation))
        return tuple(out)

    def _around(
        self, name: str, estimate: float, error: float, reach: float, unit: str
    ) -> Parameter:
        p = student_tail(estimate / error, self._degrees) if error > 0 else None
        lower, upper = estimate - reach * error, estimate + reach * error
        return Parameter(name, estimate, lower, upper, error, unit, p)


def _refuse_unsupported(settings: RatingSettings, by: Sequence[str] | None) -> None:
    what = "a first-position parameter, controls or Davidson's ties"
    if by:
        raise OptionError(
            f"by (--by) cannot be combined with {what}: rate each group separately (where, --where)"
        )
    if settings.prior:
        raise OptionError(f"prior (--prior) cannot be combined with {what}: leave it out")
    if settings.solver != "newton":
        raise OptionError(
            f"solver {settings.solver!r} cannot be combined with {what}: use 'newton'"
        )
    if settings.interval in RESAMPLED:
        raise OptionError(
            f"interval {settings.interval!r} cannot be combined with {what}, which do not support "
            "the bootstrap: use 'sandwich' or 'wald'"
        )
