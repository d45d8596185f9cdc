"""What polars finds by itself: Parquet and Arrow IPC at addresses, folders of Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from humorrank._util.interruptible import interruptible
from humorrank.errors import InputError
from humorrank.matches.log.tables.frames import FrameTable, polars_table, unreadable

_ARROW: Final = frozenset({".arrow", ".ipc", ".feather"})
_TEXT: Final = frozenset(
    {".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson", ".gz", ".zst"}
)


def address_table(address: str) -> FrameTable:
    """Files at an address that polars knows (s3://, gs://, az://, hf://, file://, ...).

    A path that ends in .arrow, .ipc or .feather is Arrow IPC; any other is Parquet, a pattern or a
    folder. Columns that the path says (judge=x/) are columns too.

    Raises:
        InputError: It is of text, which cannot be recognised from afar, or cannot be read.
    """
    suffix = Path(address).suffix.lower()
    if suffix in _TEXT or address.startswith(("http://", "https://", "ftp://")):
        message = (
            "is an address, not a file; download it first, or send it to standard input "
            "(from afar only Parquet and Arrow IPC in a store such as s3:// are read)"
        )
        raise InputError(message, file=address)
    try:
        if suffix in _ARROW:
            return polars_table(
                address, interruptible(lambda: pl.scan_ipc(address, hive_partitioning=True))
            )
        return polars_table(
            address, interruptible(lambda: pl.scan_parquet(address, hive_partitioning=True))
        )
    except (pl.exceptions.PolarsError, OSError, ImportError) as error:
        raise unreadable(address, error) from None


def folder_files(folder: Path) -> list[Path] | None:
    """The Parquet files of a folder, sorted by their paths; None where their paths say columns.

    Raises:
        InputError: There are none.
    """
    files = sorted(path for path in folder.rglob("*.parquet") if path.is_file())
    if not files:
        message = "is a directory without Parquet files; name the files in it, for example "
        raise InputError(message + repr(str(folder / "*.csv")), file=str(folder))
    if any("=" in part for path in files for part in path.relative_to(folder).parts[:-1]):
        return None
    return files


def folder_table(folder: Path, label: str) -> FrameTable:
    """A folder whose Parquet files lie under names such as judge=x/, which become columns.

    Raises:
        InputError: The files cannot be read as one table.
    """
    try:
        return polars_table(
            label, interruptible(lambda: pl.scan_parquet(folder, hive_partitioning=True))
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(label, error) from None
