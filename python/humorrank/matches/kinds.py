"""The kinds of files, recognized by the first bytes and the metadata and never by the name."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from humorrank._core import DamagedError, TableFile
from humorrank._util.held import first_bytes
from humorrank.errors import InputError

START: Final = 512
"""The number of first bytes that identify a file."""

SQLITE: Final = b"SQLite format 3\0"
"""The first bytes of a store, as of every SQLite file."""

TALLY_METADATA: Final = "humorrank_tally"
"""The key in the metadata of a Parquet file under which the JSON of a tally is stored."""

Format = Literal["Parquet", "Arrow IPC", "Arrow IPC stream"]
"""A columnar format."""

COLUMNAR: Final[Mapping[bytes, Format]] = {
    b"PAR1": "Parquet",
    b"ARROW1": "Arrow IPC",
    b"\xff\xff\xff\xff": "Arrow IPC stream",
}
"""The supported columnar formats, by first bytes."""

FOREIGN: Final = {
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive; unpack it (`7z x`), or use zip, gzip or zstd",
    b"Rar!\x1a\x07": "a RAR archive; unpack it (`unrar x`), or use zip, gzip or zstd",
    b"\x04\x22\x4d\x18": "compressed with LZ4; unpack it (`unlz4`), or use gzip or zstd",
    b"LZIP": "compressed with lzip; unpack it (`lzip -d`), or use gzip, zstd or xz",
    b"\x1f\x9d": "compressed with compress; unpack it (`uncompress`), or use gzip or zstd",
    b"FEA1": "a Feather file of version 1; save it as version 2 (Arrow IPC)",
    b"\xd0\xcf\x11\xe0": (
        "an old Excel file (xls), or a spreadsheet with a password; save it as xlsx or CSV without "
        "a password"
    ),
    b"%PDF-": "a PDF file; save its table as CSV",
}
"""The formats that are not supported, by first bytes, with advice for each."""

_TAR: Final = (257, b"ustar")
"""The position of the bytes that identify a tar archive, and these bytes."""

_BOARD_PEEK: Final = 4096


def start_of(path: str | os.PathLike[str], size: int = START) -> bytes:
    """Returns the first bytes of a file, or b"" for a pipe or an unreadable file."""
    try:
        if not Path(path).is_file():
            return b""
        return first_bytes(path, size)
    except (OSError, ValueError):
        return b""


def foreign(start: bytes) -> str | None:
    """Returns what a file in a format that is not supported is, with advice, or None."""
    for magic, reason in FOREIGN.items():
        if start.startswith(magic):
            return reason
    position, magic = _TAR
    if start.startswith(magic, position):
        return "a tar archive; unpack it (`tar -xf`) and name the files to read"
    return None


def is_store(path: str | os.PathLike[str]) -> bool:
    """Returns whether a file is a store."""
    return start_of(path).startswith(SQLITE)


def is_tally(path: str | os.PathLike[str]) -> bool:
    """Returns whether a file is a tally according to its metadata."""
    if not start_of(path).startswith(b"PAR1"):
        return False
    try:
        return TALLY_METADATA in TableFile(path, "Parquet").metadata
    except DamagedError:
        return False


def is_board(path: str | os.PathLike[str]) -> bool:
    """Returns whether a file is a board as written by `humorrank rate --format json`."""
    head = start_of(path, _BOARD_PEEK)
    # Redirected output is UTF-16 in some shells.
    text = head.decode(json.detect_encoding(head), "replace").lstrip("\ufeff \t\r\n")
    return text.startswith("{") and '"leaderboard"' in text


def expanded(given: str) -> list[str]:
    """Returns the files that match a pattern, or the argument itself if it is not a pattern."""
    if Path(given).exists() or not glob.has_magic(given):
        return [given]
    found = glob.glob(given, recursive=True)  # noqa: PTH207 - a pattern may be absolute
    return [name for name in sorted(found) if Path(name).is_file()]


def split(paths: list[str]) -> tuple[list[str], list[str]]:
    """Splits paths and patterns into tally files and the other paths.

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
                f"matches both tallies ({one}) and logs ({other}), whose matches could be counted "
                "twice; name the files to add up"
            )
            raise InputError(message, file=path)
        else:
            logs.append(path)
    return tallies, logs
