"""Finds the columns of a log that hold dates."""

from __future__ import annotations

import re
from typing import Any, Final

import polars as pl

from humorrank.matches.log._options import Options
from humorrank.matches.log.formats.readings import is_header
from humorrank.matches.log.formats.recognise import recognise
from humorrank.matches.log.periods import Period
from humorrank.matches.log.tables.fields import with_fields
from humorrank.matches.log.tables.opening import tables
from humorrank.matches.log.tables.table import GAME_SCORES, Hints

_WORDS: Final = re.compile(
    r"(?:^|[^a-z])(?:ts|t?stamp|(?:time|date)s?|datetime|timestamp|day|created|judged|voted)"
    r"(?:[^a-z]|$)"
)
"""Words in the name of a column by which its numbers may be dates."""


def date_columns(
    source: Any,  # noqa: ANN401 - many kinds
    options: Options,
) -> list[str]:
    """Returns the columns of the first table whose first values are dates; see `MatchLog`."""
    named = list(options.columns.values())
    hints = Hints(is_header, named, options.reading, options.quoting)
    with tables(source, hints) as opened:
        for found in opened:
            table = with_fields(found, named)
            binding = recognise(table, options.columns, options.score_of, options.reading)
            used = {*binding.columns.values(), GAME_SCORES}
            columns = [column for column in table.columns if column not in used]
            columns += [column for column in named if column not in (*columns, *used)]
            frame = table.sample(columns).frame
            stamps = binding.extras.get("tstamp")
            return [
                column
                for column in frame.columns
                if _holds_dates(frame.get_column(column), column == stamps)
            ]
    return []


def _holds_dates(values: pl.Series, is_stamp: bool) -> bool:
    found = Period("day", values.name).labels(values)
    if found.bad is not None or found.text.null_count() == len(values):
        return False
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", values.name).lower()
    return not found.units or is_stamp or _WORDS.search(name) is not None
