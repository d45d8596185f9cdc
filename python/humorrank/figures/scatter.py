"""Figures of two ratings of the same models against each other."""

from __future__ import annotations

import math
from itertools import product
from typing import Any, Final, Literal

import numpy as np

from humorrank._stats.correlation import Correlation, kendall
from humorrank._util.progress import Progress
from humorrank._util.suggest import refuse_unknown
from humorrank._util.text import be, number_of
from humorrank._util.warned import quietly
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
"""Side of the square plot, in pixels."""

_WITH_BARS: Final = 24
"""Number of models up to which points have bars; more bars would hide the points."""

_RATED: Final = ("model_a", "model_b", "score", "weight", "count")


def elo_against_bt(source: object, top: int | None = None, **options: Any) -> Figure:  # noqa: ANN401
    """Draws Stable Elo against the Bradley-Terry rating, with one point for each model.

    Up to 24 models, bars extend one standard deviation over the shuffled orders to each side. The
    dashed line has slope 1 and passes through both means. Models off the line are rated differently
    by the two methods.

    Args:
        source: A leaderboard with Elo, a log or a store.
        top: Number of the best models to show; all by default.
        options: Options of `humorrank.rate`, for a log or a store.

    Returns:
        A chart in points, whose data have the columns model, rating, elo and elo_sd.

    Raises:
        MissingExtraError: If altair is not installed.
        OptionError: If the leaderboard has no Elo.
        HumorRankError: If the source cannot be rated; see `humorrank.rate`.
    """
    board = board_of(source, options, {"bootstrap": 0})
    if not board.elo["shuffles"]:
        raise OptionError(
            "the leaderboard has no Elo, because it was rated with elo_shuffles=0; rate again with "
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
        notes.append(f"Bars: one standard deviation over {orders}.")
    notes.append("Dashed line: the same distance from the mean in Elo and Bradley-Terry ratings.")
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
    """Draws the ratings by one judge against those by another, with Kendall's tau-b.

    The judgments of each judge are rated separately. Models that are on only one of the two
    leaderboards are left out, and their number is stated. Up to 24 models, bars show the interval
    by each judge.

    Args:
        source: A log with a column of judges, a tally by judge, or a store.
        judge_a: The judge on the horizontal axis.
        judge_b: The judge on the vertical axis. Both can be omitted if the source has exactly two
            judges.
        bootstrap: Number of bootstrap replicates behind the intervals, as in `humorrank.rate`; 0
            omits the intervals.
        confidence: Confidence level of the intervals.
        disconnected: What to do if not all models of a judge can be rated; see `humorrank.rate`.
        seed: Random seed for the bootstrap.
        progress: Function that is called with (stage, done, total).
        reading: Options of `MatchLog`.

    Returns:
        A chart in points. Its data have the columns model, rating_a and rating_b, and the ends of
        their intervals (null if open).

    Raises:
        MissingExtraError: If altair is not installed.
        OptionError: If a judge does not exist, or two judges must be named. The message lists the
            judges of the source.
        InputError: If no model is on both leaderboards.
        NoMaximumError: If the ratings by one judge have no maximum. The message names the judge.
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
        f"{found.reversed:,} of {found.pairs:,} pairs of models are ordered differently.",
        *(
            [f"Bars: {theme.percent_label(confidence)} intervals, cut off at the border."]
            if bars
            else []
        ),
        "Dashed line: the same rating by both judges.",
        *(
            [
                f"{number_of(alone, 'model')} that only one of the two judges can rate "
                f"{be(alone)} left out."
            ]
            if alone
            else []
        ),
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
            "the log names no judges; specify their column with --columns judge=NAME (columns=)"
        )
    if judge_a is None and judge_b is None and len(known) == 2:
        return known[0], known[1]
    if judge_a is None or judge_b is None:
        shown = ", ".join(map(repr, known[:10])) + (", ..." if len(known) > 10 else "")
        raise OptionError(
            f"two judges must be named (judge_a and judge_b, --judges A,B); the log has {shown}"
        )
    refuse_unknown((judge_a, judge_b), known, "judges", what="judge")
    if judge_a == judge_b:
        raise OptionError(
            f"the judge {judge_a!r} cannot be compared with itself; name two different judges"
        )
    return judge_a, judge_b


def _board_by(judge: str, judgments: Judgments, **options: Any) -> Leaderboard:  # noqa: ANN401
    table = judgments.of(judge).select(_RATED)
    try:
        with quietly():
            board = rate(table, score_of="a", elo_shuffles=0, **options)
    except NoMaximumError as error:
        raise NoMaximumError(
            f"the judgments of {judge!r} cannot be rated: {error}",
            outside=error.outside,
            component=error.component,
        ) from error
    assert isinstance(board, Leaderboard)
    return board


def _tau(found: Correlation) -> str:
    if found.value is None:
        return f"Kendall's tau-b is not available: {found.reason}."
    return f"Kendall's tau-b = {found.value:.3f} over {found.points:,} models."


def _scatter(
    rows: list[dict[str, Any]],
    x: tuple[str, str],
    y: tuple[str, str],
    shift: float,
    title: str,
    notes: list[str],
) -> Figure:
    """Draws points around the line y = x + shift, and names those farthest from it first.

    Args:
        rows: Model, both values, and the ends x_lower, x_upper, y_lower, y_upper if the points have
            bars. Ends beyond the border are moved to the border.
        x: Field and title of the horizontal axis.
        y: Field and title of the vertical axis.
        shift: Vertical shift of the line.
        title: Title of the figure.
        notes: Notes below the title.
    """
    across, up = (np.array([row[field] for row in rows]) for field, _ in (x, y))
    low = min(across.min(), up.min() - shift)
    high = max(across.max(), up.max() - shift)
    # Include the ends of bars unless they would compress the points.
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
            # A white rim around the letters keeps them readable on top of bars.
            layers += [
                text.mark_text(stroke="white", strokeWidth=3, strokeJoin="round", **look),
                text.mark_text(color=theme.INK, **look),
            ]
    if sum(label is not None for label in labels) < len(rows):
        notes = [*notes, "Named: the models farthest from the line, as far as there is space."]
    chart: Part = alt.layer(*layers).properties(width=_SIDE, height=_SIDE)
    return theme.finished(chart, title, notes, width=_SIDE + 80)
