"""Refits of a log with some matches removed or flipped, and the influence of each match."""

from __future__ import annotations

from functools import cached_property
from typing import Final, Literal

import numpy as np

from humorrank import _core
from humorrank._stats.laplacian import information_matrix
from humorrank._stats.scale import logistic, logistic_pair
from humorrank.diagnostics.cells import HIGH, LOW, Cells

Change = Literal["remove", "flip"]

DENSE: Final = 400
"""The number of contestants up to which a dense solver is used instead of conjugate gradients."""

_RESIDUAL: Final = 1e-10
_MOST_STEPS: Final = 2_000


class Changes:
    """The units that can be changed: the matches of each cell, or whole groups of matches.

    A change is an int64 array with one entry per unit: the number of its matches that are changed,
    or 0 or 1 for a group. All matches of a unit have the same effect to first order.

    Args:
        cells: Matches whose ratings exist.
        change: "remove" matches, or "flip" their outcomes (a tie stays a tie).
    """

    def __init__(self, cells: Cells, change: Change) -> None:
        self.cells = cells
        self.change = change
        self.refits = 0
        if cells.group is None:
            self.capacity = cells.count.copy()
            if change == "flip":
                self.capacity[cells.score == 0.5] = 0
        else:
            self.capacity = np.zeros(len(cells.labels), np.int64)
            self.capacity[np.unique(cells.group[cells.group >= 0])] = 1

    def taken(self, change: np.ndarray) -> np.ndarray:
        """Returns the number of matches of each cell that a change affects."""
        if self.cells.group is None:
            return change
        whole = np.where(self.cells.group >= 0, change[self.cells.group], 0)
        taken: np.ndarray = self.cells.count * whole
        return taken

    def matches(self, change: np.ndarray) -> int:
        """Returns the number of matches that a change affects."""
        return int(self.taken(change).sum())

    def refit(self, change: np.ndarray) -> np.ndarray | None:
        """Returns the strengths after a change, in natural-log units; None without a maximum."""
        self.refits += 1
        field = self._field(self.taken(change))
        return None if field.outsiders() else field.fit(threads=1)[0]

    def _field(self, taken: np.ndarray) -> _core.FitData:
        counts = _core.Tally(len(self.cells.names))
        left = self.cells.count - taken
        rows = [(self._low, self._high, self.cells.outcome, self.cells.score, left)]
        if self.change == "flip":
            rows.append((self._low, self._high, self._flipped, 1 - self.cells.score, taken))
        for low, high, outcome, score, count in rows:
            held = np.flatnonzero(count > 0)
            if not len(held):
                continue
            counts.add(
                low[held],
                high[held],
                outcome[held],
                None if self._plain else score[held],
                None if self._plain else self.cells.weight[held],
                count[held].astype(np.uint64),
            )
        counts.grow(len(self.cells.names))
        return _core.FitData(counts)

    @cached_property
    def _low(self) -> np.ndarray:
        return self.cells.low.astype(np.uint32)

    @cached_property
    def _high(self) -> np.ndarray:
        return self.cells.high.astype(np.uint32)

    @cached_property
    def _plain(self) -> bool:
        won = self.cells.outcome
        return bool((won <= 2).all() and (self.cells.weight == 1).all())

    @cached_property
    def _flipped(self) -> np.ndarray:
        outcome = self.cells.outcome.copy()
        outcome[self.cells.outcome == LOW] = HIGH
        outcome[self.cells.outcome == HIGH] = LOW
        return outcome

    def effects(self, change: np.ndarray, strengths: np.ndarray, a: int, b: int) -> np.ndarray:
        """Returns the first-order reduction of the gap of a and b by one more match of each unit.

        Let H be the information and u = H^-1 (e_a - e_b). A match of weight w between i and j with
        score s and expected score p adds (u_i - u_j) w (s - p) to theta_a - theta_b. Removing it
        subtracts this amount, and flipping it adds (u_i - u_j) w (1 - 2 s). This is the influence
        function, as in [BGM20].
        """
        cells = self.cells
        p, lever = self._at(change, strengths, a, b)
        if self.change == "remove":
            effect = lever * (cells.score - p)
        else:
            effect = lever * (2 * cells.score - 1)
        if cells.group is None:
            return np.asarray(effect)
        told = cells.group >= 0
        weighted = effect[told] * cells.count[told]
        return np.bincount(cells.group[told], weighted, len(cells.labels))

    def _at(
        self, change: np.ndarray, strengths: np.ndarray, a: int, b: int
    ) -> tuple[np.ndarray, np.ndarray]:
        cells = self.cells
        p = logistic(strengths[cells.low] - strengths[cells.high])
        contrast = np.zeros(len(strengths))
        contrast[a], contrast[b] = 1, -1
        low, high, parts = self._parts(change, strengths)
        if len(strengths) > DENSE:
            solution = conjugate_gradients(low, high, parts, contrast)
        else:
            matrix = information_matrix(low, high, parts, len(strengths))
            solution = np.linalg.solve(matrix, contrast)
        return p, (solution[cells.low] - solution[cells.high]) * cells.weight

    def information(self, change: np.ndarray, strengths: np.ndarray) -> np.ndarray:
        """Returns the information after a change, made regular in the gauge direction."""
        return information_matrix(*self._parts(change, strengths), len(strengths))

    def _parts(
        self, change: np.ndarray, strengths: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns both codes of each pair that met, and its information after a change."""
        cells = self.cells
        left = cells.count - (self.taken(change) if self.change == "remove" else 0)
        low, high, pair = self._pairs
        amount = np.bincount(pair, left * cells.weight, len(low))
        p, q = logistic_pair(strengths[low] - strengths[high])
        return low, high, amount * p * q

    @cached_property
    def _pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Both codes of each pair that met, and the pair of each cell."""
        n = len(self.cells.names)
        keys, pair = np.unique(self.cells.low * n + self.cells.high, return_inverse=True)
        low, high = np.divmod(keys, n)
        return low, high, pair


def conjugate_gradients(
    low: np.ndarray, high: np.ndarray, parts: np.ndarray, target: np.ndarray
) -> np.ndarray:
    """Solves information x solution = target by conjugate gradients scaled by the diagonal.

    The target must sum to 0. The iteration stops at a residual of 1e-10, or after a fixed number of
    steps. Influences only order the matches and need not be exact.
    """
    n = len(target)

    def times(vector: np.ndarray) -> np.ndarray:
        flow = parts * (vector[low] - vector[high])
        image: np.ndarray = np.bincount(low, flow, n) - np.bincount(high, flow, n)
        return image

    diagonal = np.bincount(low, parts, n) + np.bincount(high, parts, n)
    solution, residual = np.zeros(n), target.copy()
    scaled = residual / diagonal
    direction, size = scaled.copy(), float(residual @ scaled)
    for _ in range(_MOST_STEPS):
        image = times(direction)
        step = size / float(direction @ image)
        solution += step * direction
        residual -= step * image
        if np.abs(residual).max() < _RESIDUAL:
            break
        scaled = residual / diagonal
        before, size = size, float(residual @ scaled)
        direction = scaled + size / before * direction
    return solution
