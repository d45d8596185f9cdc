"""An SQLite file that one process writes, and that holds only what was synced to the disk."""

from __future__ import annotations

import os
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Self

from humorrank.errors import StoreError
from humorrank.store.faults import damaged, store_errors
from humorrank.store.lock import Lock

_MAGIC = b"SQLite format 3\0"
_HEADER = 100
"""Bytes of SQLite's header."""

_CACHE_KIB = 64 * 1024
_CHECKPOINT_PAGES = 4_000


class Database:
    """An open file of one kind, with a table `state` of remarks.

    Attributes:
        path: the file.
        connection: to it; in autocommit mode, so that a transaction begins where one says so.
        writable: whether this process is its writer.
        application: SQLite's application_id of this kind.
        version: SQLite's user_version; a higher one is refused.
        kind: what such a file is, in a word.
        made_by: the command that makes one.
    """

    application: ClassVar[int]
    version: ClassVar[int]
    kind: ClassVar[str]
    made_by: ClassVar[str]

    def __init__(self, path: Path, *, write: bool) -> None:
        """Opens a store.

        Args:
            path: the file.
            write: as the only writer; else to read only.

        Raises:
            StoreError: it is none, damaged, of a newer version, or somebody else is writing.
        """
        self.path = path
        self.writable = write
        if not path.is_file():
            raise StoreError(f"{path}: there is no such store; `{self.made_by}` makes it")
        self._check_version()
        self._lock = Lock(path) if write else None
        try:
            with store_errors(path):
                self.connection = connect(path, write=write)
        except BaseException:
            if self._lock is not None:
                self._lock.release()
            raise
        if write:
            self._check_pages()

    @classmethod
    def made(cls, path: Path, tables: str, fill: Callable[[sqlite3.Connection], object]) -> Self:
        """Makes a file, whole or not at all, and opens it as its writer.

        Args:
            path: where.
            tables: what creates its tables.
            fill: writes what it begins with.

        Raises:
            StoreError: it is there already, or cannot be written.
        """
        lock = Lock(path)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            if path.exists():
                raise StoreError(f"{path}: is already there")
            with store_errors(path):
                cls._fill_whole(temporary, tables, fill)
                temporary.rename(path)
                _sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
            lock.release()
        return cls(path, write=True)

    @classmethod
    def _fill_whole(
        cls, path: Path, tables: str, fill: Callable[[sqlite3.Connection], object]
    ) -> None:
        connection = connect(path, write=True)
        try:
            connection.execute(f"PRAGMA application_id = {cls.application}")
            connection.execute(f"PRAGMA user_version = {cls.version}")
            connection.executescript(f"BEGIN;{tables}")
            fill(connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            for ending in ("-wal", "-shm"):
                path.with_name(path.name + ending).unlink(missing_ok=True)
            raise
        connection.close()

    def close(self) -> None:
        """Lets go of the file, and lets the next writer in."""
        self.connection.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        """The store itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block, or nothing.

        Raises:
            StoreError: it cannot be written.
        """
        with store_errors(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def count(self, query: str, *values: object) -> int:
        """The single whole number that a query asks for."""
        with store_errors(self.path):
            return int(self.connection.execute(query, values).fetchone()[0])

    def state(self, key: str) -> str | None:
        """A remark that a run left behind."""
        with store_errors(self.path):
            row = self.connection.execute("SELECT value FROM state WHERE key = ?", (key,))
            found = row.fetchone()
        return None if found is None else str(found[0])

    def set_state(self, key: str, value: str | None) -> None:
        """Leaves a remark, or takes it away."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM state WHERE key = ?", (key,))
            if value is not None:
                connection.execute("INSERT INTO state VALUES (?, ?)", (key, value))

    def _check_version(self) -> None:
        """Looks without touching: a store that is refused stays as it is, byte by byte."""
        with store_errors(self.path), self.path.open("rb") as file:
            header = file.read(_HEADER)
        if not header.startswith(_MAGIC) or len(header) < _HEADER:
            raise StoreError(f"{self.path}: is no {self.kind}, or its first page is damaged")
        # https://www.sqlite.org/fileformat.html#the_database_header
        version, application = struct.unpack_from(">I4xI", header, 60)
        if application != self.application:
            raise StoreError(f"{self.path}: is an SQLite database, but no {self.kind}")
        if version > self.version:
            raise StoreError(
                f"{self.path}: has version {version} of the schema, and this humorrank knows "
                f"versions up to {self.version}; use the humorrank that made it, or a newer one"
            )

    def _check_pages(self) -> None:
        """Refuses a store whose pages are damaged, before anything is added to it."""
        try:
            with store_errors(self.path):
                (found,) = self.connection.execute("PRAGMA quick_check(1)").fetchone()
        except BaseException:
            self.close()
            raise
        if found != "ok":
            self.close()
            raise StoreError(damaged(self.path, found))


def is_sqlite(path: Path) -> bool:
    """Whether a file is an SQLite database."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """A connection that commits only what it has synced to the disk."""
    if write:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        return connection
    address = path.resolve().as_uri()
    # Not mode=ro, whose connections leave the files of SQLite's log behind.
    connection = sqlite3.connect(f"{address}?mode=rw", uri=True, isolation_level=None)
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT COUNT(*) FROM sqlite_master")
    except sqlite3.OperationalError as error:
        connection.close()
        logged = path.with_name(path.name + "-wal").exists()
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CANTOPEN or logged:
            raise
        # In a folder that nobody can write to, SQLite cannot make the index of its log; there
        # is no log, so that the file alone is the whole store.
        connection = sqlite3.connect(
            f"{address}?mode=ro&immutable=1", uri=True, isolation_level=None
        )
    return connection


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
