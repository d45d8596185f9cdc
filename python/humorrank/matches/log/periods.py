"""Keys that are periods of dates: year(column), month(column), week(column), day(column)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

from humorrank._util.text import number_of
from humorrank.matches.log._dates import times, units_of
from humorrank.matches.log.tables.batch import is_text, nested_text
from humorrank.matches.outcomes import UNJUDGED_WORDS

UNITS: Final[Mapping[str, str]] = {
    "year": "%Y",
    "month": "%Y-%m",
    "week": "%G-W%V",
    "day": "%Y-%m-%d",
}
"""The periods, and the format of their labels, whose order as text is that of time."""

DATES: Final = "2025-03-01, 2025-03-01 12:00:00, or a Unix time"
"""How a date may be written, for messages."""

_CALL: Final = re.compile(rf"\s*({'|'.join(UNITS)})\s*\(\s*(.*\S)\s*\)\s*", re.IGNORECASE)
_FIRST, _LAST = 1, 9998
_LONGEST: Final = {"day": 31, "week": 31 * 7, "month": 5 * 366}
"""The greatest number of days for which each unit is chosen."""


@dataclass(frozen=True)
class Period:
    """A key that is a period of the dates in a column.

    Attributes:
        unit: "year", "month", "week" (as in ISO 8601) or "day".
        column: Column or role that contains the dates.
    """

    unit: str
    column: str

    @classmethod
    def of(cls, key: str) -> Period | None:
        """Returns the period that a key such as "month(tstamp)" names, or None for a column."""
        match = _CALL.fullmatch(key)
        return None if match is None else cls(match[1].lower(), match[2])

    def __str__(self) -> str:
        """Returns the key."""
        return f"{self.unit}({self.column})"

    def labels(self, values: pl.Series) -> Labels:
        """Returns the period of each value, in UTC."""
        values, missing = _read(values)
        moments = times(values)
        year = moments.dt.year()
        inside = (year >= _FIRST) & (year <= _LAST)
        text = moments.dt.to_string(UNITS[self.unit])
        text = text.zip_with(inside.fill_null(False), pl.Series([None], dtype=pl.String))
        bad = (text.is_null() & ~missing).to_numpy()
        return Labels(text, bad if bad.any() else None, units_of(values))


@dataclass(frozen=True)
class Labels:
    """A key of the rows of a batch.

    Attributes:
        text: Labels, null where there is no value.
        bad: Mask of values that are not dates, or None if there are none.
        units: The number of values that are numbers, by their unit ("seconds").
    """

    text: pl.Series
    bad: np.ndarray | None = None
    units: Mapping[str, int] = field(default_factory=dict)


def unit_note(column: str, units: Mapping[str, int]) -> str | None:
    """Returns a note on the units as which numbers are read, or None if there are no numbers."""
    if not units:
        return None
    if len(units) == 1:
        (unit,) = units
        return f"the numbers in {column!r} are read as {unit}, and periods are in UTC"
    parts = [f"{number_of(count, 'value')} as {unit}" for unit, count in units.items()]
    return (
        f"the numbers in {column!r} are read by their size: {', '.join(parts)}; periods are in UTC"
    )


def column_of(key: str) -> str:
    """Returns the column of a key, which may be a period of it."""
    period = Period.of(key)
    return key if period is None else period.column


def source_of(key: str, keys: Sequence[str]) -> str | None:
    """Returns the key from which another key can be computed, or None if there is no such key.

    Periods can be computed from their dates, and from their days.
    """
    period = Period.of(key)
    if period is None:
        return None
    found = {str(own) if (own := Period.of(each)) else each: each for each in keys}
    return found.get(period.column, found.get(str(Period("day", period.column))))


def _read(values: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Returns a column as numbers, dates or text without white space, and its missing values."""
    if values.dtype == pl.Object or not (
        values.dtype.is_numeric() or values.dtype in (pl.Date, pl.Datetime, pl.Null)
    ):
        values = _text(values).str.strip_chars()
        missing = values.str.to_lowercase().is_in(sorted(UNJUDGED_WORDS)).fill_null(True)
        return values, missing
    if values.dtype.is_float():
        values = values.fill_nan(None)
    return values, values.is_null()


def _text(values: pl.Series) -> pl.Series:
    if values.dtype in (pl.Binary, pl.Duration):
        return pl.Series(values.name, [None if v is None else repr(v) for v in values], pl.String)
    return (values if is_text(values.dtype) else nested_text(values)).cast(pl.String)


def periods_between(unit: str, first: str, last: str) -> list[str]:
    """Returns the labels of all periods from the first to the last."""
    day = _start(unit, first)
    out: list[str] = []
    while not out or out[-1] < last:
        out.append(_label(unit, day))
        if unit == "year":
            day = day.replace(year=day.year + 1)
        elif unit == "month":
            day = (day + dt.timedelta(days=31)).replace(day=1)
        else:
            day += dt.timedelta(days=7 if unit == "week" else 1)
    return out


def unit_for(first: str, last: str) -> str:
    """Returns the unit in which the time between two days has a few dozen periods at most."""
    days = (_start("day", last) - _start("day", first)).days
    return next((unit for unit, most in _LONGEST.items() if days <= most), "year")


def _start(unit: str, label: str) -> dt.date:
    """Returns the first day of a period."""
    if unit == "week":
        return dt.date.fromisocalendar(int(label[:4]), int(label[6:]), 1)
    year, month, day = (*map(int, label.split("-")), 1, 1)[:3]
    return dt.date(year, month, day)


def _label(unit: str, day: dt.date) -> str:
    if unit == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04}-W{week:02}"
    length = {"year": 4, "month": 7, "day": 10}[unit]
    return day.isoformat()[:length]
