"""Tables as plain text or with terminal colors, and short texts for messages."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Sequence

_LONGEST_NAME = 60


def text_table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    left: Collection[str] = (),
    color: bool = False,
) -> str:
    """Returns a table with one line per row.

    Args:
        header: Titles of the columns.
        rows: Cells of each row, one per column.
        left: Titles of the columns to align left, which hold text. All others are aligned right.
        color: Whether to add terminal escape codes.
    """
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - only needed if a table is shown
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title in header:
        table.add_column(title, justify="left" if title in left else "right", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console(file=io.StringIO(), width=100_000, force_terminal=color)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def one_line(name: str) -> str:
    """Returns a name on one line of bounded length, without terminal control characters."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
    return shown if len(shown) <= _LONGEST_NAME else shown[: _LONGEST_NAME - 1] + "…"


def small(p: float) -> str:
    """Returns a probability to two digits."""
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}" if p < 0.1 else f"{p:.2f}"


def judge_label(judge: str | None) -> str:
    """Returns the name of a judge on one line."""
    return "(no name)" if judge is None else one_line(judge)


_SHOWN_NAMES = 8


def shortened_names(names: Sequence[str]) -> str:
    """Returns the first few names and the number of further ones."""
    shown = ", ".join(names[:_SHOWN_NAMES])
    more = len(names) - _SHOWN_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown
