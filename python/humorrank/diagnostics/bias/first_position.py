"""What being shown first is worth, and ratings that it no longer moves."""

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
"""Prompts from which on "auto" clusters: with fewer, the sandwich is too narrow."""


@dataclass(frozen=True)
class Equality:
    """The likelihood-ratio test that all ratings are equal, given the first position.

    Attributes:
        statistic: twice the difference of the log-likelihoods, divided by the dispersion of the
            outcomes where all ratings are equal (1 without ties, less with them, as half wins
            vary less than wins).
        degrees: of freedom, contestants less one.
        p: the chance of such a statistic where all ratings are equal.
    """

    statistic: float
    degrees: int
    p: float


@dataclass(frozen=True, eq=False)
class FirstPosition:
    """Bradley-Terry's model with a first-position parameter, fitted.

    Attributes:
        effect: rating points that being shown first is worth.
        ratings: model, rating, rating_lower, rating_upper, plain_rating (without the parameter),
            matches; best first.
        equality: the test that all ratings are equal.
        intervals: "prompt" (the sandwich over prompts) or "information".
        clusters: how many prompts the sandwich is over; 0 of the information.
        outside: in words, who is outside the largest connected component; None if nobody is.
        fit: the fit itself.
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
        matches: what was judged.
        confidence: of the intervals.
        cluster: over what the variance is robust: "prompt", "none" for the inverse information,
            or "auto": prompts where the log has them, at least 20.
        disconnected: what to do where the field is separated: "error", or take only the largest
            strongly connected component.

    Raises:
        NoMaximumError: the field is separated, or gamma has no maximum; says which.
        OptionError: there are no prompts to cluster by, or too many contestants.
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
    """Whether intervals are of the sandwich over prompts.

    Raises:
        OptionError: they must be, and there are fewer than two prompts.
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
    # A weight is importance: the dispersion is that of weighted scores.
    spread = float((m.count * m.weight**2 * (m.score - share) ** 2).sum())
    dispersion = spread / (float(amount.sum()) * share * (1 - share))
    statistic = max(0.0, 2 * (found.log_likelihood - equal))
    statistic = statistic / dispersion if dispersion > 0 else 0.0
    degrees = len(m.names) - 1
    return Equality(statistic, degrees, chi_squared_tail(statistic, degrees))
