"""`humorrank audit`: searches for a small set of matches that decides who wins."""

from __future__ import annotations

import csv
from typing import Annotated, Any, Literal

import typer

from humorrank.cli import _options, _output
from humorrank.cli._progress import progress_bar
from humorrank.diagnostics.fragility.audit import audit as find_audit
from humorrank.errors import OptionError

_AUDIT = "Audit"
_DECIMALS = {"score": 3, "weight": 3}


@_options.takes(reading=_options.reading_options)
def audit(
    *,
    files: _options.Files,
    pair: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Find matches that reverse the order of these two models. Quotes protect a name "
            "that contains a comma.",
            rich_help_panel=_AUDIT,
        ),
    ] = None,
    winner: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Find matches that make this model the winner.",
            rich_help_panel=_AUDIT,
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            help="Find matches that decide which models are the best K; 1 by default.",
            rich_help_panel=_AUDIT,
        ),
    ] = None,
    change: Annotated[
        Literal["remove", "flip"],
        typer.Option(
            help="Remove the matches, or flip them so that the loser won.", rich_help_panel=_AUDIT
        ),
    ] = "remove",
    by: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column (judge, prompt) whose values are changed as a whole, to find the judges "
            "or prompts that decide.",
            rich_help_panel=_AUDIT,
        ),
    ] = None,
    ties: _options.HalfTies = "half",
    disconnected: _options.Disconnected = "error",
    reading: dict[str, Any],
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Find a small set of matches that decides who wins.

    Without these matches, or with their outcomes flipped, another model is first. The set is found
    by the influence of each match and confirmed by fitting the ratings again. Its size is an upper
    bound, because a smaller set may suffice. Small logs are searched completely, in which case the
    audit reports that the set is the smallest.

    * `humorrank audit votes.csv`
    * `humorrank audit votes.csv --pair gpt-5,llama --change flip`
    * `humorrank audit votes.csv --by judge` names judges without whom another model wins
    * `humorrank audit votes.csv --top 3 --format json -o audit.json`
    """
    chosen = _output.resolve_format(format, output)
    with progress_bar() as progress:
        report = find_audit(
            files,
            pair=_pair(pair),
            winner=winner,
            top=top,
            change=change,
            by=by,
            ties=ties,
            disconnected=disconnected,
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
        table=lambda: report.cells,
        decimals=_DECIMALS,
    )


def _pair(text: str | None) -> tuple[str, str] | None:
    """Parses `A,B` into two names."""
    if text is None:
        return None
    found = next(csv.reader([text]), [])
    if len(found) != 2 or not all(found):
        raise OptionError(f"--pair takes two models (gpt-5,llama), not {text!r}")
    return found[0], found[1]
