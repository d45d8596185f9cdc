"""Judged matches as numeric arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl


@dataclass(frozen=True)
class MatchArrays:
    """Judged matches as numeric arrays. Equal matches may share a row.

    Attributes:
        names: The names of the contestants.
        first: The code of the contestant shown first, for each row.
        second: The code of the contestant shown second, for each row.
        count: The number of judgments in each row.
        weight: The weight of each judgment.
        score: The score of the contestant shown first: 1, 0.5, 0, or any share.
        cluster: The number of the cluster (prompt, judge) of each row; None without clusters.
    """

    names: tuple[str, ...]
    first: np.ndarray
    second: np.ndarray
    count: np.ndarray
    weight: np.ndarray
    score: np.ndarray
    cluster: np.ndarray | None = None

    def restricted(self, rows: np.ndarray) -> MatchArrays:
        """Returns some of the rows, with only the contestants that occur in them."""
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
    """Converts a table of judgments to arrays, with the contestants sorted by name."""
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
