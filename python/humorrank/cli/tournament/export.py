"""`humorrank tournament export`: a match log, or a log of every decision."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from humorrank.cli import _output
from humorrank.cli.tournament import _common
from humorrank.tournament.export import export_decisions, export_matches
from humorrank.tournament.store import Store


def export(
    store: _common.StoreFile,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="Ends in .parquet, .csv or .jsonl."),
    ],
    decisions: Annotated[
        bool,
        typer.Option(
            "--decisions",
            help="Every judgment and failure with its texts, reasons and Elo changes.",
        ),
    ] = False,
) -> None:
    """Write the match log, which `humorrank rate` and other tools read as it is."""
    with Store(store, write=False) as opened:
        rows = export_decisions(opened, output) if decisions else export_matches(opened, output)
    _output.say("note", f"{output}: {rows:,} rows")
