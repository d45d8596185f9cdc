"""The choice of the interval method from the settings of a rating."""

from __future__ import annotations

import math

import numpy as np

from humorrank import _core
from humorrank._stats.scale import MEAN_RATING, POINTS
from humorrank.rating.settings import RESAMPLED, RatingSettings
from humorrank.rating.uncertainty.clusters import Clusters
from humorrank.rating.uncertainty.covariance import Curvature
from humorrank.rating.uncertainty.normal import Normal
from humorrank.rating.uncertainty.rank_intervals import Uncertainty
from humorrank.rating.uncertainty.resampled import Resampled


def uncertainty_of(
    settings: RatingSettings,
    field: _core.FitData,
    clusters: Clusters | None,
    strengths: np.ndarray,
    *,
    threads: int | None,
) -> Uncertainty | None:
    """Returns the uncertainty of a fit, or None if no intervals are requested.

    Args:
        settings: The settings of the rating.
        field: The field of the fit.
        clusters: The clusters that are resampled or summed as a whole; None for single matches.
        strengths: The fitted strengths in natural-log units, with mean 0.
        threads: Number of threads; None for all processors.

    Raises:
        OptionError: If there are too many contestants for a covariance.
    """
    if settings.interval in RESAMPLED and not settings.replicates:
        return None
    ratings = MEAN_RATING + POINTS * strengths
    if settings.interval in {"wald", "sandwich"}:
        curvature = Curvature(field, strengths, settings.prior)
        degrees = math.inf
        if settings.interval == "wald":
            covariance = curvature.wald(field)
        elif clusters is None:
            covariance = curvature.sandwich(curvature.of_matches(field))
        else:
            scores = curvature.of_clusters(clusters)
            covariance, degrees = curvature.sandwich(scores), scores.units - 1
        return Normal(ratings, covariance, degrees, settings.seed)
    return Resampled(
        settings.interval,
        field,
        clusters,
        strengths,
        ratings,
        settings.replicates,
        settings.seed,
        settings.prior,
        threads,
    )
