"""`humorrank report`: writes a page with a whole leaderboard."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated, Any, Literal

import typer

from humorrank._util.atomic import check_place
from humorrank.cli import _options, _output, _parsing
from humorrank.cli._progress import progress_bar
from humorrank.cli._rated import saved_board, tell
from humorrank.errors import OptionError
from humorrank.report import make_page

_PAGE = "Page"


@_options.takes(reading=_options.reading_options, rating=_options.rating_options)
def report(
    *,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="The store of a tournament, or match logs, decision logs or tally files, or a "
            "leaderboard written by `humorrank rate --format json`.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Path of the page, which must end in .html or .htm.",
            rich_help_panel=_options.OUTPUT,
        ),
    ],
    title: Annotated[
        str | None,
        typer.Option(
            help="Title of the page. By default, it gives the numbers of contestants and matches.",
            rich_help_panel=_PAGE,
        ),
    ] = None,
    examples: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Maximum number of example decisions for each pair, drawn by the seed.",
            min=0,
            max=100,
            rich_help_panel=_PAGE,
        ),
    ] = 3,
    offensive: Annotated[
        Literal["hide", "show"],
        typer.Option(
            help="Collapse jokes that a judge labeled offensive, or show them like all others.",
            rich_help_panel=_PAGE,
        ),
    ] = "hide",
    by: _options.By = None,
    tiers: _options.Tiers = None,
    pictures: Annotated[
        bool,
        typer.Option(
            "--pictures/--no-pictures",
            help="Embed figures if humorrank\\[figures] is installed.",
            rich_help_panel=_PAGE,
        ),
    ] = True,
    texts: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Columns of a log that contain the two jokes; joke_a,joke_b by default.",
            rich_help_panel=_options.READING,
        ),
    ] = None,
    bootstrap: _options.Bootstrap = None,
    elo_shuffles: _options.EloShuffles = 10,
    reading: dict[str, Any],
    rating: dict[str, Any],
) -> None:
    """Write a leaderboard as a self-contained page that needs no network.

    Readers can sort and filter the leaderboard, compare any two models with example decisions, and
    print the page. It lists everything that is needed to reproduce it: a fingerprint of the data,
    settings, seed, versions and warnings.

    * `humorrank report T.sqlite -o report.html`
    * `humorrank report decisions.parquet -o report.html --title "Jokes in May" --tiers paper`
    * `humorrank report votes.csv -o report.html --by 'month(tstamp)'` also shows the
      leaderboard of each month
    * `humorrank report votes.csv -o report.html --cluster prompt --examples 1 --no-pictures`
    """
    if not output.lower().endswith((".html", ".htm")):
        raise OptionError(f"{output}: the file of a page must end in .html or .htm")
    check_place(output)
    columns = _parsing.as_names("texts", None if texts is None else [texts])
    if columns is not None and len(columns) != 2:
        raise OptionError(f"--texts takes two columns (joke_a,joke_b), not {texts!r}")
    groups = _parsing.as_names("by", by)
    saved = saved_board(files, reading, rating, by=groups)
    options = {"bootstrap": bootstrap, "elo_shuffles": elo_shuffles, **rating}
    with progress_bar() as progress:
        made = make_page(
            saved or (files[0] if len(files) == 1 else files),
            title=title,
            examples=examples,
            offensive=offensive,
            tiers=tiers,
            pictures=pictures,
            texts=None if columns is None else (columns[0], columns[1]),
            command=shlex.join(["humorrank", *sys.argv[1:]]),
            by=groups,
            reading=reading,
            progress=progress,
            **({} if saved else options),
        )
    board = made.evidence.board
    tell(board)
    for warning in () if made.evidence.groups is None else made.evidence.groups.warnings:
        if warning not in board.warnings:
            _output.say("warning", warning)
    size = made.write(output)
    without = made.data["notes"].get("pictures")
    if pictures and without is not None:
        _output.say("note", without)
    _output.say("note", f"{output}: {size:,} bytes")
