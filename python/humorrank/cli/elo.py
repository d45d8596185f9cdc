"""`humorrank elo`: computes Elo ratings in the order of the log."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from humorrank._util.markdown import markdown_table
from humorrank._util.spreadsheet import spreadsheet_csv
from humorrank._util.text import Style, one_line
from humorrank.cli import _options, _output
from humorrank.matches.log import MatchLog
from humorrank.rating import notices
from humorrank.rating.elo import refuse_tally, replay_elo


@_options.takes(reading=_options.reading_options)
def elo(
    *,
    files: _options.Files,
    reading: dict[str, Any],
    k: Annotated[
        float, typer.Option("--k", help="Maximum number of points that one match moves a rating.")
    ] = 32.0,
    start: Annotated[float, typer.Option(help="Rating with which every model starts.")] = 1000.0,
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Compute Elo ratings by replaying a log once, in row order.

    The ratings depend on the order of the rows. Use `humorrank rate` for ratings that do not.
    """
    chosen = _output.resolve_format(format, output)
    refuse_tally(files)
    log = MatchLog(files[0] if len(files) == 1 else files, **reading)
    table = replay_elo(log, k=k, start=start)
    _output.say_filters(log.report.filtered)
    for notice in notices.of_reading(log.report, ties="half"):
        _output.say("warning", notice)
    if chosen == "json":
        text = json.dumps({"elo": table.to_dicts()}, ensure_ascii=False, indent=2)
    elif chosen == "csv":
        text = table.write_csv()
    elif chosen == "spreadsheet":
        text = spreadsheet_csv(table)
    elif chosen == "markdown":
        text = markdown_table(table, {})
    else:
        rows = [(one_line(name), f"{rating:.1f}") for name, rating in table.iter_rows()]
        style = Style(_output.colored(output), _output.room(output))
        text = style.table(["model", "Elo"], rows, left={"model"})
    _output.emit(text, output)
