"""Options and messages that several tournament commands share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Final

import polars as pl
import typer

from humorrank._util.interruptible import interrupted_code
from humorrank._util.markdown import markdown_table
from humorrank._util.simulated import simulated_notice
from humorrank._util.spreadsheet import spreadsheet_csv
from humorrank._util.text import Style, number_of, one_line
from humorrank.cli import _output
from humorrank.cli._progress import progress_bar
from humorrank.errors import JudgeError
from humorrank.judge import Judge
from humorrank.judge.simulated import SimulatedJudge
from humorrank.llm.throughput import Throughput
from humorrank.store.export import Inconsistent, swapped
from humorrank.store.simulated import simulated_judges
from humorrank.store.store import OWN_JUDGE, Store
from humorrank.tournament.engine import Ending, play_rounds
from humorrank.tournament.opening import Tournament
from humorrank.tournament.session import Silence, silence

StoreFile = Annotated[
    Path, typer.Argument(metavar="T.sqlite", help="Path of the store.", show_default=False)
]
Columns = Annotated[
    str | None,
    typer.Option(help="Roles of the columns: prompt=task,judge=voter,model_a=left."),
]


_BECAME: Final[Mapping[Inconsistent, str]] = {
    "halves": "as a half match won by each",
    "tie": "as tied half matches",
    "drop": "not at all",
}


def played(tournament: Tournament, *, retry_failures: bool = False) -> None:
    """Plays a tournament with a progress bar, and reports how it ended.

    Raises:
        Exit: With exit code 130 or 143, if the tournament was interrupted.
        JudgeError: If the judge has failed on everything it was asked.
    """
    store, path = tournament.store, tournament.store.path
    if tournament.judge is None:
        store.close()
        say_notes(tournament.notes)
        _output.say(
            "note",
            f"only people judge: `humorrank tournament next {path}` lists what to judge, and "
            f"`humorrank tournament import {path} VOTES` imports their votes",
        )
        return
    say_notes(tournament.notes)
    _say_unnamed(tournament)
    try:
        with progress_bar(rate=True) as progress:
            ending = asyncio.run(
                play_rounds(
                    store,
                    tournament.spec,
                    tournament.field,
                    tournament.judge,
                    stop=tournament.stop,
                    retry_failures=retry_failures,
                    progress=progress,
                    say=lambda text: _output.say("note", text),
                )
            )
        silent = silence(store, OWN_JUDGE)
    finally:
        store.close()
    say_throughput(tournament.judge)
    _say_ending(ending, path)
    refuse_silence(silent, f"run `humorrank tournament resume {path} --retry-failures`")


def say_notes(notes: Iterable[str]) -> None:
    """Prints what is left out of a tournament, because jokes are missing."""
    for note in notes:
        _output.say("warning", note)


def _say_unnamed(tournament: Tournament) -> None:
    judge = tournament.judge
    if not isinstance(judge, SimulatedJudge):
        return
    ratings = judge.simulation.ratings
    unnamed = [model for model in tournament.field.models if model not in ratings]
    if unnamed:
        more = f" and {len(unnamed) - 1:,} more" if len(unnamed) > 1 else ""
        _output.say("note", f"judge.ratings does not name {unnamed[0]!r}{more}: simulated at 1000")


def _say_ending(ending: Ending, path: Path) -> None:
    failed = f", {ending.failed:,} failed" if ending.failed else ""
    done = f"{number_of(ending.judged, 'judgment')} committed{failed}"
    if ending.reason is None:
        _output.say("note", f"{done}; run `humorrank tournament resume {path}` to continue")
        raise typer.Exit(interrupted_code())
    _output.say("note", f"{done}; stopped because {ending.reason}")
    if ending.failed:
        _output.say(
            "warning",
            "failures do not count as ties and are not in the match log; run `humorrank tournament "
            f"resume {path} --retry-failures` to ask again",
        )


def say_swapped(store: Store, how: Inconsistent, *, decisions: bool) -> None:
    """Reports the comparisons judged in both orders, and how contradictions are exported."""
    both = swapped(store)
    if both.comparisons:
        became = "as they are" if decisions else _BECAME[how]
        _output.say(
            "note",
            f"{number_of(both.comparisons, 'comparison was', 'comparisons were')} judged in both "
            f"orders, {both.inconsistent:,} "
            f"of them inconsistently; those are exported {became}",
        )


def say_simulated(store: Store) -> None:
    """Warns about the judges of a store whose verdicts are simulated."""
    for judge in simulated_judges(store):
        _output.say("warning", simulated_notice(judge))


def refuse_silence(found: Silence | None, again: str) -> None:
    """Raises an error if a judge has failed on everything it was asked.

    Args:
        found: The failures of such a judge, or None.
        again: Command that asks again.

    Raises:
        JudgeError: If it has.
    """
    if found is not None:
        raise JudgeError(
            f"{found.name} answered none of {number_of(found.failures, 'comparison')} "
            f"({one_line(found.reason)}); correct the cause, and {again} to ask again"
        )


def say_throughput(judge: Judge) -> None:
    """Prints the throughput of a judge that measures it."""
    throughput = getattr(judge, "throughput", None)
    if isinstance(throughput, Throughput) and throughput.wall:
        _output.say("note", throughput.report())


def shown(table: pl.DataFrame, chosen: str, output: str | None, decimals: int = 1) -> None:
    """Writes a frame to standard output or to a file."""
    if chosen == "json":
        text = table.write_json()
    elif chosen == "csv":
        text = table.write_csv()
    elif chosen == "spreadsheet":
        text = spreadsheet_csv(table)
    elif chosen == "markdown":
        text = markdown_table(table, dict.fromkeys(table.columns, decimals))
    else:
        left = {name for name in table.columns if not table.schema[name].is_numeric()}
        rows = [
            [
                ""
                if value is None
                else f"{value:.{decimals}f}"
                if isinstance(value, float)
                else one_line(str(value))
                for value in row
            ]
            for row in table.iter_rows()
        ]
        style = Style(_output.colored(output), _output.room(output))
        text = style.table(table.columns, rows, left=left)
    _output.emit(text, output)
