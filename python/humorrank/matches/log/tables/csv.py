"""Delimited text: its delimiter, its header and its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from humorrank._core import CodeReader, CsvError, CsvReader, StringColumn, UnusualError
from humorrank.errors import InputError
from humorrank.matches.log.tables.batch import RowBatch
from humorrank.matches.log.tables.lines import Compression, broken, lines
from humorrank.matches.log.tables.quoting import Quoting, decided, opens_quotes, sampled
from humorrank.matches.log.tables.stream import Opened, Origin, Pieces, opened, suffixes_of
from humorrank.matches.log.tables.table import (
    SAMPLE,
    Hints,
    OnRagged,
    Reader,
    Wanted,
    refuse_doubled,
)

_ROWS: Final = 1 << 17
_DELIMITERS: Final = {",": "commas", "\t": "tabs", ";": "semicolons"}
_BY_SUFFIX: Final = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_QUOTED: Final = re.compile(r'"[^"]*"')
_PART: Final = 1 << 20
_LINES: Final = 1 << 12
_OUR_NAME: Final = re.compile(r"column_[1-9]\d*")


@dataclass
class CsvTable:
    """A CSV or TSV file.

    Attributes:
        origin: File or stream.
        compression: Compression of the file.
        label: Name of the file in error messages.
        columns: Names of the columns, which are column_1, ... without a header.
        headerless: Whether the file has no header.
        delimiter: Character between fields.
        untyped: Whether all values are text, which they always are.
        notes: Notes for the user on how the file is read.
    """

    origin: Origin
    compression: Compression
    label: str
    columns: list[str]
    headerless: bool
    delimiter: str
    quote: bool = True
    untyped: bool = True
    notes: list[str] = field(default_factory=list)

    def sample(self, columns: Sequence[str]) -> RowBatch:
        """Returns the first rows."""
        for batch in self._read(columns, SAMPLE, lambda _: None):
            return batch
        return RowBatch(self.label, pl.DataFrame(schema=dict.fromkeys(columns, pl.String)), 1)

    def words(self, column: str) -> list[str]:
        """Returns the distinct values of a column in the first rows."""
        for texts, _ in self._chunks([column], SAMPLE, lambda _: None):
            return list(dict.fromkeys(texts[0].to_list()))
        return []

    def codes(self, wanted: Wanted) -> Reader | None:
        """Returns a reader of columns as codes, or None for a stream or a compressed file."""
        if self.compression != "none" or not isinstance(self.origin, Path):
            return None
        try:
            return CodeReader.delimited(
                self.origin,
                [(self.columns.index(column), interner) for column, interner in wanted],
                header=self.columns,
                delimiter=self.delimiter,
                has_header=not self.headerless,
                quote=self.quote,
            )
        except UnusualError:
            return None

    def batches(self, columns: Sequence[str], on_ragged: OnRagged | None) -> Iterator[RowBatch]:
        """Yields all rows.

        Raises:
            InputError: If a row is ragged and `on_ragged` is None, or if the text or its
                compression is invalid.
        """
        return self._read(columns, _ROWS, on_ragged, last=True)

    def _read(
        self,
        columns: Sequence[str],
        rows: int,
        on_ragged: OnRagged | None,
        *,
        last: bool = False,
    ) -> Iterator[RowBatch]:
        for texts, numbers in self._chunks(columns, rows, on_ragged, last=last):
            # A list of series would lose an empty name, which the first column may have.
            named = {n: pl.Series(text) for n, text in zip(columns, texts, strict=True)}
            frame = pl.DataFrame(named) if named else pl.DataFrame(height=len(numbers))
            yield RowBatch(self.label, frame, numbers)

    def _chunks(
        self,
        columns: Sequence[str],
        rows: int,
        on_ragged: OnRagged | None,
        *,
        last: bool = False,
    ) -> Iterator[tuple[list[StringColumn], np.ndarray]]:
        """Yields the texts of the given columns and the numbers of their rows, in parts."""
        indices = [self.columns.index(column) for column in columns]
        reader = open_csv(
            opened(self.origin, last=last),
            self.compression,
            self.label,
            self.delimiter,
            header=not self.headerless,
            quote=self.quote,
        )
        while True:
            try:
                chunk = reader.read(indices, rows)
            except CsvError as error:
                # The compiled reader can continue after a ragged record, but after no other error.
                if on_ragged is None or error.args[2:] != ("ragged",):
                    raise broken(self.label, error) from None
                on_ragged(broken(self.label, error))
                continue
            if chunk is None:
                return
            yield chunk


def open_csv(
    source: Path | Opened | Pieces,
    compression: Compression,
    label: str,
    delimiter: str,
    *,
    header: bool,
    quote: bool,
) -> CsvReader:
    """Opens a reader at the first row.

    Raises:
        InputError: If the file cannot be read.
    """
    try:
        return CsvReader(
            source, delimiter=delimiter, quote=quote, has_header=header, compression=compression
        )
    except CsvError as error:
        raise broken(label, error) from None


def csv_table(
    origin: Origin,
    compression: Compression,
    label: str,
    *,
    first_line: str,
    hints: Hints,
    delimiter: str | None = None,
) -> CsvTable:
    """Creates a table from a delimited text.

    Args:
        origin: File or stream.
        compression: Compression of the file.
        label: Name of the file in error messages.
        first_line: First line that is not blank.
        hints: Hints by which the header is recognized.
        delimiter: Character between fields. The default is inferred from the first line.

    Raises:
        InputError: If two columns have the same name.
    """
    known = [suffix for suffix in suffixes_of(origin) if suffix in _BY_SUFFIX]
    usual = _BY_SUFFIX[known[-1]] if known else None
    if delimiter is None:
        delimiter = _delimiter(first_line, usual, hints)
    quoting = _quoting(origin, compression, label, delimiter, hints)
    quote = quoting != "none"
    cells = open_csv(
        opened(origin, last=False), compression, label, delimiter, header=True, quote=quote
    ).header
    if any("\r" in cell for cell in cells) and '"' not in first_line:
        message = "has lines that end in carriage returns only; save it with line feeds"
        raise InputError(message, file=label)
    columns, headerless = named_columns(cells, label, hints)
    table = CsvTable(origin, compression, label, columns, headerless, delimiter, quote)
    if delimiter != (usual or ","):
        name = _DELIMITERS.get(delimiter, repr(delimiter))
        table.notes.append(f"{label}: fields are separated by {name}")
    if quoting == "none":
        table.notes.append(
            f"{label}: quotes are part of the text (--quoting csv reads them as CSV)"
        )
    elif quoting == "csv":
        table.notes.append(f"{label}: quotes enclose fields, as in CSV (--quoting none keeps them)")
    if headerless:
        table.notes.append(f"{label}: the first row is data, not a header")
    return table


def named_columns(cells: list[str], label: str, hints: Hints) -> tuple[list[str], bool]:
    """Returns the names of the columns by the first row, and whether that row is data.

    Raises:
        InputError: If two columns have the same name.
    """
    headerless = not _has_header(cells, hints)
    columns = [f"column_{i}" for i in range(1, len(cells) + 1)] if headerless else cells
    # pandas writes its index as a column with an empty name.
    refuse_doubled([column for column in columns if column.strip()], label)
    return columns, headerless


def _quoting(
    origin: Origin, compression: Compression, label: str, delimiter: str, hints: Hints
) -> Quoting | None:
    """Returns how quotes are read, or None if that makes no difference.

    Raises:
        InputError: If both ways fit a text with tabs and give different texts.
    """
    if hints.quoting is not None:
        return hints.quoting
    if delimiter != "\t":
        return None
    if compression == "none" and isinstance(origin, Path):
        with origin.open("rb") as file:
            if not any(b'"' in part for part in iter(lambda: file.read(_PART), b"")):
                return None
    try:
        found, whole = sampled(
            line for _, line in lines(origin, compression, label, at_once=_LINES)
        )
    except InputError:
        # A text that cannot be cut into lines is read with quotes, and reports its own errors.
        return None
    if not opens_quotes(found, delimiter):
        return None
    quoting = decided(found, delimiter, whole=whole)
    if quoting is None:
        raise InputError(
            "quotes may enclose fields, as CSV writers put them, or be part of the text, and both "
            "fit; choose one with --quoting csv or --quoting none (quoting='csv', quoting='none')",
            file=label,
        )
    return quoting


def _delimiter(line: str, usual: str | None, hints: Hints) -> str:
    """Returns the delimiter that gives a known header, or else the usual or most frequent one."""
    bare = _QUOTED.sub("", line)
    order = [usual] if usual else []
    order += [d for d in _DELIMITERS if d != usual]
    present = [delimiter for delimiter in order if delimiter in bare]
    for delimiter in present:
        if hints.is_header([cell.strip('"') for cell in line.split(delimiter)]):
            return delimiter
    if not present or usual in present:
        return usual or ","
    return max(present, key=bare.count)


def _has_header(cells: Sequence[str], hints: Hints) -> bool:
    if hints.reading == "headerless":
        return False
    if hints.is_header(cells) or set(hints.named) & set(cells):
        return True
    if any(_OUR_NAME.fullmatch(name) for name in hints.named):
        return False
    # Two columns without a known name are winner and loser. With any other number of columns the
    # first row is assumed to be a header, which leads to an error that says what is missing.
    return len(cells) != 2 or hints.reading is not None
