"""Opens the tables of a source: files, standard input, frames or tuples."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

import numpy as np
import polars as pl

from humorrank._util.deadline import unfinished
from humorrank._util.interruptible import answer_interrupts
from humorrank._util.text import named, number_of
from humorrank.errors import InputError, OptionError
from humorrank.matches import kinds
from humorrank.matches.log.tables.columnar import file_table
from humorrank.matches.log.tables.csv import csv_table
from humorrank.matches.log.tables.frames import arrow_table, polars_table
from humorrank.matches.log.tables.json import JsonTable, objects_table
from humorrank.matches.log.tables.layers import (
    ZIP,
    bounded,
    is_layer,
    recoded,
    unpacked,
    without_first_lines,
)
from humorrank.matches.log.tables.lines import Compression, compression_of, lines
from humorrank.matches.log.tables.memory import RowsTable, columns_table
from humorrank.matches.log.tables.named import fields_of, named_columns
from humorrank.matches.log.tables.pandas import pandas_table
from humorrank.matches.log.tables.scanned import address_table, folder_files, folder_table
from humorrank.matches.log.tables.stream import (
    Layered,
    Origin,
    Stream,
    pieces_of,
    start_of,
    suffixes_of,
)
from humorrank.matches.log.tables.table import Hints, Table

STDIN: Final = "-"
_STDIN_LABEL: Final = "standard input"
_JSON_SUFFIXES: Final = frozenset({".json", ".jsonl", ".ndjson"})
_PGN: Final = re.compile(r'\[[A-Z]\w* "')
_EXCEL: Final = re.compile(r'"?sep=([\t!#-/:-@\[-`{-~])?"?', re.IGNORECASE)
"""The first line by which Excel is told the delimiter."""
_MOST_LAYERS: Final = 4
_RECOGNIZED: Final = 16
"""The number of first bytes of a file among which a zero shows that it is not text."""
_NOT_ALONE: Final = (
    "which cannot be read from a pipe or an archive: specify the path of its own file instead"
)
_TEXT_SUFFIXES: Final = frozenset({".csv", ".tsv", ".tab"})


@contextmanager
def tables(
    source: Any,  # noqa: ANN401 - many kinds, told apart here
    hints: Hints,
) -> Iterator[Iterator[Table]]:
    """Opens the tables of a source one after another. Temporary files are always removed.

    Args:
        source: Source of matches, as in `MatchLog`.
        hints: Hints by which the header of a text is recognized.

    Raises:
        InputError: If a file is missing, empty or in an unknown format.
        OptionError: If the type of the source is not supported.
    """
    if isinstance(source, str | os.PathLike) or _is_paths(source):
        one = isinstance(source, str | os.PathLike)
        paths = [os.fspath(path) for path in ([source] if one else source)]
        with ExitStack() as stack:
            yield _opened(paths, hints, stack)
    else:
        yield iter([_in_memory(source)])


def _is_paths(source: object) -> bool:
    return (
        isinstance(source, list | tuple)
        and len(source) > 0
        and all(isinstance(path, str | os.PathLike) for path in source)
    )


def _opened(paths: Sequence[str], hints: Hints, stack: ExitStack) -> Iterator[Table]:
    seen: dict[Path, str] = {}

    def counted(file: Path, label: str) -> Table:
        table = _file(file, label, hints, stack)
        before = seen.setdefault(file.resolve(), label)
        if before is not label:
            same = "again" if before == label else f"again, as {before}"
            table.notes.append(f"{label}: is read {same}, so its matches count twice")
        return table

    for given in paths:
        if given == STDIN:
            if sys.stdin is None:
                raise InputError("is closed", file=_STDIN_LABEL)
            yield _streamed(sys.stdin.buffer, _STDIN_LABEL, hints, stack)
            continue
        if "://" in given:
            yield address_table(given)
            continue
        for path in _expanded(given):
            if path.is_dir():
                files = folder_files(path)
                if files is None:
                    yield folder_table(path, str(path))
                for file in files or ():
                    yield counted(file, str(file))
                continue
            if path.exists() and not path.is_file():
                # A pipe, such as the shell's <(...), whose data can be read only once.
                answer_interrupts()
                pipe = stack.enter_context(path.open("rb"))
                yield _streamed(pipe, given, hints, stack)
                continue
            yield counted(path, given if path == Path(given) else str(path))


def _streamed(source: BinaryIO, label: str, hints: Hints, stack: ExitStack) -> Table:
    """Opens a stream. Text is read as it arrives, other formats from a temporary copy."""
    answer_interrupts()
    return _table(Stream(source), label, hints, stack)


def _table(origin: Origin, label: str, hints: Hints, stack: ExitStack, *, layers: int = 0) -> Table:
    """Opens a file or a stream, judging by its first bytes.

    This is the only place where layers (compression, archives, encodings) are taken off.
    """
    if layers > _MOST_LAYERS:
        raise InputError("is packed several times; unpack it first", file=label)
    start = start_of(origin, kinds.START)
    kind = _kind(start, label)
    if kind is not None:
        path, notes = _file_of(origin, kind, label, stack)
        if notes and kinds.is_tally(path):
            raise InputError(f"is a tally, {_NOT_ALONE}", file=label)
        table: Table = file_table(path, label, kind)
        table.notes.extend(notes)
        return table
    if start.startswith(ZIP):
        path, notes = _file_of(origin, "a zip archive", label, stack)
        # These modules take a while to import, and most logs are not archives.
        from humorrank.matches.log.tables import archive, sheet  # noqa: PLC0415

        infos = archive.files_in(path, label)
        if archive.is_spreadsheet(infos):
            table = sheet.sheet_table(path, infos, label, hints)
        else:
            content = archive.member(path, archive.only_file(infos, label), label)
            table = _table(content, label, hints, stack, layers=layers + 1)
        table.notes[:0] = notes
        return table
    compression = compression_of(start)
    inner = unpacked(origin, label, start, compression) or recoded(origin, label, start)
    if inner is None and b"\0" in start[:_RECOGNIZED]:
        message = "is neither text (UTF-8 or UTF-16) nor Parquet nor Arrow IPC; convert text in "
        message += "another encoding with `iconv -f ENCODING -t UTF-8`"
        raise InputError(message, file=label)
    if inner is None or (compression != "none" and _is_plain(inner)):
        # The compiled reader unpacks text itself.
        return _text(origin, compression, label, hints)
    return _table(inner, label, hints, stack, layers=layers + 1)


def _is_plain(content: Origin) -> bool:
    """Returns whether unpacked content is text in UTF-8."""
    start = start_of(content, kinds.START)
    magics = (*kinds.COLUMNAR, *kinds.FOREIGN, kinds.SQLITE)
    return b"\0" not in start and not start.startswith(magics) and not is_layer(start)


def _file_of(origin: Origin, what: str, label: str, stack: ExitStack) -> tuple[Path, list[str]]:
    """Returns the path of an origin or of a temporary copy, and a note if it is a copy."""
    if isinstance(origin, Path):
        return origin, []
    path = _copied(origin, label, stack)
    return path, [f"{label}: read from a temporary copy, because {what} is not read in order"]


def _copied(origin: Stream | Layered, label: str, stack: ExitStack) -> Path:
    """Returns the path of a temporary copy of a stream.

    If the system allows a file without a name to be opened again, the copy has no name, so that it
    disappears even if the process is killed.

    Raises:
        InputError: If the content is suspiciously large for the compressed data.
    """
    nameless = stack.enter_context(tempfile.TemporaryFile(prefix="humorrank-"))  # noqa: SIM115 - the stack closes it
    path = Path(f"/proc/self/fd/{nameless.fileno()}")
    if path.exists():
        _copy(origin, nameless, label)
        nameless.flush()
        return path
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="humorrank-")))
    stack.enter_context(unfinished(folder))
    path = folder / "copy"
    with path.open("wb") as file:
        _copy(origin, file, label)
    return path


def _copy(origin: Stream | Layered, file: IO[bytes], label: str) -> None:
    for piece in bounded(pieces_of(origin, last=True), lambda: origin.size, label):
        file.write(piece)


def _expanded(given: str) -> list[Path]:
    found = kinds.expanded(given)
    if not found:
        raise InputError("no file matches this pattern", file=given)
    return [Path(name) for name in found]


def _file(path: Path, label: str, hints: Hints, stack: ExitStack) -> Table:
    try:
        start = start_of(path, kinds.START)
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else str(error.strerror)
        raise InputError(reason, file=label) from None
    if start.startswith(kinds.SQLITE):
        return _store_table(path, label)
    return _table(path, label, hints, stack)


def _store_table(path: Path, label: str) -> Table:
    """Returns the match log of a store, as `humorrank tournament export` writes it.

    Raises:
        InputError: If there are no judgments yet.
        StoreError: If the file is not a store, or cannot be read.
    """
    # SQLite takes a while to import, and most logs are not stores.
    from humorrank.store.export import store_log  # noqa: PLC0415

    frame = store_log(path)
    if not frame.height:
        raise InputError("the tournament has no judgments yet", file=label)
    return polars_table(label, frame)


def _kind(start: bytes, label: str) -> kinds.Format | None:
    """Returns the kind of a columnar file by its first bytes, or None for any other file.

    Raises:
        InputError: If the format is not supported.
    """
    if not start:
        raise InputError("is empty", file=label)
    if start.startswith(kinds.SQLITE):
        raise InputError(f"is a store, {_NOT_ALONE}", file=label)
    for magic, kind in kinds.COLUMNAR.items():
        if start.startswith(magic):
            return kind
    reason = kinds.foreign(start)
    if reason is not None:
        raise InputError(f"is {reason}", file=label)
    return None


def _text(
    origin: Origin,
    compression: Compression,
    label: str,
    hints: Hints,
    delimiter: str | None = None,
) -> Table:
    head = lines(origin, compression, label, at_once=1)
    number, first = next(((at, line) for at, line in head if line.strip()), (0, None))
    if first is None:
        raise InputError("is empty", file=label)
    endings = set(suffixes_of(origin))
    opening = first.lstrip()
    if delimiter is None and (stated := _EXCEL.fullmatch(first.rstrip(" \r"))):
        rest = without_first_lines(unpacked(origin, label, b"", compression) or origin, number)
        return _text(rest, "none", label, hints, stated[1])
    _refuse_opening(opening.rstrip(), label)
    if not endings & _TEXT_SUFFIXES or opening.startswith('{"'):
        if opening.startswith("["):
            return JsonTable(origin, compression, label, is_array=True)
        if opening.startswith("{") or endings & _JSON_SUFFIXES:
            return JsonTable(origin, compression, label, is_array=False)
    return csv_table(origin, compression, label, first_line=first, hints=hints, delimiter=delimiter)


def _refuse_opening(line: str, label: str) -> None:
    """Refuses a text whose first line shows that it is not a table of matches.

    Raises:
        InputError: If the text is a PGN file.
    """
    if _PGN.match(line):
        message = "looks like a PGN file of chess games; write one row per game (white,black,result"
        message += ") and read it with --columns model_a=white,model_b=black,winner=result "
        message += "--winner-words 'a=1-0,b=0-1,tie=1/2-1/2,skip=*'"
        raise InputError(message, file=label)


def _in_memory(source: Any) -> Table:  # noqa: ANN401 - many kinds, told apart here
    kind = type(source)
    if isinstance(source, pl.DataFrame | pl.LazyFrame):
        return polars_table(kind.__name__, source)
    if kind.__name__.endswith("GroupBy"):
        message = (
            f"matches cannot be {named(kind.__name__)}; pass the frame itself, and the column of "
        )
        raise OptionError(message + "the groups as by=...")
    if kind.__module__.split(".")[0] == "pandas" and hasattr(source, "columns"):
        return pandas_table(source)
    if isinstance(source, np.ndarray) and source.dtype.names is not None:
        return columns_table({name: source[name] for name in source.dtype.names})
    if hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__"):
        return arrow_table(source)
    if isinstance(source, Mapping):
        return columns_table(source)
    if isinstance(source, Iterable) and not isinstance(source, bytes):
        return _rows(source)
    message = (
        f"matches cannot be {named(kind.__name__)}; pass a path, a glob pattern, a list of paths, "
        "'-', a frame (polars, pandas, Arrow), columns by name, or tuples (a, b, winner)"
    )
    raise OptionError(message)


def _rows(source: Iterable[Any]) -> Table:
    rows = list(source)
    if not rows:
        raise InputError("there are no matches", file="tuples")
    if all(isinstance(row, dict) for row in islice(rows, 1)):
        return _objects(rows)
    if (fields := fields_of(rows[0])) is not None:
        return columns_table(named_columns(rows, fields), label="rows")
    parts: list[Sequence[Any]] = []
    if set(map(type, rows)) <= {tuple, list}:
        parts, rows = rows, []
    for number, row in enumerate(rows, 1):
        if fields_of(row) is not None:
            message = "has named fields, but the first row has none; pass rows of one kind"
            raise InputError(message, file="tuples", row=number)
        if isinstance(row, str | bytes | Mapping | Set) or not isinstance(row, Iterable):
            message = f"expected a tuple (a, b, winner), not {kind_of(row)}"
            raise InputError(message, file="tuples", row=number, value=row)
        parts.append(tuple(row))
    width = len(parts[0])
    if width not in (2, 3):
        message = f"has {number_of(width, 'element')}; pass (a, b, winner) or (winner, loser)"
        if width == len(parts):
            message += ", or a table of wins as humorrank.Tally.from_matrix(names, wins)"
        raise InputError(message, file="tuples", row=1)
    names = ["model_a", "model_b", "winner"] if width == 3 else ["winner", "loser"]
    return RowsTable("tuples", parts, names)


def _objects(rows: Sequence[Any]) -> Table:
    if set(map(type, rows)) != {dict}:
        for number, row in enumerate(rows, 1):
            if not isinstance(row, dict):
                message = f"expected a dictionary, as in row 1, not {kind_of(row)}"
                raise InputError(message, file="dictionaries", row=number, value=row)
    return objects_table("dictionaries", rows)


def kind_of(value: object) -> str:
    """Returns the type of a value for a message."""
    return named(type(value).__name__)
