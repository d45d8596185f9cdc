"""CSV for spreadsheet programs, which take a cell that begins with = for a formula."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import polars as pl

_STARTS: Final = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""First characters, in a regular expression, of cells that a program may compute."""

_MARK: Final = "'"
"""The character before a cell that is text."""


def spreadsheet_csv(table: pl.DataFrame) -> str:
    """Returns a frame as CSV in which no cell and no title is a formula.

    Cells that begin with =, +, -, @ or a control character, and those that begin with an
    apostrophe, get an apostrophe in front.
    """
    import polars as pl  # noqa: PLC0415 - takes longer to import than most commands

    pattern = f"^([{_STARTS}{_MARK}])"
    text = [name for name, kind in table.schema.items() if kind == pl.String]
    guarded = table.with_columns(pl.col(text).str.replace(pattern, f"{_MARK}$1"))
    titles = pl.Series(table.columns, dtype=pl.String).str.replace(pattern, f"{_MARK}$1")
    guarded.columns = titles.to_list()
    return guarded.write_csv()


def formulas(table: pl.DataFrame) -> int:
    """Returns the number of cells that a spreadsheet program may take for formulas."""
    import polars as pl  # noqa: PLC0415

    text = table.select(pl.col(pl.String).str.contains(f"^[{_STARTS}]").sum())
    return sum(text.row(0)) if text.width else 0


def names_meant(name: str, known: Container[str]) -> list[str]:
    """Returns the known names that a cell may mean: the cell itself, or without the apostrophe."""
    found = [name, name[1:]] if name.startswith(_MARK) else [name]
    return [meant for meant in found if meant in known]
