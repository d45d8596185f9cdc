"""`humorrank tournament import`: imports votes made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from humorrank._util.text import number_of
from humorrank.cli import _output, _parsing
from humorrank.cli.tournament import _common
from humorrank.tournament.votes import import_votes


def import_(
    store: _common.StoreFile,
    votes: Annotated[
        Path,
        typer.Argument(
            metavar="VOTES",
            help="Match log with columns for the prompt and the judge, in which model_a was shown "
            "first.",
            show_default=False,
        ),
    ],
    judge: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the judge of all votes.")
    ] = None,
    columns: _common.Columns = None,
) -> None:
    """Import votes of people or of other tools.

    Either all votes are stored, or none.
    """
    found = import_votes(store, votes, judge=judge, columns=_parsing.as_columns(columns))
    by = f" by {', '.join(found.judges)}" if found.judges else ""
    _output.say(
        "note",
        f"{number_of(found.votes, 'vote')} imported{by}; "
        f"{number_of(found.comparisons, 'new comparison')}; "
        f"{number_of(found.known, 'vote was', 'votes were')} already in the store",
    )
    if found.unjudged:
        rows = number_of(found.unjudged, "row")
        _output.say("warning", f"{rows} without an outcome: not counted as votes")
