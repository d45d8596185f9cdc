"""Filters for rows: an SQL condition, and a limit on the matches of each judge."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

import numpy as np
import polars as pl

from humorrank._core import Interner
from humorrank._util.suggest import near
from humorrank.errors import InputError, OptionError
from humorrank.matches.log._dates import compared_with, times, with_times
from humorrank.matches.log.tables.batch import RowBatch, nested_text, shortened_value
from humorrank.matches.outcomes import UNJUDGED_WORDS

Kind = Literal["text", "number", "truth"]
_KINDS: Final[dict[Kind, str]] = {
    "text": "text",
    "number": "number",
    "truth": "truth value (true or false)",
}
_TRUTHS: Final = {"true": True, "false": False}


_PATH: Final = re.compile(
    r"""'(?:[^']|'')*'|(?<![\w.])(?:"(?:[^"]|"")*"|[^\W\d]\w*)"""
    r"""(?P<inner>(?:\s*\.\s*(?:"(?:[^"]|"")*"|[^\W\d]\w*))+)?"""
)
_NAME: Final = re.compile(r""""((?:[^"]|"")*)"|(\w+)""")


def with_paths(condition: str) -> str:
    """Returns a condition whose paths (meta.lang) are names of columns in double quotes."""

    def joined(match: re.Match[str]) -> str:
        if match["inner"] is None:
            return match[0]
        names = [quoted or plain for quoted, plain in _NAME.findall(match[0])]
        return '"' + ".".join(names) + '"'

    return _PATH.sub(joined, condition)


class Where:
    """A condition in SQL on the columns of the file.

    A text column is read as numbers or booleans if its values allow it and the condition is valid
    for this type. Empty fields are null. Rows for which the condition is null do not satisfy it.

    Args:
        condition: SQL expression, as in `polars.sql_expr`, that is true or false for each row.

    Raises:
        OptionError: If it is not such an expression.
    """

    def __init__(self, condition: str) -> None:
        self._condition = condition
        written = with_paths(condition)
        timed, wrong = with_times(written)
        if wrong is not None:
            raise self._refused(f"{wrong!r} is not a date")
        try:
            self._expression = pl.sql_expr(written)
            row_by_row = all(map(_row_by_row, _nodes(self._expression)))
            self._timed = pl.sql_expr(timed)
            self._dates = compared_with(self._timed, dates=True)
            self._amounts = compared_with(self._expression, dates=False)
        except pl.exceptions.PolarsError:
            raise self._refused(
                "it is not a condition in SQL that can be evaluated; write one such as "
                "\"language = 'en' AND turn >= 2\", with text and dates in single quotes and "
                "unusual column names in double quotes"
            ) from None
        if not row_by_row:
            message = "it must depend on a single row; it cannot count, sum or rank rows"
            raise self._refused(message)
        self.columns: list[str] = list(dict.fromkeys(self._expression.meta.root_names()))
        self._kinds: dict[str, Kind] = {}
        # Whether each column that is compared with dates holds dates, once it has values.
        self._timely: dict[str, bool] = {}
        self._plans: dict[tuple[object, ...], dict[str, Kind]] = {}

    def check(self, columns: Sequence[str], file: str) -> None:
        """Refuses a condition on a column that a file does not have.

        Raises:
            OptionError: If there is no such column.
        """
        for column in self.columns:
            if column not in columns:
                hint = near(column, columns)
                found = ", ".join(columns[:30])
                message = f"there is no column {column!r} in {file}{hint or '.'} Columns: {found}"
                raise self._refused(message)

    def holds(self, batch: RowBatch, *, untyped: bool) -> np.ndarray:
        """Returns whether the condition holds for each row.

        Args:
            batch: Rows to check.
            untyped: Whether all columns are text only because the format of the file has no types.

        Raises:
            InputError: If a value has a different type from the previous ones.
            OptionError: If the condition is not valid for the types of the columns.
        """
        frame = batch.frame.select(
            _readable(batch.frame.get_column(column)) for column in self.columns
        )
        frame, expression = self._with_dates(batch, frame, untyped)
        plan = self._plan(frame, expression, untyped)
        cast = frame.with_columns(
            self._cast(batch, frame.get_column(column), kind) for column, kind in plan.items()
        )
        try:
            result = cast.select(expression.alias("holds")).to_series()
        except pl.exceptions.PolarsError:
            raise self._unfit(cast.schema) from None
        if len(result) == 1 != batch.frame.height:
            result = result.new_from_index(0, batch.frame.height)
        return result.fill_null(False).to_numpy()

    def _with_dates(
        self, batch: RowBatch, frame: pl.DataFrame, untyped: bool
    ) -> tuple[pl.DataFrame, pl.Expr]:
        """Returns the columns that are compared with dates as times, and the expression for them.

        If one of them holds other text, the dates of the condition are text, too.
        """
        for column in self._amounts:
            if frame.schema[column].is_temporal():
                message = f"the column {column!r} holds dates, which are written as '2024-05-01' or"
                raise self._refused(f"{message} '2024-05-01 12:00:00'")
        for column in self._dates:
            values = frame.get_column(column)
            if column not in self._timely and values.null_count() < len(values):
                timely = times(_numbers(values) if untyped else values)
                empty = _without_value(values)
                self._timely[column] = not (timely.is_null() & ~empty).any()
        if not self._dates or not all(self._timely.get(column, True) for column in self._dates):
            return frame, self._expression
        found = []
        for column in self._dates:
            values = frame.get_column(column)
            timely = times(_numbers(values) if untyped else values)
            wrong = timely.is_null() & ~_without_value(values)
            if wrong.any():
                raise self._other_kind(batch, values, int(wrong.arg_true()[0]), "date")
            found.append(timely.alias(column))
        return frame.with_columns(found), self._timed

    def _plan(self, frame: pl.DataFrame, expression: pl.Expr, untyped: bool) -> dict[str, Kind]:
        """Returns the type as which each text column is read, the first valid for the condition."""
        texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
        for name in texts:
            if name not in self._kinds and (kind := _natural(frame.get_column(name))):
                self._kinds[name] = kind
        key = (*frame.schema.items(), *self._kinds.items())
        if key not in self._plans:
            self._plans[key] = self._find_plan(frame.schema, expression, texts, untyped)
        return self._plans[key]

    def _find_plan(
        self,
        schema: Mapping[str, pl.DataType],
        expression: pl.Expr,
        texts: Sequence[str],
        untyped: bool,
    ) -> dict[str, Kind]:
        choices: list[list[Kind]] = []
        for name in texts:
            natural = self._kinds.get(name)
            options: list[Kind] = ["text"] if natural in (None, "text") else [natural, "text"]
            if natural is None:
                # There are no values yet, so that any type fits.
                options = ["number", "truth", "text"]
            choices.append(options if untyped and natural else options[::-1])
        reason = ""
        for kinds in itertools.product(*choices):
            plan = dict(zip(texts, kinds, strict=True))
            types = {
                name: _type_of(plan[name]) if name in plan else schema[name] for name in schema
            }
            try:
                empty = pl.DataFrame(schema=types).select(expression.alias("holds"))
            except pl.exceptions.PolarsError:
                continue
            if empty.schema["holds"] in (pl.Boolean, pl.Null):
                return plan
            reason = reason or "it gives values instead of true or false; compare them, as in "
        if reason:
            raise self._refused(f'{reason}"turn >= 2"')
        raise self._unfit(schema)

    def _cast(self, batch: RowBatch, values: pl.Series, kind: Kind) -> pl.Series:
        text = values.str.strip_chars()
        empty = text.is_null() | (text == "")
        if kind == "text":
            return values.set(empty.fill_null(True), None)
        if kind == "truth":
            lower = text.str.to_lowercase()
            cast = lower.replace_strict(_TRUTHS, default=None, return_dtype=pl.Boolean)
        else:
            cast = text.cast(pl.Int64, strict=False)
            if (cast.is_null() & ~empty).any():
                cast = text.cast(pl.Float64, strict=False).fill_nan(None)
        no_value = text.str.to_lowercase().is_in(sorted(UNJUDGED_WORDS)).fill_null(True)
        wrong = cast.is_null() & ~no_value
        if wrong.any():
            index = int(wrong.arg_true()[0])
            raise self._other_kind(batch, values, index, _KINDS[kind])
        return cast.alias(values.name)

    def _other_kind(self, batch: RowBatch, values: pl.Series, index: int, kind: str) -> InputError:
        value = values[index]
        return InputError(
            f"{shortened_value(value)} is not a {kind}, as where={self._condition!r} needs",
            file=batch.file,
            row=batch.row(index),
            column=values.name,
            value=value,
        )

    def _unfit(self, schema: Mapping[str, pl.DataType]) -> OptionError:
        """Returns the error for a condition that does not fit the types of its columns."""
        kinds = ", ".join(f"{name!r} holds {_held(dtype)}" for name, dtype in schema.items())
        return self._refused(
            f"it does not fit its columns ({kinds}); compare text and dates with values in single "
            "quotes ('en', '2024-05-01') and numbers with numbers"
        )

    def _refused(self, reason: str) -> OptionError:
        return OptionError(f"where={self._condition!r}: {reason}")


def _type_of(kind: Kind) -> pl.DataType:
    types: dict[Kind, pl.DataType] = {
        "text": pl.String(),
        "number": pl.Float64(),
        "truth": pl.Boolean(),
    }
    return types[kind]


def _held(dtype: pl.DataType) -> str:
    if dtype.is_numeric():
        return "numbers"
    if dtype.is_temporal():
        return "dates or times"
    if dtype.is_nested():
        return "lists or objects"
    return "truth values" if dtype == pl.Boolean else "text"


def _numbers(values: pl.Series) -> pl.Series:
    """Returns a text column as numbers if it holds nothing else."""
    if values.dtype != pl.String or _natural(values) != "number":
        return values
    return values.str.strip_chars().cast(pl.Float64, strict=False)


def _without_value(values: pl.Series) -> pl.Series:
    """Returns the mask of null, empty and similar values."""
    if values.dtype != pl.String:
        return values.is_null()
    return values.str.strip_chars().str.to_lowercase().is_in(sorted(UNJUDGED_WORDS)).fill_null(True)


def _nodes(expression: pl.Expr) -> Iterator[pl.Expr]:
    yield expression
    for part in expression.meta.pop():
        yield from _nodes(part)


def _row_by_row(expression: pl.Expr) -> bool:
    try:
        return expression.meta.is_literal() or expression.meta.is_row_separable()
    except pl.exceptions.ColumnNotFoundError:
        # For a membership test polars looks for the column itself. Such a test is row by row.
        return True


def _readable(series: pl.Series) -> pl.Series:
    """Returns a column in a type that conditions support, with NaN as null."""
    if series.dtype.is_float():
        return series.fill_nan(None)
    if series.dtype == pl.Object or series.dtype in (pl.Categorical, pl.Enum):
        return nested_text(series).cast(pl.String)
    return series


def _natural(values: pl.Series) -> Kind | None:
    """Returns the type that all values of a text column have, or None if it has no values."""
    text = values.str.strip_chars().str.to_lowercase()
    text = text.filter(~text.is_in(sorted(UNJUDGED_WORDS)).fill_null(True))
    if text.is_empty():
        return None
    if text.is_in(list(_TRUTHS)).all():
        return "truth"
    return "text" if text.cast(pl.Float64, strict=False).has_nulls() else "number"


class JudgeCap:
    """A limit on the number of matches of each judge, which keeps the first ones of the log.

    Args:
        limit: Maximum number of matches of each judge.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._judges = Interner()
        self._counts = np.zeros(0, np.int64)

    def passes(self, judges: pl.Series, index: np.ndarray) -> np.ndarray:
        """Returns whether each match is within the limit of its judge.

        Args:
            judges: Judge of each row, not null in the rows of `index`.
            index: Row of each match that is counted, in order.
        """
        codes = self._judges.encode(judges)[index]
        grown = np.zeros(len(self._judges), np.int64)
        grown[: len(self._counts)] = self._counts
        order = np.argsort(codes, kind="stable")
        sizes = np.bincount(codes, minlength=len(grown))
        starts = np.cumsum(sizes) - sizes
        place = np.empty(len(codes), np.int64)
        place[order] = np.arange(len(codes)) - np.repeat(starts, sizes)
        passes: np.ndarray = grown[codes] + place < self._limit
        self._counts = grown + sizes
        return passes
