"""`humorrank rate`: rates a match log and prints the leaderboard."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from humorrank._util.spreadsheet import spreadsheet_csv
from humorrank.cli import _options, _output, _parsing
from humorrank.cli._progress import progress_bar
from humorrank.cli._rated import matches_of
from humorrank.errors import OptionError
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.board.leaderboards import Leaderboards
from humorrank.rating.rate import rate as rate_matches


@_options.takes(reading=_options.reading_options, rating=_options.rating_options)
def rate(
    *,
    files: _options.Files,
    reading: dict[str, Any],
    rating: dict[str, Any],
    bootstrap: _options.Bootstrap = None,
    simultaneous: Annotated[
        bool,
        typer.Option(
            "--simultaneous",
            help="Compute intervals that hold for all models simultaneously.",
            rich_help_panel=_options.INTERVALS,
        ),
    ] = False,
    elo_shuffles: _options.EloShuffles = 10,
    elo_k: Annotated[
        float,
        typer.Option(
            help="Maximum number of points that one match moves an Elo rating.",
            rich_help_panel=_options.RATING,
        ),
    ] = 32.0,
    both_bad_share: Annotated[
        bool,
        typer.Option(
            "--both-bad-share",
            help="Add a column with the share of each model's matches in which both were called "
            "bad.",
            rich_help_panel=_options.OUTPUT,
        ),
    ] = False,
    by: _options.By = None,
    tiers: _options.Tiers = None,
    format: _options.BoardFormat = None,
    output: _options.Output = None,
    top: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Show only the N best models.",
            min=1,
            rich_help_panel=_options.OUTPUT,
        ),
    ] = None,
) -> None:
    """Rate models from a log of pairwise outcomes.

    Each row is one match: which model was shown first, which second, and which one won. Common
    formats are recognized (LMArena, AlpacaEval, MT-bench, arena-hard, ComparIA, preference pairs,
    winner,loser). For other formats, specify the roles of the columns with `--columns`.

    * `humorrank rate votes.csv`
    * `humorrank rate 'votes-*.parquet' --where "language = 'en'" --format json -o board.json`
    * `humorrank rate votes.csv --by judge` rates the votes of each judge separately
    * `humorrank rate votes.csv --cluster prompt` computes intervals that allow for
      the dependence of matches on the same prompt
    * `humorrank rate votes.csv --ties davidson --first-position --control length`
    * `zcat votes.csv.gz | humorrank rate - --columns model_a=left,model_b=right,winner=label`
    """
    chosen = _output.resolve_format(format, output, latex=True)
    columns_by = _parsing.as_names("by", by)
    with progress_bar() as progress:
        matches = matches_of(files, reading, rating, by=columns_by, progress=progress)
        board = rate_matches(
            matches,
            by=columns_by,
            bootstrap=bootstrap,
            simultaneous=simultaneous,
            elo_shuffles=elo_shuffles,
            elo_k=elo_k,
            both_bad_share=both_bad_share,
            progress=progress,
            **rating,
        )
    if isinstance(board, Leaderboard):
        board = board.with_tiers(tiers)
    elif tiers is not None or chosen == "latex":
        raise OptionError("--tiers and --format latex need a single leaderboard; remove --by")
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
    if chosen in ("csv", "spreadsheet", "markdown", "latex") and isinstance(board, Leaderboard):
        for parameter in board.parameters:
            _output.say("note", parameter.to_text())
    _output.emit(_render(board, chosen, top, output), output)


def _render(
    board: Leaderboard | Leaderboards, chosen: str, top: int | None, output: str | None
) -> str | Iterable[str]:
    if chosen == "json":
        return board.to_json(top) if isinstance(board, Leaderboard) else board.json_pieces(top)
    if chosen == "latex" and isinstance(board, Leaderboard):
        return board.to_latex(top)
    if chosen == "csv":
        return board.to_csv(top)
    if chosen == "spreadsheet":
        return spreadsheet_csv(board.best(top))
    if chosen == "markdown":
        return board.to_markdown(top)
    return board.to_text(top, color=_output.colored(output), width=_output.room(output))
