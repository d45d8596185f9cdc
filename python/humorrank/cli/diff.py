"""`humorrank diff`: who moved between two boards."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from humorrank.cli import _options, _output
from humorrank.cli._progress import progress_bar

_DIFF = "Diff"
_DECIMALS = {"p": 4, "p_all": 4}


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
    match_id: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN,...",
            help="Columns that tell one match from another (comparison_id,judge). Without them, "
            "the matches of a log are shared if the other log holds them all.",
            rich_help_panel=_DIFF,
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Matches that are equal here (prompt, judge) are alike.",
            rich_help_panel=_DIFF,
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option(help="Of the intervals of all models together.", rich_help_panel=_DIFF)
    ] = 0.95,
    ties: _options.HalfTies = "half",
    disconnected: _options.Disconnected = "error",
    reading: dict[str, Any],
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Compare two boards: who moved by more than noise, who is new, and who is gone.

    Both boards are brought to one scale, on which the models that they share have a mean of 1000,
    so that a strong newcomer moves nobody. Of two logs, matches that both hold count as shared.

    * `humorrank diff monday.parquet friday.parquet --cluster prompt`
    * `humorrank diff monday.csv friday.csv --match-id comparison_id,judge`
    * `humorrank diff monday.json friday.json`
    """
    from humorrank.diagnostics.diff.diff import diff as run  # noqa: PLC0415 - no other command needs it

    chosen = _output.resolve_format(format, output)
    with progress_bar() as progress:
        found = run(
            old,
            new,
            match_id=_options.as_names("match-id", match_id) or (),
            cluster=cluster,
            confidence=confidence,
            ties=ties,
            disconnected=disconnected,
            progress=progress,
            **reading,
        )
    _output.show(
        chosen,
        output,
        json=found.to_json,
        text=found.to_text,
        table=found.to_polars,
        decimals=_DECIMALS,
    )
