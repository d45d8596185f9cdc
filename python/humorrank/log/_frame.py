"""Frames: polars, pandas, Arrow, and whatever polars itself reads from disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from humorrank._core import CodeReader, Interner, UnusualError, row_codes
from humorrank.errors import InputError
from humorrank.log._batch import Batch, is_missing, series_of
from humorrank.log._table import GAME_SCORES, GAMES, SAMPLE, OnRagged, doubled

if TYPE_CHECKING:
    from humorrank.log._coded import Reader, Wanted

_ROWS: Final = 1 << 20
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

    @property
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

    def codes(self, wanted: Wanted) -> Reader | None:
        """Reads columns of text or whole numbers as codes, in memory or from a Parquet file."""
        if not all(_has_codes(self.schema[column]) for column, _ in wanted):
            return None
        if isinstance(self.frame, pl.DataFrame):
            return _FrameCodes(self.frame, wanted)
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


class _FrameCodes:
    """Columns of a frame in memory, coded."""

    def __init__(self, frame: pl.DataFrame, wanted: Wanted) -> None:
        self._columns = [(frame.get_column(column), interner) for column, interner in wanted]
        self._rows = frame.height
        self._start = 0

    def read(self, interners: Sequence[Interner]) -> Sequence[np.ndarray] | None:
        """The next rows."""
        if self._start >= self._rows:
            return None
        out = []
        for series, interner in self._columns:
            part = series.slice(self._start, _ROWS)
            text = part.cast(pl.String) if part.dtype.is_integer() else part
            out.append(interners[interner].encode(text))
        self._start += _ROWS
        return out


def _has_codes(dtype: pl.DataType) -> bool:
    return dtype in (pl.String, pl.Categorical, pl.Enum) or dtype.is_integer()


@dataclass
class PandasTable:
    """A pandas frame, of which only the columns asked for are converted.

    Attributes:
        label: what errors call it.
        frame: the frame.
        columns: the names of its columns as text; column_1, ... where they are only numbers.
        headerless: whether they are only numbers, as of a file read without a header.
    """

    label: str
    frame: Any
    columns: list[str]
    headerless: bool
    untyped: bool = False
    notes: list[str] = field(default_factory=list)

    def sample(self, columns: Sequence[str]) -> Batch:
        """Some first rows."""
        return Batch(self.label, self._convert(self.frame.head(SAMPLE), columns), 1)

    def codes(self, wanted: Wanted) -> Reader | None:
        """There is no fast way."""
        return None

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
            games = frame.iloc[:, self.columns.index(GAMES)].tolist()
            return pl.Series(column, [game_scores(value) for value in games], pl.Object)
        values = frame.iloc[:, self.columns.index(column)]
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
    first = frame[GAMES].dropna().head(1).tolist() if GAMES in columns else []
    if first and isinstance(first[0], list):
        columns.append(GAME_SCORES)
    return PandasTable("pandas DataFrame", frame, columns, headerless)


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
            scan = pl.scan_parquet(path, glob=False, hive_partitioning=False)
            return replace(polars_table(label, scan), parquet=path)
        if kind == "Arrow IPC":
            return polars_table(label, pl.scan_ipc(path, glob=False, hive_partitioning=False))
        return polars_table(label, pl.read_ipc_stream(path))
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
