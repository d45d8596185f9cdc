"""`humorrank tournament export`: writes the match log or the decision log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from humorrank._util.text import number_of
from humorrank.cli import _output
from humorrank.cli.tournament import _common
from humorrank.errors import OptionError
from humorrank.store.export import export_decisions, export_matches, treatment
from humorrank.store.store import Store


def export(
    store: _common.StoreFile,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Path of the output file, which must end in .parquet, .csv or .jsonl.",
        ),
    ],
    decisions: Annotated[
        bool,
        typer.Option(
            "--decisions",
            help="Export the decision log, with the texts, reasons and Elo changes of every "
            "judgment and failure.",
        ),
    ] = False,
    inconsistent: Annotated[
        Literal["tie", "drop", "halves"] | None,
        typer.Option(
            help="How to export two judgments in both orders that contradict each other: as tied "
            "half matches, not at all, or as a half match won by each side. The default is the "
            "setting of the spec. The decision log always holds them unchanged.",
        ),
    ] = None,
) -> None:
    """Export the match log or the decision log of a tournament.

    `humorrank rate` and other tools can read the match log.
    """
    with Store(store, write=False) as opened:
        if decisions:
            if inconsistent is not None:
                raise OptionError("--inconsistent applies to the match log, not to --decisions")
            rows = export_decisions(opened, output)
        else:
            rows = export_matches(opened, output, inconsistent)
        _common.say_swapped(opened, treatment(opened, inconsistent), decisions=decisions)
        _common.say_simulated(opened)
    _output.say("note", f"{output}: {number_of(rows, 'row')}")
