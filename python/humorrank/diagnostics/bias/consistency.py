"""Consistency of a judge when the order of a pair is swapped."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from humorrank._stats.estimate import Estimate


@dataclass(frozen=True)
class Consistency:
    """Comparisons (one pair on one prompt) that a judge saw in both orders.

    Several judgments of the same order count by their shares, so the numbers may be fractions.

    Attributes:
        comparisons: The number of comparisons judged in both orders.
        consistent: The number in which the same contestant won in both orders.
        inconsistent: The number in which each contestant won once.
        with_a_tie: The number with a tie in at least one order.
        share: consistent / (consistent + inconsistent), with the Wilson interval.
    """

    comparisons: int
    consistent: float
    inconsistent: float
    with_a_tie: float
    share: Estimate


def consistency(table: pl.DataFrame, confidence: float) -> Consistency:
    """Compares the judgments of both orders.

    Args:
        table: The judgments of one judge, all with a prompt; columns as in `Judgments.table`.
        confidence: Confidence level of the interval.
    """
    turned = pl.col("model_a") > pl.col("model_b")
    sign = pl.when(pl.col("score") > 0.5).then(1).when(pl.col("score") < 0.5).then(-1).otherwise(0)
    won = pl.col("sign") * pl.when(turned).then(-1).otherwise(1)
    count = pl.col("count").cast(pl.Float64)
    orders = (
        table.with_columns(sign.alias("sign"))
        .with_columns(
            pl.min_horizontal("model_a", "model_b").alias("low"),
            pl.max_horizontal("model_a", "model_b").alias("high"),
            turned.alias("turned"),
            won.alias("won"),
        )
        .group_by("prompt", "low", "high", "turned")
        .agg(
            (count.filter(pl.col("won") == 1).sum() / count.sum()).alias("for_low"),
            (count.filter(pl.col("won") == -1).sum() / count.sum()).alias("for_high"),
        )
    )
    key = ["prompt", "low", "high"]
    straight, swapped = orders.filter(~pl.col("turned")), orders.filter("turned")
    both = straight.join(swapped, on=key, suffix="_swapped").sort(key)
    low, high = both["for_low"], both["for_high"]
    low_swapped, high_swapped = both["for_low_swapped"], both["for_high_swapped"]
    consistent = float((low * low_swapped + high * high_swapped).sum())
    inconsistent = float((low * high_swapped + high * low_swapped).sum())
    return Consistency(
        both.height,
        consistent,
        inconsistent,
        max(0.0, both.height - consistent - inconsistent),
        Estimate.share(consistent, consistent + inconsistent, confidence),
    )
