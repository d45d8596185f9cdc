"""Length bias: the preference of a judge for longer jokes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from humorrank._stats.estimate import Estimate
from humorrank._stats.scale import POINTS
from humorrank.diagnostics.bias.first_position import Cluster, clusters_by_prompt
from humorrank.errors import ConvergenceError, NoMaximumError
from humorrank.rating.model.matches import matches_of
from humorrank.rating.model.paired_logit import fit
from humorrank.rating.model.separation import connection


@dataclass(frozen=True)
class Length:
    """The length bias of a judge. Lengths are in characters.

    Attributes:
        judgments: The number of judgments with a winner and two texts of different lengths.
        longer_won: The number of these judgments that the longer text won.
        share: longer_won / judgments, with the Wilson interval.
        slope: The change of the log-odds per unit of log(length of the first / length of the
            second), adjusted for the strengths and the first position.
        doubling: The same effect in rating points for twice the length.
        without_text: The number of judgments with a missing or empty text.
        note: The reason why there is no slope, or None.
    """

    judgments: int
    longer_won: int
    share: Estimate
    slope: Estimate
    doubling: Estimate
    without_text: int
    note: str | None = None


def length_bias(table: pl.DataFrame, confidence: float, cluster: Cluster) -> Length:
    """Measures length bias, with the slope adjusted for strengths and the first position.

    Args:
        table: The judgments of one judge; columns as in `Judgments.table`.
        confidence: Confidence level of the intervals.
        cluster: The clusters of the variance; see `first_position`.
    """
    there = (pl.col("length_a") > 0) & (pl.col("length_b") > 0)
    texts = table.filter(there.fill_null(value=False))
    decided = texts.filter((pl.col("score") != 0.5) & (pl.col("length_a") != pl.col("length_b")))
    longer = (pl.col("score") > 0.5) == (pl.col("length_a") > pl.col("length_b"))
    judgments = int(decided["count"].sum())
    won = int(decided.filter(longer)["count"].sum())
    missing = int(table["count"].sum()) - int(texts["count"].sum())
    slope, note = Estimate(None), None
    if not judgments:
        note = "no judgment with a winner has texts of different lengths"
    else:
        try:
            slope = _slope(texts, confidence, cluster)
        except (NoMaximumError, ConvergenceError) as error:
            note = str(error)
    return Length(
        judgments,
        won,
        Estimate.share(won, judgments, confidence),
        slope,
        _times(slope, POINTS * math.log(2)),
        missing,
        note,
    )


def _slope(texts: pl.DataFrame, confidence: float, cluster: Cluster) -> Estimate:
    matches = matches_of(texts)
    ratio = np.log(texts["length_a"].to_numpy() / texts["length_b"].to_numpy())
    inside = connection(matches).inside
    rows = inside[matches.first] & inside[matches.second]
    if rows.any() and not rows.all():
        matches, ratio = matches.restricted(rows), ratio[rows]
    covariates = np.column_stack([np.ones(len(ratio)), ratio])
    found = fit(matches, covariates, labels=("the first position", "length"))
    clustered = clusters_by_prompt(found, cluster)
    covariance = found.covariance("cluster" if clustered else "information")
    return Estimate.around(float(found.effects[1]), math.sqrt(covariance[-1, -1]), confidence)


def _times(estimate: Estimate, factor: float) -> Estimate:
    if estimate.value is None or estimate.lower is None or estimate.upper is None:
        return estimate
    return Estimate(estimate.value * factor, estimate.lower * factor, estimate.upper * factor)
