"""The judgments of each rater on each comparison, a pair of contestants on a prompt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl


@dataclass(frozen=True, eq=False)
class Comparisons:
    """One entry for each rater on each comparison, sorted by comparison.

    Attributes:
        unit: The comparison of each entry, from 0 on, in ascending order.
        rater: The rater of each entry as a position in `raters`, ascending within a comparison.
        said: The number of judgments for low, for high, and for a tie, of shape (entries, 3).
        raters: The names of the raters, sorted; None for judgments without a rater.
        units: The number of comparisons.
    """

    unit: np.ndarray
    rater: np.ndarray
    said: np.ndarray
    raters: tuple[str | None, ...]
    units: int

    @classmethod
    def of(cls, table: pl.DataFrame) -> Comparisons:
        """Returns the comparisons of a table of judgments, with columns as in `Judgments.table`.

        The position of the contestants and the weights are ignored. A share of a win counts as a
        win for the side that has more than half.
        """
        raters = table["judge"].unique().sort()
        rater = _codes(table["judge"], raters)
        names = pl.concat([table["model_a"], table["model_b"]]).unique().sort()
        first, second = _codes(table["model_a"], names), _codes(table["model_b"], names)
        prompt = _codes(table["prompt"], table["prompt"].unique().sort())
        low, high = np.minimum(first, second), np.maximum(first, second)
        gain = np.sign(table["score"].to_numpy() - 0.5)
        won = np.where(first < second, gain, -gain)
        # Numbers the comparisons, and the raters within each comparison, in sorted order.
        _, pair = np.unique(low * len(names) + high, return_inverse=True)
        pairs = int(pair.max(initial=-1)) + 1
        units, unit = np.unique(prompt * pairs + pair, return_inverse=True)
        entries, entry = np.unique(unit * len(raters) + rater, return_inverse=True)
        count = table["count"].to_numpy().astype(np.float64)
        said = [np.bincount(entry, count * (won == side), len(entries)) for side in (1, -1, 0)]
        return cls(
            entries // len(raters),
            entries % len(raters),
            np.stack(said, axis=1),
            tuple(raters.to_list()),
            len(units),
        )

    def among(self, raters: np.ndarray) -> Comparisons:
        """Returns only the entries of some raters, given as a mask over `raters`."""
        kept = raters[self.rater]
        return Comparisons(
            self.unit[kept], self.rater[kept], self.said[kept], self.raters, self.units
        )


def _codes(column: pl.Series, values: pl.Series) -> np.ndarray:
    """Returns the position of each value among the sorted values, with null first if present."""
    missing = values.null_count()
    codes = column.cast(pl.Enum(values.drop_nulls())).to_physical().cast(pl.Int64)
    return (codes + missing).fill_null(0).to_numpy()
