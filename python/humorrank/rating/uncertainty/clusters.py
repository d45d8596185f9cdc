"""Clusters of matches that are correlated because they share a prompt, judge or annotator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from humorrank import _core
from humorrank._util.text import number_of
from humorrank.errors import InputError
from humorrank.matches.log.periods import column_of
from humorrank.matches.outcomes import OUTCOMES
from humorrank.matches.tally.tally import Tally
from humorrank.rating.settings import Ties

LEAST: Final = 5
"""The smallest number of clusters for an interval; fewer do not show how much clusters vary."""

FEW: Final = 30
"""The number of clusters below which intervals come with a warning."""

_TIES: Final = [OUTCOMES.index("tie"), OUTCOMES.index("both_bad")]


@dataclass(frozen=True, eq=False)
class Clusters:
    """The points of each pair in each cluster.

    Attributes:
        column: The column that defines the clusters.
        cluster: The number of the cluster of each row.
        first: The codes of contestants.
        second: The codes of their opponents.
        first_points: The weighted points that `first` won against `second` in the cluster.
        second_points: The weighted points that `second` won against `first` in the cluster.
    """

    column: str
    cluster: np.ndarray
    first: np.ndarray
    second: np.ndarray
    first_points: np.ndarray
    second_points: np.ndarray

    @classmethod
    def of(cls, tally: Tally, column: str, ties: Ties) -> Clusters:
        """Returns the clusters of a tally whose only key is the column.

        Raises:
            InputError: If a match does not belong to a cluster.
        """
        assert tally.keyed is not None
        cluster, (first, second, outcome, score, weight, count) = tally.keyed.cells.cells()
        (label,) = tally.keyed.cells.keys
        homeless = label[cluster] == _core.NULL_CODE
        if homeless.any():
            matches = int(count[homeless].sum())
            raise InputError(
                f"{number_of(matches, 'match has', 'matches have')} no value and therefore no "
                f"cluster; leave them out "
                f'(where="{column_of(column)} IS NOT NULL"), or use another column',
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
        """Returns the matches between contestants for which `keep` is true, with new codes."""
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
        """Returns the number of clusters that contain a match."""
        return len(np.unique(self.cluster))

    def of_field(self, field: _core.FitData) -> _core.Clusters:
        """Returns the clusters in the form of the engine."""
        return _core.Clusters(
            field, self.cluster, self.first, self.second, self.first_points, self.second_points
        )


def refuse_few(clusters: int, column: str) -> None:
    """Refuses too few clusters for an interval.

    Raises:
        InputError: If there are fewer than `LEAST` clusters.
    """
    if clusters < LEAST:
        raise InputError(
            f"has {clusters} cluster{'s' * (clusters != 1)}, but fewer than {LEAST} do not show "
            "how much clusters differ; use a column with more clusters, or no clusters",
            column=column,
        )
