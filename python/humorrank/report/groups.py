"""The leaderboards of groups of matches, which a page shows as tabs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from humorrank._util.text import number_of
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.board.leaderboards import Leaderboards

MOST_GROUPS: Final = 30
"""Maximum number of groups on a page, which are those with the most matches."""

MOST_ROWS: Final = 50
"""Maximum number of the best contestants of each group."""

_MARKUP: Final = 450
"""Number of bytes of the HTML of a row, without its name."""

_ENDS: Final = ("rating_lower", "rating_upper")


def group_tables(boards: Leaderboards, overall: Leaderboard) -> dict[str, Any]:
    """Returns the leaderboards of groups, as the texts and positions that the template displays.

    Args:
        boards: The leaderboards of all groups.
        overall: The leaderboard of all matches, whose warnings are not repeated.
    """
    groups = boards.groups.with_columns(
        start=pl.col("contestants").cum_sum() - pl.col("contestants")
    ).with_row_index("place")
    shown = groups.sort("matches", descending=True, maintain_order=True).head(MOST_GROUPS)
    shown = shown.sort("place")
    rows = [
        boards.table.slice(start, contestants)
        for start, contestants in shown.select("start", "contestants").iter_rows()
    ]
    low, high = _scale(rows)
    # The tab of a group shows what the column `note` of a table says.
    notes = [
        text.removesuffix("; see the column `note`")
        for text in boards.warnings
        if text not in overall.warnings
    ]
    if len(shown) < len(groups):
        notes.insert(
            0,
            f"The {len(shown):,} of {len(groups):,} groups with the most matches are shown. "
            "humorrank rate --by has all of them.",
        )
    intervals = bool(boards.settings["bootstrap"] != 0)
    if intervals and math.isfinite(low):
        notes.append(
            f"Bars range from {low:,.0f} to {high:,.0f} points in all groups; a bar that reaches "
            "an end may continue beyond it."
        )
    return {
        "by": ", ".join(boards.by),
        "notes": notes,
        "interval": f"{100 * boards.settings['confidence']:g} % interval" if intervals else None,
        "panels": [
            _panel(group, own, boards.by, (low, high))
            for group, own in zip(shown.iter_rows(named=True), rows, strict=True)
        ],
    }


def bytes_of(tables: dict[str, Any] | None) -> int:
    """Returns about how many bytes the tables of groups take in the page."""
    if tables is None:
        return 0
    names = (row["model"] for panel in tables["panels"] for row in panel["rows"])
    return sum(_MARKUP + len(name.encode()) for name in names)


def _panel(
    group: dict[str, Any], rows: pl.DataFrame, by: Sequence[str], scale: tuple[float, float]
) -> dict[str, Any]:
    rated = rows.filter(pl.col("rating").is_not_null())
    best = rated.head(MOST_ROWS)
    facts = f"{number_of(group['contestants'], 'contestant')}, "
    facts += f"{number_of(group['matches'], 'match', 'matches')} rated."
    if len(best) < len(rated):
        facts += f" The best {len(best):,} are shown."
    unrated = rows.filter(pl.col("rating").is_null()).select("model", "note")
    return {
        "title": _title([group[key] for key in by], by),
        "facts": facts,
        "note": group["note"],
        "unrated": [list(row) for row in unrated.head(MOST_ROWS).iter_rows()] if len(best) else [],
        "rows": [_row(row, scale) for row in best.iter_rows(named=True)],
    }


def _title(labels: Sequence[str | None], by: Sequence[str]) -> str:
    if len(by) == 1:
        return f"no {by[0]}" if labels[0] is None else labels[0]
    return ", ".join(
        f"no {key}" if label is None else f"{key} {label}"
        for key, label in zip(by, labels, strict=True)
    )


def _row(row: dict[str, Any], scale: tuple[float, float]) -> dict[str, Any]:
    low, high = scale

    def along(value: float) -> float:
        return round(100 * min(1.0, max(0.0, (value - low) / (high - low))), 2)

    rating, (lower, upper) = row["rating"], (row[end] for end in _ENDS)
    out = {
        "rank": str(row["rank"]),
        "model": row["model"],
        "rating": _number(rating),
        "win_rate": f"{100 * row['win_rate']:.1f} %" if row["win_rate"] is not None else "\u2013",
        "matches": f"{row['matches']:,}",
        "interval": None,
    }
    if lower is not None and upper is not None:
        out["interval"] = f"{_number(lower)} to {_number(upper)}"
        start = along(lower)
        out["bar"] = [start, round(max(along(upper) - start, 0.5), 2), max(along(rating) - 0.75, 0)]
    return out


def _number(value: float) -> str:
    if math.isinf(value):
        return "\u221e" if value > 0 else "\u2212\u221e"
    return f"{value:.1f}".replace("-", "\u2212")


def _scale(tables: Sequence[pl.DataFrame]) -> tuple[float, float]:
    """Returns the range of the ratings and the ends not too far from them, over all groups."""
    values = pl.concat([table.select("rating", *_ENDS) for table in tables])
    low, high = values["rating"].min(), values["rating"].max()
    if not isinstance(low, float) or not isinstance(high, float):
        return math.nan, math.nan
    reach = max(high - low, 100.0) / 2
    ends = pl.concat([values[end] for end in _ENDS]).drop_nulls()
    near = ends.filter((ends >= low - reach) & (ends <= high + reach)).to_list()
    least, most = min([low, *near]), max([high, *near])
    room = max(most - least, 1.0) / 50
    return least - room, most + room
