"""Tables of wins as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from humorrank.errors import InputError
from humorrank.matches.outcomes import FIRST, TIE

_SOURCE = "matrix"
_LARGEST = 2.0**53


def wins_of(
    names: Sequence[str],
    wins: Any,  # noqa: ANN401 - whatever `numpy.asarray` accepts
    ties: Any | None,  # noqa: ANN401
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Returns the first and second contestants, the outcomes and the counts of a table of wins.

    Args:
        names: Names of the K contestants.
        wins: Number of wins of the row against the column, of shape (K, K).
        ties: Number of ties, of the same shape and symmetric, or None.

    Raises:
        InputError: If a table is invalid.
    """
    won = _counts("wins", names, wins)
    first, second = np.nonzero(won)
    outcome, count = np.full(len(first), FIRST, np.uint8), won[first, second]
    if ties is not None:
        tied = _counts("ties", names, ties)
        if len(unequal := np.argwhere(tied != tied.T)):
            one, other = (names[place] for place in unequal[0].tolist())
            message = f"has different numbers of ties for {one!r} and {other!r} and the other way"
            raise InputError(f"{message} round", file=_SOURCE, column="ties")
        low, high = np.nonzero(np.triu(tied))
        first, second = np.concatenate([first, low]), np.concatenate([second, high])
        outcome = np.concatenate([outcome, np.full(len(low), TIE, np.uint8)])
        count = np.concatenate([count, tied[low, high]])
    return first.astype(np.uint32), second.astype(np.uint32), outcome, count


def _counts(what: str, names: Sequence[str], values: Any) -> np.ndarray:  # noqa: ANN401
    size = len(names)
    try:
        table = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise InputError("must be a table of numbers", file=_SOURCE, column=what) from None
    if table.shape != (size, size):
        message = f"must have the shape ({size}, {size}), one row and one column for each of the "
        raise InputError(f"{message}names, not {table.shape}", file=_SOURCE, column=what)
    own = np.diagonal(table)
    table = np.where(np.eye(size, dtype=bool) & np.isnan(table), 0, table)
    if len(against := np.flatnonzero(np.nan_to_num(own))):
        name = names[int(against[0])]
        message = f"contains matches of {name!r} against itself; the diagonal must be 0 or NaN"
        raise InputError(message, file=_SOURCE, column=what)
    with np.errstate(invalid="ignore"):
        wrong = np.argwhere(~((table >= 0) & (table < _LARGEST) & (table == np.floor(table))))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise InputError(
            f"contains {table[row, column]:g} for {names[row]!r} against {names[column]!r}, but "
            "must be whole numbers from 0 to 2^53 - 1",
            file=_SOURCE,
            column=what,
        )
    counts: np.ndarray = table.astype(np.uint64)
    return counts
