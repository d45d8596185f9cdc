"""Matches given as integer codes, which are checked and converted to the types of the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from humorrank.errors import InputError

Codes = Any
"""A column of whole numbers: a NumPy array, or anything that `numpy.asarray` accepts."""

_SOURCE = "codes"
_MOST = 1 << 30
"""The maximum number of contestants of a tally."""
_WIDE = 64
"""Keys are renumbered if their largest code exceeds this multiple of the number of rows."""


@dataclass(frozen=True)
class MatchCodes:
    """Rows in the types of the engine, whose ranges are not checked yet."""

    names: Sequence[str]
    first: np.ndarray
    second: np.ndarray
    outcome: np.ndarray
    count: np.ndarray | None
    keys: Mapping[str, np.ndarray]
    labels: Sequence[Sequence[str] | None]

    def refuse(self) -> None:
        """Raises an error for the first row that cannot be counted.

        Raises:
            InputError: Always.
        """
        for column, codes in (("first", self.first), ("second", self.second)):
            _refuse(column, codes, codes >= len(self.names), f"0 to {len(self.names) - 1:,}")
        _refuse("outcome", self.outcome, self.outcome > 3, "0, 1, 2 or 3")
        row = int(np.argmax(self.first == self.second))
        name = self.names[int(self.first[row])]
        raise InputError(f"{name!r} plays against itself", file=_SOURCE, row=row)


def coded(
    names: Sequence[str] | None,
    first: Codes,
    second: Codes,
    outcome: Codes,
    count: Codes | None,
    keys: Mapping[str, tuple[Sequence[str] | None, Codes]],
) -> MatchCodes:
    """Checks types and lengths. The engine checks the ranges, and `MatchCodes.refuse` reports them.

    Raises:
        InputError: If a column does not consist of whole numbers of at least 0, or differs in
            length from the first.
    """
    one = _whole("first", first, np.uint32)
    two = _whole("second", second, np.uint32, len(one))
    how = _whole("outcome", outcome, np.uint8, len(one))
    times = None if count is None else _whole("count", count, np.uint64, len(one))
    if not len(one):
        raise InputError("there are no matches", file=_SOURCE)
    if names is None:
        most = int(max(one.max(), two.max()))
        if most >= _MOST:
            for side, values in (("first", one), ("second", two)):
                _refuse(side, values, values >= _MOST, f"below {_MOST:,}")
        names = list(map(str, range(most + 1)))
    else:
        names = _distinct(names)
    labels: list[Sequence[str] | None] = []
    columns: dict[str, np.ndarray] = {}
    for key, (known, codes) in keys.items():
        column = _whole(key, codes, np.uint32, len(one))
        texts = None if known is None else _texts(f"the labels of {key!r}", known)
        if texts is not None:
            if int(column.max()) >= len(texts):
                _refuse(key, column, column >= len(texts), f"0 to {len(texts) - 1:,}")
        elif int(column.max()) == np.iinfo(np.uint32).max:
            _refuse(key, column, column == np.iinfo(np.uint32).max, "below 2^32 - 1")
        elif int(column.max()) > _WIDE * len(column):
            # Tables with an entry for each code up to the largest would be mostly empty.
            used, places = np.unique(column, return_inverse=True)
            texts, column = list(map(str, used.tolist())), places.astype(np.uint32)
        labels.append(texts)
        columns[key] = column
    return MatchCodes(names, one, two, how, times, columns, labels)


def _whole(name: str, values: Codes, dtype: type, length: int | None = None) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 1 or (length is not None and len(array) != length):
        wanted = "a column" if length is None else f"a column of {length:,} values, like `first`"
        raise InputError(f"must be {wanted}, not of shape {array.shape}", file=_SOURCE, column=name)
    if array.dtype == dtype:
        return np.ascontiguousarray(array)
    if not len(array):
        return array.astype(dtype)
    if array.dtype.kind not in "iu":
        message = f"must be whole numbers, not {array.dtype}"
        raise InputError(message, file=_SOURCE, column=name)
    most = np.iinfo(dtype).max
    if int(array.min()) < 0 or int(array.max()) > most:
        _refuse(name, array, (array < 0) | (array > most), f"0 to {most:,}")
    return array.astype(dtype)


def _distinct(names: Sequence[str]) -> list[str]:
    names = _texts("names", names)
    if len(set(names)) < len(names):
        seen: set[str] = set()
        for name in names:
            if name in seen:
                raise InputError(f"names contains {name!r} twice", file=_SOURCE)
            seen.add(name)
    return names


def _texts(what: str, names: Sequence[str]) -> list[str]:
    names = list(names)
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"{what} must be text, not {name!r}", file=_SOURCE)
    try:
        "".join(names).encode()
    except UnicodeEncodeError as error:
        bad = next(name for name in names if error.object[error.start] in name)
        message = f"{what} must be text that can be encoded as UTF-8, not {bad!r}"
        raise InputError(message, file=_SOURCE) from None
    return names


def _refuse(column: str, values: np.ndarray, wrong: np.ndarray, allowed: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        value = values[row].item()
        message = f"contains {value:,} in row {row:,} (from 0), but must be {allowed}"
        raise InputError(message, file=_SOURCE, column=column, value=value)
