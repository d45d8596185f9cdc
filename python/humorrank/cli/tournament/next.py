"""`humorrank tournament next`: lists the next pairs to judge."""

from __future__ import annotations

from typing import Annotated

import polars as pl
import typer

from humorrank._util.spreadsheet import formulas
from humorrank._util.text import number_of
from humorrank.cli import _options, _output
from humorrank.cli.tournament import _common
from humorrank.tournament.upcoming import upcoming


def next_(
    store: _common.StoreFile,
    n: Annotated[int, typer.Option("-n", min=1, help="Maximum number of pairs.")] = 10,
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """List the next pairs to judge, with their jokes.

    Show the joke of model_a first. CSV and JSON output have empty columns `winner` and `judge`.
    Fill them in (`winner` is model_a, model_b or tie; an empty field is not a vote), and pass the
    file to `humorrank tournament import`.

    If people open the file in a spreadsheet program, use `--format spreadsheet`: names and jokes
    that begin with =, +, - or @ get an apostrophe in front, which the import removes from names.
    """
    chosen = _output.resolve_format(format, output)
    table = upcoming(store, n)
    if chosen == "csv" and (cells := formulas(table)):
        _output.say(
            "warning",
            f"{number_of(cells, 'cell')} may be taken for formulas by a spreadsheet program; use "
            "--format spreadsheet if people open the file in one",
        )
    if chosen in ("json", "csv", "spreadsheet"):
        empty = pl.lit(None, pl.String)
        table = table.with_columns(winner=empty, judge=empty)
    _common.shown(table, chosen, output)
