"""XXX."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl
from polars.exceptions import PolarsError

from humorrank._util.interruptible import interruptible
from humorrank.errors import InputError

METADATA = "humorrank_tally"
"""The key of the file's metadata under which its JSON stands."""


def is_tally(path: str | os.PathLike[str]) -> bool:
    """Whether a file says that it is a tally; never reads from a pipe."""
    if not Path(path).is_file():
        return False
    try:
        with Path(path).open("rb") as file:
            if file.read(4) != b"PAR1":
                return False
        return METADATA in interruptible(lambda: pl.read_parquet_metadata(Path(path)))
    except (PolarsError, OSError):
        return False


def split(source: object) -> tuple[list[str], list[str]]:
    """The tally files and the other files of a source; neither where it is made of no paths."""
    given_all: Sequence[object] = source if isinstance(source, list | tuple) else [source]
    if not all(isinstance(path, str | os.PathLike) for path in given_all):
        return [], []
    tallies: list[str] = []
    logs: list[str] = []
    for given in given_all:
        path = os.fspath(given)  # type: ignore[call-overload]
        found = [path]
        if glob.has_magic(path) and not Path(path).exists():
            found = [
                name
                for name in sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - may be absolute
                if Path(name).is_file()
            ]
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


_SQLITE: Final = b"SQLite format 3\0"


def store_path(source: object) -> Path | None:
    """The path of a tournament's store, if that is what is given; else None."""
    if isinstance(source, list | tuple) and len(source) == 1:
        source = source[0]
    if not isinstance(source, str | os.PathLike):
        return None
    path = Path(source)
    try:
        with path.open("rb") as file:
            return path if file.read(len(_SQLITE)) == _SQLITE else None
    except (OSError, ValueError):
        return None
