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
    r"^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?)?"
    r"(?: ?([Zz]|UTC|[+-]\d{2}(?::?\d{2})?))?$"
)
_UNITS: Final = {
    "Unix times in seconds": (1e8, 1e11, 1e6),
    "Unix times in milliseconds": (1e11, 1e14, 1e3),
    "Unix times in microseconds": (1e14, 1e17, 1.0),
    "Unix times in nanoseconds": (1e17, 1e20, 1e-3),
}
"""The range of Unix times since 1973 in each unit, and the factor to us."""

_COMPACT: Final = "dates in the form YYYYMMDD"


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
    text = values.str.strip_chars()
    part = text.str.extract_groups(_ISO).struct
    day, clock, second, zone = (part.field(str(number)) for number in range(1, 5))
    moment = day + "T" + clock.fill_null("00:00") + second.fill_null(":00")
    local = moment.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    digits = zone.str.replace(":", "", literal=True)
    hours = digits.str.slice(0, 3).cast(pl.Int64, strict=False).fill_null(0)
    minutes = digits.str.slice(3).cast(pl.Int64, strict=False).fill_null(0)
    sign = pl.Series([1, -1]).gather(zone.str.starts_with("-").fill_null(False).cast(pl.UInt32))
    shift = hours * 60 + sign * minutes
    found = (local - (shift * 60_000_000).cast(pl.Duration("us"))).alias(values.name)
    if found.null_count() > values.null_count():
        found = found.zip_with(found.is_not_null(), _unix(_amounts(text)))
    return found


def units_of(values: pl.Series) -> dict[str, int]:
    """Returns how many of the values `times` reads as numbers, by what it takes them for."""
    if not values.dtype.is_numeric():
        if values.dtype != pl.String:
            return {}
        values = _amounts(values.str.strip_chars())
        if values.null_count() == len(values):
            return {}
    number = pl.col(values.name).cast(pl.Float64)
    found = {
        unit: int(values.to_frame().select(_inside(number, *bounds).sum()).item())
        for unit, (*bounds, _) in _UNITS.items()
    }
    found[_COMPACT] = int(_compact(values).is_not_null().sum())
    return {unit: count for unit, count in found.items() if count}


def _amounts(text: pl.Series) -> pl.Series:
    """Returns the numbers among texts, with null for other texts."""
    return text.cast(pl.Float64, strict=False).fill_nan(None)


def _inside(number: pl.Expr, low: float, high: float) -> pl.Expr:
    return (number.abs() >= low) & (number.abs() < high)


def _unix(values: pl.Series) -> pl.Series:
    number = pl.col(values.name)
    micros: pl.Expr = pl.lit(None, pl.Float64)
    for low, high, factor in _UNITS.values():
        inside = _inside(number, low, high)
        micros = pl.when(inside).then(number.cast(pl.Float64) * factor).otherwise(micros)
    found = micros.round().cast(pl.Int64).cast(pl.Datetime("us")).alias(values.name)
    out = values.to_frame().select(found).to_series()
    days = _compact(values)
    return out if days.null_count() == len(days) else out.zip_with(days.is_null(), days)


def _compact(values: pl.Series) -> pl.Series:
    """Returns whole numbers such as 20250301 as times. No Unix time since 1971 is so small."""
    number = pl.col(values.name).cast(pl.Float64)
    digits = number.cast(pl.Int64, strict=False).cast(pl.String)
    whole = (number == number.floor()) & (number >= 1e7) & (number < 1e8)
    days = digits.str.to_datetime("%Y%m%d", time_unit="us", strict=False)
    return values.to_frame().select(pl.when(whole).then(days)).to_series().alias(values.name)
