"""Tables that polars scans itself: Parquet and Arrow IPC at URLs, and folders of Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from humorrank._util.interruptible import interruptible
from humorrank.errors import InputError
from humorrank.matches.log.tables.frames import FrameTable, polars_table, unreadable

_ARROW: Final = frozenset({".arrow", ".ipc", ".feather"})
_TEXT: Final = frozenset(
    {".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson"}
    | {".gz", ".zst", ".bz2", ".xz", ".zip", ".xlsx"}
)


def address_table(address: str) -> FrameTable:
    """Creates a table from a URL that polars supports (s3://, gs://, az://, hf://, file://, ...).

    A path that ends in .arrow, .ipc or .feather is Arrow IPC. Any other path is Parquet, a pattern
    or a folder. Parts of the path such as judge=x/ become columns.

    Raises:
        InputError: If the URL is that of a text, whose format cannot be recognized remotely, or if
            it cannot be read.
    """
    suffix = Path(address).suffix.lower()
    if suffix in _TEXT or address.startswith(("http://", "https://", "ftp://")):
        message = (
            "is a URL, not a file; download it first, or pass it to standard input (only Parquet "
            "and Arrow IPC in object storage such as s3:// can be read remotely)"
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
    """Returns the sorted Parquet files of a folder, or None if their paths contain columns.

    Raises:
        InputError: If there are none.
    """
    files = sorted(path for path in folder.rglob("*.parquet") if path.is_file())
    if not files:
        message = "is a directory without Parquet files; specify the files in it, for example "
        raise InputError(message + repr(str(folder / "*.csv")), file=str(folder))
    if any("=" in part for path in files for part in path.relative_to(folder).parts[:-1]):
        return None
    return files


def folder_table(folder: Path, label: str) -> FrameTable:
    """Creates a table from a folder of Parquet files in subfolders such as judge=x/.

    The names of the subfolders become columns.

    Raises:
        InputError: If the files cannot be read as one table.
    """
    try:
        return polars_table(
            label, interruptible(lambda: pl.scan_parquet(folder, hive_partitioning=True))
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(label, error) from None
