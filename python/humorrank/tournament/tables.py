"""Reads small tables of text from files of any supported format."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from humorrank.errors import InputError
from humorrank.matches.log.formats.readings import is_header
from humorrank.matches.log.tables.fields import with_fields
from humorrank.matches.log.tables.opening import tables
from humorrank.matches.log.tables.quoting import Quoting
from humorrank.matches.log.tables.table import GAME_SCORES, Hints


@dataclass(frozen=True)
class InputTable:
    """Rows of a file.

    Attributes:
        file: Name of the file in errors.
        columns: Names of the columns.
        rows: Number of each row, counted from 1 as in an editor.
        values: Mapping from column to its values as text.
    """

    file: str
    columns: Sequence[str]
    rows: Sequence[int]
    values: dict[str, list[str | None]]

    def value(self, column: str, row: int) -> str | None:
        """Returns the value of one cell.

        Raises:
            InputError: If the column contains lists, objects or bytes.
        """
        if column not in self.values:
            message = "contains lists, objects or bytes, but text is required"
            raise InputError(message, file=self.file, column=column)
        return self.values[column][row]


def read_tables(
    paths: Sequence[Path],
    known: Sequence[str],
    *,
    quoting: Quoting | None = None,
    fields: Iterable[str] = (),
) -> Iterator[InputTable]:
    """Yields the rows of files, in parts.

    The texts in lists of turns and of messages are further columns of text: `FIRST_TURN`,
    `FIRST_CHOICE`, `QUESTION` and `ANSWER`.

    Args:
        paths: CSV, TSV, JSON, JSONL, Parquet, Arrow or Excel files, which may be compressed.
        known: Normalized names of columns by which a header is recognized.
        quoting: Quoting of the CSV and TSV files; decided for each file if None.
        fields: Paths of fields inside objects (meta.text), which are further columns.

    Raises:
        InputError: If a file cannot be read, or the objects of a column have no such field.
    """
    for path in paths:
        with tables(str(path), Hints(is_header, known, quoting=quoting)) as opened:
            for found in opened:
                table = with_fields(found, fields)
                if table.headerless:
                    raise InputError(
                        f"its first row contains none of the columns {', '.join(known)}",
                        file=table.label,
                    )
                names = [name for name in table.columns if name != GAME_SCORES]
                for batch in table.batches(names, None):
                    texts = {
                        name: batch.text(name).cast(pl.String).to_list()
                        for name in names
                        if not batch.frame.get_column(name).dtype.is_nested()
                        and batch.frame.get_column(name).dtype not in (pl.Object, pl.Binary)
                    }
                    chat = _chat_texts(batch.frame)
                    rows = [batch.row(i) for i in range(batch.frame.height)]
                    yield InputTable(table.label, [*names, *chat], rows, texts | chat)


FIRST_TURN: Final = "turns[0]"
"""The first turn of a question (MT-bench)."""

FIRST_CHOICE: Final = "choices[0].turns[0]"
"""The first turn of an answer (MT-bench)."""

QUESTION: Final = "messages[user]"
"""The first message of the user in a conversation (arena-hard)."""

ANSWER: Final = "messages[last]"
"""The answer of a conversation (arena-hard)."""


def _chat_texts(frame: pl.DataFrame) -> dict[str, list[str | None]]:
    """Returns the texts in columns of turns and messages, as columns of text."""
    return {
        name: [pick(cell) for cell in frame.get_column(column).to_list()]
        for name, (column, pick) in _CHAT.items()
        if column in frame.columns
        and (frame.schema[column].is_nested() or frame.schema[column] == pl.Object)
    }


def _content(value: object) -> str | None:
    """Returns the text of a turn or a message, which may be in an object."""
    if isinstance(value, Mapping):
        held = (value[key] for key in ("content", "answer") if value.get(key) is not None)
        return _content(next(held, None))
    return value if isinstance(value, str) else None


def _item(values: object, place: int) -> object:
    return values[place] if isinstance(values, list) and values else None


def _first_choice(choices: object) -> str | None:
    choice = _item(choices, 0)
    return _content(_item(choice.get("turns"), 0)) if isinstance(choice, Mapping) else None


def _question(messages: object) -> str | None:
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, Mapping) and message.get("role") == "user":
            return _content(message)
    return None


_CHAT: Final[Mapping[str, tuple[str, Callable[[object], str | None]]]] = {
    FIRST_TURN: ("turns", lambda turns: _content(_item(turns, 0))),
    FIRST_CHOICE: ("choices", _first_choice),
    QUESTION: ("messages", _question),
    ANSWER: ("messages", lambda messages: _content(_item(messages, -1))),
}
"""The columns that are read from lists: name -> column of the file, text of one of its cells."""


def expand(given: str, folder: Path) -> list[Path]:
    """Returns the files that a path or a pattern of a spec matches.

    Raises:
        InputError: If a pattern matches no file.
    """
    path = folder / given
    if path.exists() or not glob.has_magic(given):
        return [path]
    found = (
        sorted(folder.glob(given))
        if not Path(given).is_absolute()
        else sorted(
            Path(name)
            for name in glob.glob(given)  # noqa: PTH207 - the pattern is absolute
        )
    )
    if not found:
        raise InputError("no file matches this pattern", file=str(path))
    return found
