"""Text to standard output or a file, in the format that is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path

import polars as pl
import typer

from humorrank._util.atomic import check_place, replacing
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
    """The format: as asked for, else by the ending of the output file, else a table.

    Args:
        wanted: the format asked for.
        output: the file.
        latex: whether .tex is among the endings.

    Raises:
        OptionError: the ending says nothing, or the file could not be written.
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
        f"{output}: no format has the ending {suffix!r}; use .json, .csv, .md or .txt, or say "
        "--format"
    )
    raise OptionError(message)


def colored(output: str | None) -> bool:
    """Whether text goes to a terminal, so that it may have colours."""
    return output is None and sys.stdout is not None and sys.stdout.isatty()


def show(
    chosen: str,
    output: str | None,
    *,
    json: Callable[[], str],
    text: Callable[..., str],
    table: Callable[[], pl.DataFrame],
    decimals: Mapping[str, int],
) -> None:
    """Writes what a command has found, in the format chosen.

    Args:
        chosen: table, json, csv or markdown.
        output: the file that it goes to; None for standard output.
        json: gives it as JSON.
        text: gives it for people; takes `color`.
        table: gives what CSV and markdown hold.
        decimals: of numbers in markdown, by column; 1 of others.

    Raises:
        OptionError: as of `emit`.
    """
    if chosen == "json":
        told = json()
    elif chosen == "table":
        told = text(color=colored(output))
    elif chosen == "csv":
        told = table().write_csv()
    else:
        told = markdown(table(), decimals)
    emit(told, output)


def emit(text: str | Iterable[str], output: str | None) -> None:
    """Writes text whole or not at all: a file appears only once it is complete.

    Args:
        text: as a whole, or in pieces.
        output: the file; None for standard output.

    Raises:
        OptionError: the file cannot be written.
    """
    pieces = chain([text.rstrip("\n")] if isinstance(text, str) else text, ["\n"])
    if output is None:
        if sys.stdout is None:
            message = "standard output is closed; --output names a file"
            raise OptionError(message)
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
        return
    with replacing(output) as file:
        file.writelines(piece.encode() for piece in pieces)


def markdown(table: pl.DataFrame, decimals: Mapping[str, int]) -> str:
    """A frame as a markdown table: numbers right, text left, floats rounded."""

    def cell(name: str, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, float):
            return f"{value:.{decimals.get(name, 1)}f}".replace("inf", "∞")
        text = str(value).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
        return text.replace("<", "&lt;")

    rule = ("---:" if table.schema[name].is_numeric() else ":---" for name in table.columns)
    lines = [
        " | ".join(table.columns),
        " | ".join(rule),
        *(
            " | ".join(cell(name, value) for name, value in row.items())
            for row in table.iter_rows(named=True)
        ),
    ]
    return "\n".join(f"| {line} |" for line in lines)


def say(kind: str, text: str) -> None:
    """One line to standard error: what was done (note) or is to be known (warning)."""
    typer.echo(f"{kind}: {text}", err=True)


def say_filters(filtered: Mapping[str, int]) -> None:
    """How many rows each filter took."""
    for name, rows in filtered.items():
        say("note", f"--{name.replace('_', '-')} took {rows:,} rows")
