"""Rows in memory that know the names of their fields: named tuples, dataclasses, records."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from humorrank.errors import InputError


def fields_of(row: Any) -> tuple[str, ...] | None:  # noqa: ANN401 - any Python object
    """Returns the names of the fields of a row, or None if it is a plain sequence.

    Args:
        row: A named tuple, a dataclass instance, a row of sqlite3, a NumPy record, or any other
            object.
    """
    names: Any = None
    if isinstance(row, tuple):
        names = getattr(row, "_fields", None)
    elif dataclasses.is_dataclass(row) and not isinstance(row, type):
        names = [field.name for field in dataclasses.fields(row)]
    elif isinstance(row, np.void):
        names = row.dtype.names
    elif not isinstance(row, Mapping) and callable(getattr(row, "keys", None)):
        names = row.keys()
    return None if names is None else tuple(map(str, names))


def values_of(row: Any, fields: Sequence[str]) -> list[Any]:  # noqa: ANN401 - as in `fields_of`
    """Returns the values of a row, in the order of its fields."""
    if isinstance(row, tuple):
        return list(row)
    if dataclasses.is_dataclass(row):
        return [getattr(row, name) for name in fields]
    return [row[name] for name in fields]


def named_columns(rows: Sequence[Any], fields: Sequence[str]) -> dict[str, list[Any]]:
    """Returns rows with named fields as columns.

    Args:
        rows: The rows.
        fields: The fields of the first row.

    Raises:
        InputError: If a row has other fields than the first row.
    """
    parts = []
    for number, row in enumerate(rows, 1):
        found = fields_of(row)
        if found != fields:
            other = "no named fields" if found is None else f"the fields {', '.join(found)}"
            message = f"has {other}, but the first row has the fields {', '.join(fields)}"
            raise InputError(message, file="rows", row=number)
        parts.append(values_of(row, fields))
    return {name: [part[place] for part in parts] for place, name in enumerate(fields)}
