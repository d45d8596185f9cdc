"""`humorrank ranks`: shows the ranks that are compatible with the matches."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from humorrank.cli import _options, _output
from humorrank.cli._progress import progress_bar
from humorrank.cli._rated import rated_board, saved_board

_DECIMALS = {"p_best": 3, "p_top": 3}


@_options.takes(reading=_options.reading_options, rating=_options.rating_options)
def ranks(
    *,
    files: _options.Files,
    top: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            help="Also show the probability of being among the first K; 3 by default.",
            min=1,
            rich_help_panel=_options.INTERVALS,
        ),
    ] = None,
    joint: Annotated[
        bool,
        typer.Option(
            "--joint",
            help="Compute rank intervals that hold for all models simultaneously.",
            rich_help_panel=_options.INTERVALS,
        ),
    ] = False,
    bootstrap: _options.Bootstrap = None,
    reading: dict[str, Any],
    rating: dict[str, Any],
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Show the possible ranks of each model and the probability that it is the best.

    * `humorrank ranks votes.csv`
    * `humorrank ranks votes.csv --cluster prompt --top 5 --format json`
    """
    chosen = _output.resolve_format(format, output)
    board = saved_board(files, reading, rating) or rated_board(
        files, reading, rating, bootstrap=bootstrap
    )
    with progress_bar() as progress:
        found = board.ranks(top, joint=joint, progress=progress)
    _output.show(
        chosen,
        output,
        json=found.to_json,
        text=found.to_text,
        table=found.to_polars,
        decimals=_DECIMALS,
    )
