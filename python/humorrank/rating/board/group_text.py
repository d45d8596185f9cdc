"""The boards of all groups as one text table."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from humorrank._util.text import one_line
from humorrank.rating.board.text import interval_text
from humorrank.rating.settings import RatingSettings

if TYPE_CHECKING:
    from rich.table import Table


def boards_text(
    table: pl.DataFrame,
    groups: pl.DataFrame,
    by: Sequence[str],
    summary: str,
    settings: RatingSettings,
    *,
    color: bool,
) -> str:
    """Returns a table with a section per group, followed by their notes and the summary."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - only needed to print a table
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    out = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    interval = f"{100 * settings.confidence:g} % interval"
    for name in by:
        out.add_column(name, no_wrap=True)
    titles = ["rank", "model", "rating"]
    titles += [interval, "rank by CI"] if settings.replicates else []
    titles += ["win rate", "matches"]
    titles += ["Elo", "Elo sd"] if settings.elo_shuffles else []
    for title in titles:
        out.add_column(title, justify="left" if title == "model" else "right", no_wrap=True)
    _fill(out, table.filter(pl.col("rank").is_not_null()), by, settings)
    console = Console(file=io.StringIO(), width=100_000, force_terminal=color, legacy_windows=False)
    with console.capture() as captured:
        console.print(out)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    noted = groups.filter(pl.col("note").is_not_null())
    if noted.height:
        lines.append("")
    lines.extend(
        f"{', '.join(_label(row[name]) for name in by)}: {row['note']}"
        for row in noted.iter_rows(named=True)
    )
    return "\n".join([*lines, "", summary])


def _fill(out: Table, table: pl.DataFrame, by: Sequence[str], settings: RatingSettings) -> None:
    from rich.text import Text  # noqa: PLC0415 - only needed to print a table

    last = None
    for row in table.iter_rows(named=True):
        group = tuple(row[name] for name in by)
        labels = [""] * len(by) if group == last else [_label(label) for label in group]
        if last is not None and group != last:
            out.add_row()
        last = group
        cells = [*labels, str(row["rank"]), one_line(row["model"]), f"{row['rating']:.1f}"]
        if settings.replicates:
            cells.append(interval_text(row["rating_lower"], row["rating_upper"]))
            cells.append(str(row["rank_ci"]))
        cells.append("-" if row["win_rate"] is None else f"{row['win_rate']:.1%}")
        cells.append(f"{row['matches']:,}")
        if settings.elo_shuffles:
            cells += [f"{row['elo']:.1f}", f"{row['elo_sd']:.1f}"]
        out.add_row(*map(Text, cells))


def _label(label: str | None) -> str:
    return "(none)" if label is None else one_line(label)
