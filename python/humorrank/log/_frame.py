"""Frames: polars, pandas, Arrow, and whatever polars itself reads from disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from humorrank._core import CodeReader, Interner, UnusualError, row_codes
from humorrank.errors import InputError
from humorrank.interruptible import interruptible
from humorrank.log._batch import Batch, is_missing, series_of
from humorrank.log._table import (
    GAME_SCORES,
    GAMES,
    SAMPLE,
    OnRagged,
    doubled,
    sampled_words,
)

if TYPE_CHECKING:
    from humorrank.log._coded import Reader, Wanted

_ROWS: Final = 1 << 20
_CODED_ROWS: Final = 1 << 18
"""So many rows are coded at a time: their codes stay in the cache until they are counted."""
_LAZY_ROWS: Final = 1 << 18


@dataclass
class FrameTable:
    """A polars frame, in memory or lazy.

    Attributes:
        label: what errors call it.
        frame: the frame.
        schema: its columns and their types.
        parquet: the one Parquet file that it scans, if it does.
    """

    label: str
    frame: pl.DataFrame | pl.LazyFrame
    schema: Mapping[str, pl.DataType]
    headerless: bool = False
    untyped: bool = False
    notes: list[str] = field(default_factory=list)
    parquet: Path | None = None

    @cached_property
    def columns(self) -> list[str]:
        """The names of its columns, and GAME_SCORES if there are games."""
        return with_games(list(self.schema), self.schema.get(GAMES))

    def sample(self, columns: Sequence[str]) -> Batch:
        """Some first rows."""
        frame = select(self.frame.head(SAMPLE), columns)
        if isinstance(frame, pl.LazyFrame):
            try:
                frame = frame.collect()
            except (PolarsError, OSError) as error:
                raise unreadable(self.label, error) from None
        return Batch(self.label, frame, 1)

    def words(self, column: str) -> list[str]:
        """The distinct values of a column in these rows."""
        if isinstance(self.frame, pl.DataFrame) and self.schema[column] == pl.String:
            return distinct(self.frame.get_column(column).head(SAMPLE))
        return sampled_words(self, column)

    def codes(self, wanted: Wanted) -> Reader | None:
        """Reads columns of text or whole numbers as codes, in memory or from a Parquet file."""
        if not all(_has_codes(self.schema[column]) for column, _ in wanted):
            return None
        if isinstance(self.frame, pl.DataFrame):
            return ColumnCodes(
                [(self.frame.get_column(column), interner) for column, interner in wanted],
                self.frame.height,
            )
        if self.parquet is None:
            return None
        try:
            return CodeReader.parquet(self.parquet, wanted)
        except UnusualError:
            return None

    def batches(self, columns: Sequence[str], on_ragged: OnRagged | None) -> Iterator[Batch]:
        """All rows.

        Raises:
            InputError: A lazy frame cannot be computed, or its file is broken.
        """
        # Without a column polars forgets how many rows there are.
        frame = select(self.frame, columns or list(self.schema)[:1])
        start = 1
        try:
            parts = (
                frame.iter_slices(_ROWS)
                if isinstance(frame, pl.DataFrame)
                else frame.collect_batches(chunk_size=_LAZY_ROWS)
            )
            for part in parts:
                yield Batch(self.label, part, start)
                start += part.height
        except (PolarsError, OSError) as error:
            raise unreadable(self.label, error) from None


class ColumnCodes:
    """Columns in memory, coded: anything that an interner takes, and whole numbers of polars.

    Args:
        columns: columns, each with the number of its interner.
        rows: how many rows there are.
    """

    def __init__(self, columns: Sequence[tuple[Any, int]], rows: int) -> None:
        self._columns = columns
        self._rows = rows
        self._start = 0

    def read(self, interners: Sequence[Interner]) -> Sequence[np.ndarray] | None:
        """The next rows."""
        start, end = self._start, min(self._start + _CODED_ROWS, self._rows)
        if start >= end:
            return None
        self._start = end
        try:
            return [
                interners[interner].encode(_part(column, start, end, self._rows))
                for column, interner in self._columns
            ]
        except (TypeError, ValueError) as error:
            raise UnusualError(str(error)) from None


def _part(column: Any, start: int, end: int, rows: int) -> Any:  # noqa: ANN401 - many kinds
    """Some rows of a column."""
    part = column if end - start == rows else column[start:end]
    if isinstance(part, pl.Series) and part.dtype.is_integer():
        return part.cast(pl.String)
    return part


def distinct(values: object) -> list[str]:
    """The distinct strings of a column, in the order of their first appearance."""
    interner = Interner()
    interner.encode(values)
    return interner.names


def _has_codes(dtype: pl.DataType) -> bool:
    return dtype in (pl.String, pl.Categorical, pl.Enum) or dtype.is_integer()


@dataclass
class PandasTable:
    """A pandas frame, of which only the columns asked for are converted.

    Attributes:
        label: what errors call it.
        frame: the frame.
        columns: the names of its columns as text; column_1, ... where they are only numbers.
        labels: what the frame itself calls each.
        headerless: whether they are only numbers, as of a file read without a header.
    """

    label: str
    frame: Any
    columns: list[str]
    labels: Mapping[str, Any]
    headerless: bool
    untyped: bool = False
    notes: list[str] = field(default_factory=list)

    def sample(self, columns: Sequence[str]) -> Batch:
        """Some first rows."""
        return Batch(self.label, self._convert(self.frame.head(SAMPLE), columns), 1)

    def words(self, column: str) -> list[str]:
        """The distinct values of a column in these rows."""
        values = self._coded(column)
        if values is not None:
            with suppress(TypeError, ValueError):
                return distinct(values[:SAMPLE])
        return sampled_words(self, column)

    def codes(self, wanted: Wanted) -> Reader | None:
        """Reads columns of text or whole numbers, whatever pandas holds them in."""
        found = [(self._coded(column), interner) for column, interner in wanted]
        if any(column is None for column, _ in found):
            return None
        return ColumnCodes(found, len(self.frame))

    def _coded(self, column: str) -> Any:  # noqa: ANN401 - many kinds
        """A column as an interner takes it, not copied where that can be; None if it cannot."""
        values = self.frame[self.labels[column]]
        if not isinstance(values.dtype, np.dtype):
            storage = getattr(values.dtype, "storage", "pyarrow")
            if "string" in str(values.dtype) and storage == "python":
                return np.ascontiguousarray(values.to_numpy(object))
            try:
                arrow = values.array.__arrow_array__()
            except (AttributeError, ImportError, TypeError, ValueError):
                return None
            return arrow if hasattr(arrow, "__arrow_c_stream__") else None
        if values.dtype.kind == "O":
            return np.ascontiguousarray(values.to_numpy())
        return pl.Series(column, values.to_numpy()) if values.dtype.kind in "iu" else None

    def batches(self, columns: Sequence[str], on_ragged: OnRagged | None) -> Iterator[Batch]:
        """All rows."""
        names = columns or self.columns[:1]
        for start in range(0, len(self.frame), _ROWS):
            part = self.frame.iloc[start : start + _ROWS]
            yield Batch(self.label, self._convert(part, names), start + 1)

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
            return series_of(column, values.tolist())
        try:
            converted: pl.Series = pl.from_pandas(values)
            return converted.alias(column)
        except (ImportError, TypeError, ValueError):
            return series_of(column, values.tolist())


@dataclass
class RowsTable:
    """Rows in memory: tuples (a, b, winner) or (winner, loser).

    Attributes:
        label: what errors call it.
        rows: the rows.
        columns: the names of their parts.
    """

    label: str
    rows: Sequence[Sequence[Any]]
    columns: list[str]
    headerless: bool = False
    untyped: bool = False
    notes: list[str] = field(default_factory=list)

    def sample(self, columns: Sequence[str]) -> Batch:
        """Some first rows."""
        whole = [row for row in self.rows[:SAMPLE] if len(row) == len(self.columns)]
        return self._batch(whole, list(range(1, len(whole) + 1)), columns)

    def words(self, column: str) -> list[str]:
        """The distinct values of a column in these rows."""
        at, width = self.columns.index(column), len(self.columns)
        values = [row[at] for row in self.rows[:SAMPLE] if len(row) == width]
        return words_of(column, values)

    def codes(self, wanted: Wanted) -> Reader | None:
        """Reads rows whose parts are all text."""
        return _RowCodes(self.rows, [(self.columns.index(c), i) for c, i in wanted])

    def batches(self, columns: Sequence[str], on_ragged: OnRagged | None) -> Iterator[Batch]:
        """All rows.

        Raises:
            InputError: A row has more or fewer parts than the first, and `on_ragged` is None.
        """
        for start in range(0, len(self.rows), _ROWS):
            rows, numbers = [], []
            for number, row in enumerate(self.rows[start : start + _ROWS], start + 1):
                if len(row) == len(self.columns):
                    rows.append(row)
                    numbers.append(number)
                    continue
                message = f"has {len(row)} parts where the first row has {len(self.columns)}"
                error = InputError(message, file=self.label, row=number)
                if on_ragged is None:
                    raise error
                on_ragged(error)
            yield self._batch(rows, numbers, columns)

    def _batch(
        self, rows: Sequence[Sequence[Any]], numbers: list[int], columns: Sequence[str]
    ) -> Batch:
        parts = list(zip(*rows, strict=True)) or [()] * len(self.columns)
        series = [series_of(name, parts[self.columns.index(name)]) for name in columns]
        return Batch(
            self.label, pl.DataFrame(series), pl.Series(numbers, dtype=pl.UInt64).to_numpy()
        )


@dataclass
class ColumnsTable:
    """Columns in memory, as lists of one length.

    Attributes:
        label: what errors call it.
        values: the values of each column.
        columns: the names of the columns.
    """

    label: str
    values: Mapping[str, Sequence[Any]]
    columns: list[str]
    headerless: bool = False
    untyped: bool = False
    notes: list[str] = field(default_factory=list)

    def sample(self, columns: Sequence[str]) -> Batch:
        """Some first rows."""
        return self._batch(columns, 0, SAMPLE)

    def words(self, column: str) -> list[str]:
        """The distinct values of a column in these rows."""
        return words_of(column, self.values[column][:SAMPLE])

    def codes(self, wanted: Wanted) -> Reader | None:
        """Reads columns of text."""
        columns = [(self.values[column], interner) for column, interner in wanted]
        return ColumnCodes(columns, len(columns[0][0]))

    def batches(self, columns: Sequence[str], on_ragged: OnRagged | None) -> Iterator[Batch]:
        """All rows."""
        names = columns or self.columns[:1]
        for start in range(0, len(self.values[names[0]]), _ROWS):
            yield self._batch(names, start, start + _ROWS)

    def _batch(self, columns: Sequence[str], start: int, end: int) -> Batch:
        series = [series_of(name, self.values[name][start:end]) for name in columns]
        return Batch(self.label, pl.DataFrame(series), start + 1)


def words_of(column: str, values: Sequence[Any]) -> list[str]:
    """The distinct ones of Python values, as text."""
    try:
        return distinct(values)
    except (TypeError, ValueError):
        words = dict.fromkeys(Batch("", pl.DataFrame([series_of(column, values)]), 1).text(column))
        return [word for word in words if word is not None]


class _RowCodes:
    """Parts of rows in memory, coded; they must be text and all rows of one length."""

    def __init__(self, rows: Sequence[Sequence[Any]], wanted: Sequence[tuple[int, int]]) -> None:
        self._rows = rows
        self._wanted = wanted
        self._start = 0

    def read(self, interners: Sequence[Interner]) -> Sequence[np.ndarray] | None:
        """The next rows."""
        rows = list(self._rows[self._start : self._start + _ROWS])
        if not rows:
            return None
        self._start += _ROWS
        try:
            return row_codes(rows, len(self._rows[0]), self._wanted, interners)
        except (TypeError, ValueError, UnicodeError) as error:
            raise UnusualError(str(error)) from None


def columns_table(source: Mapping[Any, Any]) -> ColumnsTable | FrameTable:
    """A table from columns by name: lists, tuples, numpy arrays or series.

    Raises:
        InputError: They are not columns, or not of one length.
    """
    label = "columns"
    columns = [str(name) for name in source]
    doubled(columns, label)
    values = [
        _values(column, label, part) for column, part in zip(columns, source.values(), strict=True)
    ]
    for column, part in zip(columns, values, strict=True):
        if len(part) != len(values[0]):
            message = f"has {len(part):,} values where {columns[0]!r} has {len(values[0]):,}"
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
        try:
            return pl.Series(column, values)
        except (PolarsError, TypeError, ValueError) as error:
            raise unreadable(label, error) from None
    if hasattr(values, "tolist") and hasattr(values, "iloc"):
        return list(values.tolist())
    message = f"is a {type(values).__name__}, not a column; of matches as dictionaries give a list"
    raise InputError(message, file=label, column=column)


def polars_table(label: str, frame: pl.DataFrame | pl.LazyFrame) -> FrameTable:
    """A table from a polars frame.

    Raises:
        InputError: A lazy frame has no valid schema.
    """
    if isinstance(frame, pl.DataFrame):
        return FrameTable(label, frame, frame.schema)
    try:
        return FrameTable(label, frame, frame.collect_schema())
    except (PolarsError, OSError) as error:
        raise unreadable(label, error) from None


def pandas_table(frame: Any) -> PandasTable:  # noqa: ANN401 - pandas is optional
    """A table from a pandas frame.

    Raises:
        InputError: Two columns have the same name.
    """
    labels = frame.columns.tolist()
    headerless = bool(labels) and all(isinstance(name, int) for name in labels)
    columns = [f"column_{i + 1}" if headerless else str(name) for i, name in enumerate(labels)]
    doubled(columns, "pandas DataFrame")
    named = dict(zip(columns, labels, strict=True))
    first = frame[GAMES].dropna().head(1).tolist() if GAMES in columns else []
    if first and isinstance(first[0], list):
        columns.append(GAME_SCORES)
    return PandasTable("pandas DataFrame", frame, columns, named, headerless)


def arrow_table(source: Any) -> FrameTable:  # noqa: ANN401 - any object that speaks Arrow
    """A table from a pyarrow Table or any object with the Arrow PyCapsule interface.

    Raises:
        InputError: polars cannot take it in, as where two columns have the same name.
    """
    label = type(source).__name__
    names = getattr(source, "column_names", None)
    if isinstance(names, list):
        doubled(names, label)
    try:
        return polars_table(label, pl.DataFrame(source))
    except (PolarsError, TypeError, ValueError) as error:
        raise unreadable(label, error) from None


def file_table(path: Path, label: str, kind: str) -> FrameTable:
    """A table from a Parquet or Arrow IPC file, of which only what is asked for is read.

    Args:
        path: the file.
        label: what errors call it.
        kind: "Parquet", "Arrow IPC" or "Arrow IPC stream".

    Raises:
        InputError: The file is broken.
    """
    try:
        if kind == "Parquet":
            scan = interruptible(lambda: pl.scan_parquet(path, glob=False, hive_partitioning=False))
            return replace(polars_table(label, scan), parquet=path)
        if kind == "Arrow IPC":
            return polars_table(
                label, interruptible(lambda: pl.scan_ipc(path, glob=False, hive_partitioning=False))
            )
        return polars_table(label, interruptible(lambda: pl.read_ipc_stream(path)))
    except (PolarsError, OSError) as error:
        raise unreadable(label, error) from None


def select(
    frame: pl.DataFrame | pl.LazyFrame, columns: Sequence[str]
) -> pl.DataFrame | pl.LazyFrame:
    """Only these columns; of games only their scores."""
    if GAME_SCORES not in columns or GAMES in columns:
        # Taken one by one, columns in memory cost no query.
        return (
            pl.DataFrame([frame.get_column(name) for name in columns])
            if isinstance(frame, pl.DataFrame)
            else frame.select(columns)
        )
    scores = pl.col(GAMES).list.eval(pl.element().struct.field("score")).alias(GAME_SCORES)
    return frame.select([scores if name == GAME_SCORES else pl.col(name) for name in columns])


def with_games(columns: list[str], games: pl.DataType | None) -> list[str]:
    """The columns, and GAME_SCORES where `games` is a list of structs with a score."""
    inner = games.inner if isinstance(games, pl.List) else None
    if isinstance(inner, pl.Struct) and any(part.name == "score" for part in inner.fields):
        return [*columns, GAME_SCORES]
    return columns


def game_scores(games: object) -> object:
    """The score of each game of a list; what is no list stays as it is."""
    if isinstance(games, list):
        return [game.get("score") if isinstance(game, dict) else game for game in games]
    return None if is_missing(games) else games


def unreadable(label: str, error: Exception) -> InputError:
    """An error of polars, as ours."""
    return InputError(f"cannot be read: {str(error).splitlines()[0]}", file=label)
