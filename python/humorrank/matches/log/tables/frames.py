"""Tables from polars frames and Arrow tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, overload

import numpy as np
import polars as pl

from humorrank._core import Interner, UnusualError, check_arrow
from humorrank.errors import InputError
from humorrank.matches.log.tables.batch import RowBatch, is_missing
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

_ROWS: Final = 1 << 20
_CODED_ROWS: Final = 1 << 18
"""The number of rows coded at a time, whose codes stay in the cache until they are counted."""
_LAZY_ROWS: Final = 1 << 18


@dataclass
class FrameTable:
    """A polars frame, in memory or lazy.

    Attributes:
        label: Name of the frame in error messages.
        frame: Frame.
        schema: Types of the columns by name.
    """

    label: str
    frame: pl.DataFrame | pl.LazyFrame
    schema: Mapping[str, pl.DataType]
    headerless: bool = False
    untyped: bool = False
    notes: list[str] = field(default_factory=list)

    @cached_property
    def columns(self) -> list[str]:
        """The names of the columns, with GAME_SCORES if there are games."""
        return with_games(list(self.schema), self.schema.get(GAMES))

    def sample(self, columns: Sequence[str]) -> RowBatch:
        """Returns the first rows."""
        frame = select(self.frame.head(SAMPLE), columns)
        if isinstance(frame, pl.LazyFrame):
            try:
                frame = frame.collect()
            except failures() as error:
                raise unreadable(self.label, error) from None
        return RowBatch(self.label, frame, 1)

    def words(self, column: str) -> list[str]:
        """Returns the distinct values of a column in the first rows."""
        if isinstance(self.frame, pl.DataFrame) and self.schema[column] == pl.String:
            return distinct(self.frame.get_column(column).head(SAMPLE))
        return sampled_words(self, column)

    def codes(self, wanted: Wanted) -> Reader | None:
        """Returns a reader of text or integer columns in memory as codes."""
        coded = all(has_codes(self.schema[column]) for column, _ in wanted)
        if not coded or isinstance(self.frame, pl.LazyFrame):
            return None
        return ColumnCodes(
            [(self.frame.get_column(column), interner) for column, interner in wanted],
            self.frame.height,
        )

    def batches(self, columns: Sequence[str], on_ragged: OnRagged | None) -> Iterator[RowBatch]:
        """Yields all rows.

        Raises:
            InputError: If a lazy frame cannot be computed, or its file is invalid.
        """
        # Without any column polars would lose the number of rows.
        frame = select(self.frame, columns or list(self.schema)[:1])
        start = 1
        try:
            parts = (
                frame.iter_slices(_ROWS)
                if isinstance(frame, pl.DataFrame)
                else frame.collect_batches(chunk_size=_LAZY_ROWS)
            )
            for part in parts:
                yield RowBatch(self.label, part, start)
                start += part.height
        except failures() as error:
            raise unreadable(self.label, error) from None


class ColumnCodes:
    """A reader of columns in memory as codes, for polars integers and all that interners accept.

    Args:
        columns: Columns, each with the number of its interner.
        rows: Number of rows.
    """

    def __init__(self, columns: Sequence[tuple[Any, int]], rows: int) -> None:
        self._columns = columns
        self._rows = rows
        self._start = 0

    def read(self, interners: Sequence[Interner]) -> Sequence[np.ndarray] | None:
        """Returns the next rows."""
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
    """Returns a range of rows of a column."""
    part = column if end - start == rows else column[start:end]
    if isinstance(part, pl.Series) and part.dtype.is_integer():
        return part.cast(pl.String)
    return part


def distinct(values: object) -> list[str]:
    """Returns the distinct strings of a column, in the order of their first occurrence."""
    interner = Interner()
    interner.encode(values)
    return interner.names


def has_codes(dtype: pl.DataType) -> bool:
    """Returns whether columns of this type can be read as codes."""
    return dtype in (pl.String, pl.Categorical, pl.Enum) or dtype.is_integer()


def polars_table(label: str, frame: pl.DataFrame | pl.LazyFrame) -> FrameTable:
    """Creates a table from a polars frame.

    Raises:
        InputError: If a lazy frame has no valid schema.
    """
    if isinstance(frame, pl.DataFrame):
        return FrameTable(label, frame, frame.schema)
    try:
        return FrameTable(label, frame, frame.collect_schema())
    except failures() as error:
        raise unreadable(label, error) from None


def refuse_damaged(source: Any, label: str, column: str | None = None) -> None:  # noqa: ANN401 - any object that speaks Arrow
    """Refuses Arrow data in memory whose lengths, offsets, indices or text are invalid.

    polars takes over the memory of other libraries without checking it.

    Args:
        source: An object of pyarrow, or any other with the Arrow PyCapsule interface.
        label: Name of the source in error messages.
        column: Name of the column in error messages.

    Raises:
        InputError: If the data are invalid, or of a type that polars does not support.
    """
    try:
        if hasattr(source, "validate"):
            # pyarrow also knows the sizes of its buffers, which the interface does not pass on.
            source.validate(full=True)
        check_arrow(source)
    except (TypeError, ValueError) as error:
        message = f"contains invalid Arrow data: {str(error).splitlines()[0]}"
        raise InputError(message, file=label, column=column) from None


def arrow_table(source: Any) -> FrameTable:  # noqa: ANN401 - any object that speaks Arrow
    """Creates a table from a pyarrow Table or any object with the Arrow PyCapsule interface.

    Raises:
        InputError: If the data are invalid, polars cannot convert them, or two columns have the
            same name.
    """
    label = type(source).__name__
    names = getattr(source, "column_names", None)
    if isinstance(names, list):
        refuse_doubled(names, label)
    if hasattr(source, "read_all"):
        # A RecordBatchReader of pyarrow can be read only once.
        source = source.read_all()
    refuse_damaged(source, label)
    try:
        return polars_table(label, pl.DataFrame(source))
    except failures(TypeError, ValueError) as error:
        raise unreadable(label, error) from None


@overload
def select(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame: ...
@overload
def select(
    frame: pl.DataFrame | pl.LazyFrame, columns: Sequence[str]
) -> pl.DataFrame | pl.LazyFrame: ...
def select(
    frame: pl.DataFrame | pl.LazyFrame, columns: Sequence[str]
) -> pl.DataFrame | pl.LazyFrame:
    """Selects columns, with GAME_SCORES computed from the games."""
    if GAME_SCORES not in columns or GAMES in columns:
        # Columns in memory are selected one by one, which avoids the cost of a query.
        return (
            pl.DataFrame([frame.get_column(name) for name in columns])
            if isinstance(frame, pl.DataFrame)
            else frame.select(columns)
        )
    scores = pl.col(GAMES).list.eval(pl.element().struct.field("score")).alias(GAME_SCORES)
    return frame.select([scores if name == GAME_SCORES else pl.col(name) for name in columns])


def with_games(columns: list[str], games: pl.DataType | None) -> list[str]:
    """Adds GAME_SCORES to the columns if `games` is a list of structs with a score."""
    inner = games.inner if isinstance(games, pl.List) else None
    if isinstance(inner, pl.Struct) and any(part.name == "score" for part in inner.fields):
        return [*columns, GAME_SCORES]
    return columns


def game_scores(games: object) -> object:
    """Returns the scores of a list of games, and any other value unchanged."""
    if isinstance(games, np.ndarray):
        # pandas reads the lists of a Parquet file as arrays.
        games = games.tolist()
    if isinstance(games, list):
        return [game.get("score") if isinstance(game, dict) else game for game in games]
    return None if is_missing(games) else games


def failures(*others: type[BaseException]) -> tuple[type[BaseException], ...]:
    """Returns the exceptions with which polars refuses data, and others.

    They include its panics, which are not an `Exception`.
    """
    own = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ImportError)
    return (*own, *others)


def unreadable(label: str, error: BaseException) -> InputError:
    """Converts an error of polars or of the compiled module."""
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    return InputError(f"cannot be read: {reason}", file=label)
