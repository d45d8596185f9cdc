"""Excel files (xlsx), of which one sheet is read as text."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final
from xml.etree import ElementTree

import numpy as np
import polars as pl

from humorrank._util.interruptible import interruptible
from humorrank.errors import InputError, MissingExtraError
from humorrank.matches.log.tables.archive import member_pieces
from humorrank.matches.log.tables.batch import RowBatch
from humorrank.matches.log.tables.csv import named_columns
from humorrank.matches.log.tables.layers import bounded, damaged
from humorrank.matches.log.tables.table import (
    SAMPLE,
    Hints,
    OnRagged,
    Reader,
    Wanted,
    sampled_words,
)

_ROWS: Final = 1 << 17
_MOST_EXPANSION: Final = 50
_MOST_SPARSE: Final = 20
_USUAL_AREA: Final = 2 << 20
"""A sheet is held as a rectangle, whose cells may be no more than these times the cells with a
value, or no more than this number."""

_WORKBOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_HIDDEN: Final = ("hidden", "veryHidden")
_LARGEST_TAIL: Final = 1 << 20
_LETTERS: Final = 26

_CELL: Final = re.compile(
    rb"""<(?:\w+:)?c\s[^<>]*?\br=["']([A-Z]{1,3})(\d{1,7})["'][^<>]*(?<!/)>"""
)
_NO_PLACE: Final = re.compile(rb"<(?:\w+:)?c(?:\s+[st]=[^<>]*)?(?<!/)>")
_FORMULA: Final = rb"<(?:\w+:)?f(?:[\s/][^<>]*)?(?:(?<=/)>|(?<!/)>[^<]*</(?:\w+:)?f>)"
_ERROR: Final = re.compile(
    rb"""<(?:\w+:)?c\s([^<>]*\bt=["']e["'][^<>]*)>\s*(?:"""
    + _FORMULA
    + rb""")?\s*<(?:\w+:)?v>([^<]*)<"""
)
_NOT_CALCULATED: Final = re.compile(
    rb"""<(?:\w+:)?c\s((?:(?!\bt=["']str["'])[^<>])*)(?<!/)>\s*"""
    + _FORMULA
    + rb"""\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"""
)
_PRECISE: Final = re.compile(rb">\s*-?\d+(?:\.\d{9}|(?:\.\d+)?[eE][-+]?\d)")
_PLACE: Final = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")
_MIDNIGHT: Final = r"^\d{4}-\d{2}-\d{2} 00:00:00$"


@dataclass
class SheetTable:
    """A sheet of an Excel file, whose values are text.

    Attributes:
        label: Name of the file in error messages.
        columns: Names of the columns.
        frame: Values, with columns in the same order, whose names do not matter.
        numbers: Number of each row in the sheet.
    """

    label: str
    columns: list[str]
    frame: pl.DataFrame
    numbers: np.ndarray
    headerless: bool = False
    untyped: bool = True
    notes: list[str] = field(default_factory=list)

    def sample(self, columns: Sequence[str]) -> RowBatch:
        """Returns the first rows."""
        return self._batch(columns, 0, SAMPLE)

    def words(self, column: str) -> list[str]:
        """Returns the distinct values of a column in the first rows."""
        return sampled_words(self, column)

    def codes(self, wanted: Wanted) -> Reader | None:
        """Returns None, because the rows have numbers of their own."""
        return None

    def batches(self, columns: Sequence[str], on_ragged: OnRagged | None) -> Iterator[RowBatch]:
        """Yields all rows."""
        for start in range(0, self.frame.height, _ROWS):
            yield self._batch(columns, start, _ROWS)

    def _batch(self, columns: Sequence[str], start: int, rows: int) -> RowBatch:
        numbers = self.numbers[start : start + rows]
        series = [
            self.frame.to_series(self.columns.index(name)).slice(start, rows).alias(name)
            for name in columns
        ]
        frame = pl.DataFrame(series) if series else pl.DataFrame(height=len(numbers))
        return RowBatch(self.label, frame, numbers)


@dataclass
class _Extent:
    """What the text of a sheet shows before it is read.

    Attributes:
        cells: Number of cells with a value.
        rows: Last row.
        columns: Columns with cells, by number from 1.
        errors: Texts of the errors of formulas ("#N/A") by row and column.
        precise: Whether there may be numbers with more than eight digits after the point.
    """

    cells: int = 0
    rows: int = 0
    columns: set[int] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    precise: bool = False


def sheet_table(
    path: Path, infos: Sequence[zipfile.ZipInfo], label: str, hints: Hints
) -> SheetTable:
    """Creates a table from the first visible sheet of an Excel file that is not empty.

    Args:
        path: Path of the file.
        infos: Files in the archive that the file is.
        label: Name of the file in error messages.
        hints: Hints by which the header is recognized.

    Raises:
        InputError: If the file is damaged, has no such sheet, or needs too much memory.
        MissingExtraError: If fastexcel is not installed.
    """
    fastexcel = _fastexcel(label)
    extents = _checked(path, infos, label)
    filled = [name for name, extent in extents.items() if extent.cells]
    if not filled:
        raise InputError("is an Excel file without a visible sheet that has cells", file=label)
    chosen = filled[0]

    def load() -> pl.DataFrame:
        reader = fastexcel.read_excel(path.read_bytes())

        def values(kind: str) -> pl.DataFrame:
            sheet = reader.load_sheet(chosen, header_row=None, skip_rows=0, dtypes=kind)
            found: pl.DataFrame = sheet.to_polars()
            return found

        texts = values("string")
        return _unrounded(texts, values("float")) if extents[chosen].precise else texts

    try:
        frame = interruptible(load)
    except fastexcel.FastExcelError as error:
        raise damaged(label, str(error).splitlines()[0]) from None
    except BaseException as error:
        # The compiled reader may panic on malformed files.
        if type(error).__name__ != "PanicException":
            raise
        raise damaged(label, "its content is malformed") from None
    frame = _with_errors(frame, extents[chosen])
    kept = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    numbers = np.flatnonzero(kept.to_numpy()) + 1
    frame = frame.filter(kept)
    frame = frame.with_columns(_without_midnight(column) for column in frame)
    if not frame.height:
        raise InputError("is empty", file=label)
    first = [cell or "" for cell in frame.row(0)]
    columns, headerless = named_columns(first, label, hints)
    rows = frame if headerless else frame.slice(1)
    table = SheetTable(label, columns, rows, numbers[-rows.height or len(numbers) :], headerless)
    if len(filled) > 1:
        others = ", ".join(map(repr, filled[1:]))
        table.notes.append(
            f"{label}: only the sheet {chosen!r} is read; to read others ({others}), save each as "
            "a file of its own"
        )
    if headerless:
        table.notes.append(f"{label}: the first row is data, not a header")
    return table


def _fastexcel(label: str) -> Any:  # noqa: ANN401 - a module
    try:
        import fastexcel  # noqa: PLC0415 - an extra
    except ImportError:
        message = f"{label}: Excel files need fastexcel: pip install 'humorrank[excel]'; or save "
        raise MissingExtraError(message + "the sheet as CSV") from None
    return fastexcel


def _checked(path: Path, infos: Sequence[zipfile.ZipInfo], label: str) -> dict[str, _Extent]:
    """Returns what the visible sheets contain, by name.

    All files in the archive that the reader of sheets may read as a whole are unpacked in pieces
    before.
    """
    by_name = {info.filename.lower(): info for info in infos}
    texts = dict.fromkeys((_WORKBOOK, _RELATIONS), b"")
    extents: dict[str, _Extent] = {}
    for name, info in by_name.items():
        if info.flag_bits & 1:
            raise InputError("has a password; save it without one", file=label)
        if not name.endswith((".xml", ".rels")):
            continue
        pieces = _pieces(path, info, label)
        if name in texts:
            texts[name] = b"".join(pieces)
        elif "/worksheets/" in name and name.endswith(".xml"):
            extents[name] = _extent(pieces, label)
        else:
            for _ in pieces:
                pass
    found = {}
    for sheet, part in _sheets(texts[_WORKBOOK], texts[_RELATIONS], label):
        if part in extents:
            found[sheet] = extents[part]
    return found


def _pieces(path: Path, info: zipfile.ZipInfo, label: str) -> Iterator[bytes]:
    size = max(info.compress_size, 1)
    return bounded(member_pieces(path, info, label), lambda: size, label, _MOST_EXPANSION)


def _sheets(workbook: bytes, relations: bytes, label: str) -> Iterator[tuple[str, str]]:
    """Yields the names of the visible sheets and of the files that contain them, in lower case."""
    try:
        parts = {
            link.get("Id"): link.get("Target", "") for link in ElementTree.fromstring(relations)
        }
        for element in ElementTree.fromstring(workbook).iter():
            if element.tag.rpartition("}")[2] != "sheet" or element.get("state", "") in _HIDDEN:
                continue
            link = next((v for k, v in element.items() if k.endswith("}id")), None)
            target = parts.get(link, "")
            part = target[1:] if target.startswith("/") else str(PurePosixPath("xl", target))
            yield element.get("name", ""), part.lower()
    except ElementTree.ParseError as error:
        raise damaged(label, error) from None


def _extent(pieces: Iterator[bytes], label: str) -> _Extent:
    """Returns what the text of a sheet shows.

    Raises:
        InputError: If its cells are so far apart that the rectangle around them is too large, or if
            the value of a formula is missing.
    """
    found = _Extent()
    tail = b""
    for piece in pieces:
        held = tail + piece
        end = held.rfind(b"c>") + 2
        if end < 2:
            end = max(held.rfind(b"<"), 0) if len(held) > _LARGEST_TAIL else 0
        _look(held[:end], found, label)
        tail = held[end:]
    _look(tail, found, label)
    width = max(found.columns, default=1) - min(found.columns, default=1) + 1
    if found.rows * width > max(_USUAL_AREA, _MOST_SPARSE * found.cells):
        message = f"has cells in rows 1 to {found.rows:,} and {width:,} columns, most of which are "
        message += "empty; delete the cells far from the table, or save the sheet as CSV"
        raise InputError(message, file=label)
    return found


def _look(text: bytes, found: _Extent, label: str) -> None:
    places = _CELL.findall(text)
    if places:
        found.cells += len(places)
        found.rows = max(found.rows, *(int(row) for _, row in places))
        found.columns.update(map(_number, {column for column, _ in places}))
    elif _NO_PLACE.search(text):
        found.cells += 1
    found.precise = found.precise or _PRECISE.search(text) is not None
    # Most sheets have no formulas, and these patterns are slow.
    has_formulas = b"<f" in text or b":f" in text
    for match in _NOT_CALCULATED.finditer(text) if has_formulas else ():
        place = _PLACE.search(match[1])
        where = b"".join(place.groups()).decode() if place else "a cell"
        message = f"the formula in {where} has no value, because the file was not saved by a "
        message += "spreadsheet program; open it in one and save it"
        raise InputError(message, file=label)
    has_errors = b't="e"' in text or b"t='e'" in text
    for match in _ERROR.finditer(text) if has_errors else ():
        place = _PLACE.search(match[1])
        if place:
            found.errors[int(place[2]), _number(place[1])] = match[2].decode("utf-8", "replace")


def _number(letters: bytes) -> int:
    """Returns the number of a column from its letters."""
    number = 0
    for letter in letters:
        number = number * _LETTERS + letter - ord("A") + 1
    return number


def _with_errors(frame: pl.DataFrame, extent: _Extent) -> pl.DataFrame:
    """Returns values in which errors of formulas are text, as in CSV, and not missing."""
    left = min(extent.columns, default=1)
    columns: dict[int, dict[int, str]] = {}
    for (row, column), text in extent.errors.items():
        columns.setdefault(column - left, {})[row - 1] = text
    for index, texts in columns.items():
        if index < frame.width:
            series = frame.to_series(index)
            rows = [row for row in texts if row < frame.height]
            changed = series.scatter(rows, [texts[row] for row in rows])
            frame = frame.with_columns(changed)
    return frame


def _unrounded(texts: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """Returns texts with all digits of numbers, of which fastexcel gives nine after the point."""
    return texts.with_columns(
        pl.when(text.cast(pl.Float64, strict=False) != number)
        .then(number.cast(pl.String))
        .otherwise(text)
        .alias(text.name)
        for text, number in zip(texts, numbers, strict=True)
    )


def _without_midnight(column: pl.Series) -> pl.Series:
    """Returns dates without the time, if a column has only dates."""
    dates = column.str.contains(_MIDNIGHT).fill_null(True)
    header = 1 if column.len() > 1 else 0
    if column.slice(header).null_count() < column.len() - header and dates.slice(header).all():
        return pl.concat([column.head(header), column.slice(header).str.head(10)])
    return column
