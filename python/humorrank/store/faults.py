"""What SQLite's errors mean to whoever runs a tournament."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from humorrank.errors import StoreError


@contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """Turns errors of SQLite and of the file system into one sentence about the store.

    Raises:
        StoreError: in their place.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise store_error(path, error) from error
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error


def damaged(path: Path, how: str) -> str:
    """What to do about a store whose pages are not as SQLite left them."""
    how = " ".join(how.split())
    return (
        f"{path}: is damaged ({how}); go back to a copy, or save what can be read with "
        f"`sqlite3 {path} .recover`"
    )


def store_error(path: Path, error: sqlite3.Error) -> StoreError:
    """The sentence."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StoreError(
            f"{path}: the disk is full; what is committed is safe: make room, then go on "
            "with the same command"
        )
    if code == sqlite3.SQLITE_NOTADB:
        return StoreError(f"{path}: is no store, or its first page is damaged")
    if code == sqlite3.SQLITE_CORRUPT:
        return StoreError(damaged(path, str(error)))
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return StoreError(f"{path}: cannot be written: it, or its folder, is read-only")
    if code == sqlite3.SQLITE_CANTOPEN:
        return StoreError(f"{path}: cannot be opened; is its folder there, and writable?")
    if code == sqlite3.SQLITE_BUSY:
        return StoreError(f"{path}: another program holds it; wait until it is done, or stop it")
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(
            f"{path}: reading or writing failed ({error}); what is committed is safe: see to the "
            "disk, then go on with the same command"
        )
    return StoreError(f"{path}: {error}")
