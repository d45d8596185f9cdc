"""`humorrank diff`: who moved between two boards."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Literal

import typer

from humorrank.cli import _options, _output
from humorrank.cli._progress import progress_bar

_DIFF = "Diff"
_DECIMALS = {"p": 4, "p_holm": 4}


@_options.takes(reading=_options.reading_options)
def diff(
    *,
    old: Annotated[
        str,
        typer.Argument(
            metavar="OLD",
            help="A log or tally, or a board that `humorrank rate --format json` wrote.",
            show_default=False,
        ),
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The same, later.", show_default=False)],
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Matches that are equal here (prompt, judge) are alike.",
            rich_help_panel=_DIFF,
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option(help="Of the intervals.", rich_help_panel=_DIFF)
    ] = 0.95,
    ties: Annotated[
        Literal["half", "exclude"],
        typer.Option(help="A tie is half a win each, or left out.", rich_help_panel=_DIFF),
    ] = "half",
    disconnected: Annotated[
        Literal["error", "largest"],
        typer.Option(
            help="Where not everyone can be rated: stop, or take the largest connected component.",
            rich_help_panel=_DIFF,
        ),
    ] = "error",
    reading: dict[str, Any],
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Say who moved between two boards, beyond noise or not, and who is new or gone.

    Both boards are brought to one scale, on which the models that they share have a mean of 1000,
    so that a strong newcomer moves nobody. Of two logs, matches that both hold count as shared.

    * `humorrank diff monday.parquet friday.parquet --cluster prompt`
    * `humorrank diff monday.json friday.json`
    """
    from humorrank.board_diff import diff as run  # noqa: PLC0415 - no other command needs it

    chosen = _output.resolve_format(format, output)
    with progress_bar() as progress:
        found = run(
            old,
            new,
            cluster=cluster,
            confidence=confidence,
            ties=ties,
            disconnected=disconnected,
            progress=progress,
            **reading,
        )
    if chosen == "json":
        text = found.to_json()
    elif chosen == "csv":
        text = found.table.write_csv()
    elif chosen == "markdown":
        text = _output.markdown(found.table, _DECIMALS)
    else:
        text = found.to_text(color=output is None and sys.stdout.isatty())
    _output.emit(text, output)
