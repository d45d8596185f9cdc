"""Explanations of SQLite errors for users of a store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from humorrank.errors import StoreError


@contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """Turns errors of SQLite and of the file system into errors of the store.

    Raises:
        StoreError: If SQLite or the file system raises an error in the block.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise store_error(path, error) from error
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error


def damaged(path: Path, how: str) -> str:
    """Returns the message for a store with damaged pages."""
    how = " ".join(how.split())
    return (
        f"{path}: is damaged ({how}); restore a backup, or recover the readable part with "
        f"`sqlite3 {path} .recover`"
    )


def store_error(path: Path, error: sqlite3.Error) -> StoreError:
    """Returns the error of the store for an error of SQLite."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StoreError(
            f"{path}: the disk is full; everything committed is safe: free some space, then "
            "continue with the same command"
        )
    if code == sqlite3.SQLITE_NOTADB:
        return StoreError(f"{path}: is not a store, or its first page is damaged")
    if code == sqlite3.SQLITE_CORRUPT:
        return StoreError(damaged(path, str(error)))
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return StoreError(f"{path}: cannot be written: the file or its folder is read-only")
    if code == sqlite3.SQLITE_CANTOPEN:
        return StoreError(f"{path}: cannot be opened; check that its folder exists and is writable")
    if code == sqlite3.SQLITE_BUSY:
        return StoreError(f"{path}: is locked by another program; wait until it ends, or stop it")
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(
            f"{path}: reading or writing failed ({error}); everything committed is safe: check "
            "the disk, then continue with the same command"
        )
    return StoreError(f"{path}: {error}")
