"""Figures of ratings and ranks with their intervals, with one row for each model."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from humorrank.figures import theme
from humorrank.figures.extra import Figure, Part, alt
from humorrank.figures.source import board_of
from humorrank.rating.board.leaderboard import Leaderboard

PANEL: Final = 75
"""Maximum number of rows in one panel."""

_WIDTHS: Final = (460, 190)
"""Width of a panel in pixels, if it is the only one and if there are several."""

_STEPS: Final = (1, 2, 5, 10, 20, 25, 50, *(100 * 2**power for power in range(30)))
"""Possible distances between the ranks on an axis."""

_DEFAULTS: Final = {"elo_shuffles": 0}

Draw = Callable[[list[dict[str, Any]], Part, int], Part]


def leaderboard(source: object, top: int | None = None, **options: Any) -> Figure:  # noqa: ANN401
    """Draws the ratings with their intervals, best first.

    The data have the columns rating, rating_lower and rating_upper of the leaderboard (null if
    open); `left` and `right` are the ends as drawn. An end that is open, or so far away that it
    would compress everything else, is drawn as a triangle at the border. With more than 75 models,
    the figure has several panels on one scale.

    Args:
        source: A leaderboard, a log or a store.
        top: Number of the best models to show; all, up to 300, by default.
        options: Options of `humorrank.rate`, for a log or a store.

    Returns:
        A chart of ratings in points, with several panels side by side for more than 75 models.

    Raises:
        MissingExtraError: If altair is not installed.
        HumorRankError: If the source cannot be rated; see `humorrank.rate`.
    """
    board = board_of(source, options, _DEFAULTS)
    size = theme.limited(len(board), top)
    rows = _rating_rows(board, size)
    left, right = borders(rows)
    for row in rows:
        lower, upper = row["rating_lower"], row["rating_upper"]
        row["beyond_left"], row["beyond_right"] = lower < left, upper > right
        row["left"], row["right"] = max(lower, left), min(upper, right)
        for end in ("rating_lower", "rating_upper"):
            row[end] = row[end] if math.isfinite(row[end]) else None
    notes = theme.shown_note(size, len(board))
    intervals = "rating_lower" in board.columns
    if intervals:
        kind = "simultaneous intervals" if board.settings["simultaneous"] else "intervals"
        notes.append(
            f"Dots: ratings. Bars: {theme.percent_label(board.settings['confidence'])} {kind}."
        )
    else:
        notes.append("Dots: ratings. The leaderboard was rated without intervals.")
    if any(row["beyond_left"] or row["beyond_right"] for row in rows):
        notes.append("Triangle at the border: the interval is open, or ends beyond the border.")
    notes.append(f"{board.summary()}.")

    def draw(part: list[dict[str, Any]], y: Part, width: int) -> Part:
        return _ratings(part, y, width, (left, right), _scale_title(board), intervals)

    return _panels(rows, draw, "Leaderboard", notes)


def ranks(
    source: object,
    top: int | None = None,
    *,
    joint: bool = False,
    **options: Any,  # noqa: ANN401 - the options of rate
) -> Figure:
    """Draws the ranks that are compatible with the data, best model first.

    Args:
        source: A leaderboard with intervals, a log or a store.
        top: Number of the best models to show; all, up to 300, by default.
        joint: Whether the intervals hold for all models simultaneously; see `Leaderboard.ranks`.
        options: Options of `humorrank.rate`, for a log or a store.

    Returns:
        A chart of ranks, with several panels side by side for more than 75 models.

    Raises:
        MissingExtraError: If altair is not installed.
        OptionError: If the leaderboard has no intervals.
        HumorRankError: If the source cannot be rated; see `humorrank.rate`.
    """
    board = board_of(source, options, _DEFAULTS)
    found = board.ranks(joint=joint)
    size = theme.limited(len(board), top)
    rows = found.table.head(size).to_dicts()
    for row, name in zip(rows, theme.names_of(board.columns["model"]), strict=False):
        row["model"] = name
    kind = "for all models simultaneously" if joint else "for each model separately"
    notes = [
        *theme.shown_note(size, len(board)),
        f"Dots: ranks. Bars: {theme.percent_label(found.confidence)} intervals {kind}, "
        f"from {found.basis}.",
    ]
    last = max(row["rank_upper"] for row in rows)

    def draw(part: list[dict[str, Any]], y: Part, width: int) -> Part:
        return _ranks(part, y, width, last)

    return _panels(rows, draw, "Possible ranks", notes)


def _rating_rows(board: Leaderboard, size: int) -> list[dict[str, Any]]:
    names = theme.names_of(board.columns["model"])
    return [
        {
            "model": name,
            "rank": row.rank,
            "rating": row.rating,
            "rating_lower": row.rating if row.rating_lower is None else row.rating_lower,
            "rating_upper": row.rating if row.rating_upper is None else row.rating_upper,
            "win_rate": row.win_rate,
            "matches": row.matches,
        }
        for name, row in zip(names[:size], board.rows[:size], strict=True)
    ]


def borders(rows: list[dict[str, Any]], part: float = 1.0) -> tuple[float, float]:
    """Returns the borders of the scale.

    It includes all ratings, and all ends whose distance from them is at most the given part of the
    range of the ratings.
    """
    ratings = [row["rating"] for row in rows]
    low, high = min(ratings), max(ratings)
    reach = part * max(high - low, 100.0)
    lower = [row["rating_lower"] for row in rows]
    upper = [row["rating_upper"] for row in rows]
    left = min([low, *(max(end, low - reach) for end in lower if math.isfinite(end))])
    right = max([high, *(min(end, high + reach) for end in upper if math.isfinite(end))])
    pad = max(0.02 * (right - left), 1.0)
    # Space for intervals that continue beyond the border.
    more = max(0.1 * (right - left), 20.0)
    left -= more if min(lower) < left else pad
    right += more if max(upper) > right else pad
    return left, right


def _scale_title(board: Leaderboard) -> str:
    anchor = board.settings["anchor"]
    fixed = "mean 1000"
    if anchor:
        ((name, rating),) = anchor.items()
        fixed = f"{name} at {rating:g}"
    return f"Bradley-Terry rating (points, {fixed})"


def _ratings(
    part: list[dict[str, Any]],
    y: Part,
    width: int,
    borders: tuple[float, float],
    title: str,
    intervals: bool,
) -> Part:
    x = {
        "scale": alt.Scale(domain=list(borders), nice=False, zero=False),
        "axis": alt.Axis(title=title, tickCount=max(3, width // 70), format="d"),
    }
    hover = [
        alt.Tooltip("model:N"),
        alt.Tooltip("rank:Q"),
        alt.Tooltip("rating:Q", format=",.1f"),
        alt.Tooltip("rating_lower:Q", title="lower end", format=",.1f"),
        alt.Tooltip("rating_upper:Q", title="upper end", format=",.1f"),
        alt.Tooltip("win_rate:Q", title="win rate", format=".1%"),
        alt.Tooltip("matches:Q", format=","),
    ]
    base = alt.Chart(theme.data(part)).encode(y=y)
    thick = 7 if len(part) <= 30 else 5
    layers = []
    if intervals:
        layers.append(
            base.mark_rule(color=theme.BLUE, strokeWidth=thick, opacity=0.45).encode(
                x=alt.X("left:Q", **x), x2="right:Q", tooltip=hover
            )
        )
        layers += [
            base.transform_filter(f"datum.beyond_{side}")
            .mark_point(
                shape=f"triangle-{side}",
                filled=True,
                color=theme.BLUE,
                opacity=1,
                size=12 * thick,
            )
            .encode(x=alt.X(f"{side}:Q", **x), tooltip=hover)
            for side in ("left", "right")
            if any(row[f"beyond_{side}"] for row in part)
        ]
    layers += [
        base.mark_point(filled=True, color=theme.INK, opacity=1, size=6 * thick).encode(
            x=alt.X("rating:Q", **x), tooltip=hover
        ),
        base.mark_text(align="right", color=theme.INK, fontSize=theme.row_font(len(part))).encode(
            x=alt.value(width + 46), text=alt.Text("rating:Q", format=".1f")
        ),
    ]
    layered: Part = alt.layer(*layers)
    return layered


def _ranks(part: list[dict[str, Any]], y: Part, width: int, last: int) -> Part:
    step = next(step for step in _STEPS if last / step <= width / 26)
    x = {
        "scale": alt.Scale(domain=[0.5, last + 0.5], nice=False, zero=False),
        "axis": alt.Axis(
            title="rank (1 is best)", values=sorted({1, *range(step, last + 1, step)})
        ),
    }
    hover = [
        alt.Tooltip("model:N"),
        alt.Tooltip("rank:Q"),
        alt.Tooltip("rank_lower:Q", title="best rank"),
        alt.Tooltip("rank_upper:Q", title="worst rank"),
        alt.Tooltip("rating:Q", format=",.1f"),
        alt.Tooltip("p_best:Q", title="probability of being the best", format=".3f"),
        alt.Tooltip("group:N"),
    ]
    base = alt.Chart(theme.data(part)).encode(y=y, tooltip=hover)
    thick = 7 if len(part) <= 30 else 5
    # An interval of a single rank must also be visible.
    reach = base.transform_calculate(left="datum.rank_lower - 0.3", right="datum.rank_upper + 0.3")
    layered: Part = alt.layer(
        reach.mark_rule(color=theme.BLUE, strokeWidth=thick, opacity=0.45).encode(
            x=alt.X("left:Q", **x), x2="right:Q"
        ),
        base.mark_point(filled=True, color=theme.INK, opacity=1, size=6 * thick).encode(
            x=alt.X("rank:Q", **x)
        ),
    )
    return layered


def _panels(rows: list[dict[str, Any]], draw: Draw, title: str, notes: list[str]) -> Figure:
    columns = math.ceil(len(rows) / PANEL)
    length = math.ceil(len(rows) / columns)
    parts = [rows[start : start + length] for start in range(0, len(rows), length)]
    width = _WIDTHS[columns > 1]
    charts = []
    for part in parts:
        size = len(part)
        y = alt.Y(
            "model:N",
            scale=alt.Scale(domain=[row["model"] for row in part]),
            axis=alt.Axis(
                title="model, best first" if columns == 1 else None,
                labelFont=theme.name_font(row["model"] for row in part),
                labelFontSize=theme.row_font(size),
                **theme.short_labels([row["model"] for row in rows], size=theme.row_font(size)),
                labelOverlap=False,
                grid=True,
                ticks=False,
            ),
        )
        chart = draw(part, y, width).properties(
            width=width, height=alt.Step(theme.row_step(len(parts[0])))
        )
        if columns > 1:
            between = f"{part[0]['rank']} to {part[-1]['rank']}"
            chart = chart.properties(
                title=alt.TitleParams(f"ranks {between}", fontSize=11, fontWeight="normal")
            )
        charts.append(chart)
    if columns == 1:
        return theme.finished(charts[0], title, notes)
    return theme.finished(alt.hconcat(*charts, spacing=24), title, notes, width=columns * 400)
