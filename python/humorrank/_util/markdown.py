"""Frames as markdown tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def markdown_table(table: pl.DataFrame, decimals: Mapping[str, int]) -> str:
    """Renders a frame as a markdown table with rounded, right-aligned numbers."""

    def cell(name: str, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, float):
            return f"{value:.{decimals.get(name, 1)}f}".replace("inf", "∞")
        text = str(value).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
        return text.replace("<", "&lt;")

    rule = ("---:" if table.schema[name].is_numeric() else ":---" for name in table.columns)
    lines = [
        " | ".join(table.columns),
        " | ".join(rule),
        *(
            " | ".join(cell(name, value) for name, value in row.items())
            for row in table.iter_rows(named=True)
        ),
    ]
    return "\n".join(f"| {line} |" for line in lines)
