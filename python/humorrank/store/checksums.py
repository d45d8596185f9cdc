"""Row counts and checksums of tables, by which a reader recognizes a damaged or changed store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from humorrank._core import Checksum
from humorrank._util.text import number_of

TABLE: Final = """
CREATE TABLE checksums (
  name TEXT PRIMARY KEY,
  rows INTEGER NOT NULL,
  checksum INTEGER NOT NULL
) WITHOUT ROWID;
"""

_SCHEMA: Final = "schema"
"""The name under which the definitions of the tables are counted."""

_ROWS: Final = 1 << 14


class Ledger:
    """Keeps the checksums of a store up to date during the transactions of a connection.

    Triggers report each row that is inserted, changed or deleted. They are temporary, so they
    belong to this connection and are not part of the file.

    Args:
        connection: Connection of a writer, in autocommit mode.
        tables: Names of the tables.
    """

    def __init__(self, connection: sqlite3.Connection, tables: Sequence[str]) -> None:
        self._connection = connection
        self._changes = {table: Checksum() for table in tables}
        # Without this, a row that is replaced by INSERT OR REPLACE would not be reported.
        connection.execute("PRAGMA recursive_triggers = ON")
        for table, changes in self._changes.items():
            columns = _columns(connection, table)
            connection.create_function(f"added_to_{table}", len(columns), changes.add)
            connection.create_function(f"removed_from_{table}", len(columns), changes.remove)
            new, old = (", ".join(f"{row}.{c}" for c in columns) for row in ("NEW", "OLD"))
            added, removed = (
                f"SELECT added_to_{table}({new});",
                f"SELECT removed_from_{table}({old});",
            )
            for event, report in (
                ("INSERT", added),
                ("DELETE", removed),
                ("UPDATE", removed + added),
            ):
                connection.execute(
                    f"CREATE TEMP TRIGGER {table}_{event} AFTER {event} ON main.{table} "
                    f"BEGIN {report} END"
                )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Runs the block as one transaction, which also commits the new checksums."""
        with immediate(self._connection):
            try:
                yield self._connection
                self._update()
            except BaseException:
                for changes in self._changes.values():
                    changes.take()
                raise

    def _update(self) -> None:
        for table, changes in self._changes.items():
            rows, change = changes.take()
            if rows or change:
                # SQLite has no addition modulo 2**64.
                (before,) = self._connection.execute(
                    "SELECT checksum FROM checksums WHERE name = ?", (table,)
                ).fetchone()
                self._connection.execute(
                    "UPDATE checksums SET rows = rows + ?, checksum = ? WHERE name = ?",
                    (rows, (before + change + 2**63) % 2**64 - 2**63, table),
                )


@contextmanager
def immediate(connection: sqlite3.Connection) -> Iterator[None]:
    """Runs the block as one transaction, which no other writer can delay once it has begun."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def write_checksums(connection: sqlite3.Connection, tables: Sequence[str]) -> None:
    """Counts all tables within a transaction, and replaces the stored checksums."""
    connection.execute("DELETE FROM checksums")
    connection.executemany(
        "INSERT INTO checksums VALUES (?, ?, ?)",
        [(name, found.rows, found.sum) for name, found, _ in _counted(connection, tables)],
    )


def stored_checksums(connection: sqlite3.Connection) -> dict[str, tuple[int, int]]:
    """Returns the number of rows and the checksum of each table, as the writer stored them."""
    stored = connection.execute("SELECT name, rows, checksum FROM checksums")
    return {name: (rows, checksum) for name, rows, checksum in stored}


def difference(connection: sqlite3.Connection, tables: Sequence[str]) -> str | None:
    """Returns how a store differs from what its writer committed, or None if it does not."""
    stored = stored_checksums(connection)
    if stored.keys() != {*tables, _SCHEMA}:
        return "its checksums are not those of its tables"
    for name, found, ordered in _counted(connection, tables):
        rows, checksum = stored[name]
        if found.rows != rows:
            return (
                f"its table {name} has {number_of(found.rows, 'row')}, but {rows:,} "
                f"{'was' if rows == 1 else 'were'} committed"
            )
        if found.sum != checksum:
            return f"the rows of its table {name} are not those that were committed"
        if not ordered:
            return f"the rows of its table {name} are out of order"
    return None


def _counted(
    connection: sqlite3.Connection, tables: Sequence[str]
) -> Iterator[tuple[str, Checksum, bool]]:
    """Yields the name of each table, its checksum, and whether it is in the order of its key."""
    definitions = Checksum()
    marks = ", ".join("?" * len(tables))
    definitions.add_rows(
        connection.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name IN ({marks})",
            tables,
        ).fetchall(),
        0,
    )
    yield _SCHEMA, definitions, True
    for table in tables:
        found, ordered = Checksum(), True
        key = len(
            connection.execute(
                "SELECT 1 FROM pragma_table_info(?) WHERE pk > 0", (table,)
            ).fetchall()
        )
        # Not from an index, which could differ from the table.
        rows = connection.execute(f"SELECT * FROM main.{table} NOT INDEXED")
        while part := rows.fetchmany(_ROWS):
            ordered &= found.add_rows(part, key)
        yield table, found, ordered


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [
        name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
    ]
