"""`humorrank rate`: a match log in, a leaderboard out."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Literal

import typer

import humorrank
from humorrank import tally_file
from humorrank.cli import _options, _output
from humorrank.cli._progress import progress_bar
from humorrank.errors import OptionError
from humorrank.leaderboard import Leaderboard
from humorrank.leaderboards import Leaderboards
from humorrank.log import MatchLog
from humorrank.source import counted
from humorrank.tally import Tally

_DECIMALS = {"win_rate": 3}


def rate(
    files: _options.Files,
    columns: _options.Columns = None,
    score_of: _options.ScoreOf = None,
    reading: _options.Reading = None,
    where: _options.Where = None,
    exclude: _options.Exclude = None,
    min_matches: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Leave out models with fewer matches than this.",
            rich_help_panel=_options.FILTERS,
        ),
    ] = 0,
    max_per_judge: _options.MaxPerJudge = None,
    ties: Annotated[
        Literal["half", "exclude", "davidson"],
        typer.Option(
            help="A tie is half a win each, or left out, or an outcome of its own (Davidson's "
            "model).",
            rich_help_panel=_options.RATING,
        ),
    ] = "half",
    first_position: Annotated[
        bool,
        typer.Option(
            "--first-position",
            help="Fit what being shown first is worth beside the ratings.",
            rich_help_panel=_options.RATING,
        ),
    ] = False,
    control: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Fit the effect of a number beside the ratings: the column NAME_a less NAME_b, "
            "or a column NAME of such differences; may be repeated.",
            rich_help_panel=_options.RATING,
        ),
    ] = None,
    bootstrap: Annotated[
        int,
        typer.Option(
            help="Replicates behind the intervals; 0 leaves intervals out. Not used with "
            "--ties davidson, --first-position and --control.",
            rich_help_panel=_options.RATING,
        ),
    ] = 100,
    confidence: Annotated[
        float, typer.Option(help="Of the intervals.", rich_help_panel=_options.RATING)
    ] = 0.95,
    elo_shuffles: Annotated[
        int,
        typer.Option(
            help="Random orders behind Stable Elo; 0 leaves Elo out.",
            rich_help_panel=_options.RATING,
        ),
    ] = 10,
    elo_k: Annotated[
        float,
        typer.Option(
            help="The most points one match moves an Elo.", rich_help_panel=_options.RATING
        ),
    ] = 32.0,
    anchor: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=RATING",
            help="Shift the whole board so that NAME has this rating.",
            rich_help_panel=_options.RATING,
        ),
    ] = None,
    prior: Annotated[
        float,
        typer.Option(
            help="Half a won game against an average opponent, times this, for everyone: shrinks "
            "ratings, and rates fields that have no maximum.",
            rich_help_panel=_options.RATING,
        ),
    ] = 0.0,
    disconnected: Annotated[
        Literal["error", "largest"],
        typer.Option(
            help="Where not everyone can be rated: stop, or rate the largest connected component.",
            rich_help_panel=_options.RATING,
        ),
    ] = "error",
    unjudged: _options.Unjudged = "skip",
    on_error: _options.OnError = "fail",
    solver: Annotated[
        Literal["newton", "mm"],
        typer.Option(help="The way to the same maximum.", rich_help_panel=_options.RATING),
    ] = "newton",
    by: _options.By = None,
    seed: Annotated[
        int, typer.Option(help="Of every random draw.", rich_help_panel=_options.RATING)
    ] = 0,
    threads: Annotated[
        int | None,
        typer.Option(
            help="All processors by default; never changes the result.",
            rich_help_panel=_options.RATING,
        ),
    ] = None,
    format: _options.Format = None,
    output: _options.Output = None,
    top: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Show only the N best.", min=1, rich_help_panel=_options.OUTPUT
        ),
    ] = None,
) -> None:
    """Rate models from a log of pairwise outcomes.

    One row is one match: who was shown first, who second, who won. Common formats are
    recognised as they are (LMArena, AlpacaEval, MT-bench, arena-hard, ComparIA, preference
    pairs, winner,loser); `--columns` says it for others.

    * `humorrank rate votes.csv`
    * `humorrank rate 'votes-*.parquet' --where "language = 'en'" --format json -o board.json`
    * `humorrank rate votes.csv --by judge` rates each judge's votes on their own
    * `humorrank rate votes.csv --ties davidson --first-position --control length`
    * `zcat votes.csv.gz | humorrank rate - --columns model_a=left,model_b=right,winner=label`
    """
    chosen = _output.resolve_format(format, output)
    with progress_bar() as progress:
        columns_by = _options.names("by", by)
        said: dict[str, Any] = {
            "columns": _options.columns(columns),
            "score_of": score_of,
            "where": where,
            "exclude": tuple(exclude or ()),
            "max_per_judge": max_per_judge,
            "unjudged": unjudged,
            "on_error": on_error,
            "reading": reading,
        }
        controls = _options.names("control", control) or ()
        if control and not controls:
            raise OptionError("--control takes the name of a control (length), not ''")
        matches: MatchLog | Tally
        if controls and not tally_file.split(files)[0]:
            matches = MatchLog(files, **said)
        else:
            keys = None if controls else columns_by or ()
            matches = counted(files, keys=keys, progress=progress, reading=said)
        board = humorrank.rate(
            matches,
            by=columns_by,
            bootstrap=bootstrap,
            confidence=confidence,
            elo_shuffles=elo_shuffles,
            elo_k=elo_k,
            ties=ties,
            anchor=_options.anchor(anchor),
            prior=prior,
            disconnected=disconnected,
            min_matches=min_matches,
            solver=solver,
            first_position=first_position,
            controls=controls,
            seed=seed,
            threads=threads,
            progress=progress,
        )
    filtered = (
        board.counts["filtered_by"]
        if isinstance(board, Leaderboard)
        else matches.report.filtered
        if matches.report is not None
        else {}
    )
    _output.say_filters(filtered)
    for warning in board.warnings:
        _output.say("warning", warning)
    if chosen in ("csv", "markdown") and isinstance(board, Leaderboard):
        for parameter in board.parameters:
            _output.say("note", parameter.to_text())
    _output.emit(_render(board, chosen, top, plain=output is not None), output)


def _render(board: Leaderboard | Leaderboards, chosen: str, top: int | None, *, plain: bool) -> str:
    if chosen == "json":
        return board.to_json(top)
    table = board.best(top)
    if chosen == "csv":
        return table.write_csv()
    if chosen == "markdown":
        return _output.markdown(table, _DECIMALS)
    return board.to_text(top, color=not plain and sys.stdout is not None and sys.stdout.isatty())
