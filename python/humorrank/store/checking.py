"""Checks that a store holds what its writer committed."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from humorrank._util.held import Identity, identity
from humorrank.errors import StoreError
from humorrank.store.checksums import difference, stored_checksums
from humorrank.store.faults import changed, damaged

_OUTSIDE: Final = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
)
"""Errors of SQLite that do not mean that the store is damaged."""

_KINDS: Final = {
    "INTEGER": "'integer', 'null'",
    "REAL": "'real', 'null'",
    "TEXT": "'text', 'null'",
}

_CHECKED: Final[dict[Identity, object]] = {}
"""The state in which this process has last checked each store."""


def check(path: Path, connection: sqlite3.Connection, tables: Sequence[str]) -> None:
    """Checks the pages, the indexes, the numbers of rows and the checksums of a store.

    A store that has not changed since this process checked it is not checked again.

    Raises:
        StoreError: If the store is damaged, or was changed by another program.
    """
    with _damage(path):
        state = _state(path, connection)
        file = identity(path)
        if _CHECKED.get(file) == state:
            return
        check_pages(path, connection)
        found = difference(connection, tables)
    if found is not None:
        raise StoreError(changed(path, found))
    _CHECKED[file] = state


def check_unsummed(
    path: Path, connection: sqlite3.Connection, tables: Sequence[str], genuine: bool
) -> None:
    """Checks a store of a version without checksums, as far as its rows allow.

    Args:
        path: Path of the store.
        connection: Connection to the store.
        tables: Names of the tables.
        genuine: Whether the tables are those of the version that the store states.

    Raises:
        StoreError: If the store is damaged.
    """
    with _damage(path):
        check_pages(path, connection)
        summed = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'checksums'")
        if not genuine or summed.fetchone() is not None:
            raise StoreError(damaged(path, "its tables are not those of its schema version"))
        check_references(path, connection)
        for table in tables:
            for column, kind in connection.execute(
                "SELECT name, type FROM pragma_table_info(?)", (table,)
            ).fetchall():
                found = connection.execute(
                    f'SELECT 1 FROM main.{table} WHERE typeof("{column}") NOT IN ({_KINDS[kind]})'
                )
                if found.fetchone() is not None:
                    how = f"its table {table} holds a value that is not {kind} in {column}"
                    raise StoreError(damaged(path, how))


def check_pages(path: Path, connection: sqlite3.Connection) -> None:
    """Checks the pages and the indexes of a store.

    Raises:
        StoreError: If one is damaged.
    """
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise StoreError(damaged(path, found))


def check_references(path: Path, connection: sqlite3.Connection) -> None:
    """Checks that every row to which another one refers is there.

    Raises:
        StoreError: If one is missing.
    """
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        how = f"its table {broken[0]} refers to rows that are missing"
        raise StoreError(damaged(path, how))


def _state(path: Path, connection: sqlite3.Connection) -> object:
    """Returns what differs whenever a store was changed."""
    files = []
    for name in (path, path.with_name(path.name + "-wal")):
        found = name.stat() if name.exists() else None
        # A reader creates an empty log, and removes it again.
        if found is not None and found.st_size:
            files.append((name.name, found.st_size, found.st_mtime_ns, found.st_ctime_ns))
    return files, stored_checksums(connection)


@contextlib.contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Turns all errors that only a damaged store can cause into one of the store."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _OUTSIDE:
            raise
        raise StoreError(damaged(path, str(error))) from error
    except (TypeError, KeyError, OverflowError) as error:
        raise StoreError(damaged(path, f"it holds values of other types: {error}")) from error
