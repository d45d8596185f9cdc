"""The interface of all tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from humorrank._core import Interner
from humorrank.errors import InputError
from humorrank.matches.log.tables.batch import RowBatch
from humorrank.matches.log.tables.quoting import Quoting

GAMES: Final = "games"
GAME_SCORES: Final = "games[].score"
"""The scores in the list of games of arena-hard, read without the judgments next to them."""

SAMPLE: Final = 1_000
"""The number of first rows by which the format is recognized."""


@dataclass(frozen=True)
class Hints:
    """Hints by which to decide whether a text has a header.

    Attributes:
        is_header: Function that returns whether cells are a known header.
        named: Columns that the user has specified.
        quoting: Quoting of texts with tabs, if the user has specified it.
        reading: Format that the user has specified.
    """

    is_header: Callable[[Sequence[str]], bool]
    named: Sequence[str] = ()
    reading: str | None = None
    quoting: Quoting | None = None


OnRagged = Callable[[InputError], None]
"""A callback for the error of a row with too many or too few fields."""


class Table(Protocol):
    """A file or frame with named columns, which is read in batches."""

    @property
    def label(self) -> str:
        """The name of the table in error messages."""

    @property
    def columns(self) -> list[str]:
        """The names of the columns, including GAME_SCORES if there are games."""

    @property
    def headerless(self) -> bool:
        """Whether the names were generated (column_1, ...) because the file has none."""

    @property
    def untyped(self) -> bool:
        """Whether every value is text because the format has no types."""

    @property
    def notes(self) -> list[str]:
        """Notes for the user on how the table is read."""

    def sample(self, columns: Sequence[str]) -> RowBatch:
        """Returns the first rows, by which the format is recognized, without consuming them."""

    def words(self, column: str) -> list[str]:
        """Returns the distinct values of a column in the first rows, as text and in order."""

    def codes(self, wanted: Wanted) -> Reader | None:
        """Returns a reader of columns as codes, or None if the table does not support it."""

    def batches(self, columns: Sequence[str], on_ragged: OnRagged | None) -> Iterator[RowBatch]:
        """Yields all rows in order, with only the given columns.

        Ragged rows are passed to `on_ragged` as errors, or raise the error if it is None.
        """


def refuse_doubled(columns: Sequence[str], label: str) -> None:
    """Refuses a table with duplicate column names.

    Raises:
        InputError: If two columns have the same name.
    """
    for index, column in enumerate(columns):
        if column in columns[:index]:
            message = (
                f"column {index + 1} has the same name as an earlier column; rename one of them"
            )
            raise InputError(message, file=label, column=column)


def sampled_words(table: Table, column: str) -> list[str]:
    """Returns `Table.words` from the sample of a table."""
    words = dict.fromkeys(table.sample([column]).text(column).to_list())
    return [word for word in words if word is not None]


Wanted = Sequence[tuple[str, int]]
"""Columns, each with the number of its interner."""


class Reader(Protocol):
    """A reader of columns as codes, in the order of the rows.

    Values that have not occurred before receive new codes.
    """

    def read(self, interners: Sequence[Interner]) -> Sequence[np.ndarray] | None:
        """Returns the codes of the next rows by column, or None after the last.

        Raises:
            UnusualError: If the next rows must be read on the general path.
        """
