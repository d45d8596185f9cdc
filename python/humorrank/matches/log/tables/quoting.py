"""Decides whether the quotes in a delimited text enclose fields or belong to the text.

Text with tabs is written in two ways. CSV writers put a field in quotes where it contains a tab, a
line break or a quote, and double the quotes inside it. Others write every field unchanged, so that
a headline may begin with a quote. Which of the two applies is inferred from the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

Quoting = Literal["csv", "none"]
"""How quotes are read: as enclosing fields, as in CSV, or as part of the text."""

MOST_SAMPLED: Final = 4_000_000
"""The maximum number of characters of a text that are examined."""

_QUOTE: Final = '"'


@dataclass
class _Reading:
    """The findings of reading a text with quoted fields.

    Attributes:
        fits: Whether every field that opens with a quote is closed, and every record has as many
            fields as the first.
        needed: Quoted fields that contain a quote, a delimiter or a line break.
        broken: Quoted fields that contain a line break.
        plain: The columns of quoted fields that would not have needed quotes.
        bare: The columns of fields without quotes that are not empty.
    """

    fits: bool = True
    needed: int = 0
    broken: int = 0
    plain: frozenset[int] = frozenset()
    bare: frozenset[int] = frozenset()


def sampled(lines: Iterable[str]) -> tuple[list[str], bool]:
    """Returns the first lines of a text, and whether they are all of them."""
    taken: list[str] = []
    size = 0
    for line in lines:
        if size > MOST_SAMPLED:
            return taken, False
        taken.append(line)
        size += len(line)
    return taken, True


def opens_quotes(lines: Iterable[str], delimiter: str) -> bool:
    """Returns whether any field opens with a quote; otherwise quotes make no difference."""
    return any(line.startswith(_QUOTE) or delimiter + _QUOTE in line for line in lines)


def decided(lines: Sequence[str], delimiter: str, *, whole: bool) -> Quoting | None:
    """Decides by the lines of a text whether its quotes quote fields.

    Args:
        lines: The lines, without their ends; the first is the header or the first row.
        delimiter: The character between fields.
        whole: Whether these are all lines of the text.

    Returns:
        None if both ways of reading fit and give different texts.
    """
    width = lines[0].count(delimiter)
    raw_fits = all(line.count(delimiter) == width for line in lines)
    quoted = _read_quoted(lines, delimiter, whole=whole)
    if not quoted.fits:
        return "none"
    if raw_fits and quoted.broken:
        # A line break within a field leaves raw lines with too few fields, and here it does not.
        return None
    if not raw_fits or quoted.needed or not quoted.plain & quoted.bare:
        # Quotes that were not needed are those of a writer that quotes whole columns.
        return "csv"
    return None


def _read_quoted(lines: Sequence[str], delimiter: str, *, whole: bool) -> _Reading:
    found = _Reading()
    rest = iter(lines)
    width: int | None = None
    for line in rest:
        fields = 0
        for kind in _fields(line, rest, delimiter):
            if kind == "open":
                # The last record of a part of a text may continue after it.
                found.fits = found.fits and not whole
                return found
            if kind == "malformed":
                found.fits = False
                return found
            place = frozenset([fields])
            if kind == "needed":
                found.needed += 1
            elif kind == "broken":
                found.needed += 1
                found.broken += 1
            elif kind == "plain":
                # The header of a column is text of its own.
                found.plain |= place if width is not None else frozenset()
            elif kind == "bare":
                found.bare |= place if width is not None else frozenset()
            fields += 1
        width = fields if width is None else width
        if fields != width:
            found.fits = False
            return found
    return found


def _fields(
    line: str, rest: Iterator[str], delimiter: str
) -> Iterator[Literal["needed", "broken", "plain", "bare", "empty", "open", "malformed"]]:
    """Yields the kind of each field of a record, which may continue in the next lines."""
    at = 0
    while True:
        if not line.startswith(_QUOTE, at):
            end = line.find(delimiter, at)
            stop = len(line) if end < 0 else end
            yield "bare" if stop > at else "empty"
        else:
            needed = broken = False
            at += 1
            while True:
                close = line.find(_QUOTE, at)
                if close < 0:
                    following = next(islice(rest, 1), None)
                    if following is None:
                        yield "open"
                        return
                    line, at, broken = following, 0, True
                elif line.startswith(_QUOTE, close + 1):
                    at, needed = close + 2, True
                else:
                    needed = needed or delimiter in line[at:close]
                    break
            end = close + 1
            if end < len(line) and not line.startswith(delimiter, end):
                yield "malformed"
                return
            end = -1 if end == len(line) else end
            yield "broken" if broken else "needed" if needed else "plain"
        if end < 0:
            return
        at = end + len(delimiter)
