"""Diagnosis of the parameters that keep a likelihood from having a maximum.

A direction of the parameters separates the data if moving along it makes no observed outcome less
likely. Such a direction satisfies one or two linear inequalities per match
(`humorrank.rating.model.separation`). If the sum of their slacks can be positive, the likelihood
has no maximum [Kon07]. A parameter is at fault if the data are no longer separated when it is held
fixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from humorrank.errors import NoMaximumError
from humorrank.rating.model.design import Design

_ROUNDS: Final = 200
_VIOLATED: Final = 1e-7
_SEPARATED: Final = 1e-6


def diagnosed(design: Design, labels: Sequence[str]) -> NoMaximumError | None:
    """Returns the error that names the parameters at fault, or None if there is a maximum.

    Args:
        design: The matches of a connected field, with their covariates.
        labels: The names of the covariates.
    """
    cone = _Cone(design)
    n = design.contestants
    names = [*(f"the effect of {label}" for label in labels)]
    names += ["the tie parameter"] * design.extra
    every = np.ones(len(names), bool)
    found = cone.separating(every)
    if found is None:
        return None
    places = np.arange(len(names))
    at_fault = [i for i in places if cone.separating(every & (places != i)) is None]
    if not at_fault:
        at_fault = [i for i in places if cone.separating(places == i) is not None]
    if not at_fault:
        at_fault = [i for i in places if abs(found[n + i]) > _SEPARATED]
    parts = []
    for i in at_fault:
        alone = cone.separating(places == i)
        way = (found if alone is None else alone)[n + i]
        parts.append(f"{names[i]} {'rises' if way > 0 else 'falls'} without bound")
    return NoMaximumError(
        f"the likelihood has no maximum: {', and '.join(parts)}, because no observed outcome "
        "becomes less likely in this direction for some strengths; leave it out, or add matches",
        outside=(),
        component=(),
    )


class _Cone:
    """The directions along which no observed outcome becomes less likely.

    An inequality has the form sign x odds + ties x tau >= 0. The inequalities of one ordered pair
    with the same sign and ties form a group. A linear program starts with the inequalities of each
    group that have extreme covariates, and others are added if a direction violates them.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self._n, self._k = design.contestants, design.effects
        m = design.matches
        first, second = m.score > 0, m.score < 1
        if design.extra:
            tied = m.score == 0.5
            first, second = m.score == 1, m.score == 0
            kinds = [(first, 1, 0), (first, 1, -2), (second, -1, 0), (second, -1, -2)]
            kinds += [(tied, 1, 2), (tied, -1, 2)]
        else:
            kinds = [(first, 1, 0), (second, -1, 0)]
        rows = [np.flatnonzero(mask) for mask, _, _ in kinds]
        sizes = [len(part) for part in rows]
        self._row = np.concatenate(rows)
        self._sign = np.repeat([float(sign) for _, sign, _ in kinds], sizes)
        self._ties = np.repeat([float(ties) for _, _, ties in kinds], sizes)
        kind = np.repeat(np.arange(len(kinds)), sizes)
        pair = m.first.astype(np.int64) * self._n + m.second
        _, self._group = np.unique(pair[self._row] * len(kinds) + kind, return_inverse=True)
        scale = np.abs(design.covariates).max(0, initial=0.0)
        self._x = (design.covariates / np.where(scale > 0, scale, 1.0))[self._row]
        self._chosen = self._extremes()
        self._objective = self._sum_of_groups()

    def separating(self, free: np.ndarray) -> np.ndarray | None:
        """Returns a separating direction that moves only strengths and the free parameters."""
        from scipy.optimize import linprog  # noqa: PLC0415 - slow to import

        held = np.concatenate([np.ones(self._n, bool), free])
        bounds = np.where(held, 1.0, 0.0)
        for _ in range(_ROUNDS):
            found = linprog(
                -self._objective,
                A_ub=-self._matrix(self._chosen),
                b_ub=np.zeros(len(self._chosen)),
                bounds=np.column_stack([-bounds, bounds]),
                method="highs",
            )
            if found.x is None:
                return None
            slack = self._slack(found.x)
            violated = np.flatnonzero(slack < -_VIOLATED)
            violated = violated[~np.isin(violated, self._chosen)]
            if not len(violated) or slack.max() <= _SEPARATED:
                return np.asarray(found.x) if slack.max() > _SEPARATED else None
            # Adds the most violated inequality of each group.
            order = violated[np.lexsort((slack[violated], self._group[violated]))]
            _, leads = np.unique(self._group[order], return_index=True)
            self._chosen = np.union1d(self._chosen, order[leads])
        return None

    def _slack(self, direction: np.ndarray) -> np.ndarray:
        m, n, k = self.design.matches, self._n, self._k
        odds = direction[m.first[self._row]] - direction[m.second[self._row]]
        odds = odds + self._x @ direction[n : n + k]
        ties = self._ties * direction[-1] if self.design.extra else 0.0
        return np.asarray(self._sign * odds + ties)

    def _extremes(self) -> np.ndarray:
        """Returns the inequalities of each group with the extreme values of each covariate."""
        chosen = []
        for column in range(self._k) if self._k else [None]:
            values = np.zeros(len(self._row)) if column is None else self._x[:, column]
            order = np.lexsort((values, self._group))
            edge = np.diff(self._group[order], prepend=-1, append=-1) != 0
            chosen += [order[edge[:-1]], order[edge[1:]]]
        return np.unique(np.concatenate(chosen))

    def _matrix(self, which: np.ndarray) -> Any:  # noqa: ANN401 - SciPy has no type stubs
        from scipy.sparse import csr_array  # noqa: PLC0415

        m, n, k, extra = self.design.matches, self._n, self._k, self.design.extra
        row, sign, size = self._row[which], self._sign[which], len(which)
        places = [m.first[row], m.second[row]]
        values = [sign, -sign]
        for column in range(k):
            places.append(np.full(size, n + column))
            values.append(sign * self._x[which, column])
        if extra:
            places.append(np.full(size, n + k))
            values.append(self._ties[which])
        index = np.tile(np.arange(size), len(places))
        shape = (size, n + k + extra)
        return csr_array((np.concatenate(values), (index, np.concatenate(places))), shape=shape)

    def _sum_of_groups(self) -> np.ndarray:
        """Returns the sum over the groups of the mean inequality of each group."""
        m, n, k = self.design.matches, self._n, self._k
        share = 1 / np.bincount(self._group)[self._group]
        signed = share * self._sign
        first, second = m.first[self._row], m.second[self._row]
        strengths = np.bincount(first, signed, n) - np.bincount(second, signed, n)
        ties = [float(share @ self._ties)] * self.design.extra
        return np.concatenate([strengths, self._x.T @ signed if k else [], ties])
