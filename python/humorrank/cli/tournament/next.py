"""`humorrank tournament next`: lists the next pairs to judge."""

from __future__ import annotations

from typing import Annotated

import polars as pl
import typer

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
    """
    chosen = _output.resolve_format(format, output)
    table = upcoming(store, n)
    if chosen in ("json", "csv"):
        empty = pl.lit(None, pl.String)
        table = table.with_columns(winner=empty, judge=empty)
    _common.shown(table, chosen, output)
