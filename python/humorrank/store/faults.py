"""Explanations of SQLite errors for users of a store."""

from __future__ import annotations

import errno
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from humorrank.errors import StoreError


@contextmanager
def store_errors(path: Path, *, making: bool = False) -> Iterator[None]:
    """Turns errors of SQLite and of the file system into errors of the store.

    Args:
        path: Path of the store.
        making: Whether the store does not exist yet.

    Raises:
        StoreError: If SQLite or the file system raises an error in the block.
    """
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if making and code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise _not_made(path, error, full=code == sqlite3.SQLITE_FULL) from error
        raise store_error(path, error) from error
    except UnicodeDecodeError as error:
        # The message of SQLite quotes a damaged definition of a table.
        raise StoreError(damaged(path, "a text in it is not UTF-8")) from error
    except OSError as error:
        if making:
            raise _not_made(path, error, full=error.errno == errno.ENOSPC) from error
        raise StoreError(f"{path}: {error.strerror or error}") from error


def _not_made(path: Path, error: Exception, *, full: bool) -> StoreError:
    if full:
        return StoreError(
            f"{path}: the disk is full, so the store was not created; free some space, then run "
            "the same command again"
        )
    return StoreError(f"{path}: the store was not created, because writing failed ({error})")


def damaged(path: Path, how: str) -> str:
    """Returns the message for a store with damaged pages."""
    how = " ".join(how.split())
    return (
        f"{path}: is damaged ({how}); restore a backup, or recover the readable part with "
        f"`sqlite3 {path} .recover`"
    )


def json_of(path: Path, what: str, text: str) -> dict[str, Any]:
    """Returns a JSON object of a store.

    Args:
        path: Path of the store.
        what: What the text is, for messages.
        text: The text.

    Raises:
        StoreError: If it is no JSON object, which only an old store without checksums can contain.
    """
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise StoreError(damaged(path, f"the {what} is not JSON"))
    return found


def changed(path: Path, how: str) -> str:
    """Returns the message for a store that does not hold what its writer committed."""
    return (
        f"{path}: {how}; it is damaged, or was changed by another program: restore a backup, or "
        f"accept its contents as they are with `humorrank tournament copy {path} NEW --accept`"
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
