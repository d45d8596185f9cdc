"""A board as text for a terminal, HTML for a notebook, and LaTeX for a paper."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from humorrank._util.text import Style, cell_width, one_line

LEFT: Final = ("model", "tier")
"""The columns that contain text; all others contain numbers."""

DROP: Final = ("Elo sd", "Elo", "matches", "rank by CI", "win rate", "both bad", "tier")
"""The columns that a narrow table leaves out, the least important one first."""

BAR: Final = ""
"""The title of the column with the bars."""

_LEAST_BAR: Final = 12
_MOST_BAR: Final = 48

_LATEX: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "∞": r"$\infty$",
    }
)


@dataclass(frozen=True)
class BoardTable:
    """The content of a board that is shown to readers.

    Attributes:
        columns: The columns as arrays, best contestant first; see `Leaderboard`.
        tiers: The tier of each row; None without tiers.
        confidence: Confidence level of the intervals.
        simultaneous: Whether the intervals hold for all rows simultaneously.
        elo: Whether Stable Elo is among the columns.
        notes: Lines that follow the table.
        summary: The last line.
    """

    columns: Mapping[str, Any]
    tiers: Sequence[str | None] | None
    confidence: float
    simultaneous: bool
    elo: bool
    notes: Sequence[str]
    summary: str

    def __len__(self) -> int:
        """Returns the number of rows."""
        return len(self.columns["model"])


def cells(board: BoardTable, top: int | None = None) -> tuple[list[str], list[list[str]]]:
    """Returns the header and the `top` rows of the table as text, without empty columns."""
    shown = {
        name: (values if isinstance(values, list) else values.tolist())[:top]
        for name, values in board.columns.items()
    }
    confidence = f"{100 * board.confidence:g} %"
    columns: dict[str, list[str]] = {
        "rank": [str(rank) for rank in shown["rank"]],
        "model": [one_line(name) for name in shown["model"]],
        "rating": [f"{rating:.1f}" for rating in shown["rating"]],
    }
    if "rating_lower" in shown:
        ends = zip(shown["rating_lower"], shown["rating_upper"], strict=True)
        kind = "band" if board.simultaneous else "interval"
        columns[f"{confidence} {kind}"] = [interval_text(*pair) for pair in ends]
        columns["rank by CI"] = [str(rank) for rank in shown["rank_ci"]]
    if board.tiers is not None:
        columns["tier"] = [tier or "" for tier in board.tiers[:top]]
    columns["win rate"] = ["-" if math.isnan(rate) else f"{rate:.1%}" for rate in shown["win_rate"]]
    if "both_bad_share" in shown:
        columns["both bad"] = [f"{share:.1%}" for share in shown["both_bad_share"]]
    columns["matches"] = [f"{matches:,}" for matches in shown["matches"]]
    if board.elo:
        columns["Elo"] = [f"{elo:.1f}" for elo in shown["elo"]]
        columns["Elo sd"] = [f"{deviation:.1f}" for deviation in shown["elo_sd"]]
    return list(columns), [list(row) for row in zip(*columns.values(), strict=True)]


def interval_text(lower: float, upper: float) -> str:
    """Returns an interval as text, with an infinity sign for an open end."""

    def end(value: float) -> str:
        return f"{value:.1f}" if math.isfinite(value) else ("∞" if value > 0 else "-∞")

    return f"{end(lower)} to {end(upper)}"


def table_text(board: BoardTable, top: int | None, *, color: bool, width: int | None) -> str:
    """Returns the board as a text table; see `Leaderboard.to_text`."""
    header, rows = cells(board, top)
    if width is not None and "rating_lower" in board.columns and rows:
        columns = zip(header, *rows, strict=True)
        taken = sum(max(map(cell_width, column)) + 3 for column in columns)
        room = min(width - taken - 1, _MOST_BAR)
        if room >= _LEAST_BAR:
            place = header.index("rating") + 2
            ratings, lower, upper = (board.columns[name][: len(rows)] for name in _ENDS)
            drawn = bars(ratings, lower, upper, room)
            header.insert(place, BAR)
            for row, bar in zip(rows, drawn, strict=True):
                row.insert(place, bar)
    style = Style(color, width)
    lines = [style.table(header, rows, left={*LEFT, BAR}, drop=DROP)]
    if len(rows) < len(board):
        lines.append(f"... and {len(board) - len(rows):,} more")
    lines += board.notes
    return style.join([*lines, "", board.summary])


_ENDS: Final = ("rating", "rating_lower", "rating_upper")


def bars(ratings: np.ndarray, lower: np.ndarray, upper: np.ndarray, width: int) -> list[str]:
    """Draws intervals as bars of characters on a common scale.

    An open end is drawn as an arrow at the border.

    Args:
        ratings: The ratings, all finite.
        lower: The lower ends of the intervals.
        upper: The upper ends of the intervals.
        width: The number of characters of each bar.
    """
    shares = np.rint(_shares(ratings, lower, upper) * (width - 1)).astype(np.int64)
    out = []
    ends = zip(lower.tolist(), upper.tolist(), strict=True)
    for (at, first, last), (low, high) in zip(shares.T.tolist(), ends, strict=True):
        bar = [" "] * width
        bar[first : last + 1] = "─" * (last - first + 1)
        bar[first], bar[last] = "├", "┤"
        if low == -math.inf:
            bar[first] = "◄"
        if high == math.inf:
            bar[last] = "►"
        bar[at] = "●"
        out.append("".join(bar))
    return out


def _shares(ratings: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Returns ratings, lower and upper ends on a scale from 0 to 1; open ends are at its edges."""
    ends = np.concatenate([ratings, lower[np.isfinite(lower)], upper[np.isfinite(upper)]])
    start, scale = float(ends.min()), float(np.ptp(ends)) or 1.0
    return np.clip((np.stack([ratings, lower, upper]) - start) / scale, 0, 1)


def latex(board: BoardTable, top: int | None = None) -> str:
    """Returns the board as a LaTeX table that uses booktabs, with escaped text."""
    header, rows = cells(board, top)
    kinds = "".join("l" if title in LEFT else "r" for title in header)
    lines = [
        r"% needs \usepackage{booktabs}",
        rf"\begin{{tabular}}{{{kinds}}}",
        r"\toprule",
        _latex_row(header),
        r"\midrule",
        *map(_latex_row, rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines)


def _latex_row(values: Sequence[str]) -> str:
    # A range is written with an en dash, not with a hyphen or a minus sign.
    shown = (value.translate(_LATEX).replace(" to ", " -- ") for value in values)
    return " & ".join(shown) + r" \\"


def markup(board: BoardTable, top: int) -> str:
    """Returns the board as an HTML table for a notebook, with the intervals drawn as bars."""
    header, rows = cells(board, top)
    drawn = _html_bars(board, len(rows))
    head = "".join(
        f"<th>{html.escape(title)}</th>"
        for title in [
            *header,
            *(
                [
                    "",
                ][: bool(drawn)]
            ),
        ]
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in row)
        + (f"<td>{drawn[place]}</td>" if drawn else "")
        + "</tr>"
        for place, row in enumerate(rows)
    )
    more = f"... and {len(board) - len(rows):,} more; " if len(rows) < len(board) else ""
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        + "".join(f"<p>{html.escape(note)}</p>" for note in board.notes)
        + f"<p>{more}{html.escape(board.summary)}</p>"
    )


def _html_bars(board: BoardTable, rows: int) -> list[str]:
    if "rating_lower" not in board.columns or not rows:
        return []
    ratings, lower, upper = (board.columns[name][:rows] for name in _ENDS)
    shares = 100 * _shares(ratings, lower, upper)
    spot = "position:absolute;height:0.6em;top:0.2em;"
    return [
        '<div style="position:relative;width:10em;height:1em" aria-hidden="true">'
        f'<div style="{spot}left:{low:.1f}%;width:{high - low:.1f}%;background:#56b4e9"></div>'
        f'<div style="{spot}left:{at:.1f}%;width:2px;background:#000"></div></div>'
        for at, low, high in shares.T.tolist()
    ]
