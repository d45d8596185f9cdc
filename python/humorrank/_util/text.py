"""Tables as text for terminals and notebooks, and short texts for messages."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

_LONGEST_NAME: Final = 60

_GAP: Final = "   "

_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"

_SHORTEST_NAME: Final = 8
"""The number of characters below which the names of a table are not cut."""


class _Markup(str):
    """A part of a text that is HTML already."""

    __slots__ = ()


@dataclass(frozen=True)
class Style:
    """The style of tables and sentences for a file, a terminal or a notebook.

    Attributes:
        color: Whether to add terminal escape codes.
        width: The number of characters in a line; None for lines of any length.
        markup: Whether to write HTML instead of text.
    """

    color: bool = False
    width: int | None = None
    markup: bool = False

    def table(
        self,
        header: Sequence[str],
        rows: Iterable[Sequence[str]],
        *,
        left: Collection[str] = (),
        drop: Sequence[str] = (),
        source: str = "--format csv",
    ) -> str:
        """Returns a table with one line per row.

        If the table is wider than the lines, columns are left out, names are cut in the middle,
        and a last line names the columns that were left out.

        Args:
            header: Titles of the columns, all different.
            rows: Cells of each row, one per column. A row without cells is a blank line.
            left: Titles of the columns to align left, which hold text. All others are aligned
                right.
            drop: Titles of the columns that may be left out, the least important one first.
            source: The output that has all columns, for the line that names those left out.
        """
        if self.markup:
            return _Markup(_html_table(header, rows, left))
        columns: dict[str, list[str]] = {title: [] for title in header}
        for row in rows:
            for cells, cell in zip(columns.values(), row or [""] * len(columns), strict=True):
                cells.append(visible(cell))
        dropped: list[str] = []
        if self.width is not None:
            dropped = _fit(columns, [title for title in header if title in left], drop, self.width)
        widths = [max(map(cell_width, (title, *cells))) for title, cells in columns.items()]

        def line(cells: Iterable[str]) -> str:
            padded = [
                _padded(cell, width, right=title not in left)
                for cell, width, title in zip(cells, widths, columns, strict=True)
            ]
            return _GAP.join(padded).rstrip()

        titles = line(columns)
        lines = [f"{_BOLD}{titles}{_PLAIN}" if self.color else titles]
        lines.append("─" * (sum(widths) + len(_GAP) * (len(widths) - 1)))
        lines += map(line, zip(*columns.values(), strict=True))
        if dropped:
            names = ", ".join(title.strip() for title in header if title in dropped)
            more = "column" if len(dropped) == 1 else "columns"
            note = f"{more} left out: {names} ({source} has all columns)"
            lines += _wrapped([note], self.width)
        return "\n".join(lines)

    def join(self, parts: Iterable[str]) -> str:
        """Joins lines of prose, which are wrapped between words, and tables to one text."""
        if not self.markup:
            return "\n".join(_wrapped(parts, self.width))
        out: list[str] = []
        for is_markup, run in groupby(parts, lambda part: isinstance(part, _Markup)):
            if is_markup:
                out += run
            elif lines := "\n".join(run).strip("\n"):
                out.append(f'<p style="white-space:pre-wrap">{html.escape(lines)}</p>')
        return "".join(out)


def _html_table(header: Sequence[str], rows: Iterable[Sequence[str]], left: Collection[str]) -> str:
    sides = ["left" if title in left else "right" for title in header]

    def line(tag: str, cells: Sequence[str]) -> str:
        return "".join(
            f'<{tag} style="text-align:{side}">{html.escape(cell)}</{tag}>'
            for side, cell in zip(sides, cells, strict=True)
        )

    body = "".join(f"<tr>{line('td', row)}</tr>" for row in rows if row)
    return f"<table><thead><tr>{line('th', header)}</tr></thead><tbody>{body}</tbody></table>"


def _fit(
    columns: dict[str, list[str]], names: Sequence[str], drop: Sequence[str], width: int
) -> list[str]:
    """Removes columns and cuts names in place until they fit, and returns the removed titles."""
    widest = {title: max(map(cell_width, (title, *cells))) for title, cells in columns.items()}
    dropped = []

    def excess(most: int) -> int:
        """Returns how much too wide the table is if no name has more than `most` characters."""
        sizes = [
            min(widest[title], max(most, cell_width(title))) if title in names else widest[title]
            for title in columns
        ]
        return sum(sizes) + len(_GAP) * (len(sizes) - 1) - width

    # Names keep a fair part of the line, and only then are columns left out for them.
    fair = max(_SHORTEST_NAME, width // (2 + len(names)))
    last = [title for title in reversed(columns) if title not in drop]
    for title in (*drop, *last[:-1]):
        if excess(fair if title in drop else _SHORTEST_NAME) <= 0:
            break
        if columns.pop(title, None) is not None:
            dropped.append(title)
    size = max((widest[title] for title in names if title in columns), default=0)
    while size > _SHORTEST_NAME and excess(size) > 0:
        size -= 1
    # Names in different columns stay different as well.
    shown = [title for title in names if title in columns]
    cut = distinct_names([cell for title in shown for cell in columns[title]], size)
    for at, title in enumerate(shown):
        rows = len(columns[title])
        columns[title] = cut[at * rows : (at + 1) * rows]
    return dropped


def cell_width(text: str) -> int:
    """Returns the number of character cells of a text in a terminal, 2 for each wide character."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - most names are ASCII

    return cell_len(text)


def _padded(text: str, width: int, *, right: bool) -> str:
    """Pads a text with spaces to a number of character cells."""
    space = " " * (width - cell_width(text))
    return space + text if right else text + space


def _wrapped(lines: Iterable[str], width: int | None) -> list[str]:
    """Wraps lines of prose between words, indents their continuations, and keeps tables as is.

    Args:
        lines: Lines, or texts of several lines. A line of a table must already fit.
        width: The number of characters in a line; None for lines of any length.
    """
    whole = [_visible_line(line) for text in lines for line in text.split("\n")]
    if width is None:
        return whole
    out = []
    for line in whole:
        if line.startswith(_BOLD) or cell_width(line) <= width:
            out.append(line)
            continue
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        held = ""
        for word in line.split(" "):
            if held.strip() and cell_width(held) + 1 + cell_width(word) > width:
                out.append(held.rstrip())
                held = indent + word
            else:
                held += f" {word}" if held else word or " "
        out.append(held.rstrip())
    return out


def _visible_line(line: str) -> str:
    """Returns a line with control characters escaped, except for those of a bold line."""
    if line.startswith(_BOLD) and line.endswith(_PLAIN):
        return f"{_BOLD}{visible(line[len(_BOLD) : -len(_PLAIN)])}{_PLAIN}"
    return visible(line)


def distinct_names(
    names: Sequence[str], width: float, *, measure: Callable[[str], float] = cell_width
) -> list[str]:
    """Cuts names that are longer than a width, so that different names stay different.

    A name is cut in the middle. If names would become equal, their cut is moved to a part that
    they have in common.

    Args:
        names: The names. Equal names stay equal.
        width: The largest width.
        measure: A function that returns the width of a text.
    """
    short = {name: name for name in names if measure(name) <= width}
    taken = set(short.values())
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        if name not in short:
            groups.setdefault(_cut(name, 0.5, width, measure), []).append(name)
    for cut, group in groups.items():
        found = [cut] if len(group) == 1 and cut not in taken else None
        for way in _WAYS:
            if found is not None:
                break
            tried = [_cut(name, way, width, measure) for name in group]
            if len({*tried}) == len(tried) and not taken.intersection(tried):
                found = tried
        if found is None:
            found = _around_difference(group, width, measure, taken)
        taken.update(found)
        short |= zip(group, found, strict=True)
    return [short[name] for name in names]


_WAYS: Final = (0.5, 0.35, 0.65, 0.2, 0.8)
"""The shares of the width that the start of a cut name has, in the order of trial."""


def _cut(name: str, share: float, width: float, measure: Callable[[str], float]) -> str:
    """Cuts a name so that its start has a share of the width, and its end the rest."""
    room = width - measure("…")
    head = _start(name, share * room, measure)
    tail = _start(name[len(head) :][::-1], room - measure(head), measure)[::-1]
    return f"{head}…{tail}"


def _start(text: str, width: float, measure: Callable[[str], float]) -> str:
    """Returns the longest start of a text that has at most the given width."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(text[:middle]) <= width else (low, middle - 1)
    return text[:low]


def _around_difference(
    group: Sequence[str], width: float, measure: Callable[[str], float], taken: Collection[str]
) -> list[str]:
    """Cuts names at both ends of the part in which they differ, and numbers them at the worst."""
    same = next(
        (at for at, letters in enumerate(zip(*group, strict=False)) if len({*letters}) > 1),
        min(map(len, group)),
    )
    head = _start(group[0][:same], width / 4, measure)
    room = width - measure(f"{head}……")
    out: list[str] = []
    for name in group:
        middle = _start(name[same:], room, measure)
        end = "" if len(middle) == len(name) - same else "…"
        shown, number = f"{head}…{middle}{end}", 1
        while shown in out or shown in taken:
            number += 1
            mark = f" ({number})"
            shown = f"{_start(name, width - measure(f'…{mark}'), measure)}…{mark}"
        out.append(shown)
    return out


def number_of(number: int, thing: str, things: str | None = None) -> str:
    """Returns a number with its noun: "1 row", "2,000 rows".

    Args:
        number: The number.
        thing: The noun in the singular.
        things: The plural, which by default ends in s.
    """
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"


def be(number: int) -> str:
    """Returns the verb that follows a number of things: "is" or "are"."""
    return "is" if number == 1 else "are"


def named(noun: str) -> str:
    """Returns a noun with its indefinite article: "an int", "a dict"."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


_CONTROL: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Characters that control a terminal or the direction of a text, without tab and line feed."""


def visible(text: str) -> str:
    """Returns a text with control characters escaped, except for line feeds and tabs."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def one_line(name: str) -> str:
    """Returns a name on one line of bounded length, without terminal control characters."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
    if len(shown) <= _LONGEST_NAME:
        return shown
    return f"{shown[: _LONGEST_NAME // 2]}…{shown[1 - _LONGEST_NAME // 2 :]}"


def small(p: float) -> str:
    """Returns a probability to two digits."""
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}" if p < 0.1 else f"{p:.2f}"


def judge_label(judge: str | None) -> str:
    """Returns the name of a judge on one line."""
    return "(no name)" if judge is None else one_line(judge)


_SHOWN_NAMES = 8


def _on_line(name: str) -> str:
    """Returns a name whose line breaks are escaped, so that it cannot imitate another message."""
    return visible(name).replace("\n", "\\n")


def shortened_names(names: Sequence[str]) -> str:
    """Returns the first few names and the number of further ones."""
    shown = ", ".join(map(_on_line, names[:_SHOWN_NAMES]))
    more = len(names) - _SHOWN_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown
