"""Reads texts to sort: one on each line, or in a column of a table."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from humorrank._util.suggest import refuse_unknown
from humorrank.errors import InputError, OptionError
from humorrank.matches.log.formats.readings import plain_name
from humorrank.tournament.tables import InputTable, read_tables

STDIN: Final = "-"
_COLUMNS: Final = ("text", "joke", "item", "output", "response", "caption", "sentence")
"""Names of columns of texts."""


@dataclass(frozen=True)
class Texts:
    """Texts of a file.

    Attributes:
        texts: The texts, in the order of the file.
        empty: Number of empty lines or cells, which were left out.
    """

    texts: list[str]
    empty: int


def read_texts(path: str, columns: Mapping[str, str] | None = None) -> Texts:
    """Reads texts to sort.

    A file that ends in .txt or has no ending, and standard input, has one text on each line. Any
    other file is a table in CSV, TSV, JSON, JSONL, Parquet, Arrow or Excel format.

    Args:
        path: Path of the file; "-" for standard input.
        columns: The column of the texts, as {"text": NAME}. By default, it is the only column with
            a name such as text or joke, or the only column of all.

    Raises:
        InputError: If the file cannot be read, is not UTF-8, or its column of texts is not clear.
        OptionError: If `columns` contains an unknown role or column.
    """
    columns = columns or {}
    refuse_unknown(columns, ["text"], "columns (--columns)", what="role")
    if path == STDIN or Path(path).suffix.lower() in ("", ".txt"):
        if columns:
            raise OptionError(f"columns (--columns): {path} has lines of text and no columns")
        found: list[str | None] = list(_lines(path))
    else:
        known = (*_COLUMNS, *(plain_name(name) for name in columns.values()))
        found = []
        for table in read_tables([Path(path)], known, fields=columns.values()):
            column = _column(table, columns.get("text"))
            found += [table.value(column, row) for row in range(len(table.rows))]
    texts = [text for text in found if text is not None and text.strip()]
    if not texts:
        raise InputError("contains no texts", file=path)
    return Texts(texts, len(found) - len(texts))


def _lines(path: str) -> Iterator[str]:
    try:
        whole = sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", file=path) from None
    lines = whole.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for row, line in enumerate(lines if lines[-1] else lines[:-1], start=1):
        if b"\0" in line:
            raise InputError("is not a text file: it contains a zero byte", file=path, row=row)
        try:
            yield line.removesuffix(b"\r").decode()
        except UnicodeDecodeError as error:
            raise InputError(f"is not UTF-8: {error.reason}", file=path, row=row) from None


def _column(table: InputTable, wanted: str | None) -> str:
    names = {plain_name(column): column for column in table.columns}
    listed = ", ".join(table.columns)
    if wanted is not None:
        if plain_name(wanted) not in names:
            raise OptionError(
                f"columns (--columns): there is no column {wanted!r} in {table.file} ({listed})"
            )
        return names[plain_name(wanted)]
    found = [names[name] for name in _COLUMNS if name in names]
    if len(found) == 1:
        return found[0]
    if not found and len(table.columns) == 1:
        return table.columns[0]
    why = "has several columns of texts" if found else "has no column text or joke"
    raise InputError(
        f"{why} (columns: {listed}); name the column of the texts: text=NAME in columns "
        "(--columns)",
        file=table.file,
    )
