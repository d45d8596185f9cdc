"""Matches that are alike because they share a prompt, a judge, an annotator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from humorrank import _core
from humorrank.errors import InputError
from humorrank.matches.outcomes import OUTCOMES
from humorrank.matches.tally.tally import Tally
from humorrank.rating.settings import Ties

LEAST: Final = 5
"""Clusters below which no interval is given: their scatter tells too little of itself."""

FEW: Final = 30
"""Clusters below which intervals come with a warning."""

_TIES: Final = [OUTCOMES.index("tie"), OUTCOMES.index("both_bad")]


@dataclass(frozen=True, eq=False)
class Clusters:
    """The points of each pair in each cluster.

    Attributes:
        column: what the clusters are of.
        cluster: number of the cluster, one a row.
        first: codes of contestants.
        second: codes of their opponents.
        first_points: points that `first` took of `second` in this cluster, weights included.
        second_points: the other points.
    """

    column: str
    cluster: np.ndarray
    first: np.ndarray
    second: np.ndarray
    first_points: np.ndarray
    second_points: np.ndarray

    @classmethod
    def of(cls, tally: Tally, column: str, ties: Ties) -> Clusters:
        """The clusters of a tally that has this one key.

        Raises:
            InputError: a match belongs to no cluster.
        """
        assert tally.keyed is not None
        cluster, (first, second, outcome, score, weight, count) = tally.keyed.cells.cells()
        (label,) = tally.keyed.cells.keys
        homeless = label[cluster] == _core.NULL_CODE
        if homeless.any():
            matches = int(count[homeless].sum())
            raise InputError(
                f"{matches:,} matches have no value, so that they belong to no cluster; leave "
                f'them out (where="{column} IS NOT NULL") or do not cluster by it',
                column=column,
            )
        amount = count.astype(np.float64) * weight
        kept = ~np.isin(outcome, _TIES) if ties == "exclude" else np.ones(len(cluster), bool)
        return cls(
            column,
            cluster[kept],
            first[kept],
            second[kept],
            (amount * score)[kept],
            (amount * (1 - score))[kept],
        )

    def restricted(self, keep: np.ndarray) -> Clusters:
        """Only the matches between contestants for which `keep` is true, under new codes."""
        code = (np.cumsum(keep) - 1).astype(np.uint32)
        rows = keep[self.first] & keep[self.second]
        return replace(
            self,
            cluster=self.cluster[rows],
            first=code[self.first[rows]],
            second=code[self.second[rows]],
            first_points=self.first_points[rows],
            second_points=self.second_points[rows],
        )

    def __len__(self) -> int:
        """The number of clusters that hold a match."""
        return len(np.unique(self.cluster))

    def of_field(self, field: _core.Field) -> _core.Clusters:
        """The same for the engine."""
        return _core.Clusters(
            field, self.cluster, self.first, self.second, self.first_points, self.second_points
        )


def refuse_few(clusters: int, column: str) -> None:
    """Refuses what no interval can be based on.

    Raises:
        InputError: there are fewer than `LEAST` clusters.
    """
    if clusters < LEAST:
        raise InputError(
            f"holds {clusters} cluster{'s' * (clusters != 1)}, and fewer than {LEAST} do not tell "
            "how much clusters differ; cluster by something finer, or by nothing",
            column=column,
        )
