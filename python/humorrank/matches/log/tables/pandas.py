"""Tables from pandas frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from humorrank.matches.log.tables.batch import RowBatch, series_of
from humorrank.matches.log.tables.frames import (
    _ROWS,
    ColumnCodes,
    distinct,
    game_scores,
    refuse_damaged,
)
from humorrank.matches.log.tables.table import (
    GAME_SCORES,
    GAMES,
    SAMPLE,
    OnRagged,
    Reader,
    Wanted,
    refuse_doubled,
    sampled_words,
)


@dataclass
class PandasTable:
    """A pandas frame, of which only the requested columns are converted.

    Attributes:
        label: Name of the frame in error messages.
        frame: Frame.
        columns: Names of the columns as text, which are column_1, ... if the frame has only numbers
            as labels.
        labels: Labels of the columns in the frame, by name.
        headerless: Whether the labels are only numbers, as in a file read without a header.
    """

    label: str
    frame: Any
    columns: list[str]
    labels: Mapping[str, Any]
    headerless: bool
    untyped: bool = False
    notes: list[str] = field(default_factory=list)

    def sample(self, columns: Sequence[str]) -> RowBatch:
        """Returns the first rows."""
        return RowBatch(self.label, self._convert(self.frame.head(SAMPLE), columns), 1)

    def words(self, column: str) -> list[str]:
        """Returns the distinct values of a column in the first rows."""
        values = self._coded(column)
        if values is not None:
            with suppress(TypeError, ValueError):
                return distinct(values[:SAMPLE])
        return sampled_words(self, column)

    def codes(self, wanted: Wanted) -> Reader | None:
        """Returns a reader of text or integer columns as codes, or None for other columns."""
        found = [(self._coded(column), interner) for column, interner in wanted]
        if any(column is None for column, _ in found):
            return None
        return ColumnCodes(found, len(self.frame))

    def _coded(self, column: str) -> Any:  # noqa: ANN401 - many kinds
        """Returns a column as interners accept it, if possible without a copy, or None."""
        values = self.frame[self.labels[column]]
        if not isinstance(values.dtype, np.dtype):
            storage = getattr(values.dtype, "storage", "pyarrow")
            if "string" in str(values.dtype) and storage == "python":
                return np.ascontiguousarray(values.to_numpy(object))
            try:
                arrow = values.array.__arrow_array__()
            except (AttributeError, ImportError, TypeError, ValueError):
                return None
            if not hasattr(arrow, "__arrow_c_stream__"):
                return None
            refuse_damaged(arrow, self.label, column)
            return arrow
        if values.dtype.kind == "O":
            return np.ascontiguousarray(values.to_numpy())
        return pl.Series(column, values.to_numpy()) if values.dtype.kind in "iu" else None

    def batches(self, columns: Sequence[str], on_ragged: OnRagged | None) -> Iterator[RowBatch]:
        """Yields all rows."""
        names = columns or self.columns[:1]
        for start in range(0, len(self.frame), _ROWS):
            part = self.frame.iloc[start : start + _ROWS]
            yield RowBatch(self.label, self._convert(part, names), start + 1)

    def _convert(self, frame: Any, columns: Sequence[str]) -> pl.DataFrame:  # noqa: ANN401 - pandas
        return pl.DataFrame([self._series(frame, column) for column in columns])

    def _series(self, frame: Any, column: str) -> pl.Series:  # noqa: ANN401 - pandas
        if column == GAME_SCORES:
            games = frame[self.labels[GAMES]].tolist()
            return pl.Series(column, [game_scores(value) for value in games], pl.Object)
        values = frame[self.labels[column]]
        if isinstance(values.dtype, np.dtype):
            if values.dtype.kind in "iufb":
                return pl.Series(column, values.to_numpy())
            return series_of(column, values.tolist(), self.label)
        if hasattr(values.array, "__arrow_array__"):
            with suppress(ImportError):
                refuse_damaged(values.array.__arrow_array__(), self.label, column)
        try:
            converted: pl.Series = pl.from_pandas(values)
            return converted.alias(column)
        except (ImportError, TypeError, ValueError):
            return series_of(column, values.tolist())


def _with_named_rows(frame: Any) -> Any:  # noqa: ANN401 - pandas is optional
    """Returns a table of wins whose rows have the names of its columns with these as a column."""
    rows, columns = frame.index.tolist(), frame.columns.tolist()
    if len(rows) < 2 or len(rows) != len(columns) or not all(isinstance(r, str) for r in rows):
        return frame
    if set(rows) != set(columns) or any(kind.kind not in "iuf" for kind in _kinds(frame)):
        return frame
    name = next(name for name in ("model", "name", "of") if name not in columns)
    return frame.rename_axis(index=name, columns=None).reset_index()


def _kinds(frame: Any) -> list[Any]:  # noqa: ANN401 - pandas is optional
    return [kind if hasattr(kind, "kind") else np.dtype(object) for kind in frame.dtypes]


def pandas_table(frame: Any) -> PandasTable:  # noqa: ANN401 - pandas is optional
    """Creates a table from a pandas frame.

    Raises:
        InputError: If two columns have the same name.
    """
    frame = _with_named_rows(frame)
    labels = frame.columns.tolist()
    headerless = bool(labels) and all(isinstance(name, int) for name in labels)
    columns = [f"column_{i + 1}" if headerless else str(name) for i, name in enumerate(labels)]
    refuse_doubled(columns, "pandas DataFrame")
    named = dict(zip(columns, labels, strict=True))
    first = frame[GAMES].dropna().head(1).tolist() if GAMES in columns else []
    if first and isinstance(first[0], list | np.ndarray):
        columns.append(GAME_SCORES)
    return PandasTable("pandas DataFrame", frame, columns, named, headerless)
