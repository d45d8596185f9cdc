"""Tables from Python rows and columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from humorrank._core import Interner, UnusualError, row_codes
from humorrank._util.text import named, number_of
from humorrank.errors import InputError
from humorrank.matches.log.tables.batch import RowBatch, series_of
from humorrank.matches.log.tables.frames import (
    _ROWS,
    ColumnCodes,
    FrameTable,
    distinct,
    failures,
    polars_table,
    refuse_damaged,
    unreadable,
)
from humorrank.matches.log.tables.table import SAMPLE, OnRagged, Reader, Wanted, refuse_doubled


@dataclass
class RowsTable:
    """Rows in memory: tuples (a, b, winner) or (winner, loser).

    Attributes:
        label: Name of the rows in error messages.
        rows: Rows.
        columns: Names of the elements of a row.
    """

    label: str
    rows: Sequence[Sequence[Any]]
    columns: list[str]
    headerless: bool = False
    untyped: bool = False
    notes: list[str] = field(default_factory=list)

    def sample(self, columns: Sequence[str]) -> RowBatch:
        """Returns the first rows."""
        whole = [row for row in self.rows[:SAMPLE] if len(row) == len(self.columns)]
        return self._batch(whole, list(range(1, len(whole) + 1)), columns)

    def words(self, column: str) -> list[str]:
        """Returns the distinct values of a column in the first rows."""
        at, width = self.columns.index(column), len(self.columns)
        values = [row[at] for row in self.rows[:SAMPLE] if len(row) == width]
        return words_of(column, values)

    def codes(self, wanted: Wanted) -> Reader | None:
        """Returns a reader of rows as codes, for rows whose elements are all text."""
        return _RowCodes(self.rows, [(self.columns.index(c), i) for c, i in wanted])

    def batches(self, columns: Sequence[str], on_ragged: OnRagged | None) -> Iterator[RowBatch]:
        """Yields all rows.

        Raises:
            InputError: If a row differs in length from the first row and `on_ragged` is None.
        """
        for start in range(0, len(self.rows), _ROWS):
            rows, numbers = [], []
            for number, row in enumerate(self.rows[start : start + _ROWS], start + 1):
                if len(row) == len(self.columns):
                    rows.append(row)
                    numbers.append(number)
                    continue
                held = number_of(len(row), "element")
                message = f"has {held}, but the first row has {len(self.columns)}"
                error = InputError(message, file=self.label, row=number)
                if on_ragged is None:
                    raise error
                on_ragged(error)
            yield self._batch(rows, numbers, columns)

    def _batch(
        self, rows: Sequence[Sequence[Any]], numbers: list[int], columns: Sequence[str]
    ) -> RowBatch:
        parts = list(zip(*rows, strict=True)) or [()] * len(self.columns)
        series = [
            series_of(name, parts[self.columns.index(name)], self.label, numbers)
            for name in columns
        ]
        return RowBatch(
            self.label, pl.DataFrame(series), pl.Series(numbers, dtype=pl.UInt64).to_numpy()
        )


@dataclass
class ColumnsTable:
    """Columns in memory, as lists of equal length.

    Attributes:
        label: Name of the columns in error messages.
        values: Values of each column by name.
        columns: Names of the columns.
    """

    label: str
    values: Mapping[str, Sequence[Any]]
    columns: list[str]
    headerless: bool = False
    untyped: bool = False
    notes: list[str] = field(default_factory=list)

    def sample(self, columns: Sequence[str]) -> RowBatch:
        """Returns the first rows."""
        return self._batch(columns, 0, SAMPLE)

    def words(self, column: str) -> list[str]:
        """Returns the distinct values of a column in the first rows."""
        return words_of(column, self.values[column][:SAMPLE])

    def codes(self, wanted: Wanted) -> Reader | None:
        """Returns a reader of columns of text as codes."""
        columns = [(self.values[column], interner) for column, interner in wanted]
        return ColumnCodes(columns, len(columns[0][0]))

    def batches(self, columns: Sequence[str], on_ragged: OnRagged | None) -> Iterator[RowBatch]:
        """Yields all rows."""
        names = columns or self.columns[:1]
        for start in range(0, len(self.values[names[0]]), _ROWS):
            yield self._batch(names, start, start + _ROWS)

    def _batch(self, columns: Sequence[str], start: int, end: int) -> RowBatch:
        series = [
            series_of(name, self.values[name][start:end], self.label, start + 1) for name in columns
        ]
        return RowBatch(self.label, pl.DataFrame(series), start + 1)


def words_of(column: str, values: Sequence[Any]) -> list[str]:
    """Returns the distinct values of a column as text."""
    try:
        return distinct(values)
    except (TypeError, ValueError):
        words = dict.fromkeys(
            RowBatch("", pl.DataFrame([series_of(column, values)]), 1).text(column)
        )
        return [word for word in words if word is not None]


class _RowCodes:
    """A reader of rows in memory as codes, for rows of text of equal length."""

    def __init__(self, rows: Sequence[Sequence[Any]], wanted: Sequence[tuple[int, int]]) -> None:
        self._rows = rows
        self._wanted = wanted
        self._start = 0

    def read(self, interners: Sequence[Interner]) -> Sequence[np.ndarray] | None:
        """Returns the next rows."""
        rows = list(self._rows[self._start : self._start + _ROWS])
        if not rows:
            return None
        self._start += _ROWS
        try:
            return row_codes(rows, len(self._rows[0]), self._wanted, interners)
        except (TypeError, ValueError, UnicodeError) as error:
            raise UnusualError(str(error)) from None


def columns_table(
    source: Mapping[Any, Any], *, label: str = "columns"
) -> ColumnsTable | FrameTable:
    """Creates a table from columns by name, given as lists, tuples, NumPy arrays or series.

    Args:
        source: Columns by name.
        label: Name of the columns in error messages.

    Raises:
        InputError: If a value is not a column, or the columns differ in length.
    """
    columns = [str(name) for name in source]
    refuse_doubled(columns, label)
    values = [
        _values(column, label, part) for column, part in zip(columns, source.values(), strict=True)
    ]
    for column, part in zip(columns, values, strict=True):
        if len(part) != len(values[0]):
            message = (
                f"has {number_of(len(part), 'value')}, but {columns[0]!r} has {len(values[0]):,}"
            )
            raise InputError(message, file=label, column=column)
    if values and all(isinstance(part, pl.Series) for part in values):
        frame = pl.DataFrame(dict(zip(columns, values, strict=True)))
        return polars_table(label, frame)
    lists = [part.to_list() if isinstance(part, pl.Series) else part for part in values]
    return ColumnsTable(label, dict(zip(columns, lists, strict=True)), columns)


def _values(column: str, label: str, values: Any) -> Sequence[Any] | pl.Series:  # noqa: ANN401 - many kinds
    if isinstance(values, list | tuple | pl.Series):
        return values
    if isinstance(values, np.ndarray) and values.ndim == 1:
        return list(values.tolist())
    if hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__"):
        refuse_damaged(values, label, column)
        try:
            return pl.Series(column, values)
        except failures(TypeError, ValueError) as error:
            raise unreadable(label, error) from None
    if hasattr(values, "tolist") and hasattr(values, "iloc"):
        return list(values.tolist())
    message = f"is {named(type(values).__name__)}, not a column; pass single matches as a list of "
    message += "dictionaries"
    raise InputError(message, file=label, column=column)
