"""Ratings over time: a board for each period of a log, on one scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl

from humorrank._util.checks import whole
from humorrank._util.progress import Progress
from humorrank._util.text import number_of
from humorrank._util.warned import quietly
from humorrank.errors import InputError, NoMaximumError, OptionError
from humorrank.matches.log.periods import UNITS, Period, periods_between, unit_for
from humorrank.matches.source import (
    TallySource,
    is_pipe,
    log_of,
    read_tally,
    refuse_board,
    resolve,
)
from humorrank.matches.tally.tally import Tally
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.rate import rate
from humorrank.rating.settings import anchor_pair

MOST_PERIODS: Final = 1_000
"""The largest number of periods, so that a single wrong date does not make a figure useless."""

_REFUSED: Final = {
    "by": "the period is chosen with by (--by)",
    "cluster": "matches are not clustered",
    "controls": "controls are not estimated",
    "disconnected": "each period has the ratings of its largest connected component",
    "simultaneous": "intervals are for each model separately",
    "elo_shuffles": "there is no Stable Elo",
}
"""Options of `rate` that do not apply, and why."""


@dataclass(frozen=True, eq=False)
class History:
    """Ratings of each period.

    Attributes:
        table: One row for each period and each contestant that has a rating in it: period, model,
            rating, rating_lower and rating_upper (infinite if open, null without intervals),
            matches (behind the rating) and new_matches (of the period itself).
        periods: All periods in order, from the first to the last with a match.
        unit: "year", "month", "week" or "day".
        window: The number of periods behind each rating, or None for all up to then.
        board: The rating of all matches that have a date.
        unrated: The reason why no contestant has a rating, by period.
        outside: The number of contestants with matches but without a rating, by period.
        undated: The number of matches without a date, which are not part of any period.
    """

    table: pl.DataFrame
    periods: tuple[str, ...]
    unit: str
    window: int | None
    board: Leaderboard
    unrated: Mapping[str, str] = field(default_factory=dict)
    outside: Mapping[str, int] = field(default_factory=dict)
    undated: int = 0


def history_of(
    matches: object,
    *,
    by: str | None = None,
    window: int | None = None,
    anchor: Mapping[str, float] | tuple[str, float] | None = None,
    progress: Progress | None = None,
    reading: Mapping[str, Any] | None = None,
    **rating: Any,  # noqa: ANN401 - the options of rate
) -> History:
    """Rates the matches up to each period, or those of the last few periods.

    Only differences of ratings are known, so each period needs a convention for its level. With an
    anchor, this contestant has the same rating in each period. Without one, the mean of the
    contestants of a period, weighted by their matches, is what it is in the rating of all matches.
    A new strong contestant therefore does not lower the others, and with `window=None` the last
    period is exactly the board of all matches.

    Each period has the ratings of its largest connected component, unless there is a prior.

    Args:
        matches: A log, a tally with a key of dates, or any other source that `humorrank.rate`
            accepts.
        by: Period of a column ("month(tstamp)"). By default, the only column of dates, and days,
            weeks, months or years by the time that they span.
        window: Number of periods, up to and including each one, whose matches are rated: 1 for the
            matches of each period alone. None rates all matches up to each period.
        anchor: A contestant and its rating in each period, {name: rating}.
        progress: Function that is called with (stage, done, total).
        reading: Options of `MatchLog`.
        rating: Options of `humorrank.rate`, except `by`, `cluster`, `controls`, `disconnected`,
            `simultaneous` and `elo_shuffles`.

    Raises:
        OptionError: If `by` is not a period, there is not just one column of dates, or an option is
            invalid.
        InputError: If the matches cannot be read.
        NoMaximumError: If the matches cannot be rated even together.
    """
    refuse_board(matches, "dates")
    if window is not None:
        window = whole("window", window, 1)
    for name in _REFUSED:
        if name in rating:
            raise OptionError(f"{name} does not apply to a history: {_REFUSED[name]}")
    fixed = anchor_pair(anchor)
    tally, period = _dated(matches, by, progress, reading or {})
    assert tally.keyed is not None
    labels = tally.keyed.table.to_series().to_list()
    parts = {
        label: Tally([tally.names[code] for code in codes.tolist()], counts)
        for place, label in enumerate(labels)
        for codes, counts in [tally.keyed.cells.group(place)]
    }
    undated = parts.pop(None, None)
    if not parts:
        raise InputError("no match has a date", column=period.column)
    periods = periods_between(period.unit, min(parts), max(parts))
    if len(periods) > MOST_PERIODS:
        raise OptionError(
            f"{periods[0]} to {periods[-1]} are {number_of(len(periods), period.unit)}, but at "
            f"most {MOST_PERIODS:,} periods can be rated; choose longer periods (by, --by), or "
            "leave out wrong dates (where, --where)"
        )
    options = {**rating, "elo_shuffles": 0}
    if not options.get("prior"):
        options["disconnected"] = "largest"
    total = _with_report(_sum(list(parts.values())), tally)
    board = rate(total, anchor=anchor, progress=progress, **options)
    assert isinstance(board, Leaderboard)
    made = _Periods(parts, periods, window, board, fixed, options)
    table = pl.concat(list(made.tables(progress)) or [_empty()])
    return History(
        table,
        tuple(periods),
        period.unit,
        window,
        board,
        made.unrated,
        made.outside,
        0 if undated is None else undated.matches,
    )


def _sum(parts: Sequence[Tally]) -> Tally:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _with_report(total: Tally, read: Tally) -> Tally:
    """Returns a tally with the report of another one on reading."""
    return Tally(total.names, total.counts, read.report)


def _dated(
    matches: object, by: str | None, progress: Progress | None, reading: Mapping[str, Any]
) -> tuple[Tally, Period]:
    """Returns the matches with the period as their only key."""
    if by is not None:
        period = Period.of(by) if isinstance(by, str) else None
        if period is None:
            known = ", ".join(f"{unit}(column)" for unit in UNITS)
            raise OptionError(f"by must be a period of a column of dates ({known}), not {by!r}")
        return read_tally(matches, keys=[by], progress=progress, reading=reading), period
    if isinstance(resolve(matches), TallySource):
        tally = read_tally(matches, keys=None, progress=progress, reading=reading)
        keys = [key for key in tally.keys if _of_dates(tally, key)]
        key = _only(keys, "key", "the tally")
        if (period := Period.of(key)) is not None and period.unit != "day":
            return tally.project([key]), period
        column = key if period is None else period.column
    else:
        if is_pipe(matches) or isinstance(matches, Iterator):
            raise OptionError(
                "a pipe or an iterator can be read only once, so the period must be given with by "
                "(--by 'month(column)')"
            )
        log = log_of(matches, reading)
        column = _only(log.date_columns(), "column", "the log")
        tally = Tally.from_log(log, progress, keys=[f"day({column})"])
    days = tally.project([f"day({column})"])
    assert days.keyed is not None
    found = days.keyed.labels[0]
    if not found:
        raise InputError("no match has a date", column=column)
    period = Period(unit_for(found[0], found[-1]), column)
    return days.project([str(period)]), period


def _of_dates(tally: Tally, key: str) -> bool:
    assert tally.keyed is not None
    labels = pl.Series(tally.keyed.labels[tally.keys.index(key)], dtype=pl.String)
    return Period.of(key) is not None or (
        len(labels) > 0 and Period("day", key).labels(labels).bad is None
    )


def _only(columns: Sequence[str], what: str, where: str) -> str:
    if len(columns) == 1:
        return columns[0]
    if not columns:
        raise OptionError(
            f"{where} has no {what} of dates; name one with by (--by 'month(column)')"
        )
    raise OptionError(
        f"{where} has several {what}s of dates: {', '.join(columns)}; choose one with by "
        f"(--by 'month({columns[0]})')"
    )


def _empty() -> pl.DataFrame:
    return pl.DataFrame(
        schema={
            "period": pl.String,
            "model": pl.String,
            "rating": pl.Float64,
            "rating_lower": pl.Float64,
            "rating_upper": pl.Float64,
            "matches": pl.Int64,
            "new_matches": pl.Int64,
        }
    )


@dataclass(eq=False)
class _Periods:
    """The boards of the periods, one after the other."""

    parts: Mapping[str, Tally]
    periods: Sequence[str]
    window: int | None
    board: Leaderboard
    anchor: tuple[str, float] | None
    options: Mapping[str, Any]
    unrated: dict[str, str] = field(default_factory=dict)
    outside: dict[str, int] = field(default_factory=dict)

    def tables(self, progress: Progress | None) -> Iterator[pl.DataFrame]:
        """Yields the rows of each period that has ratings."""
        before: Leaderboard | str | None = None
        tally: Tally | None = None
        for number, period in enumerate(self.periods):
            if progress is not None:
                progress("rating", number, len(self.periods))
            fresh = self.parts.get(period)
            if self.window is not None:
                last = self.periods[max(0, number + 1 - self.window) : number + 1]
                held = [self.parts[each] for each in last if each in self.parts]
                tally = _sum(held) if held else None
                before = self._rated(tally)
            elif fresh is not None:
                tally = fresh if tally is None else tally + fresh
                before = self._rated(tally) if period != self.periods[-1] else self.board
            found = before
            assert tally is not None or isinstance(found, str)
            if isinstance(found, Leaderboard) and tally is not None:
                shift = self._shift(found)
                if isinstance(shift, float):
                    if missing := len(tally.names) - len(found):
                        self.outside[period] = missing
                    yield self._rows(period, found, shift, fresh)
                    continue
                found = shift
            self.unrated[period] = str(found)

    def _rated(self, tally: Tally | None) -> Leaderboard | str:
        """Returns a board, or the reason why there is none."""
        if tally is None:
            return "there are no matches"
        try:
            with quietly():
                board = rate(tally, **self.options)
        except NoMaximumError:
            return "wins do not connect the models in both directions"
        except InputError as error:
            return str(error).removeprefix("no matches to rate: ")
        assert isinstance(board, Leaderboard)
        return board

    def _shift(self, board: Leaderboard) -> float | str:
        """Returns the constant that puts a board on the common scale, or why there is none."""
        if board is self.board:
            return 0.0
        models, ratings = board.columns["model"], board.columns["rating"]
        if self.anchor is not None:
            name, rating = self.anchor
            if name not in models:
                return f"the anchor {name!r} has no rating"
            return rating - float(ratings[list(models).index(name)])
        overall = dict(
            zip(self.board.columns["model"], self.board.columns["rating"].tolist(), strict=True)
        )
        shared = np.array([name in overall for name in models])
        if not shared.any():
            return "no model has a rating from all matches"
        wanted = np.array([overall.get(name, 0.0) for name in models])
        weights = board.columns["matches"].astype(np.float64)
        return float(np.average((wanted - ratings)[shared], weights=weights[shared]))

    def _rows(
        self, period: str, board: Leaderboard, shift: float, fresh: Tally | None
    ) -> pl.DataFrame:
        new: dict[str, int] = {}
        if fresh is not None:
            cells = fresh.to_polars()
            for side in ("model_a", "model_b"):
                for name, count in cells.group_by(side).agg(pl.col("count").sum()).iter_rows():
                    new[name] = new.get(name, 0) + count
        models = list(board.columns["model"])
        columns: dict[str, Any] = {
            "period": [period] * len(models),
            "model": models,
            "rating": board.columns["rating"] + shift,
        }
        for end in ("rating_lower", "rating_upper"):
            values = board.columns.get(end)
            columns[end] = [None] * len(models) if values is None else values + shift
        columns["matches"] = board.columns["matches"]
        columns["new_matches"] = [new.get(name, 0) for name in models]
        return pl.DataFrame(columns, schema_overrides=_empty().schema)
