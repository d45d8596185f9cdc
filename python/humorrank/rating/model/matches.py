"""Judged matches as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl


@dataclass(frozen=True)
class MatchArrays:
    """Judged matches as numbers; equal ones may be one row.

    Attributes:
        names: the contestants.
        first: codes of those shown first, one a row.
        second: codes of those shown second.
        count: judgments in each row.
        weight: weight of each of them.
        score: share of the first in each of them: 1, 0.5, 0, or any share.
        cluster: number of the cluster (prompt, judge), one a row; None where there are none.
    """

    names: tuple[str, ...]
    first: np.ndarray
    second: np.ndarray
    count: np.ndarray
    weight: np.ndarray
    score: np.ndarray
    cluster: np.ndarray | None = None

    def restricted(self, rows: np.ndarray) -> MatchArrays:
        """Some of the rows, and the contestants that they are of."""
        first, second = self.first[rows], self.second[rows]
        present = np.zeros(len(self.names), bool)
        present[first] = present[second] = True
        code = np.cumsum(present) - 1
        return MatchArrays(
            tuple(name for name, there in zip(self.names, present.tolist(), strict=True) if there),
            code[first],
            code[second],
            self.count[rows],
            self.weight[rows],
            self.score[rows],
            None if self.cluster is None else self.cluster[rows],
        )


def matches_of(table: pl.DataFrame) -> MatchArrays:
    """Rows of a table of judgments as numbers; contestants in the order of their names."""
    names = pl.concat([table["model_a"], table["model_b"]]).unique().sort()
    kind = pl.Enum(names)
    cluster = None
    if not table["prompt"].has_nulls():
        cluster = table["prompt"].rank("dense").to_numpy().astype(np.int64) - 1
    return MatchArrays(
        tuple(names.to_list()),
        table["model_a"].cast(kind).to_physical().to_numpy().astype(np.int64),
        table["model_b"].cast(kind).to_physical().to_numpy().astype(np.int64),
        table["count"].to_numpy().astype(np.float64),
        table["weight"].to_numpy(),
        table["score"].to_numpy(),
        cluster,
    )
