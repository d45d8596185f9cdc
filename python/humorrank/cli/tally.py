"""`humorrank tally`: counts match logs and tallies into one tally file."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from humorrank._util.atomic import check_place
from humorrank._util.text import number_of
from humorrank.cli import _options, _output, _parsing
from humorrank.cli._progress import progress_bar
from humorrank.matches.kinds import is_tally
from humorrank.matches.log.report import reading_warnings
from humorrank.matches.source import read_tally


@_options.takes(reading=_options.reading_options)
def tally(
    *,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Match logs, as for `humorrank rate`, and tally files, all of which are added up.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Path of the tally file (Parquet), which appears once it is complete.",
            rich_help_panel=_options.OUTPUT,
        ),
    ],
    keys: _options.Keys = None,
    subtract: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Subtract the matches of this tally file or log. May be repeated.",
            rich_help_panel=_options.FILTERS,
        ),
    ] = None,
    reading: dict[str, Any],
) -> None:
    """Count a match log once, so that it can be rated again quickly.

    A tally contains how often each model won against, lost to and tied with each other model, by
    which of them was shown first. It is small, whatever the size of the log. Tallies can be added,
    so that a day is added to a year without reading the year again. Any tool that reads Parquet
    can open the file.

    * `humorrank tally votes.csv -o votes.parquet`, then `humorrank rate votes.parquet`
    * `humorrank tally year.parquet today.csv -o year.parquet` adds a day
    * `humorrank tally year.parquet --subtract monday.parquet -o rest.parquet` subtracts one
    * `humorrank tally votes.csv --keys judge,language -o votes.parquet`, then
      `humorrank rate votes.parquet --by judge`

    A tally does not keep the order of the rows, and of the other columns it keeps only its keys.
    Therefore `humorrank elo`, `--where`, and `--by` with any other column need the log.
    """
    check_place(output)
    with progress_bar() as progress:
        total = read_tally(
            files,
            keys=_parsing.as_names("keys", keys, empty=True),
            progress=progress,
            reading=reading,
        )
        for path in subtract or ():
            of_log = {} if is_tally(path) else reading
            part = read_tally(path, keys=total.keys, progress=progress, reading=of_log)
            total = total.subtract(part)
        total.write(output)
    if total.report is not None:
        _output.say_filters(total.report.filtered)
        for warning in reading_warnings(total.report):
            _output.say("warning", warning)
    by = f", by {', '.join(total.keys)}" if total.keys else ""
    held = f"{number_of(len(total.names), 'model')}, {number_of(total.matches, 'match', 'matches')}"
    _output.say("note", f"{output}: {held}{by}")
