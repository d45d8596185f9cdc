"""Batches of rows, and their columns as text, numbers or booleans."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from humorrank._core import NULL_CODE, Interner
from humorrank.errors import InputError
from humorrank.matches.outcomes import UNJUDGED_WORDS

_TRUE: Final = ("true", "1", "1.0", "yes")
_FALSE: Final = ("false", "0", "0.0", "no")
_LARGEST_EXACT: Final = 2.0**53
_LARGEST_INT: Final = 2**63
_DECIMAL_COMMA: Final = re.compile(r"[-+]?\d*,\d+")


def is_text(dtype: pl.DataType) -> bool:
    """Returns whether a column of this type contains text."""
    return dtype in (pl.String, pl.Categorical, pl.Enum)


@dataclass(frozen=True)
class Numbers:
    """A column as numbers.

    Attributes:
        values: Numbers, float64, with NaN if there is none.
        null: Mask of missing values (null, empty, NaN, "error", "skip").
        bad: Mask of values that are not numbers.
    """

    values: np.ndarray
    null: np.ndarray
    bad: np.ndarray


@dataclass(frozen=True)
class RowBatch:
    """Consecutive rows of one file or frame.

    Attributes:
        file: Name of the source in error messages.
        frame: Requested columns.
        rows: Number of each row as counted by the reader, or that of the first row if the rows are
            consecutive.
    """

    file: str
    frame: pl.DataFrame
    rows: np.ndarray | int

    def row(self, index: int) -> int:
        """Returns the number of the row at a position of the batch, as an editor counts rows."""
        return self.rows + index if isinstance(self.rows, int) else int(self.rows[index])

    def where(self, mask: np.ndarray) -> RowBatch:
        """Returns the rows for which the mask is true."""
        rows = self.rows + np.flatnonzero(mask) if isinstance(self.rows, int) else self.rows[mask]
        return RowBatch(self.file, self.frame.filter(pl.Series(mask)), rows)

    def behind(self, rows: int) -> RowBatch:
        """Returns the rows after the given number of first ones."""
        numbers = self.rows + rows if isinstance(self.rows, int) else self.rows[rows:]
        return RowBatch(self.file, self.frame.slice(rows), numbers)

    def value(self, column: str, index: int) -> object:
        """Returns the value of a cell."""
        return self.frame.get_column(column)[index]

    def text(self, column: str) -> pl.Series:
        """Returns a column as text, with whole floats written as integers and null unchanged.

        Raises:
            InputError: If the column contains lists, structs or bytes.
        """
        series = self.frame.get_column(column)
        dtype = series.dtype
        if is_text(dtype):
            return series
        if dtype == pl.Object:
            return pl.Series(column, self._scalars(column, series), pl.String)
        if dtype.is_nested() or dtype == pl.Binary:
            message = f"contains {dtype}, but must be text; specify another column with "
            message += "--columns (columns=)"
            raise InputError(message, file=self.file, column=column)
        if dtype.is_float():
            return _float_text(series)
        return series.cast(pl.String)

    def label(self, column: str) -> pl.Series:
        """Returns a column of labels as text, with lists and objects as JSON."""
        series = self.frame.get_column(column)
        if series.dtype.is_nested() or series.dtype == pl.Object:
            return nested_text(series)
        return self.text(column).cast(pl.String)

    def numbers(self, column: str) -> Numbers:
        """Returns a column as numbers.

        Raises:
            InputError: If the column contains lists, structs or dates.
        """
        series = self.frame.get_column(column)
        if is_text(series.dtype) or series.dtype == pl.Object:
            text = self.text(column).cast(pl.String).str.strip_chars()
            values = text.cast(pl.Float64, strict=False)
            null = text.is_null() | text.str.to_lowercase().is_in(sorted(UNJUDGED_WORDS))
            bad = values.is_null() & ~null
        elif series.dtype.is_numeric() or series.dtype in (pl.Boolean, pl.Null):
            values = series.cast(pl.Float64)
            null = values.is_null() | values.is_nan().fill_null(False)
            bad = pl.repeat(False, len(series), eager=True)
        else:
            message = f"contains {series.dtype}, but must be numbers"
            raise InputError(message, file=self.file, column=column)
        return Numbers(
            values.fill_null(float("nan")).to_numpy(),
            null.fill_null(True).to_numpy(),
            bad.to_numpy(),
        )

    def truths(self, column: str) -> Numbers:
        """Returns a column of booleans (true, false, 1, 0, yes, no) as the numbers 1 and 0."""
        series = self.frame.get_column(column)
        if is_text(series.dtype) or series.dtype == pl.Object:
            text = self.text(column).cast(pl.String).str.strip_chars().str.to_lowercase()
            true, false = (text.is_in(words).fill_null(False) for words in (_TRUE, _FALSE))
            null = text.is_null() | text.is_in(sorted(UNJUDGED_WORDS)).fill_null(False)
            bad = ~(true | false | null)
            return Numbers(true.cast(pl.Float64).to_numpy(), null.to_numpy(), bad.to_numpy())
        found = self.numbers(column)
        with np.errstate(invalid="ignore"):
            bad_value = ~found.null & (found.values != 0) & (found.values != 1)
        return Numbers(found.values, found.null, found.bad | bad_value)

    def _scalars(self, column: str, values: Iterable[object]) -> list[str | None]:
        out: list[str | None] = []
        for index, value in enumerate(values):
            if isinstance(value, dict | list | tuple | bytes):
                message = (
                    f"contains {shortened_value(value)}, but must be a word, a name or a number"
                )
                if isinstance(value, bytes):
                    message += "; decode bytes into text first"
                raise InputError(
                    message, file=self.file, row=self.row(index), column=column, value=value
                )
            out.append(scalar_text(value))
        return out


def joined(batches: Iterable[RowBatch]) -> Iterator[RowBatch]:
    """Yields the rows of all batches as one batch."""
    parts = list(batches)
    if len(parts) > 1:
        rows = [batch.row(place) for batch in parts for place in range(batch.frame.height)]
        frame = pl.concat([batch.frame for batch in parts], how="vertical_relaxed")
        parts = [RowBatch(parts[0].file, frame, np.array(rows, np.uint64))]
    yield from parts


def behind(batches: Iterable[RowBatch], passed: int) -> Iterator[RowBatch]:
    """Yields the batches without the first `passed` rows."""
    for batch in batches:
        height = batch.frame.height
        if height > passed:
            yield batch.behind(passed) if passed else batch
        passed = max(0, passed - height)


def shortened_value(value: object, width: int = 60) -> str:
    """Returns a value as it is shown in messages, with text quoted and long values shortened."""
    shown = "null" if value is None else repr(value)
    return shown if len(shown) <= width else shown[: width - 3] + "..."


def comma_hint(value: object) -> str:
    """Returns advice on a number with a decimal comma, or ""."""
    if not isinstance(value, str) or not _DECIMAL_COMMA.fullmatch(value.strip()):
        return ""
    return f"; write numbers with a decimal point ({value.strip().replace(',', '.')})"


def is_missing(value: object) -> bool:
    """Returns whether a Python value is missing: None, NaN, or the NA or NaT of pandas."""
    if value is None:
        return True
    if isinstance(value, float | np.floating):
        return bool(np.isnan(value))
    return type(value).__name__ in ("NAType", "NaTType")


def scalar_text(value: Any) -> str | None:  # noqa: ANN401 - whatever a file or a tuple holds
    """Returns a single value as text, or None if it is missing."""
    if is_missing(value):
        return None
    if isinstance(value, str):
        # Not str(), which gives the name of an enumeration member instead of its value.
        return str.__str__(value)
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        number = float(value)
        whole = number.is_integer() and abs(number) < _LARGEST_EXACT
        return str(int(number)) if whole else str(number)
    return str(value)


def series_of(
    name: str,
    values: Sequence[Any],
    file: str | None = None,
    rows: Sequence[int] | np.ndarray | int = 1,
) -> pl.Series:
    """Returns a column of arbitrary Python values.

    Values of incompatible types are converted to text. If there are lists or dictionaries among
    them, the values are unchanged (dtype Object).

    Args:
        name: Name of the column.
        values: Values.
        file: Name of the source in error messages.
        rows: Number of each row, or that of the first row if the rows are consecutive.

    Raises:
        InputError: If a text contains half of a surrogate pair, so that it is not Unicode text.
    """
    try:
        return _series(name, values)
    except UnicodeEncodeError:
        for index, value in enumerate(values):
            text = scalar_text(value) or ""
            if text.encode("utf-8", "replace") != text.encode("utf-8", "surrogatepass"):
                row = rows + index if isinstance(rows, int) else int(rows[index])
                message = "is not Unicode text (it contains half of a surrogate pair)"
                raise InputError(message, file=file, row=row, column=name, value=value) from None
        raise


def _series(name: str, values: Sequence[Any]) -> pl.Series:
    kinds = set(map(type, values)) - {type(None)}
    if not kinds <= {str, bool, int}:
        values = [None if is_missing(value) else value for value in values]
        kinds = set(map(type, values)) - {type(None)}
    if kinds <= {str}:
        return pl.Series(name, values, pl.String)
    if kinds == {bool}:
        return pl.Series(name, values, pl.Boolean)
    if kinds == {int} and all(value is None or abs(value) < _LARGEST_INT for value in values):
        return pl.Series(name, values, pl.Int64)
    if kinds <= {int, float} and float in kinds:
        floats = [None if value is None else float(value) for value in values]
        return pl.Series(name, floats, pl.Float64)
    if any(issubclass(kind, dict | list | tuple | bytes | np.ndarray) for kind in kinds):
        return pl.Series(name, list(values), pl.Object)
    return pl.Series(name, [scalar_text(value) for value in values], pl.String)


def nested_text(series: pl.Series) -> pl.Series:
    """Returns any column as text, with lists and objects as JSON in one spelling for every format.

    The keys of objects are sorted, and those without a value are left out.
    """
    if series.dtype == pl.Object:
        held = (dict, list, tuple, np.ndarray)
        values = [_as_json(v) if isinstance(v, held) else scalar_text(v) for v in series]
        return pl.Series(series.name, values, pl.String)
    if series.dtype.is_nested():
        wrapped = pl.struct(pl.col(series.name)).struct.json_encode()
        present = pl.when(pl.col(series.name).is_not_null()).then(wrapped)
        texts = series.to_frame().select(present.alias(series.name)).to_series()
        # Equal values are written once in the spelling of all formats.
        interner = Interner()
        codes = pl.Series(interner.encode(texts)).replace(NULL_CODE, None)
        spelled = [_as_json(json.loads(text)[series.name]) for text in interner.names]
        return pl.Series(series.name, spelled, pl.String).gather(codes)
    return series if is_text(series.dtype) else series.cast(pl.String)


def _as_json(value: object) -> str:
    return json.dumps(_with_values(value), sort_keys=True, ensure_ascii=False, default=str)


def _with_values(value: object) -> object:
    """Returns a value whose objects lack the keys that have no value."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): _with_values(v) for key, v in value.items() if not is_missing(v)}
    if isinstance(value, list | tuple):
        return [_with_values(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def _float_text(series: pl.Series) -> pl.Series:
    column = pl.col(series.name).fill_nan(None)
    whole = (column == column.floor()) & (column.abs() < _LARGEST_EXACT)
    text = pl.when(whole).then(column.cast(pl.Int64, strict=False).cast(pl.String))
    return series.to_frame().select(text.otherwise(column.cast(pl.String))).to_series()


_TOO_MANY = 2.0**53


def good_counts(values: np.ndarray) -> np.ndarray:
    """Returns whether each number is a valid count."""
    with np.errstate(invalid="ignore"):
        good: np.ndarray = (values >= 0) & (values < _TOO_MANY) & (values == np.floor(values))
    return good
