"""The thread that commits to a store."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from humorrank.store.checksums import Ledger
from humorrank.store.database import Database, connect
from humorrank.store.faults import store_error

MOST_JUDGMENTS: Final = 1_000
"""The maximum number of judgments and failures in a commit."""

LONGEST_WAIT: Final = 0.05
"""The maximum time in seconds that a judgment waits for others."""


class Work(Protocol):
    """Data to be committed."""

    def __len__(self) -> int:
        """Returns the number of answers in it."""

    def parts(self) -> Sequence[Work]:
        """Returns the work in parts that fit into a commit."""

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes the data within a transaction."""


@dataclass
class _Item:
    work: Work
    done: asyncio.Future[None] | None
    urgent: bool


class Writer:
    """Writes to a store on a separate thread, in the order of the calls of `put`.

    A commit holds at most 1,000 judgments, and a judgment waits at most 50 ms for its commit. When
    the future of a commit is done, SQLite has synced it to the disk.

    Args:
        store: Store, open for writing.
    """

    def __init__(self, store: Database) -> None:
        self._path, self._tables = store.path, store.table_names()
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._held: _Item | None = None
        self._error: Exception | None = None
        self.commits = 0
        self._thread = threading.Thread(target=self._run, name="humorrank-writer", daemon=True)
        self._thread.start()

    def put(self, work: Work, *, urgent: bool = False) -> list[tuple[asyncio.Future[None], int]]:
        """Queues work to be committed.

        Args:
            work: Data to write. More than 1,000 judgments are split into several commits.
            urgent: Whether to commit immediately, as no further work is expected.

        Returns:
            For each part that contains answers, in order, a future that is done when the part has
            been committed, and its number of answers.
        """
        parts = work.parts()
        commits = []
        for i, part in enumerate(parts):
            future: asyncio.Future[None] | None = None
            if len(part):
                future = self._loop.create_future()
                commits.append((future, len(part)))
            self._queue.put(_Item(part, future, urgent and i == len(parts) - 1))
        return commits

    async def close(self) -> None:
        """Commits the remaining work and ends the thread."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        ledger: Ledger | None = None
        try:
            while (group := self._group()) is not None:
                if self._error is None:
                    try:
                        if ledger is None:
                            connection = connect(self._path, write=True)
                            ledger = Ledger(connection, self._tables)
                        _commit(ledger, group)
                        self.commits += 1
                    except sqlite3.Error as error:
                        self._error = store_error(self._path, error)
                        self._error.__cause__ = error
                    except Exception as error:
                        # Callers that wait for a commit must learn that it will not happen.
                        self._error = error
                self._tell([item.done for item in group if item.done is not None])
        finally:
            if connection is not None:
                connection.close()

    def _group(self) -> list[_Item] | None:
        """Returns the items of the next commit, or None at the end."""
        first = self._held or self._queue.get()
        self._held = None
        if first is None:
            return None
        group, count, urgent = [first], len(first.work), first.urgent
        deadline = time.monotonic() + LONGEST_WAIT
        while True:
            try:
                if urgent or count >= MOST_JUDGMENTS:
                    item = self._queue.get_nowait()
                else:
                    item = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return group
            if item is None:
                self._queue.put(None)
                return group
            if count + len(item.work) > MOST_JUDGMENTS:
                self._held = item
                return group
            group.append(item)
            count += len(item.work)
            urgent |= item.urgent

    def _tell(self, futures: list[asyncio.Future[None]]) -> None:
        error = self._error

        def tell() -> None:
            for future in futures:
                if not future.done():
                    if error is None:
                        future.set_result(None)
                    else:
                        future.set_exception(error)

        if futures:
            self._loop.call_soon_threadsafe(tell)


def _commit(ledger: Ledger, group: Sequence[_Item]) -> None:
    with ledger.transaction() as connection:
        for item in group:
            item.work.write(connection)
