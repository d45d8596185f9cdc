"""A figure of the matrix of win rates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from humorrank.figures import theme
from humorrank.figures.extra import Figure, Part, alt
from humorrank.figures.source import board_of
from humorrank.rating.board.leaderboard import Leaderboard

MOST_SIDE: Final = 70
"""Maximum number of rows of the matrix, so that its cells fit into a chart."""

_WITH_COUNTS, _WITH_SHARES = 12, 24
"""Numbers of models up to which cells show shares and counts, and only shares."""


@dataclass(frozen=True)
class _Cells:
    """The cells of the matrix, by place on the leaderboard, without pairs that never met."""

    row: np.ndarray
    column: np.ndarray
    points: np.ndarray
    weight: np.ndarray
    matches: np.ndarray


def win_rates(source: object, top: int | None = None, **options: Any) -> Figure:  # noqa: ANN401
    """Draws the share of points that each model took from each other one, in rank order.

    A tie is half a point, as in `Leaderboard.win_matrix`. Pairs that never met have no cell. Up to
    12 models, a cell shows the share and the number of matches; up to 24, it shows the share. With
    more than 70 models, each row and column is a band of neighbors in rank, and a cell pools all
    matches between two bands.

    Args:
        source: A leaderboard, a log or a store.
        top: Number of the best models to show; all by default.
        options: Options of `humorrank.rate`, for a log or a store.

    Returns:
        A chart, whose data have the columns row, column, share (0 to 1) and matches.

    Raises:
        MissingExtraError: If altair is not installed.
        HumorRankError: If the source cannot be rated; see `humorrank.rate`.
    """
    board = board_of(source, options, {"elo_shuffles": 0, "bootstrap": 0})
    size = theme.limited(len(board), top, most=len(board))
    band = math.ceil(size / MOST_SIDE)
    labels = _labels(board, size, band)
    cells = _cells(board, size, band)
    rows = [
        {"row": labels[i], "column": labels[j], "share": share, "matches": matches}
        for i, j, share, matches in zip(
            cells.row.tolist(),
            cells.column.tolist(),
            (cells.points / cells.weight).tolist(),
            cells.matches.tolist(),
            strict=True,
        )
    ]
    notes = theme.shown_note(size, len(board))
    if band > 1:
        notes.append(
            f"Each row and column is a band of {band} neighbors in rank. A cell pools all matches "
            "between two bands."
        )
    notes.append("Share of the points that the row took from the column. A tie is half a point.")
    if len(rows) < len(labels) * (len(labels) - 1):
        notes.append("Empty cells: the two never met.")
    if len(labels) <= _WITH_COUNTS:
        notes.append("Below the share: number of matches.")
    step = _step(len(labels))
    chart = _matrix(rows, labels, step, "ranks" if band > 1 else "model, best first")
    chart = chart.properties(width=alt.Step(step), height=alt.Step(step))
    return theme.finished(chart, "Win rates", notes, width=max(480, 160 + step * len(labels)))


def _labels(board: Leaderboard, size: int, band: int) -> list[str]:
    if band == 1:
        return theme.names_of(board.columns["model"])[:size]
    # Places on the leaderboard, because equal ratings share a rank.
    return [f"{at + 1}–{min(at + band, size)}" for at in range(0, size, band)]  # noqa: RUF001


def _cells(board: Leaderboard, size: int, band: int) -> _Cells:
    places = {name: place for place, name in enumerate(board.columns["model"])}
    place = np.array([places[name] for name in board._names], np.int64)
    low, high, low_points, high_points = board.counted().pairs()
    pair, _, _, count = board.counted().kinds()
    matches = np.bincount(pair, count, len(low)) if len(low) else np.zeros(0)
    one, other = place[low], place[high]
    # The weight is the number of points that both sides took together.
    weight = low_points + high_points
    seen = (one < size) & (other < size) & (one // band != other // band) & (weight > 0)
    side = math.ceil(size / band)
    one, other = one[seen] // band, other[seen] // band
    key = np.concatenate([one * side + other, other * side + one])
    sums = [
        np.bincount(key, np.concatenate(values), side * side)
        for values in (
            (low_points[seen], high_points[seen]),
            (weight[seen], weight[seen]),
            (matches[seen], matches[seen]),
        )
    ]
    met = np.flatnonzero(sums[1] > 0)
    points, total, number = (values[met] for values in sums)
    return _Cells(met // side, met % side, points, total, np.rint(number).astype(np.int64))


def _step(side: int) -> int:
    return 50 if side <= _WITH_COUNTS else 30 if side <= _WITH_SHARES else max(10, 640 // side)


def _matrix(rows: list[dict[str, Any]], labels: list[str], step: int, title: str) -> Part:
    side = len(labels)
    font = 11 if step > 20 else 9
    shown = theme.few(labels, math.ceil((font + 2) / step))

    def axis(**more: object) -> Part:
        return alt.Axis(
            title=title,
            values=theme.axis_values(shown),
            labelFont=theme.name_font(shown),
            labelFontSize=font,
            labelOverlap=False,
            **theme.short_labels(labels, 150, font),
            ticks=False,
            domain=False,
            **more,
        )

    scale = alt.Scale(domain=labels)
    base = alt.Chart(theme.data(rows)).encode(
        y=alt.Y("row:N", scale=scale, axis=axis()),
        x=alt.X("column:N", scale=scale, axis=axis(orient="top", labelAngle=-90)),
    )
    layers = [
        base.mark_rect(stroke="white", strokeWidth=1 if step > 12 else 0).encode(
            color=alt.Color(
                "share:Q",
                scale=alt.Scale(scheme=theme.SCHEME, domain=[0, 1]),
                legend=alt.Legend(title=["points taken", "by the row"], format=".0%"),
            ),
            tooltip=[
                alt.Tooltip("row:N"),
                alt.Tooltip("column:N", title="against"),
                alt.Tooltip("share:Q", format=".1%"),
                alt.Tooltip("matches:Q", format=","),
            ],
        )
    ]
    ink = (
        alt.when(alt.datum.share >= theme.LIGHT_FROM)
        .then(alt.value("black"))
        .otherwise(alt.value("white"))
    )
    if side <= _WITH_SHARES:
        up = -6 if side <= _WITH_COUNTS else 0
        layers.append(
            base.mark_text(fontSize=12 if up else 10, dy=up).encode(
                text=alt.Text("share:Q", format=".0%" if up else ".2f"), color=ink
            )
        )
    if side <= _WITH_COUNTS:
        layers.append(
            base.mark_text(fontSize=9, dy=9).encode(
                text=alt.Text("matches:Q", format=",.5~g"), color=ink
            )
        )
    layered: Part = alt.layer(*layers)
    return layered
