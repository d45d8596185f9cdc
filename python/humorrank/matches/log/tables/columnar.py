"""Tables from Parquet and Arrow IPC files, which the compiled module reads and checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from humorrank._core import CodeReader, DamagedError, Interner, TableFile, UnusualError
from humorrank.matches.kinds import Format
from humorrank.matches.log.tables.batch import RowBatch
from humorrank.matches.log.tables.frames import (
    ColumnCodes,
    failures,
    has_codes,
    select,
    unreadable,
    with_games,
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

_ROWS: Final = 1 << 18
"""The number of rows read at a time."""


@dataclass
class ColumnarTable:
    """A Parquet or Arrow IPC file.

    Attributes:
        path: Path of the file.
        label: Name of the file in error messages.
        format: Format of the file.
        schema: Types of the columns by name. The type of a column that cannot be read is unknown.
    """

    path: Path
    label: str
    format: Format
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
        for frame in self._frames(columns, SAMPLE):
            return RowBatch(self.label, frame, 1)
        return RowBatch(self.label, select(pl.DataFrame(schema=self.schema), columns), 1)

    def words(self, column: str) -> list[str]:
        """Returns the distinct values of a column in the first rows."""
        return sampled_words(self, column)

    def codes(self, wanted: Wanted) -> Reader | None:
        """Returns a reader of text or integer columns as codes."""
        if self.format != "Parquet" or not self._has_codes(wanted):
            return self._frame_codes(wanted)
        try:
            return CodeReader.parquet(self.path, wanted)
        except UnusualError:
            return None

    def _has_codes(self, wanted: Wanted) -> bool:
        return all(has_codes(self.schema[column]) for column, _ in wanted)

    def _frame_codes(self, wanted: Wanted) -> Reader | None:
        if not self._has_codes(wanted):
            return None
        frames = self._frames(list(dict.fromkeys(column for column, _ in wanted)), _ROWS)
        return _FrameCodes(frames, wanted)

    def batches(self, columns: Sequence[str], on_ragged: OnRagged | None) -> Iterator[RowBatch]:
        """Yields all rows.

        Raises:
            InputError: If the file is damaged.
        """
        start = 1
        for frame in self._frames(columns or list(self.schema)[:1], _ROWS):
            yield RowBatch(self.label, frame, start)
            start += frame.height

    def _frames(self, columns: Sequence[str], rows: int) -> Iterator[pl.DataFrame]:
        names = list(self.schema)
        read = [GAMES if name == GAME_SCORES and name not in names else name for name in columns]
        places = [names.index(name) for name in dict.fromkeys(read)]
        try:
            for batch in TableFile(self.path, self.format).read(places, rows):
                yield select(pl.DataFrame(batch), columns)
        except failures(ValueError) as error:
            raise unreadable(self.label, error) from None


class _FrameCodes:
    """A reader of frames as codes."""

    def __init__(self, frames: Iterator[pl.DataFrame], wanted: Wanted) -> None:
        self._frames = frames
        self._wanted = wanted

    def read(self, interners: Sequence[Interner]) -> Sequence[np.ndarray] | None:
        """Returns the next rows."""
        frame = next(self._frames, None)
        if frame is None:
            return None
        columns = [(frame.get_column(column), interner) for column, interner in self._wanted]
        return ColumnCodes(columns, frame.height).read(interners)


def file_table(path: Path, label: str, format: Format) -> ColumnarTable:
    """Creates a table from a Parquet or Arrow IPC file.

    Args:
        path: Path of the file.
        label: Name of the file in error messages.
        format: Format of the file.

    Raises:
        InputError: If the file is damaged.
    """
    try:
        file = TableFile(path, format)
        refuse_doubled(file.columns, label)
        schema = {name: _type_of(file, place) for place, name in enumerate(file.columns)}
    except failures(ValueError) as error:
        raise unreadable(label, error) from None
    return ColumnarTable(path, label, format, schema)


def whole_frame(file: TableFile) -> pl.DataFrame:
    """Returns all rows and columns of a file.

    Raises:
        DamagedError: If the file is damaged.
        PolarsError: If two columns have the same name.
    """
    columns = list(range(len(file.columns)))
    empty = pl.DataFrame([pl.DataFrame(file.empty(column)).to_series() for column in columns])
    return pl.concat([empty, *(pl.DataFrame(batch) for batch in file.read(columns, _ROWS))])


def _type_of(file: TableFile, column: int) -> pl.DataType:
    try:
        empty: Any = file.empty(column)
    except DamagedError:
        # It can be left out, but not read.
        return pl.Unknown()
    return pl.DataFrame(empty).dtypes[0]
