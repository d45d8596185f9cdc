"""Frames as markdown tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from humorrank._util.text import visible

if TYPE_CHECKING:
    import polars as pl


def markdown_table(table: pl.DataFrame, decimals: Mapping[str, int]) -> str:
    """Renders a frame as a markdown table with rounded, right-aligned numbers."""

    def cell(name: str, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, float):
            return f"{value:.{decimals.get(name, 1)}f}".replace("inf", "∞")
        return _text(str(value))

    rule = ("---:" if table.schema[name].is_numeric() else ":---" for name in table.columns)
    lines = [
        " | ".join(map(_text, table.columns)),
        " | ".join(rule),
        *(
            " | ".join(cell(name, value) for name, value in row.items())
            for row in table.iter_rows(named=True)
        ),
    ]
    return "\n".join(f"| {line} |" for line in lines)


_MARKUP: Final = re.compile(
    r"[\\`*\[\]|~$]"
    # An underscore inside a word is no markup.
    r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"
)
_ENTITIES: Final = re.compile(r"[<>&@]|:(?=//)|(?<=[wW]{3})\.")
"""Characters of HTML, and those by which addresses become links without any markup."""


def _text(text: str) -> str:
    """Returns a text in which nothing is markup: no link, image, code, formula or HTML."""
    line = " ".join(visible(text).split("\n")).replace("\t", " ")
    line = _MARKUP.sub(r"\\\g<0>", line)
    return _ENTITIES.sub(lambda found: _ENTITY.get(found[0]) or f"&#{ord(found[0])};", line)


_ENTITY: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
