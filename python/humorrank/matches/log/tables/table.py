"""What every source looks like to the rest of the package."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from humorrank._core import Interner
from humorrank.errors import InputError
from humorrank.matches.log.tables.batch import RowBatch

GAMES: Final = "games"
GAME_SCORES: Final = "games[].score"
"""The scores inside arena-hard's list of games, read without the judgments beside them."""

SAMPLE: Final = 1_000
"""How many first rows a format is recognised by."""


@dataclass(frozen=True)
class Hints:
    """How the header of a text without one is told.

    Attributes:
        is_header: Whether cells are a known header.
        named: The columns that the user names.
        reading: The reading that the user names.
    """

    is_header: Callable[[Sequence[str]], bool]
    named: Sequence[str] = ()
    reading: str | None = None


OnRagged = Callable[[InputError], None]
"""Takes the error of a row that has too many or too few fields."""


class Table(Protocol):
    """One file or frame: named columns, read in batches."""

    @property
    def label(self) -> str:
        """What errors call it."""

    @property
    def columns(self) -> list[str]:
        """The names of its columns; GAME_SCORES among them where there are such games."""

    @property
    def headerless(self) -> bool:
        """Whether the names are ours (column_1, ...), not the file's."""

    @property
    def untyped(self) -> bool:
        """Whether every value is text because the format knows no other."""

    @property
    def notes(self) -> list[str]:
        """Remarks on how it is read."""

    def sample(self, columns: Sequence[str]) -> RowBatch:
        """Some first rows, to recognise the format by; does not use them up."""

    def words(self, column: str) -> list[str]:
        """The distinct values of a column in these rows, as text and in their order."""

    def codes(self, wanted: Wanted) -> Reader | None:
        """Reads columns as codes; None where this table has no fast way to."""

    def batches(self, columns: Sequence[str], on_ragged: OnRagged | None) -> Iterator[RowBatch]:
        """All rows, in order, with these columns only; ragged rows raise, or go to `on_ragged`."""


def refuse_doubled(columns: Sequence[str], label: str) -> None:
    """Refuses a table in which a name stands twice.

    Raises:
        InputError: Two columns have the same name.
    """
    for index, column in enumerate(columns):
        if column in columns[:index]:
            message = f"column {index + 1} has the name of an earlier one; rename one of them"
            raise InputError(message, file=label, column=column)


def sampled_words(table: Table, column: str) -> list[str]:
    """`Table.words` by way of its sample."""
    words = dict.fromkeys(table.sample([column]).text(column).to_list())
    return [word for word in words if word is not None]


Wanted = Sequence[tuple[str, int]]
"""Columns, each with the number of the interner that codes it."""


class Reader(Protocol):
    """Reads columns as codes, in the order of the rows; new values get codes as they appear."""

    def read(self, interners: Sequence[Interner]) -> Sequence[np.ndarray] | None:
        """The next rows, a column each; None behind the last.

        Raises:
            UnusualError: The next rows must be read in the general way.
        """
