"""`humorrank tournament export`: a match log, or a log of every decision."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from humorrank.cli import _output
from humorrank.cli.tournament import _common
from humorrank.errors import OptionError
from humorrank.store.export import export_decisions, export_matches, treatment
from humorrank.store.store import Store


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
    inconsistent: Annotated[
        Literal["tie", "drop", "halves"] | None,
        typer.Option(
            help="What becomes of two judgments of a pair in both orders that contradict each "
            "other: tied half matches, none, or a half match won by each; as the spec says where "
            "not given. The log of decisions holds them as they are.",
        ),
    ] = None,
) -> None:
    """Export the match log, which `humorrank rate` and other tools can read."""
    with Store(store, write=False) as opened:
        if decisions:
            if inconsistent is not None:
                raise OptionError("--inconsistent is about the match log, not about --decisions")
            rows = export_decisions(opened, output)
        else:
            rows = export_matches(opened, output, inconsistent)
        _common.say_swapped(opened, treatment(opened, inconsistent), decisions=decisions)
    _output.say("note", f"{output}: {rows:,} rows")
