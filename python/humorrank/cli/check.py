"""`humorrank check`: does the model fit, and are its predictions calibrated?"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from humorrank.cli import _options, _output
from humorrank.cli._progress import progress_bar
from humorrank.errors import OptionError

_FIT = "Fit"
_DECIMALS = {
    **dict.fromkeys(("observed", "expected", "predicted", "least", "most"), 4),
    **dict.fromkeys(("observed_lower", "observed_upper", "p", "p_holm"), 4),
    "residual": 2,
}


@_options.takes(reading=_options.reading_options)
def check(
    *,
    files: _options.Files,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Hold out whole values of this column (prompt, judge), not single matches.",
            rich_help_panel=_FIT,
        ),
    ] = None,
    folds: Annotated[
        int,
        typer.Option(
            help="Into how many parts matches are split, each predicted by the others; 0 leaves "
            "this out.",
            rich_help_panel=_FIT,
        ),
    ] = 5,
    bins: Annotated[
        str,
        typer.Option(
            metavar="N|EDGE,...",
            help="Reliability bins: how many of about equal matches, or edges (0.6,0.75,0.9).",
            rich_help_panel=_FIT,
        ),
    ] = "10",
    worst: Annotated[
        int,
        typer.Option(metavar="N", help="Name the N pairs explained worst.", rich_help_panel=_FIT),
    ] = 10,
    confidence: Annotated[
        float, typer.Option(help="Of the intervals.", rich_help_panel=_FIT)
    ] = 0.95,
    ties: _options.HalfTies = "half",
    disconnected: _options.Disconnected = "error",
    seed: Annotated[int, typer.Option(help="Of the folds.", rich_help_panel=_FIT)] = 0,
    threads: Annotated[
        int | None,
        typer.Option(
            help="All processors by default; never changes the result.", rich_help_panel=_FIT
        ),
    ] = None,
    reading: dict[str, Any],
    show: Annotated[
        Literal["pairs", "reliability"],
        typer.Option(
            help="What CSV and markdown hold: the pairs explained worst, or the reliability bins.",
            rich_help_panel=_options.OUTPUT,
        ),
    ] = "pairs",
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Check whether the model fits the matches and whether its predictions hold.

    Deviance and Pearson's statistic of Bradley-Terry's model against one that gives each pair its
    own share; the pairs that it explains worst, with p-values that allow for how many there are;
    and log loss, Brier score and reliability of its predictions on matches that it has not seen.

    * `humorrank check votes.csv`
    * `humorrank check decisions.parquet --cluster prompt --worst 20`
    * `humorrank check votes.csv --bins 0.6,0.75,0.9 --show reliability -o reliability.csv`
    """
    from humorrank.diagnostics.fit.check import check as run  # noqa: PLC0415 - no other command needs it

    chosen = _output.resolve_format(format, output)
    with progress_bar() as progress:
        report = run(
            files,
            cluster=cluster,
            folds=folds,
            bins=_bins(bins),
            worst_pairs=worst,
            confidence=confidence,
            ties=ties,
            disconnected=disconnected,
            seed=seed,
            threads=threads,
            progress=progress,
            **reading,
        )
    _output.say_filters(report.filtered)
    for warning in report.warnings:
        _output.say("warning", warning)
    _output.show(
        chosen,
        output,
        json=report.to_json,
        text=report.to_text,
        table=lambda: report.worst if show == "pairs" else report.bins(),
        decimals=_DECIMALS,
    )


def _bins(text: str) -> int | tuple[float, ...]:
    """`10`, or `0.6,0.75,0.9`."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise OptionError(
            f"--bins takes a number of bins (10) or edges (0.6,0.75,0.9), not {text!r}"
        ) from None
