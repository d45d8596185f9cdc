"""Writes text to standard output or a file in the requested format."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path

import polars as pl
import typer

from humorrank._util.atomic import check_place, replacing
from humorrank._util.markdown import markdown_table
from humorrank._util.spreadsheet import spreadsheet_csv
from humorrank._util.text import number_of, visible
from humorrank.errors import OptionError

_BY_SUFFIX = {
    "": "table",
    ".txt": "table",
    ".json": "json",
    ".csv": "csv",
    ".md": "markdown",
    ".markdown": "markdown",
}


def resolve_format(wanted: str | None, output: str | None, *, latex: bool = False) -> str:
    """Determines the output format.

    It is the requested format, or else that of the ending of the output file, or else a table.

    Args:
        wanted: The requested format, or None.
        output: Path of the output file, or None for standard output.
        latex: Whether the ending .tex is supported.

    Raises:
        OptionError: If the ending is unknown or the file cannot be written.
    """
    if output is not None:
        check_place(output)
    if wanted is not None:
        return wanted
    suffix = Path(output).suffix.lower() if output is not None else ""
    if latex and suffix == ".tex":
        return "latex"
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    message = (
        f"{output}: no format has the ending {suffix!r}; use .json, .csv, .md or .txt, or set "
        "--format"
    )
    raise OptionError(message)


def on_terminal(output: str | None) -> bool:
    """Returns whether the text goes to a terminal."""
    return output is None and sys.stdout is not None and sys.stdout.isatty()


def colored(output: str | None) -> bool:
    """Returns whether the text goes to a terminal that understands escape codes."""
    return on_terminal(output) and os.environ.get("TERM") != "dumb"


def room(output: str | None) -> int | None:
    """Returns the width of the terminal to which the text goes, or None for any other output."""
    return shutil.get_terminal_size().columns if on_terminal(output) else None


def show(
    chosen: str,
    output: str | None,
    *,
    json: Callable[[], str],
    text: Callable[..., str],
    table: Callable[[], pl.DataFrame],
    decimals: Mapping[str, int],
) -> None:
    """Writes the result of a command in the chosen format.

    Args:
        chosen: The format: table, json, csv, spreadsheet or markdown.
        output: Path of the output file, or None for standard output.
        json: Returns the result as JSON.
        text: Returns the result as text for people; takes `color` and `width`.
        table: Returns the frame that is written as CSV or markdown.
        decimals: Number of decimals in markdown, by column; 1 for all other columns.

    Raises:
        OptionError: If the file cannot be written.
    """
    if chosen == "json":
        told = json()
    elif chosen == "table":
        told = text(color=colored(output), width=room(output))
    elif chosen == "csv":
        told = table().write_csv()
    elif chosen == "spreadsheet":
        told = spreadsheet_csv(table())
    else:
        told = markdown_table(table(), decimals)
    emit(told, output)


def emit(text: str | Iterable[str], output: str | None) -> None:
    """Writes text completely or not at all: a file appears only once it is complete.

    Args:
        text: The text as a whole or in pieces.
        output: Path of the output file, or None for standard output.

    Raises:
        OptionError: If the file cannot be written.
    """
    pieces = chain([text.rstrip("\n")] if isinstance(text, str) else text, ["\n"])
    if output is None:
        if sys.stdout is None:
            message = "standard output is closed; specify a file with --output"
            raise OptionError(message)
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
        return
    with replacing(output) as file:
        file.writelines(piece.encode() for piece in pieces)


def say(kind: str, text: str) -> None:
    """Prints a line to standard error.

    Args:
        kind: The kind of message, `note` or `warning`.
        text: The message.
    """
    typer.echo(f"{kind}: {visible(text)}", err=True)


def say_filters(filtered: Mapping[str, int]) -> None:
    """Reports how many rows each filter removed."""
    for name, rows in filtered.items():
        say("note", f"--{name.replace('_', '-')} removed {number_of(rows, 'row')}")
