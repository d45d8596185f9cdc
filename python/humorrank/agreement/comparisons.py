"""What each rater said of each comparison: a pair of contestants on a prompt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

_UNIT = ("prompt", "low", "high")


@dataclass(frozen=True, eq=False)
class Comparisons:
    """One entry for each rater on each comparison, those of a comparison side by side.

    Attributes:
        unit: the comparison of each entry, from 0 on, in ascending order.
        rater: the rater of each entry, as a place in `raters`; ascending within a comparison.
        said: how many judgments said low won, high won, or a tie; entries x 3.
        raters: the names, in order; None for judgments without one.
        units: how many comparisons there are.
    """

    unit: np.ndarray
    rater: np.ndarray
    said: np.ndarray
    raters: tuple[str | None, ...]
    units: int

    @classmethod
    def of(cls, table: pl.DataFrame) -> Comparisons:
        """From judgments, with columns as of `Judgments.table`.

        Who was shown first does not matter, nor does a weight; a share of a win is a win for the
        side that has more than half.
        """
        raters = table["judge"].unique().sort().to_list()
        place = pl.Series([*range(len(raters))], dtype=pl.Int64)
        low_first = pl.col("model_a") < pl.col("model_b")
        gain = pl.col("score") - 0.5
        won = pl.when(low_first).then(gain).otherwise(-gain).sign()
        count = pl.col("count").cast(pl.Float64)
        entries = (
            table.select(
                "prompt",
                pl.min_horizontal("model_a", "model_b").alias("low"),
                pl.max_horizontal("model_a", "model_b").alias("high"),
                pl.col("judge").replace_strict(pl.Series(raters, dtype=pl.String), place),
                won.alias("won"),
                count,
            )
            .group_by(*_UNIT, "judge")
            .agg(
                pl.col("count").filter(pl.col("won") > 0).sum().alias("for_low"),
                pl.col("count").filter(pl.col("won") < 0).sum().alias("for_high"),
                pl.col("count").filter(pl.col("won") == 0).sum().alias("tied"),
            )
            .sort(*_UNIT, "judge")
        )
        key = pl.struct(*_UNIT)
        unit = entries.select(key.rle_id().alias("unit"))["unit"].to_numpy().astype(np.int64)
        return cls(
            unit,
            entries["judge"].to_numpy().astype(np.int64),
            entries.select("for_low", "for_high", "tied").to_numpy().astype(np.float64),
            tuple(raters),
            int(unit[-1]) + 1 if len(unit) else 0,
        )

    def among(self, raters: np.ndarray) -> Comparisons:
        """Only what some raters said, by a mask over `raters`; numbers and names stay."""
        kept = raters[self.rater]
        return Comparisons(
            self.unit[kept], self.rater[kept], self.said[kept], self.raters, self.units
        )
