"""The effect of being shown first, and ratings adjusted for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import polars as pl

from humorrank._stats.distributions import chi_squared_tail, student_quantile
from humorrank._stats.estimate import Estimate
from humorrank._stats.scale import MEAN_RATING, POINTS
from humorrank.errors import OptionError
from humorrank.rating.model.matches import MatchArrays
from humorrank.rating.model.paired_logit import PairedLogit, fit
from humorrank.rating.model.separation import Separated, connection

Cluster = Literal["auto", "prompt", "none"]

LEAST_PROMPTS: Final = 20
"""The smallest number of prompts for "auto" to cluster; with fewer, intervals are too narrow."""


@dataclass(frozen=True)
class Equality:
    """The likelihood-ratio test that all ratings are equal, given the first position.

    Attributes:
        statistic: Twice the difference of the log-likelihoods, divided by the dispersion of the
            outcomes under equal ratings. The dispersion is 1 without ties and smaller with them,
            because half wins vary less than wins.
        degrees: The degrees of freedom, the number of contestants minus one.
        p: The p-value of the hypothesis that all ratings are equal.
    """

    statistic: float
    degrees: int
    p: float


@dataclass(frozen=True, eq=False)
class FirstPosition:
    """A fitted Bradley-Terry model with a first-position parameter.

    Attributes:
        effect: The advantage of being shown first, in rating points.
        ratings: A frame with the columns model, rating, rating_lower, rating_upper, plain_rating
            (without the parameter) and matches, best model first.
        equality: The test that all ratings are equal.
        intervals: "prompt" (the sandwich over prompts) or "information" (the inverse information).
        clusters: The number of prompts of the sandwich; 0 for the inverse information.
        outside: Description of the contestants outside the largest connected component; None if
            there are none.
        fit: The underlying fit.
    """

    effect: Estimate
    ratings: pl.DataFrame
    equality: Equality
    intervals: Literal["prompt", "information"]
    clusters: int
    outside: str | None
    fit: PairedLogit


def first_position(
    matches: MatchArrays,
    *,
    confidence: float = 0.95,
    cluster: Cluster = "auto",
    disconnected: Literal["error", "largest"] = "error",
) -> FirstPosition:
    """Fits logit P(first wins) = theta_first - theta_second + gamma.

    Args:
        matches: The judged matches.
        confidence: Confidence level of the intervals.
        cluster: The clusters of the variance: "prompt", "none" for the inverse information, or
            "auto" for prompts if the log has at least 20 of them.
        disconnected: What to do if the field is separated: raise an "error", or use only the
            "largest" strongly connected component.

    Raises:
        NoMaximumError: If the field is separated, or gamma has no maximum. The message says which.
        OptionError: If there are no prompts to cluster by, or too many contestants.
    """
    outside = None
    if disconnected == "largest":
        existence = connection(matches)
        if existence.outside:
            inside, outside = existence.inside, existence.summary()
            if inside.sum() < 2:
                raise Separated.field(existence, matches.names)
            matches = matches.restricted(inside[matches.first] & inside[matches.second])
    ones = np.ones((len(matches.first), 1))
    found, plain = fit(matches, ones), fit(matches, ones[:, :0])
    clustered = clusters_by_prompt(found, cluster)
    deviation = np.sqrt(np.diag(found.covariance("cluster" if clustered else "information")))
    n = len(matches.names)
    reach = student_quantile(confidence) * POINTS * deviation[:n]
    rating = MEAN_RATING + POINTS * found.strengths
    played = np.bincount(matches.first, matches.count, n)
    played += np.bincount(matches.second, matches.count, n)
    table = pl.DataFrame(
        {
            "model": matches.names,
            "rating": rating,
            "rating_lower": rating - reach,
            "rating_upper": rating + reach,
            "plain_rating": MEAN_RATING + POINTS * plain.strengths,
            "matches": played.astype(np.int64),
        }
    ).sort(["rating", "model"], descending=[True, False])
    effect, error = POINTS * float(found.effects[0]), POINTS * float(deviation[n])
    return FirstPosition(
        effect=Estimate.around(effect, error, confidence),
        ratings=table,
        equality=_equality(found),
        intervals="prompt" if clustered else "information",
        clusters=found.clusters if clustered else 0,
        outside=outside,
        fit=found,
    )


def clusters_by_prompt(found: PairedLogit, cluster: Cluster) -> bool:
    """Returns whether intervals use the sandwich over prompts.

    Raises:
        OptionError: If the sandwich is requested and there are fewer than two prompts.
    """
    if cluster == "auto":
        return found.clusters >= LEAST_PROMPTS
    if cluster == "prompt" and found.clusters < 2:
        raise OptionError("cluster='prompt' needs a log with at least two prompts (question_id)")
    return cluster == "prompt"


def _equality(found: PairedLogit) -> Equality:
    m = found.matches
    amount = m.count * m.weight
    share = float((amount * m.score).sum() / amount.sum())
    equal = float(amount.sum()) * (share * math.log(share) + (1 - share) * math.log1p(-share))
    # A weight is the importance of a match, so the dispersion is that of the weighted scores.
    spread = float((m.count * m.weight**2 * (m.score - share) ** 2).sum())
    dispersion = spread / (float(amount.sum()) * share * (1 - share))
    statistic = max(0.0, 2 * (found.log_likelihood - equal))
    statistic = statistic / dispersion if dispersion > 0 else 0.0
    degrees = len(m.names) - 1
    return Equality(statistic, degrees, chi_squared_tail(statistic, degrees))
