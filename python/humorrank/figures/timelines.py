"""A figure of ratings over time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from humorrank._util.progress import Progress
from humorrank._util.text import number_of, shortened_names
from humorrank.errors import InputError, OptionError
from humorrank.figures import theme
from humorrank.figures.beside import short
from humorrank.figures.extra import Figure, Part, alt
from humorrank.figures.intervals import borders
from humorrank.figures.lines import colors, end_labels
from humorrank.rating.history import History, history_of

MOST_SHOWN: Final = 12
"""Number of models that are shown by default."""

_ALL_NAMED: Final = 40
"""Number of models up to which all are named; otherwise, only the first ones are."""

_WIDTH, _HEIGHT = 520, 380
_SHAPES: Final = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")


def history(
    source: object,
    *,
    by: str | None = None,
    window: int | None = None,
    top: int | None = None,
    anchor: Mapping[str, float] | tuple[str, float] | None = None,
    reading: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    **rating: Any,  # noqa: ANN401 - the options of rate
) -> Figure:
    """Draws the ratings of models over time, with their intervals as bands.

    Each point is the rating from all matches up to the end of a period, or from the last periods if
    there is a `window`. Only differences of ratings are known, so each period needs a convention
    for its level: the `anchor` has the same rating in each period, or else the mean rating of the
    models of a period, weighted by their matches, is what it is in the rating of all matches.

    Args:
        source: A log, a store, a tally with a key of dates, or a `History` of
            `humorrank.rating.history.history_of`.
        by: Period of a column of dates: "year(tstamp)", "month(tstamp)", "week(tstamp)" or
            "day(tstamp)". By default, the only column of dates of the log, and a period by the time
            that the log spans.
        window: Number of periods, up to and including each one, whose matches are rated: 1 for the
            matches of each period alone. By default, all matches up to each period.
        top: Number of the best models (by all matches) to show; up to 12 by default.
        anchor: A model and its rating in each period, {name: rating}.
        reading: Options of `MatchLog`.
        progress: Function that is called with (stage, done, total).
        rating: Options of `humorrank.rate`, except `by`, `cluster`, `controls`, `disconnected`,
            `simultaneous` and `elo_shuffles`.

    Returns:
        A chart of ratings in points against periods. Its data have the columns model, period,
        rating, rating_lower and rating_upper (null if open or without intervals), matches (behind
        the rating) and new_matches (of the period itself).

    Raises:
        MissingExtraError: If altair is not installed.
        OptionError: If an option is invalid, or the column of dates is not unique.
        InputError: If the matches cannot be read, or no model can be rated in any period.
        NoMaximumError: If the models cannot be rated even from all matches together.
    """
    if isinstance(source, History):
        said = {"by": by, "window": window, "anchor": anchor, "reading": reading, **rating}
        for name, value in said.items():
            if value is not None:
                raise OptionError(f"{name} cannot be set for a history that is already rated")
        found = source
    else:
        found = history_of(
            source,
            by=by,
            window=window,
            anchor=anchor,
            reading=reading,
            progress=progress,
            **rating,
        )
    size = theme.limited(len(found.board), top, most=MOST_SHOWN)
    if size * len(found.periods) > theme.MOST_ROWS:
        raise OptionError(
            f"{number_of(size, 'model')} in {number_of(len(found.periods), found.unit)} have more "
            f"than {theme.MOST_ROWS:,} ratings, which cannot be drawn; choose longer periods (by) "
            "or fewer models (top)"
        )
    models = list(found.board.columns["model"])[:size]
    names = dict(zip(models, theme.names_of(found.board.columns["model"]), strict=False))
    rows = _rows(found, names)
    if not rows:
        reason = next(iter(found.unrated.values()), "they have no matches")
        raise InputError(f"no model can be rated in any {found.unit}: {reason}")
    return _chart(found, rows, [names[model] for model in models])


def _rows(found: History, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Returns the points, with the runs of consecutive periods to which they belong."""
    place = {period: number for number, period in enumerate(found.periods)}
    last: dict[str, tuple[int, int]] = {}
    rows = []
    for row in found.table.iter_rows(named=True):
        if row["model"] not in names:
            continue
        at = place[row["period"]]
        before, run = last.get(row["model"], (-2, -1))
        run += before != at - 1
        last[row["model"]] = (at, run)
        name = names[row["model"]]
        rows.append({**row, "model": name, "run": f"{run} {name}", "old": row["new_matches"] == 0})
    runs = Counter(row["run"] for row in rows)
    return [{**row, "alone": runs[row["run"]] == 1} for row in rows]


def _chart(found: History, rows: list[dict[str, Any]], models: list[str]) -> Figure:
    intervals = rows[0]["rating_lower"] is not None
    for row in rows:
        for end in ("rating_lower", "rating_upper"):
            row[end] = row["rating"] if row[end] is None else row[end]
    low, high = borders(rows, 0.4)
    for row in rows:
        lower, upper = row["rating_lower"], row["rating_upper"]
        row["beyond_low"], row["beyond_high"] = lower < low, upper > high
        row["low"], row["high"] = max(lower, low), min(upper, high)
        for end in ("rating_lower", "rating_upper"):
            row[end] = row[end] if intervals and math.isfinite(row[end]) else None
    height = max(_HEIGHT, 14 * min(len(models), _ALL_NAMED))
    chart = alt.layer(*_layers(found, rows, models, (low, high), height, intervals))
    chart = chart.properties(width=_WIDTH, height=height)
    notes = _notes(found, rows, models, intervals)
    return theme.finished(chart, "Rating history", notes, width=_WIDTH + 220)


def _layers(
    found: History,
    rows: list[dict[str, Any]],
    models: list[str],
    domain: tuple[float, float],
    height: int,
    intervals: bool,
) -> list[Part]:
    most = _WIDTH // (theme.text_width(found.periods[0], 11) + 12)
    shown = theme.few(found.periods, math.ceil(len(found.periods) / most))
    along = alt.Scale(type="point", domain=list(found.periods), padding=0.3)
    x = alt.X(
        "period:O",
        scale=along,
        axis=alt.Axis(
            title=f"{found.unit} (UTC)", values=shown, labelAngle=0, labelOverlap=False, grid=False
        ),
    )
    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    title = f"Bradley-Terry rating (points{_fixed(found)})"
    y = {"scale": scale, "axis": alt.Axis(title=title, format="d")}
    color = colors(models)
    hover = [
        alt.Tooltip("model:N"),
        alt.Tooltip("period:O", title=found.unit),
        alt.Tooltip("rating:Q", format=",.1f"),
        alt.Tooltip("rating_lower:Q", title="lower end", format=",.1f"),
        alt.Tooltip("rating_upper:Q", title="upper end", format=",.1f"),
        alt.Tooltip("matches:Q", title="matches behind the rating", format=","),
        alt.Tooltip("new_matches:Q", title=f"matches in this {found.unit}", format=","),
    ]
    base = alt.Chart(theme.data(rows)).encode(x=x)
    layers = []
    if intervals:
        faint = 0.18 if len(models) <= 6 else 0.11
        ends = {"y": alt.Y("low:Q", **y), "y2": "high:Q", "color": color}
        layers += [
            base.mark_area(opacity=faint).encode(**ends, detail="run:N"),
            base.transform_filter("datum.alone")
            .mark_rule(strokeWidth=6, opacity=0.35)
            .encode(**ends, tooltip=hover),
        ]
        layers += [
            base.transform_filter(f"datum.beyond_{side}")
            .mark_point(shape=shape, filled=True, size=26, opacity=0.8, yOffset=offset)
            .encode(y=alt.Y(f"{side}:Q", **y), color=color, tooltip=hover)
            for side, shape, offset in (
                ("low", "triangle-down", -3),
                ("high", "triangle-up", 3),
            )
            if any(row[f"beyond_{side}"] for row in rows)
        ]
    segments = _segments(found, rows)
    for old in (False, True):
        part = [row for row in segments if row["old"] is old]
        if part:
            dash = {"strokeDash": [3, 3]} if old else {}
            layers.append(
                alt.Chart(theme.data(part))
                .mark_rule(strokeWidth=2, strokeCap="round", **dash)
                .encode(
                    x=alt.X("before:O", scale=along),
                    x2="period:O",
                    y=alt.Y("rating_before:Q", **y),
                    y2="rating:Q",
                    color=color,
                )
            )
    shape = alt.Shape(
        "model:N",
        scale=alt.Scale(
            domain=models,
            range=[
                _SHAPES[at // len(theme.PALETTE) % len(_SHAPES)] for at in range(len(models))
            ],
        ),
        legend=None,
    )  # fmt: skip
    dots = 34 if len(found.periods) <= 30 else 12
    points = base.encode(y=alt.Y("rating:Q", **y), shape=shape, tooltip=hover)
    for old in (False, True):
        if any(row["old"] is old for row in rows):
            fill = alt.value("white") if old else colors(models, alt.Fill)
            layers.append(
                points.transform_filter(f"datum.old === {str(old).lower()}")
                .mark_point(size=dots, opacity=1, strokeWidth=1.2)
                .encode(stroke=colors(models, alt.Stroke), fill=fill)
            )
    return [*layers, *end_labels(_labels(found, rows, models), color, (_WIDTH, height), domain)]


def _segments(found: History, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the lines between the points of consecutive periods."""
    out: list[dict[str, Any]] = []
    last: dict[str, dict[str, Any]] = {}
    for row in rows:
        before = last.get(row["run"])
        if before is not None:
            out.append(
                {
                    "model": row["model"],
                    "before": before["period"],
                    "period": row["period"],
                    "rating_before": before["rating"],
                    "rating": row["rating"],
                    "old": row["old"],
                }
            )
        last[row["run"]] = row
    return out


def _labels(found: History, rows: list[dict[str, Any]], models: list[str]) -> list[dict[str, Any]]:
    """Returns the names at the ends of the lines, with the period if a line ends before."""
    last = {row["model"]: row for row in rows}
    named = [name for name in models[:_ALL_NAMED] if name in last]
    return [
        {
            "model": name,
            "rating": last[name]["rating"],
            "label": label
            if last[name]["period"] == found.periods[-1]
            else f"{label} ({last[name]['period']})",
        }
        for name, label in zip(named, short(named), strict=True)
    ]


def _fixed(found: History) -> str:
    anchor = found.board.settings["anchor"]
    if not anchor:
        return ""
    ((name, rating),) = anchor.items()
    return f", {short(theme.names_of([name]))[0]} at {rating:g}"


def _notes(
    found: History, rows: list[dict[str, Any]], models: list[str], intervals: bool
) -> list[str]:
    unit, board = found.unit, found.board
    notes = theme.shown_note(len(models), len(board))
    if found.window is None:
        said = f"Points: ratings from all matches up to the end of each {unit}."
    elif found.window == 1:
        said = f"Points: ratings from the matches of each {unit} alone."
    else:
        said = (
            f"Points: ratings from the matches of each {unit} and the "
            f"{number_of(found.window - 1, unit)} before it."
        )
    if intervals:
        said += f" Bands: {theme.percent_label(board.settings['confidence'])} intervals."
    notes.append(said)
    if any(row["beyond_low"] or row["beyond_high"] for row in rows):
        notes.append("Triangle at the border: the interval is open, or ends beyond the border.")
    if any(row["old"] for row in rows):
        notes.append(f"Hollow points and dashed lines: no match of the model in this {unit}.")
    if not board.settings["anchor"]:
        notes.append(
            f"Level: the models of each {unit} have the same mean, weighted by their matches, as "
            "in the rating of all matches."
        )
    return [*notes, *_gaps(found, rows, models), f"{board.summary()}."]


def _gaps(found: History, rows: list[dict[str, Any]], models: list[str]) -> list[str]:
    """Returns notes about what has no point."""
    unit, notes = found.unit, []
    if found.outside:
        least = found.board.settings["min_matches"]
        few = f", or with fewer than {number_of(least, 'match', 'matches')}" if least else ""
        notes.append(
            f"Not connected to the others{few}, and thus without a rating: up to "
            f"{number_of(max(found.outside.values()), 'model')} in "
            f"{number_of(len(found.outside), unit)}."
        )
    reasons: dict[str, list[str]] = {}
    for period, reason in found.unrated.items():
        reasons.setdefault(reason, []).append(period)
    for reason, periods in reasons.items():
        some = ", ".join(periods[:3]) + (", ..." if len(periods) > 3 else "")
        notes.append(f"No ratings in {number_of(len(periods), unit)} ({some}): {reason}.")
    last = {row["model"]: row["period"] for row in rows}
    if absent := [name for name in models if name not in last]:
        notes.append(f"Without a rating in any {unit}: {shortened_names(short(absent))}.")
    if any(period != found.periods[-1] for period in last.values()):
        notes.append(f"A {unit} next to a name is the last one in which the model has a rating.")
    if found.undated:
        without = number_of(found.undated, "match without a date is", "matches without a date are")
        notes.append(f"{without} left out.")
    return notes
