"""Copies of stores, which may be in use."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from humorrank._util.progress import Progress
from humorrank.errors import StoreError
from humorrank.store.checking import check_pages, check_references
from humorrank.store.checksums import TABLE as CHECKSUMS
from humorrank.store.checksums import immediate, write_checksums
from humorrank.store.database import Database, connect, replacement, stated_kind
from humorrank.store.faults import store_errors
from humorrank.store.lock import Lock

_PAGES: Final = 1_000
"""The number of pages that are copied between two calls of the progress function."""


def copy_store(
    source: Path,
    target: Path,
    kinds: Sequence[type[Database]],
    *,
    accept: bool = False,
    progress: Progress | None = None,
) -> None:
    """Copies a store, completely or not at all, in the state after its last commit.

    The source may be in use. Its log (`-wal`) is part of the copy, which is a single file.

    Args:
        source: Path of the store.
        target: Path of the copy, which must not exist.
        kinds: Kinds of stores that the source may be.
        accept: Whether to copy a store whose contents are not those that its writer committed. The
            copy has checksums of its contents as they are.
        progress: Called with "copying", the number of pages that are copied, and their total.

    Raises:
        StoreError: If the source is not a store or is damaged, or the target exists or cannot be
            written.
    """
    kind = _kind(source, kinds)
    if not target.parent.is_dir():
        raise StoreError(f"{target}: there is no folder {target.parent}")
    lock = Lock(target)
    try:
        if target.exists() or target.is_symlink():
            raise StoreError(f"{target}: already exists, and is not overwritten by a copy")
        with (
            _opened(source, kind, accept) as connection,
            store_errors(target, making=True),
            replacement(target.resolve()) as temporary,
        ):
            _copy(connection, temporary, progress)
            if accept:
                _accept(temporary, kind)
            kind(temporary, write=False).close()
    finally:
        lock.release()


def _kind(path: Path, kinds: Sequence[type[Database]]) -> type[Database]:
    if not path.is_file():
        raise StoreError(f"{path}: there is no such store")
    application = stated_kind(path)
    for kind in kinds:
        if kind.application == application:
            return kind
    raise StoreError(
        f"{path}: is not a {' or a '.join(kind.kind for kind in kinds)}, or its first page is "
        "damaged"
    )


@contextmanager
def _opened(path: Path, kind: type[Database], accept: bool) -> Iterator[sqlite3.Connection]:
    """Yields a connection that reads one state of a store, which is checked unless accepted."""
    if not accept:
        with kind(path, write=False) as store:
            yield store.connection
        return
    with store_errors(path):
        connection = connect(path, write=False)
    try:
        with store_errors(path):
            connection.execute("BEGIN")
            check_pages(path, connection)
            check_references(path, connection)
        yield connection
    finally:
        connection.close()


def _copy(source: sqlite3.Connection, target: Path, progress: Progress | None) -> None:
    def tell(_status: int, left: int, total: int) -> None:
        if progress is not None:
            progress("copying", total - left, total)

    connection = sqlite3.connect(target, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        source.backup(connection, pages=_PAGES, progress=tell)
        # Without a log, nothing is left to be written, and to fail, when the file is closed.
        connection.execute("PRAGMA journal_mode = DELETE")
    finally:
        connection.close()


def _accept(path: Path, kind: type[Database]) -> None:
    """Writes checksums of the contents as they are."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (summed,) = connection.execute(
            "SELECT COUNT(*) FROM sqlite_master WHERE name = 'checksums'"
        ).fetchone()
        if version >= kind.checked_since or summed:
            with immediate(connection):
                connection.execute("DROP TABLE IF EXISTS checksums")
                connection.execute(CHECKSUMS)
                write_checksums(connection, kind.table_names())
                connection.execute(f"PRAGMA user_version = {kind.version}")
    finally:
        connection.close()
