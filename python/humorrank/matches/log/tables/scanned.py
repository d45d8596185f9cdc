"""Tables at URLs, and folders of Parquet files whose paths contain columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import polars as pl

from humorrank._util.interruptible import interruptible
from humorrank.errors import InputError
from humorrank.matches import kinds
from humorrank.matches.log.tables.columnar import ColumnarTable, file_table
from humorrank.matches.log.tables.frames import FrameTable, failures, polars_table, unreadable
from humorrank.matches.log.tables.table import Reader, Wanted

_ARROW: Final = frozenset({".arrow", ".ipc", ".feather"})
_TEXT: Final = frozenset(
    {".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson"}
    | {".gz", ".zst", ".bz2", ".xz", ".zip", ".xlsx"}
)
_LOCAL: Final = "file://"
_NULL: Final = "__HIVE_DEFAULT_PARTITION__"


def address_table(address: str) -> FrameTable | FolderTable:
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
    if address.startswith(_LOCAL):
        return _local_table(address)
    try:
        if suffix in _ARROW:
            return polars_table(
                address, interruptible(lambda: pl.scan_ipc(address, hive_partitioning=True))
            )
        return polars_table(
            address, interruptible(lambda: pl.scan_parquet(address, hive_partitioning=True))
        )
    except failures() as error:
        raise unreadable(address, error) from None


def _local_table(address: str) -> FolderTable:
    path = Path(address.removeprefix(_LOCAL))
    if path.is_dir():
        files, base = _parquet_files(path), path
    else:
        files, base = [Path(name) for name in kinds.expanded(str(path))], Path(path.anchor)
        if not files or not all(file.is_file() for file in files):
            raise InputError("does not exist", file=address)
    return _partitioned(files, base, address)


def _parquet_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.parquet") if path.is_file())


def folder_files(folder: Path) -> list[Path] | None:
    """Returns the sorted Parquet files of a folder, or None if their paths contain columns.

    Raises:
        InputError: If there are none.
    """
    files = _parquet_files(folder)
    if not files:
        message = "is a directory without Parquet files; specify the files in it, for example "
        raise InputError(message + repr(str(folder / "*.csv")), file=str(folder))
    if any("=" in part for path in files for part in path.relative_to(folder).parts[:-1]):
        return None
    return files


def folder_table(folder: Path, label: str) -> FolderTable:
    """Creates a table from a folder of Parquet files in subfolders such as judge=x/.

    The names of the subfolders become columns.

    Raises:
        InputError: If the files cannot be read as one table.
    """
    return _partitioned(_parquet_files(folder), folder, label)


@dataclass
class FolderTable(ColumnarTable):
    """Files with equal columns, which are read one after the other.

    Attributes:
        parts: The files.
        values: One row for each file, with the columns that are in its path.
    """

    parts: Sequence[ColumnarTable] = ()
    values: pl.DataFrame | None = None

    def codes(self, wanted: Wanted) -> Reader | None:
        """Returns a reader of text or integer columns as codes."""
        return self._frame_codes(wanted)

    def _frames(self, columns: Sequence[str], rows: int) -> Iterator[pl.DataFrame]:
        assert self.values is not None
        for place, part in enumerate(self.parts):
            mine = self.values[place]
            inside = [name for name in columns if name not in mine.columns]
            # A file without any of the columns still has rows.
            for frame in part._frames(inside or list(part.schema)[:1], rows):
                beside = [
                    pl.lit(mine.item(0, name), mine.schema[name]).alias(name)
                    for name in columns
                    if name in mine.columns
                ]
                yield frame.with_columns(beside).select(columns)


def _partitioned(files: Sequence[Path], base: Path, label: str) -> FolderTable:
    parts = []
    values = []
    for file in files:
        head = kinds.start_of(file)
        kind = next((k for magic, k in kinds.COLUMNAR.items() if head.startswith(magic)), None)
        if kind is None:
            raise InputError("is neither Parquet nor Arrow IPC", file=str(file))
        parts.append(file_table(file, str(file), kind))
        values.append(_in_path(file.relative_to(base)))
    first = parts[0]
    for part, mine in zip(parts, values, strict=True):
        if set(mine) != set(values[0]):
            message = f"has the columns {', '.join(mine) or 'none'} in its path, but "
            message += f"{first.label} has {', '.join(values[0]) or 'none'}"
            raise InputError(message, file=part.label)
        inside = {name: dtype for name, dtype in part.schema.items() if name not in mine}
        expected = {name: dtype for name, dtype in first.schema.items() if name not in mine}
        if inside != expected:
            message = f"has other columns, or columns of other types, than {first.label}"
            raise InputError(message, file=part.label)
    table = _typed(values)
    schema = {**first.schema, **table.schema}
    return FolderTable(first.path, label, first.format, schema, parts=parts, values=table)


def _in_path(path: Path) -> dict[str, str]:
    """Returns the columns in a path, such as judge=x."""
    pairs = [part.partition("=") for part in path.parts[:-1]]
    return {unquote(name): unquote(value) for name, mark, value in pairs if mark and name}


def _typed(values: Sequence[Mapping[str, str]]) -> pl.DataFrame:
    """Returns the columns in the paths of files, one row for each file."""
    columns = []
    for name in values[0]:
        texts = [None if mine[name] == _NULL else mine[name] for mine in values]
        columns.append(_typed_column(pl.Series(name, texts, pl.String)))
    return pl.DataFrame(columns) if columns else pl.DataFrame(height=len(values))


def _typed_column(texts: pl.Series) -> pl.Series:
    """Returns texts as booleans, numbers or dates if all of them are."""
    if texts.is_in(["true", "false"]).all():
        return texts == "true"
    for dtype in (pl.Int64, pl.Float64, pl.Date):
        with suppress(pl.exceptions.PolarsError):
            return texts.cast(dtype)
    return texts
