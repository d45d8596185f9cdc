"""Who beats whom: the matrix of win rates."""

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
"""The longest side of the matrix: its cells are then within what a chart may hold."""

_WITH_COUNTS, _WITH_SHARES = 12, 24
"""Up to how many models cells hold both figures, and one."""


@dataclass(frozen=True)
class _Cells:
    """Cells of the matrix, by place on the board; those where nobody met are left out."""

    row: np.ndarray
    column: np.ndarray
    points: np.ndarray
    weight: np.ndarray
    matches: np.ndarray


def win_rates(source: object, top: int | None = None, **options: Any) -> Figure:  # noqa: ANN401
    """The share of points that each row's model took from each column's, in rank order.

    Half a point for a tie, as in `Leaderboard.win_matrix`; no cell where two never met. Up to 12
    models a cell holds the share and the number of matches, up to 24 the share. Beyond 70 models
    neighbours in rank are taken together, and a cell pools all matches between two such bands.

    Args:
        source: a board, a log or a store.
        top: how many of the best are shown; all by default.
        options: of `humorrank.rate`, for a log or a store.

    Returns:
        A chart; its data hold row, column, share (0 to 1) and matches.

    Raises:
        MissingExtraError: altair is not installed.
        HumorRankError: see `humorrank.rate`.
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
            f"each row and column is {band} neighbours in rank; a cell pools all matches between "
            "two such bands"
        )
    notes.append("share of the points that the row took from the column; a tie is half a point")
    if len(rows) < len(labels) * (len(labels) - 1):
        notes.append("empty cells: they never met")
    if len(labels) <= _WITH_COUNTS:
        notes.append("below the share: matches")
    step = _step(len(labels))
    chart = _matrix(rows, labels, step, "ranks" if band > 1 else "model, best first")
    chart = chart.properties(width=alt.Step(step), height=alt.Step(step))
    return theme.finished(chart, "Win rates", notes, width=max(480, 160 + step * len(labels)))


def _labels(board: Leaderboard, size: int, band: int) -> list[str]:
    if band == 1:
        return theme.names_of(board.columns["model"])[:size]
    # Places on the board, since equal ratings share a rank.
    return [f"{at + 1}–{min(at + band, size)}" for at in range(0, size, band)]  # noqa: RUF001


def _cells(board: Leaderboard, size: int, band: int) -> _Cells:
    places = {name: place for place, name in enumerate(board.columns["model"])}
    place = np.array([places[name] for name in board._names], np.int64)
    low, high, low_points, high_points = board._field.pairs()
    pair, _, _, count = board._field.kinds()
    matches = np.bincount(pair, count, len(low)) if len(low) else np.zeros(0)
    one, other = place[low], place[high]
    # Points against weight, which is what both sides took together.
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
            values=shown,
            labelFont=theme.name_font(shown),
            labelFontSize=font,
            labelOverlap=False,
            labelLimit=150,
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
