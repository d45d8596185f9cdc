"""`humorrank tournament next`: what to judge next."""

from __future__ import annotations

from typing import Annotated

import polars as pl
import typer

from humorrank.cli import _options, _output
from humorrank.cli.tournament import _common
from humorrank.tournament.upcoming import upcoming


def next_(
    store: _common.StoreFile,
    n: Annotated[int, typer.Option("-n", min=1, help="How many pairs, at most.")] = 10,
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Print the pairs to judge next, with their jokes; show model_a first.

    As CSV or JSON it has columns `winner` and `judge` to be filled in (winner: model_a, model_b
    or tie; an empty one is no vote) and given to `humorrank tournament import`.
    """
    chosen = _output.resolve_format(format, output)
    table = upcoming(store, n)
    if chosen in ("json", "csv"):
        empty = pl.lit(None, pl.String)
        table = table.with_columns(winner=empty, judge=empty)
    _common.shown(table, chosen, output)
