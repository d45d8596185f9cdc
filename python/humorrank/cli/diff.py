"""`humorrank diff`: reports which models moved between two leaderboards."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from humorrank.cli import _options, _output, _parsing
from humorrank.cli._progress import progress_bar
from humorrank.diagnostics.diff.diff import diff as diff_boards

_DIFF = "Diff"
_DECIMALS = {"p": 4, "p_all": 4}


@_options.takes(reading=_options.reading_options)
def diff(
    *,
    old: Annotated[
        str,
        typer.Argument(
            metavar="OLD",
            help="The older log or tally, or a leaderboard written by `humorrank rate --format "
            "json`.",
            show_default=False,
        ),
    ],
    new: Annotated[
        str,
        typer.Argument(
            metavar="NEW", help="The newer log, tally or leaderboard.", show_default=False
        ),
    ],
    match_id: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN,...",
            help="Columns that identify a match (question_id,judge). Without them, the matches "
            "of a log count as shared if the other log contains all of them.",
            rich_help_panel=_DIFF,
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column (prompt, judge) whose values define clusters of dependent matches.",
            rich_help_panel=_DIFF,
        ),
    ] = None,
    confidence: Annotated[
        float,
        typer.Option(
            help="Confidence level of the intervals, for all models simultaneously.",
            rich_help_panel=_DIFF,
        ),
    ] = 0.95,
    ties: _options.HalfTies = "half",
    disconnected: _options.Disconnected = "error",
    reading: dict[str, Any],
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Compare two leaderboards: which models moved, are new, or are gone.

    A model has moved if its change is larger than noise. Both leaderboards are brought to a common
    scale, on which the models that they share have a mean of 1000, so that a strong new model does
    not move the others. Matches that both logs contain count as shared.

    * `humorrank diff monday.parquet friday.parquet --cluster prompt`
    * `humorrank diff monday.csv friday.csv --match-id question_id,judge`
    * `humorrank diff monday.json friday.json`
    """
    chosen = _output.resolve_format(format, output)
    with progress_bar() as progress:
        found = diff_boards(
            old,
            new,
            match_id=_parsing.as_names("match-id", match_id) or (),
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
