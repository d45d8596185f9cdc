"""`humorrank check`: tests the fit of the model and the calibration of its predictions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from humorrank.cli import _options, _output
from humorrank.cli._progress import progress_bar
from humorrank.diagnostics.fit.check import check as check_fit
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
            help="Column (prompt, judge) whose values are held out as a whole, not match by match. "
            "The default is none, but ballot for the pairs of rankings and other ballots.",
            rich_help_panel=_FIT,
        ),
    ] = None,
    folds: Annotated[
        int,
        typer.Option(
            help="Number of parts into which the matches are split. Each is predicted from the "
            "others; 0 omits the predictions.",
            rich_help_panel=_FIT,
        ),
    ] = 5,
    bins: Annotated[
        str,
        typer.Option(
            metavar="N|EDGE,...",
            help="Reliability bins: their number, with about equally many matches in each, or "
            "their edges (0.6,0.75,0.9).",
            rich_help_panel=_FIT,
        ),
    ] = "10",
    worst: Annotated[
        int,
        typer.Option(
            metavar="N", help="List the N pairs with the worst fit.", rich_help_panel=_FIT
        ),
    ] = 10,
    confidence: Annotated[
        float, typer.Option(help="Confidence level of the intervals.", rich_help_panel=_FIT)
    ] = 0.95,
    ties: _options.HalfTies = "half",
    disconnected: _options.Disconnected = "error",
    seed: Annotated[int, typer.Option(help="Random seed for the folds.", rich_help_panel=_FIT)] = 0,
    threads: Annotated[
        int | None,
        typer.Option(
            help="Number of threads; all processors by default. The result does not depend on it.",
            rich_help_panel=_FIT,
        ),
    ] = None,
    reading: dict[str, Any],
    show: Annotated[
        Literal["pairs", "reliability"],
        typer.Option(
            help="Contents of CSV and markdown output: the pairs with the worst fit, or the "
            "reliability bins.",
            rich_help_panel=_options.OUTPUT,
        ),
    ] = "pairs",
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Check whether the model fits the matches and whether its predictions hold.

    The Bradley-Terry model is compared with a model in which each pair has a share of its own, by
    the deviance and Pearson's statistic. The pairs with the worst fit are listed with p-values that
    are adjusted for the number of pairs. Predictions on held-out matches are evaluated by log loss,
    Brier score and reliability.

    * `humorrank check votes.csv`
    * `humorrank check decisions.parquet --cluster prompt --worst 20`
    * `humorrank check votes.csv --bins 0.6,0.75,0.9 --show reliability -o reliability.csv`
    """
    chosen = _output.resolve_format(format, output)
    with progress_bar() as progress:
        report = check_fit(
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
    """Parses a number of bins, such as `10`, or edges, such as `0.6,0.75,0.9`."""
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
