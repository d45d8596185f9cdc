"""The boards of all groups as one text table."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from humorrank._util.text import Style, one_line
from humorrank.rating.board.text import DROP, interval_text
from humorrank.rating.settings import RatingSettings


def boards_text(
    table: pl.DataFrame,
    groups: pl.DataFrame,
    by: Sequence[str],
    summary: str,
    settings: RatingSettings,
    *,
    style: Style,
    more: int = 0,
) -> str:
    """Returns a table with a section per group, followed by their notes and the summary.

    Args:
        table: The rows to show.
        groups: The groups whose notes are shown.
        by: The columns that define the groups.
        summary: The last line.
        settings: The options of the rating.
        style: How the table is written.
        more: The number of further rows.
    """
    interval = f"{100 * settings.confidence:g} % interval"
    titles = [*by, "rank", "model", "rating"]
    titles += [interval, "rank by CI"] if settings.replicates else []
    titles += ["win rate", *["both bad"] * settings.both_bad_share, "matches"]
    titles += ["Elo", "Elo sd"] if settings.elo_shuffles else []
    rows = _rows(table.filter(pl.col("rank").is_not_null()), by, settings)
    parts = [style.table(titles, rows, left={*by, "model"}, drop=DROP)]
    if more:
        parts.append(f"... and {more:,} more")
    noted = groups.filter(pl.col("note").is_not_null())
    if noted.height:
        parts.append("")
    parts.extend(
        f"{', '.join(_label(row[name]) for name in by)}: {row['note']}"
        for row in noted.iter_rows(named=True)
    )
    return style.join([*parts, "", summary])


def _rows(table: pl.DataFrame, by: Sequence[str], settings: RatingSettings) -> list[list[str]]:
    out: list[list[str]] = []
    last = None
    for row in table.iter_rows(named=True):
        group = tuple(row[name] for name in by)
        labels = [""] * len(by) if group == last else [_label(label) for label in group]
        if last is not None and group != last:
            out.append([])
        last = group
        cells = [*labels, str(row["rank"]), one_line(row["model"]), f"{row['rating']:.1f}"]
        if settings.replicates:
            cells.append(interval_text(row["rating_lower"], row["rating_upper"]))
            cells.append(str(row["rank_ci"]))
        cells.append("-" if row["win_rate"] is None else f"{row['win_rate']:.1%}")
        if settings.both_bad_share:
            cells.append(f"{row['both_bad_share']:.1%}")
        cells.append(f"{row['matches']:,}")
        if settings.elo_shuffles:
            cells += [f"{row['elo']:.1f}", f"{row['elo_sd']:.1f}"]
        out.append(cells)
    return out


def _label(label: str | None) -> str:
    return "(none)" if label is None else one_line(label)
