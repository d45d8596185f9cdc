"""Reads small tables of text from files of any supported format."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from humorrank.errors import InputError
from humorrank.matches.log.formats.readings import is_header
from humorrank.matches.log.tables.opening import tables
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


def read_tables(paths: Sequence[Path], known: Sequence[str]) -> Iterator[InputTable]:
    """Yields the rows of files, in parts.

    Args:
        paths: CSV, TSV, JSON, JSONL, Parquet or Arrow files.
        known: Normalized names of columns by which a header is recognized.

    Raises:
        InputError: If a file cannot be read.
    """
    for path in paths:
        columns = _unquoted_columns(path)
        if columns is not None:
            yield _unquoted(path, columns)
            continue
        with tables(str(path), Hints(is_header, known)) as opened:
            for table in opened:
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
                    rows = [batch.row(i) for i in range(batch.frame.height)]
                    yield InputTable(table.label, names, rows, texts)


def _unquoted_columns(path: Path) -> list[str] | None:
    """Returns the header of a file in MWAHAHA's format: tabs, no quotes, first column `id`."""
    if path.suffix.lower() not in (".tsv", ".tab"):
        return None
    try:
        with path.open(encoding="utf-8-sig") as file:
            columns = file.readline().rstrip("\r\n").split("\t")
    except (OSError, UnicodeDecodeError):
        return None
    return columns if columns[0] == "id" and len(set(columns)) == len(columns) else None


def _unquoted(path: Path, columns: list[str]) -> InputTable:
    rows: list[int] = []
    cells: list[list[str]] = []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 text (byte {error.start + 1})", file=str(path)) from None
    for number, line in enumerate(text.split("\n"), 1):
        if number == 1 or not line.strip():
            continue
        parts = line.removesuffix("\r").split("\t")
        if len(parts) != len(columns):
            message = f"has {len(parts)} fields, but the header has {len(columns)}"
            raise InputError(message, file=str(path), row=number)
        rows.append(number)
        cells.append(parts)
    values = {name: [row[i] or None for row in cells] for i, name in enumerate(columns)}
    return InputTable(str(path), columns, rows, values)


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
