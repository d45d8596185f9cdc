"""Shares with intervals: how often the one shown first wins, and whether predictions hold."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from humorrank._stats.estimate import Estimate
from humorrank._util.checks import check_confidence
from humorrank.diagnostics.bias.result import BiasReport
from humorrank.diagnostics.fit.check import check
from humorrank.diagnostics.fit.result import FitReport
from humorrank.errors import OptionError
from humorrank.figures import theme
from humorrank.figures.extra import Figure, alt
from humorrank.figures.intervals import PANEL
from humorrank.matches.judgments import read_judgments
from humorrank.matches.source import refuse_board

_SIDE: Final = 420


def position_bias(
    source: object,
    *,
    confidence: float = 0.95,
    **reading: Any,  # noqa: ANN401 - the options of MatchLog
) -> Figure:
    """How often the joke shown first wins, by judge, with Wilson's interval.

    Of decided judgments; ties are said in the tooltip. A judge with only ties has no point. Of
    more than 75 judges those with the most decided judgments are shown.

    Args:
        source: a `humorrank.diagnostics.bias.BiasReport`, a log, a tally by judge, or a store.
        confidence: of the intervals, for what is not a report.
        reading: options of `MatchLog`.

    Returns:
        A chart of shares; the data hold judge, share, lower, upper, first, second and ties.

    Raises:
        MissingExtraError: altair is not installed.
        InputError: the log does not say who was shown first.
        OptionError: the source has no rows, or an option does not fit.
    """
    if isinstance(source, BiasReport):
        if reading:
            raise OptionError(f"{min(reading)} is said where the report is made")
        confidence = source.confidence
        counts = [(one.judge, one.first, one.second, one.ties) for one in source.judges]
    else:
        check_confidence(confidence)
        refuse_board(source, "judges")
        counts = _counts(source, reading)
    total = len(counts)
    counts = sorted(counts, key=lambda one: (-one[1] - one[2], one[0] or ""))[:PANEL]
    names = theme.names_of([judge or "(no judge named)" for judge, *_ in counts])
    rows: list[dict[str, Any]] = []
    for name, (_, first, second, ties) in zip(names, counts, strict=True):
        share = Estimate.share(first, first + second, confidence)
        rows.append(
            {
                "judge": name,
                "share": share.value,
                "lower": share.lower,
                "upper": share.upper,
                "first": first,
                "second": second,
                "ties": ties,
            }
        )
    rows.sort(key=lambda row: (-(row["share"] if row["share"] is not None else -1), row["judge"]))
    notes = [
        f"dots: shares; bars: {theme.percent_label(confidence)} intervals; line: no bias of position",
        "of judgments that are no ties",
    ]
    if total > len(rows):
        notes.insert(0, f"the {len(rows):,} of {total:,} judges with the most such judgments")
    if any(row["share"] is None for row in rows):
        notes.append("judges without a dot: they said nothing but ties")
    names = [row["judge"] for row in rows]
    reach = max(
        (abs(row[end] - 0.5) for row in rows for end in ("lower", "upper") if row[end] is not None),
        default=0.5,
    )
    reach = min(0.5, max(0.1, reach * 1.1))
    x = {
        "scale": alt.Scale(domain=[0.5 - reach, 0.5 + reach], nice=False, zero=False),
        "axis": alt.Axis(title="wins of the joke shown first (share of decided)", format=".0%"),
    }
    base = alt.Chart(theme.data(rows)).encode(
        y=alt.Y(
            "judge:N",
            scale=alt.Scale(domain=names),
            axis=alt.Axis(
                labelFont=theme.name_font(names),
                labelFontSize=theme.row_font(len(rows)),
                labelOverlap=False,
                grid=True,
                ticks=False,
            ),
        ),
        tooltip=[
            alt.Tooltip("judge:N"),
            alt.Tooltip("share:Q", format=".1%"),
            alt.Tooltip("lower:Q", format=".1%"),
            alt.Tooltip("upper:Q", format=".1%"),
            alt.Tooltip("first:Q", title="first won", format=","),
            alt.Tooltip("second:Q", title="second won", format=","),
            alt.Tooltip("ties:Q", format=","),
        ],
    )
    known = base.transform_filter("isValid(datum.share)")
    chart = alt.layer(
        alt.Chart(theme.data([{"half": 0.5}]))
        .mark_rule(color=theme.INK, strokeWidth=1)
        .encode(x=alt.X("half:Q", **x)),
        known.mark_rule(color=theme.BLUE, strokeWidth=6, opacity=0.45).encode(
            x=alt.X("lower:Q", **x), x2="upper:Q"
        ),
        known.mark_point(filled=True, color=theme.INK, opacity=1, size=40).encode(
            x=alt.X("share:Q", **x)
        ),
    ).properties(width=_SIDE, height=alt.Step(theme.row_step(len(rows))))
    return theme.finished(chart, "Position bias", notes)


def reliability(
    source: object,
    **options: Any,  # noqa: ANN401 - of check
) -> Figure:
    """Predicted against observed wins of the favourite, on matches held out of the fit.

    Args:
        source: a `humorrank.diagnostics.fit.FitReport`, a log, a tally or a store.
        options: of `humorrank.diagnostics.fit.check`, for what is not a report.

    Returns:
        A chart of shares; the data are `FitReport.bins()`.

    Raises:
        MissingExtraError: altair is not installed.
        OptionError: the report has no calibration.
        HumorRankError: see `humorrank.diagnostics.fit.check`.
    """
    if isinstance(source, FitReport):
        for name in options:
            raise OptionError(f"{name} is said where the report is made: check(..., {name}=...)")
        report = source
    else:
        refuse_board(source, "matches")
        report = check(source, **options)
    rows = report.bins().to_dicts()
    found = report.calibration
    if found is None or not rows:
        raise OptionError(
            "the report has no calibration: check(..., folds=5) holds matches out to predict them"
        )
    low = min(0.5, *(row["observed_lower"] for row in rows))
    notes = [
        f"dots: bins of matches; bars: {theme.percent_label(report.settings['confidence'])} intervals",
        "dashed: predictions that hold",
        f"{found.predicted:,} matches predicted in {found.folds} folds; mean distance "
        f"{found.error:.3f}, by chance {found.error_by_chance:.3f}",
    ]
    x = alt.X(
        "predicted:Q",
        scale=alt.Scale(domain=[0.5, 1], nice=False, zero=False),
        axis=alt.Axis(title="predicted: chance that the favourite wins", format=".0%"),
    )
    scale = alt.Scale(domain=[max(0.0, low - 0.02), 1.0], nice=False, zero=False)
    title = "observed: share of points that it won"
    base = alt.Chart(theme.data(rows)).encode(
        x=x,
        tooltip=[
            alt.Tooltip("predicted:Q", format=".1%"),
            alt.Tooltip("least:Q", title="from", format=".1%"),
            alt.Tooltip("most:Q", title="to", format=".1%"),
            alt.Tooltip("observed:Q", format=".1%"),
            alt.Tooltip("observed_lower:Q", title="lower end", format=".1%"),
            alt.Tooltip("observed_upper:Q", title="upper end", format=".1%"),
            alt.Tooltip("matches:Q", format=","),
        ],
    )
    chart = alt.layer(
        alt.Chart(theme.data([{"x": 0.5, "y": 0.5}, {"x": 1.0, "y": 1.0}]))
        .mark_line(color=theme.LINE, strokeDash=[5, 4], strokeWidth=1)
        .encode(x="x:Q", y="y:Q"),
        base.mark_rule(color=theme.BLUE, opacity=0.45, strokeWidth=5).encode(
            y=alt.Y("observed_lower:Q", scale=scale), y2="observed_upper:Q"
        ),
        base.mark_point(filled=True, color=theme.INK, opacity=1, size=44).encode(
            y=alt.Y(
                "observed:Q",
                scale=scale,
                axis=alt.Axis(title=title, format=".0%"),
            )
        ),
    ).properties(width=_SIDE, height=_SIDE)
    return theme.finished(chart, "Reliability of predictions", notes, width=_SIDE + 80)


def _counts(source: object, reading: dict[str, Any]) -> list[tuple[str | None, int, int, int]]:
    """Judge, wins of the first, wins of the second, ties."""
    table = read_judgments(source, texts=None, reading=reading).table
    count = pl.col("count")
    return (
        table.group_by("judge")
        .agg(
            first=count.filter(pl.col("score") > 0.5).sum(),
            second=count.filter(pl.col("score") < 0.5).sum(),
            ties=count.filter(pl.col("score") == 0.5).sum(),
        )
        .select("judge", "first", "second", "ties")
        .rows()
    )
