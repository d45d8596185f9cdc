"""The store: one SQLite file that holds a whole tournament."""

from __future__ import annotations

import json
import os
import sqlite3
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from humorrank.errors import StoreError
from humorrank.judge import Field, Prompt
from humorrank.tournament import schema
from humorrank.tournament.faults import damaged, told
from humorrank.tournament.lock import Lock
from humorrank.tournament.spec import Spec

OWN_JUDGE = 0
"""The number of the tournament's own judge, whose verdicts move the running Elo."""

_MAGIC = b"SQLite format 3\0"
_HEADER = 100
"""Bytes of SQLite's header."""

_CACHE_KIB = 64 * 1024
_CHECKPOINT_PAGES = 4_000


@dataclass(frozen=True)
class Change:
    """How a store began, and what was added to it from outside.

    Attributes:
        number: its place among the changes.
        kind: what it was.
        rounds: how many rounds were scheduled before it.
        models: how many contestants there are since.
        prompts: how many prompts there are since.
        budget: the budget since.
        fingerprint: what the tournament depends on since; None for an import.
        source: the file of an import.
        time: when, in seconds since 1970.
    """

    number: int
    kind: Literal["start", "extend", "import"]
    rounds: int
    models: int
    prompts: int
    budget: int
    fingerprint: Mapping[str, Any] | None
    source: str | None
    time: float


class Store:
    """An open store.

    Attributes:
        path: the file.
        connection: to it; in autocommit mode, so that a transaction begins where one says so.
        writable: whether this process is its writer.
    """

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
            raise StoreError(f"{path}: there is no such store; `humorrank tournament run` makes it")
        self._check_version()
        self._lock = Lock(path) if write else None
        try:
            with told(path):
                self.connection = connect(path, write=write)
        except BaseException:
            if self._lock is not None:
                self._lock.release()
            raise
        if write:
            self._check_pages()

    @classmethod
    def create(
        cls, path: Path, spec: Spec, field: Field, budget: int, fingerprint: Mapping[str, Any]
    ) -> Store:
        """Makes a store, whole or not at all, and opens it as its writer.

        Raises:
            StoreError: it is there already, or cannot be written.
        """
        lock = Lock(path)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            if path.exists():
                raise StoreError(f"{path}: is already there")
            with told(path):
                _fill(temporary, spec, field, budget, fingerprint)
                temporary.rename(path)
                _sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
            lock.release()
        return cls(path, write=True)

    def close(self) -> None:
        """Lets go of the file, and lets the next writer in."""
        self.connection.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Store:
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
        with told(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def spec(self) -> Spec:
        """The spec, as the last change left it."""
        with told(self.path):
            (text,) = self.connection.execute(
                "SELECT spec FROM changes WHERE spec IS NOT NULL ORDER BY change DESC LIMIT 1"
            ).fetchone()
        return Spec.from_content(json.loads(text))

    def changes(self) -> list[Change]:
        """All changes, in order."""
        with told(self.path):
            rows = self.connection.execute(
                "SELECT change, kind, rounds, models, prompts, budget, fingerprint, source, time "
                "FROM changes ORDER BY change"
            ).fetchall()
        if not rows:
            raise StoreError(f"{self.path}: is damaged: it does not say how it began")
        return [
            Change(
                *(number, kind, rounds, models, prompts, budget),
                fingerprint=json.loads(found) if found else None,
                source=source,
                time=when,
            )
            for number, kind, rounds, models, prompts, budget, found, source, when in rows
        ]

    def fingerprint(self) -> Mapping[str, Any]:
        """What the tournament depends on now."""
        found = [c.fingerprint for c in self.changes() if c.fingerprint is not None]
        return found[-1]

    def budget(self) -> int:
        """How many comparisons there may be."""
        return self.changes()[-1].budget

    def field(self) -> Field:
        """The contestants, the prompts and the jokes."""
        with told(self.path):
            ask = self.connection.execute
            models = [name for (name,) in ask("SELECT name FROM models ORDER BY model")]
            prompts = [
                Prompt(name, text, kind, None if one is None else (one, two))
                for name, text, kind, one, two in ask(
                    "SELECT id, text, kind, word1, word2 FROM prompts ORDER BY prompt"
                )
            ]
            jokes: list[list[str]] = [[] for _ in prompts]
            for prompt, text in ask("SELECT prompt, text FROM jokes ORDER BY prompt, model"):
                jokes[prompt].append(text)
        if any(len(row) != len(models) for row in jokes):
            raise StoreError(f"{self.path}: is damaged: some jokes are missing")
        return Field(models, prompts, jokes)

    def count(self, query: str, *values: object) -> int:
        """The single whole number that a query asks for."""
        with told(self.path):
            return int(self.connection.execute(query, values).fetchone()[0])

    def state(self, key: str) -> str | None:
        """A remark that a run left behind."""
        with told(self.path):
            row = self.connection.execute("SELECT value FROM state WHERE key = ?", (key,))
            found = row.fetchone()
        return None if found is None else str(found[0])

    def set_state(self, key: str, value: str | None) -> None:
        """Leaves a remark, or takes it away."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM state WHERE key = ?", (key,))
            if value is not None:
                connection.execute("INSERT INTO state VALUES (?, ?)", (key, value))

    def add_change(
        self,
        kind: Literal["extend", "import"],
        *,
        models: int,
        prompts: int,
        budget: int,
        spec: Spec | None = None,
        fingerprint: Mapping[str, Any] | None = None,
        source: str | None = None,
    ) -> int:
        """Notes a change, inside a transaction; returns its number."""
        rounds = self.count("SELECT COUNT(*) FROM rounds")
        number = self.count("SELECT COUNT(*) FROM changes")
        self.connection.execute(
            "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                kind,
                rounds,
                models,
                prompts,
                budget,
                None if spec is None else json.dumps(spec.content(), ensure_ascii=False),
                None if fingerprint is None else json.dumps(fingerprint, ensure_ascii=False),
                source,
                time.time(),
            ),
        )
        return number

    def _check_version(self) -> None:
        """Looks without touching: a store that is refused stays as it is, byte by byte."""
        with told(self.path), self.path.open("rb") as file:
            header = file.read(_HEADER)
        if not header.startswith(_MAGIC) or len(header) < _HEADER:
            raise StoreError(f"{self.path}: is no tournament, or its first page is damaged")
        # https://www.sqlite.org/fileformat.html#the_database_header
        version, application = struct.unpack_from(">I4xI", header, 60)
        if application != schema.APPLICATION:
            raise StoreError(f"{self.path}: is an SQLite database, but no tournament")
        if version > schema.VERSION:
            raise StoreError(
                f"{self.path}: has version {version} of the schema, and this humorrank knows "
                f"versions up to {schema.VERSION}; use the humorrank that made it, or a newer one"
            )

    def _check_pages(self) -> None:
        """Refuses a store whose pages are damaged, before anything is added to it."""
        try:
            with told(self.path):
                (found,) = self.connection.execute("PRAGMA quick_check(1)").fetchone()
        except BaseException:
            self.close()
            raise
        if found != "ok":
            self.close()
            raise StoreError(damaged(self.path, found))


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


def write_field(connection: sqlite3.Connection, field: Field, models: int, prompts: int) -> None:
    """Adds what a field has beyond so many contestants and prompts."""
    connection.executemany(
        "INSERT INTO models VALUES (?, ?)", list(enumerate(field.models))[models:]
    )
    connection.executemany(
        "INSERT INTO prompts VALUES (?, ?, ?, ?, ?, ?)",
        [
            (number, p.id, p.text, p.kind, *(p.words or (None, None)))
            for number, p in list(enumerate(field.prompts))[prompts:]
        ],
    )
    connection.executemany(
        "INSERT INTO jokes VALUES (?, ?, ?)",
        (
            (prompt, model, text)
            for prompt, row in enumerate(field.jokes)
            for model, text in enumerate(row)
            if prompt >= prompts or model >= models
        ),
    )


def _fill(
    path: Path, spec: Spec, field: Field, budget: int, fingerprint: Mapping[str, Any]
) -> None:
    connection = connect(path, write=True)
    try:
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION}")
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")
        connection.executescript(f"BEGIN;{schema.TABLES}")
        write_field(connection, field, 0, 0)
        connection.execute(
            "INSERT INTO judges VALUES (?, ?)", (OWN_JUDGE, fingerprint["judge.name"])
        )
        connection.execute(
            "INSERT INTO changes VALUES (0, 'start', 0, ?, ?, ?, ?, ?, NULL, ?)",
            (
                len(field.models),
                len(field.prompts),
                budget,
                json.dumps(spec.content(), ensure_ascii=False),
                json.dumps(fingerprint, ensure_ascii=False),
                time.time(),
            ),
        )
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        raise
    connection.close()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
