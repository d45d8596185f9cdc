"""Dates in conditions, which are written in the same way for every format of a log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import polars as pl

_LITERAL: Final = re.compile(
    r"""(?P<name>"[^"]*")|(?:\b(?:DATE|TIMESTAMP|DATETIME)\s*)?'(?P<text>(?:[^']|'')*)'""",
    re.IGNORECASE,
)
_ISO: Final = (
    r"^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?)?(?: ?(Z|UTC|[+-]\d{2}:?\d{2}))?$"
)
_UNITS: Final = ((1e8, 1e11, 1e6), (1e11, 1e14, 1e3), (1e14, 1e17, 1.0), (1e17, 1e20, 1e-3))
"""The range of Unix times since 1973 in seconds, ms, us and ns, and the factor to us."""


def with_times(condition: str) -> tuple[str, str | None]:
    """Returns a condition whose ISO dates in quotes are times, and a date that does not exist."""
    wrong: list[str] = []

    def time(match: re.Match[str]) -> str:
        text = match["text"]
        if text is None or not re.match(_ISO, text):
            return match[0]
        value = times(pl.Series([text]))[0]
        if value is None:
            wrong.append(text)
            return match[0]
        return f"CAST('{value.isoformat(' ')}' AS TIMESTAMP)"

    return _LITERAL.sub(time, condition), wrong[0] if wrong else None


def compared_with(expression: pl.Expr, *, dates: bool) -> list[str]:
    """Returns the columns that an expression compares with dates, or with numbers."""
    return list(dict.fromkeys(_compared(expression, dates=dates)))


def _compared(expression: pl.Expr, *, dates: bool) -> Iterator[str]:
    parts = expression.meta.pop()
    literals = [part for part in parts if part.meta.is_literal()]
    columns = [part for part in parts if part.meta.is_column()]
    if literals and columns and len(literals) + len(columns) == len(parts):
        found = [_inner(pl.select(part).to_series().dtype) for part in literals]
        if any(kind.is_temporal() if dates else kind.is_numeric() for kind in found):
            yield from (part.meta.output_name() for part in columns)
    for part in parts:
        yield from _compared(part, dates=dates)


def _inner(dtype: pl.DataType) -> pl.DataType:
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    return inner if isinstance(inner, pl.DataType) else inner()


def times(values: pl.Series) -> pl.Series:
    """Returns ISO texts, Unix times, dates or datetimes as times in UTC, with null for others."""
    dtype = values.dtype
    if isinstance(dtype, pl.Datetime):
        utc = values if dtype.time_zone is None else values.dt.convert_time_zone("UTC")
        return utc.dt.replace_time_zone(None).cast(pl.Datetime("us"))
    if dtype in (pl.Date, pl.Null):
        return values.cast(pl.Datetime("us"))
    if dtype.is_numeric():
        return _unix(values)
    part = values.str.strip_chars().str.extract_groups(_ISO).struct
    day, clock, second, zone = (part.field(str(number)) for number in range(1, 5))
    text = day + "T" + clock.fill_null("00:00") + second.fill_null(":00")
    local = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    digits = zone.str.replace(":", "", literal=True)
    hours = digits.str.slice(0, 3).cast(pl.Int64, strict=False).fill_null(0)
    minutes = digits.str.slice(3).cast(pl.Int64, strict=False).fill_null(0)
    sign = pl.Series([1, -1]).gather(zone.str.starts_with("-").fill_null(False).cast(pl.UInt32))
    shift = hours * 60 + sign * minutes
    return (local - (shift * 60_000_000).cast(pl.Duration("us"))).alias(values.name)


def _unix(values: pl.Series) -> pl.Series:
    number = pl.col(values.name)
    micros: pl.Expr = pl.lit(None, pl.Float64)
    for low, high, factor in _UNITS:
        inside = (number.abs() >= low) & (number.abs() < high)
        micros = pl.when(inside).then(number.cast(pl.Float64) * factor).otherwise(micros)
    found = micros.round().cast(pl.Int64).cast(pl.Datetime("us")).alias(values.name)
    return values.to_frame().select(found).to_series()
