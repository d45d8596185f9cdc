"""Figures of shares with intervals: position bias, and reliability of predictions."""

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
    """Draws how often the joke shown first wins, by judge, with Wilson's interval.

    Shares refer to decided judgments, and tooltips give the number of ties. A judge with only ties
    has no point. If there are more than 75 judges, those with the most decided judgments are shown.

    Args:
        source: A `humorrank.diagnostics.bias.BiasReport`, a log, a tally by judge, or a store.
        confidence: Confidence level of the intervals, if the source is not a report.
        reading: Options of `MatchLog`.

    Returns:
        A chart of shares, whose data have the columns judge, share, lower, upper, first, second and
        ties.

    Raises:
        MissingExtraError: If altair is not installed.
        InputError: If the log does not record which joke was shown first.
        OptionError: If the source has no rows, or an option is invalid.
    """
    if isinstance(source, BiasReport):
        if reading:
            raise OptionError(
                f"{min(reading)} cannot be set for a report; set it where the report is made"
            )
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
        f"Dots: shares. Bars: {theme.percent_label(confidence)} intervals. Line: no position bias.",
        "Shares refer to judgments that are not ties.",
    ]
    if total > len(rows):
        notes.insert(
            0, f"Only the {len(rows):,} of {total:,} judges with the most such judgments are shown."
        )
    if any(row["share"] is None for row in rows):
        notes.append("Judges without a dot gave only ties.")
    names = [row["judge"] for row in rows]
    reach = max(
        (abs(row[end] - 0.5) for row in rows for end in ("lower", "upper") if row[end] is not None),
        default=0.5,
    )
    reach = min(0.5, max(0.1, reach * 1.1))
    x = {
        "scale": alt.Scale(domain=[0.5 - reach, 0.5 + reach], nice=False, zero=False),
        "axis": alt.Axis(
            title="wins of the joke shown first (share of decided judgments)", format=".0%"
        ),
    }
    base = alt.Chart(theme.data(rows)).encode(
        y=alt.Y(
            "judge:N",
            scale=alt.Scale(domain=names),
            axis=alt.Axis(
                labelFont=theme.name_font(names),
                labelFontSize=theme.row_font(len(rows)),
                **theme.short_labels(names, size=theme.row_font(len(rows))),
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
    **options: Any,  # noqa: ANN401 - the options of check
) -> Figure:
    """Draws predicted against observed wins of the favorite, on held-out matches.

    Args:
        source: A `humorrank.diagnostics.fit.FitReport`, a log, a tally or a store.
        options: Options of `humorrank.diagnostics.fit.check`, if the source is not a report.

    Returns:
        A chart of shares, whose data are `FitReport.bins()`.

    Raises:
        MissingExtraError: If altair is not installed.
        OptionError: If the report has no calibration.
        HumorRankError: If the source cannot be checked; see `humorrank.diagnostics.fit.check`.
    """
    if isinstance(source, FitReport):
        for name in options:
            raise OptionError(
                f"{name} cannot be set for a report; set it in check(..., {name}=...)"
            )
        report = source
    else:
        refuse_board(source, "matches")
        report = check(source, **options)
    rows = report.bins().to_dicts()
    found = report.calibration
    if found is None or not rows:
        raise OptionError(
            "the report has no calibration; use check(..., folds=5) to predict held-out matches"
        )
    low = min(0.5, *(row["observed_lower"] for row in rows))
    notes = [
        "Dots: bins of matches. "
        f"Bars: {theme.percent_label(report.settings['confidence'])} intervals. "
        "Dashed line: perfect predictions.",
        f"{found.predicted:,} matches predicted in {found.folds} folds. Expected calibration "
        f"error: {found.error:.3f} ({found.error_by_chance:.3f} by chance alone).",
    ]
    x = alt.X(
        "predicted:Q",
        scale=alt.Scale(domain=[0.5, 1], nice=False, zero=False),
        axis=alt.Axis(title="predicted probability that the favorite wins", format=".0%"),
    )
    scale = alt.Scale(domain=[max(0.0, low - 0.02), 1.0], nice=False, zero=False)
    title = "observed share of points that the favorite won"
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
    """Returns the wins of the first side, those of the second, and the ties of each judge."""
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
