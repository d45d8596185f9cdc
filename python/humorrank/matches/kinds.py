"""What a file is, told by its first bytes and its metadata, never by its name."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import Final

import polars as pl
from polars.exceptions import PolarsError

from humorrank._util.interruptible import interruptible
from humorrank.errors import InputError

START: Final = 16
"""The number of first bytes that identify a file."""

SQLITE: Final = b"SQLite format 3\0"
"""How a store begins, as every SQLite file does."""

TALLY_METADATA: Final = "humorrank_tally"
"""The key of a Parquet file's metadata that holds the JSON of a tally."""

COLUMNAR: Final = {
    b"PAR1": "Parquet",
    b"ARROW1": "Arrow IPC",
    b"\xff\xff\xff\xff": "Arrow IPC stream",
}
"""Files of columns that are read."""

FOREIGN: Final = {
    b"PK\x03\x04": "a zip archive or a spreadsheet; unpack it, or save it as CSV",
    b"BZh": "compressed with bzip2; unpack it, or use gzip or zstd",
    b"\xfd7zXZ\x00": "compressed with xz; unpack it, or use gzip or zstd",
    b"FEA1": "Feather of version 1; write it as version 2 (Arrow IPC)",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
}
"""Files that are not read, and what to do about each."""

_BOARD_PEEK: Final = 4096


def start_of(path: str | os.PathLike[str], size: int = START) -> bytes:
    """The first bytes of a file; none of what cannot be read, or of a pipe."""
    try:
        if not Path(path).is_file():
            return b""
        with Path(path).open("rb") as file:
            return file.read(size)
    except (OSError, ValueError):
        return b""


def is_store(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a store."""
    return start_of(path) == SQLITE


def is_tally(path: str | os.PathLike[str]) -> bool:
    """Whether the metadata of a file says that it is a tally."""
    if not start_of(path).startswith(b"PAR1"):
        return False
    try:
        return TALLY_METADATA in interruptible(lambda: pl.read_parquet_metadata(Path(path)))
    except (PolarsError, OSError):
        return False


def is_board(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a board, as `humorrank rate --format json` writes it."""
    head = start_of(path, _BOARD_PEEK)
    return head.lstrip().startswith(b"{") and b'"leaderboard"' in head


def expanded(given: str) -> list[str]:
    """The files that a pattern matches; anything else as it is."""
    if Path(given).exists() or not glob.has_magic(given):
        return [given]
    found = glob.glob(given, recursive=True)  # noqa: PTH207 - a pattern may be absolute
    return [name for name in sorted(found) if Path(name).is_file()]


def split(paths: list[str]) -> tuple[list[str], list[str]]:
    """The tally files among some paths and patterns, and the other paths.

    Raises:
        InputError: If a pattern matches both.
    """
    tallies: list[str] = []
    logs: list[str] = []
    for path in paths:
        found = expanded(path)
        kinds = [is_tally(name) for name in found]
        if found and all(kinds):
            tallies += found
        elif any(kinds):
            one, other = found[kinds.index(True)], found[kinds.index(False)]
            message = (
                f"matches both tallies ({one}) and logs ({other}); if one was made of the other, "
                "matches would count twice: name the files that are to be added up"
            )
            raise InputError(message, file=path)
        else:
            logs.append(path)
    return tallies, logs
