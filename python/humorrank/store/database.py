"""An SQLite file that one process writes, and whose commits are synced to the disk."""

from __future__ import annotations

import glob
import os
import re
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Self

from humorrank._util.held import first_bytes
from humorrank.errors import StoreError
from humorrank.store.checking import check, check_unsummed
from humorrank.store.checksums import TABLE as CHECKSUMS
from humorrank.store.checksums import Ledger, immediate, write_checksums
from humorrank.store.faults import store_errors
from humorrank.store.lock import Lock
from humorrank.store.write_ahead_log import check_log

_MAGIC = b"SQLite format 3\0"
_HEADER = 100
"""The size of the SQLite header in bytes."""

_CACHE_KIB = 64 * 1024
_CHECKPOINT_PAGES = 4_000


class Database:
    """An open file of one kind, with a table `state` of named values.

    Attributes:
        path: Path of the file.
        connection: Connection in autocommit mode, in which transactions are started explicitly.
        writable: Whether this process is the writer of the file.
        application: SQLite's application_id of files of this kind.
        version: SQLite's user_version of such files. Files with a higher version are refused.
        checked_since: First version that has checksums.
        tables: SQL statements that create the tables.
        kind: Name of the kind, for messages.
        made_by: Command that creates such a file.
    """

    application: ClassVar[int]
    version: ClassVar[int]
    checked_since: ClassVar[int]
    tables: ClassVar[str]
    kind: ClassVar[str]
    made_by: ClassVar[str]

    def __init__(self, path: Path, *, write: bool) -> None:
        """Opens a store.

        Args:
            path: Path of the file.
            write: Whether to open it as its only writer instead of read-only.

        Raises:
            StoreError: If the file is not a store of this kind, is damaged or has a newer version,
                was changed by another program, or if another process is writing to it.
        """
        self.path = path
        self.writable = write
        if not path.is_file():
            raise StoreError(f"{path}: there is no such store; create it with `{self.made_by}`")
        self._check_header()
        check_log(path)
        self._lock = Lock(path) if write else None
        try:
            with store_errors(path):
                self.connection = connect(path, write=write)
        except BaseException:
            if self._lock is not None:
                self._lock.release()
            raise
        try:
            with store_errors(path):
                self._check()
        except BaseException:
            self.close()
            raise

    def _check(self) -> None:
        """Checks the whole store, and upgrades it if it is older and this is its writer."""
        connection = self.connection
        if not self.writable:
            # Everything that is read from now on is what is checked here.
            connection.execute("BEGIN")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        self._refuse_newer(version)
        names = self.table_names()
        if version >= self.checked_since:
            check(self.path, connection, names)
        else:
            check_unsummed(self.path, connection, names, self.has_version(connection, version))
        if version < self.version:
            if self.writable:
                with immediate(connection):
                    self.upgrade(connection, version)
                    if version < self.checked_since:
                        connection.execute(CHECKSUMS)
                    write_checksums(connection, names)
                    connection.execute(f"PRAGMA user_version = {self.version}")
            else:
                self.imitate(connection, version)
        if self.writable:
            # The log begins anew, so that nothing of an incomplete transaction remains in it.
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._ledger = Ledger(connection, names)

    @classmethod
    def table_names(cls) -> list[str]:
        """Returns the names of the tables, without that of the checksums."""
        return re.findall(r"CREATE TABLE (\w+)", cls.tables)

    @staticmethod
    def has_version(connection: sqlite3.Connection, version: int) -> bool:
        """Returns whether the tables are those of an earlier version without checksums."""
        return version > 0

    @staticmethod
    def upgrade(connection: sqlite3.Connection, version: int) -> None:
        """Changes the tables of an earlier version, within a transaction."""

    @staticmethod
    def imitate(connection: sqlite3.Connection, version: int) -> None:
        """Lets a reader see the tables of an earlier version as they are now."""

    @classmethod
    def made(cls, path: Path, fill: Callable[[sqlite3.Connection], object]) -> Self:
        """Creates a file, completely or not at all, and opens it as its writer.

        Args:
            path: Path of the file.
            fill: Function that writes the initial contents.

        Raises:
            StoreError: If the file already exists or cannot be written.
        """
        lock = Lock(path)
        try:
            if path.exists():
                raise StoreError(f"{path}: already exists")
            with store_errors(path, making=True), replacement(path.resolve()) as temporary:
                cls._fill_whole(temporary, fill)
        finally:
            lock.release()
        return cls(path, write=True)

    @classmethod
    def _fill_whole(cls, path: Path, fill: Callable[[sqlite3.Connection], object]) -> None:
        # A file that is discarded if anything fails needs no journal. Without one, the commit
        # writes and syncs the file itself, so a full disk is noticed here.
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            connection.execute(f"PRAGMA application_id = {cls.application}")
            connection.execute(f"PRAGMA user_version = {cls.version}")
            connection.executescript(f"BEGIN;{cls.tables}{CHECKSUMS}")
            fill(connection)
            write_checksums(connection, cls.table_names())
            connection.execute("COMMIT")
        finally:
            connection.close()

    def close(self) -> None:
        """Closes the file and releases its lock."""
        self.connection.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        """Returns the store itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the store."""
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Runs the block as one transaction.

        Raises:
            StoreError: If the file cannot be written.
        """
        with store_errors(self.path), self._ledger.transaction() as connection:
            yield connection

    def count(self, query: str, *values: object) -> int:
        """Returns the single whole number that a query selects."""
        with store_errors(self.path):
            return int(self.connection.execute(query, values).fetchone()[0])

    def state(self, key: str) -> str | None:
        """Returns the stored value of a key, or None if there is none."""
        with store_errors(self.path):
            row = self.connection.execute("SELECT value FROM state WHERE key = ?", (key,))
            found = row.fetchone()
        return None if found is None else str(found[0])

    def set_state(self, key: str, value: str | None) -> None:
        """Stores the value of a key, or removes the key if the value is None."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM state WHERE key = ?", (key,))
            if value is not None:
                connection.execute("INSERT INTO state VALUES (?, ?)", (key, value))

    def _check_header(self) -> None:
        """Checks the kind and version from the header, so that a refused file stays unchanged."""
        found = _header(self.path)
        if found is None:
            raise StoreError(f"{self.path}: is not a {self.kind}, or its first page is damaged")
        version, application = found
        if application != self.application:
            raise StoreError(f"{self.path}: is an SQLite database, but not a {self.kind}")
        self._refuse_newer(version)

    def _refuse_newer(self, version: int) -> None:
        if version > self.version:
            raise StoreError(
                f"{self.path}: has schema version {version}, but this version of humorrank reads "
                f"only versions up to {self.version}; use the version of humorrank that created "
                "it, or a newer one"
            )


def _header(path: Path) -> tuple[int, int] | None:
    """Returns the user_version and application_id of a file, or None if it is no database."""
    with store_errors(path):
        header = first_bytes(path, _HEADER)
    if not header.startswith(_MAGIC) or len(header) < _HEADER:
        return None
    # https://www.sqlite.org/fileformat.html#the_database_header
    version, application = struct.unpack_from(">I4xI", header, 60)
    return version, application


def stated_kind(path: Path) -> int | None:
    """Returns the application_id that a file states, or None if it is no database."""
    found = _header(path)
    return None if found is None else found[1]


def is_sqlite(path: Path) -> bool:
    """Returns whether a file is an SQLite database."""
    try:
        return first_bytes(path, len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """Opens a connection whose commits are synced to the disk."""
    if write:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        return connection
    address = path.resolve().as_uri()
    # Not mode=ro, whose connections leave SQLite's log files behind.
    connection = sqlite3.connect(f"{address}?mode=rw", uri=True, isolation_level=None)
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT COUNT(*) FROM sqlite_master")
    except sqlite3.OperationalError as error:
        connection.close()
        logged = path.with_name(path.name + "-wal").exists()
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CANTOPEN or logged:
            raise
        # In a read-only folder SQLite cannot create the index of its log. There is no log here, so
        # the file alone is the whole store.
        connection = sqlite3.connect(
            f"{address}?mode=ro&immutable=1", uri=True, isolation_level=None
        )
    return connection


@contextmanager
def replacement(path: Path) -> Iterator[Path]:
    """Yields the path of a temporary file, which is renamed when the block ends without an error.

    The caller holds the lock of the store, so that temporary files of this store which are already
    there are remains of processes that were killed. They are removed.
    """
    start = f".{path.name}."
    for left in path.parent.glob(f"{glob.escape(start)}*"):
        if re.fullmatch(r"\d+(-journal|-wal|-shm)?", left.name.removeprefix(start)):
            left.unlink(missing_ok=True)
    temporary = path.with_name(f"{start}{os.getpid()}")
    try:
        yield temporary
        temporary.rename(path)
        _sync_folder(path.parent)
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            path.with_name(temporary.name + ending).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
