"""Tables for people: plain text, or with the colours of a terminal."""

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
    """Cells in columns, one row a line.

    Args:
        header: the titles.
        rows: the cells, as many as titles in each.
        left: the titles of columns of text; the others hold numbers and stand to the right.
        color: with the escape codes of a terminal.
    """
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - only where a table is looked at
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
    """A name on one line of bounded length, without characters that steer a terminal."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
    return shown if len(shown) <= _LONGEST_NAME else shown[: _LONGEST_NAME - 1] + "…"


def small(p: float) -> str:
    """A chance, to two digits."""
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}" if p < 0.1 else f"{p:.2f}"


def judge_label(judge: str | None) -> str:
    """A judge's name on one line."""
    return "(no name)" if judge is None else one_line(judge)


_SHOWN_NAMES = 8


def shortened_names(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(names[:_SHOWN_NAMES])
    more = len(names) - _SHOWN_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown
