"""Two ratings of the same models against each other."""

from __future__ import annotations

import math
from itertools import product
from typing import Any, Final, Literal

import numpy as np

from humorrank._stats.correlation import Correlation, kendall
from humorrank._util.progress import Progress
from humorrank._util.suggest import refuse_unknown
from humorrank.diagnostics.agreement.boards import compare_boards
from humorrank.errors import InputError, NoMaximumError, OptionError
from humorrank.figures import theme
from humorrank.figures.beside import ACROSS, DOWN, placed
from humorrank.figures.extra import Figure, Part, alt
from humorrank.figures.source import board_of
from humorrank.matches.judgments import Judgments, read_judgments
from humorrank.matches.source import refuse_board
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.rate import rate

_SIDE: Final = 460
"""Of the square, in pixels."""

_WITH_BARS: Final = 24
"""Up to how many models points have bars; more would hide the points."""

_RATED: Final = ("model_a", "model_b", "score", "weight", "count")


def elo_against_bt(source: object, top: int | None = None, **options: Any) -> Figure:  # noqa: ANN401
    """Stable Elo against the Bradley-Terry rating, one point a model.

    Bars, up to 24 models, reach one standard deviation over the shuffled orders to each side. The
    dashed line has
    slope 1 and goes through both means: models off it are those that the two see differently.

    Args:
        source: a board with Elo, a log or a store.
        top: how many of the best are shown; all by default.
        options: of `humorrank.rate`, for a log or a store.

    Returns:
        A chart in points; the data hold model, rating, elo and elo_sd.

    Raises:
        MissingExtraError: altair is not installed.
        OptionError: the board has no Elo.
        HumorRankError: see `humorrank.rate`.
    """
    board = board_of(source, options, {"bootstrap": 0})
    if not board.elo["shuffles"]:
        raise OptionError(
            "the board has no Elo, as it was rated with elo_shuffles=0; rate again with "
            "elo_shuffles=100 (--elo-shuffles 100)"
        )
    size = theme.limited(len(board), top, most=theme.MOST_ROWS)
    table = board.table.head(size)
    columns = {name: table[name].to_list() for name in ("rank", "rating", "elo", "elo_sd")}
    rows = [
        dict(zip(("model", *columns), values, strict=True))
        for values in zip(
            theme.names_of(board.columns["model"])[:size], *columns.values(), strict=True
        )
    ]
    notes = [
        *theme.shown_note(size, len(board)),
        _tau(kendall(table["rating"].to_numpy(), table["elo"].to_numpy())),
    ]
    if size <= _WITH_BARS:
        for row in rows:
            row["y_lower"] = row["elo"] - row["elo_sd"]
            row["y_upper"] = row["elo"] + row["elo_sd"]
        orders = f"{board.elo['shuffles']:,} orders of the matches"
        notes.append(f"bars: one standard deviation over {orders}")
    notes.append("dashed: as far from the mean by Elo as by Bradley-Terry")
    shift = float(np.mean(board.columns["elo"]) - np.mean(board.columns["rating"]))
    return _scatter(
        rows,
        ("rating", "Bradley-Terry rating (points)"),
        ("elo", "Stable Elo (points)"),
        shift,
        "Elo against Bradley-Terry",
        notes,
    )


def judges(
    source: object,
    judge_a: str | None = None,
    judge_b: str | None = None,
    *,
    bootstrap: int | None = None,
    confidence: float = 0.95,
    disconnected: Literal["error", "largest"] = "error",
    seed: int = 0,
    progress: Progress | None = None,
    **reading: Any,  # noqa: ANN401 - the options of MatchLog
) -> Figure:
    """The ratings by one judge against those by another, with Kendall's tau-b.

    Each judge's judgments are rated on their own. Models that only one judge's board has are left
    out, and their number is said. Up to 24 models have bars: the interval by each judge.

    Args:
        source: a log with a column of judges, a tally by judge, or a store.
        judge_a: on the horizontal axis.
        judge_b: on the vertical axis; both may be left out where there are two.
        bootstrap: replicates behind the intervals, as in `humorrank.rate`; 0 leaves them out.
        confidence: of the intervals.
        disconnected: what to do where a judge's field has no maximum; see `humorrank.rate`.
        seed: of the bootstrap.
        progress: called with (stage, done, total).
        reading: options of `MatchLog`.

    Returns:
        A chart in points; the data hold model, rating_a and rating_b, and the ends of their
        intervals (null where open).

    Raises:
        MissingExtraError: altair is not installed.
        OptionError: there is no such judge, or two must be named; says which there are.
        InputError: no model is on both boards.
        NoMaximumError: one judge's field has no maximum; says which judge's.
    """
    refuse_board(source, "judges")
    judgments = read_judgments(source, texts=None, reading=reading, ordered=False)
    pair = _pair(judgments, judge_a, judge_b)
    boards = [
        _board_by(
            judge,
            judgments,
            bootstrap=bootstrap,
            confidence=confidence,
            disconnected=disconnected,
            seed=seed,
            progress=progress,
        )
        for judge in pair
    ]
    found = compare_boards(*boards, limit=0)
    if not found.common:
        raise InputError(f"no model was judged by both {pair[0]!r} and {pair[1]!r}")
    rows = []
    bars = bootstrap != 0 and len(found.common) <= _WITH_BARS
    for model, name in zip(found.common, theme.names_of(found.common), strict=True):
        row: dict[str, Any] = {"model": name}
        for side, axis, board in zip("ab", "xy", boards, strict=True):
            one = board[model]
            row[f"rating_{side}"], row[f"matches_{side}"] = one.rating, one.matches
            for end, value in (("lower", one.rating_lower), ("upper", one.rating_upper)):
                finite = value is not None and math.isfinite(value)
                row[f"rating_{side}_{end}"] = value if finite else None
                if bars:
                    row[f"{axis}_{end}"] = value
        rows.append(row)
    alone = len(found.only_one) + len(found.only_other)
    notes = [
        _tau(found.kendall),
        f"{found.reversed:,} of {found.pairs:,} pairs of models are ordered differently",
        *(
            [f"bars: {theme.percent_label(confidence)} intervals, cut off at the border"]
            if bars
            else []
        ),
        "dashed: the same rating by both",
        *([f"{alone:,} models that only one of the two can rate are left out"] if alone else []),
    ]
    titles = [theme.names_of([judge])[0] for judge in pair]
    return _scatter(
        rows,
        ("rating_a", f"rating by {titles[0]} (points)"),
        ("rating_b", f"rating by {titles[1]} (points)"),
        0.0,
        "Two judges",
        notes,
    )


def _pair(judgments: Judgments, judge_a: str | None, judge_b: str | None) -> tuple[str, str]:
    known = [judge for judge in judgments.judges() if judge is not None]
    if not known:
        raise OptionError(
            "the log names no judges; --columns judge=NAME (columns=) says which column holds them"
        )
    if judge_a is None and judge_b is None and len(known) == 2:
        return known[0], known[1]
    if judge_a is None or judge_b is None:
        shown = ", ".join(map(repr, known[:10])) + (", ..." if len(known) > 10 else "")
        raise OptionError(
            f"two judges must be named (judge_a and judge_b, --judges A,B); there are {shown}"
        )
    refuse_unknown((judge_a, judge_b), known, "judges", what="judge")
    if judge_a == judge_b:
        raise OptionError(f"the judge {judge_a!r} is compared with itself")
    return judge_a, judge_b


def _board_by(judge: str, judgments: Judgments, **options: Any) -> Leaderboard:  # noqa: ANN401
    table = judgments.of(judge).select(_RATED)
    try:
        board = rate(table, score_of="a", elo_shuffles=0, **options)
    except NoMaximumError as error:
        raise NoMaximumError(
            f"what {judge!r} says cannot be rated: {error}",
            outside=error.outside,
            component=error.component,
        ) from error
    assert isinstance(board, Leaderboard)
    return board


def _tau(found: Correlation) -> str:
    if found.value is None:
        return f"no Kendall's tau-b: {found.reason}"
    return f"Kendall's tau-b = {found.value:.3f} over {found.points:,} models"


def _scatter(
    rows: list[dict[str, Any]],
    x: tuple[str, str],
    y: tuple[str, str],
    shift: float,
    title: str,
    notes: list[str],
) -> Figure:
    """Points around the line y = x + shift, those far from it named first.

    Args:
        rows: with model, both values, and ends x_lower, x_upper, y_lower, y_upper where points
            have bars; what is cut off at the border ends there.
        x: field and title of the horizontal axis.
        y: those of the vertical axis.
        shift: of the line.
        title: of the figure.
        notes: below it.
    """
    across, up = (np.array([row[field] for row in rows]) for field, _ in (x, y))
    low = min(across.min(), up.min() - shift)
    high = max(across.max(), up.max() - shift)
    # Ends of bars too, unless they would press the points together.
    reach = max((high - low) / 3, 50.0)
    ends = [
        row[f"{axis}_{end}"] - (shift if axis == "y" else 0.0)
        for row in rows
        for axis in "xy"
        for end in ("lower", "upper")
        if f"{axis}_{end}" in row
    ]
    if ends:
        low = min(low, max(min(ends), low - reach))
        high = max(high, min(max(ends), high + reach))
    pad = max(0.06 * (high - low), 10.0)
    borders = {"x": (low - pad, high + pad), "y": (low - pad + shift, high + pad + shift)}
    for row in rows:
        for axis, (least, most) in borders.items():
            for end in ("lower", "upper"):
                if f"{axis}_{end}" in row:
                    row[f"{axis}_{end}"] = min(max(row[f"{axis}_{end}"], least), most)
    scale = _SIDE / (high - low + 2 * pad)
    spots = [
        ((a - borders["x"][0]) * scale, _SIDE - (b - borders["y"][0]) * scale)
        for a, b in zip(across.tolist(), up.tolist(), strict=True)
    ]
    far = np.abs(up - across - shift)
    labels = placed(spots, [row["model"] for row in rows], far.tolist(), (_SIDE, _SIDE))
    encoded = {
        axis: cls(
            f"{field}:Q",
            scale=alt.Scale(domain=list(borders[axis]), nice=False, zero=False),
            axis=alt.Axis(title=name, tickCount=6, format="d"),
        )
        for axis, cls, (field, name) in (("x", alt.X, x), ("y", alt.Y, y))
    }
    hover = [
        alt.Tooltip(
            f"{field}:{'N' if field == 'model' else 'Q'}", format="" if field in whole else ".1f"
        )
        for whole in [("model", "rank", "matches_a", "matches_b")]
        for field in rows[0]
        if not field.startswith(("x_", "y_"))
    ]
    base = alt.Chart(theme.data(rows))
    line = [{"x": ends, "y": ends + shift} for ends in borders["x"]]
    layers = [
        alt.Chart(theme.data(line))
        .mark_line(color=theme.LINE, strokeDash=[5, 4], strokeWidth=1)
        .encode(x="x:Q", y="y:Q")
    ]
    thin = {"color": theme.BLUE, "opacity": 0.45, "strokeWidth": 2}
    if "x_lower" in rows[0]:
        layers.append(
            base.mark_rule(**thin).encode(x=alt.X("x_lower:Q"), x2="x_upper:Q", y=encoded["y"])
        )
    if "y_lower" in rows[0]:
        layers.append(
            base.mark_rule(**thin).encode(y=alt.Y("y_lower:Q"), y2="y_upper:Q", x=encoded["x"])
        )
    size = 44 if len(rows) <= _WITH_BARS else 22
    layers.append(
        base.mark_point(filled=True, color=theme.INK, opacity=0.85, size=size).encode(
            **encoded, tooltip=hover
        )
    )
    for side, down in product(("left", "right"), DOWN):
        named = [
            {x[0]: row[x[0]], y[0]: row[y[0]], "label": label.text}
            for row, label in zip(rows, labels, strict=True)
            if label is not None and (label.side, label.down) == (side, down)
        ]
        if named:
            text = alt.Chart(theme.data(named)).encode(**encoded, text="label:N")
            look = {
                "align": "left" if side == "right" else "right",
                "dx": ACROSS if side == "right" else -ACROSS,
                "dy": down,
                "font": theme.text_font([row["label"] for row in named], "label"),
                "fontSize": 10,
            }
            # A rim of paper around the letters, so that no bar strikes them through.
            layers += [
                text.mark_text(stroke="white", strokeWidth=3, strokeJoin="round", **look),
                text.mark_text(color=theme.INK, **look),
            ]
    if sum(label is not None for label in labels) < len(rows):
        notes = [*notes, "named: the models farthest from the line, where there is room"]
    chart: Part = alt.layer(*layers).properties(width=_SIDE, height=_SIDE)
    return theme.finished(chart, title, notes, width=_SIDE + 80)
