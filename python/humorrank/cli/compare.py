"""`humorrank compare`: compares two models of a log."""

from __future__ import annotations

from typing import Annotated, Any

import polars as pl
import typer

from humorrank.cli import _options, _output
from humorrank.cli._rated import rated_board, saved_board
from humorrank.errors import OptionError

_DECIMALS = dict.fromkeys(("p_stronger", "p_beats", "p_beats_lower", "p_beats_upper"), 4)


@_options.takes(reading=_options.reading_options, rating=_options.rating_options)
def compare(
    *,
    files: _options.Files,
    model_a: Annotated[
        str, typer.Argument(metavar="A", help="The first model.", show_default=False)
    ],
    model_b: Annotated[
        str, typer.Argument(metavar="B", help="The second model.", show_default=False)
    ],
    bootstrap: _options.Bootstrap = None,
    reading: dict[str, Any],
    rating: dict[str, Any],
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Compare two models: how far apart they are and how certain the difference is.

    The result has three parts: the difference of the two ratings with its interval, the probability
    that A is the stronger model, and the probability that A beats B in a single match. The last one
    stays near one half if the models are close, however certain their order is.

    * `humorrank compare votes.csv gpt-5 claude-opus`
    * `humorrank compare votes.csv gpt-5 claude-opus --cluster prompt --format json`
    """
    chosen = _output.resolve_format(format, output)
    board = saved_board(files, reading, rating) or rated_board(
        files, reading, rating, bootstrap=bootstrap
    )
    try:
        found = board.compare(model_a, model_b)
    except KeyError as error:
        raise OptionError(str(error.args[0])) from error
    _output.show(
        chosen,
        output,
        json=found.to_json,
        text=lambda color, width: found.to_text(width=width),
        table=lambda: pl.DataFrame([vars(found)]),
        decimals=_DECIMALS,
    )
