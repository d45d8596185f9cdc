"""One writer at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from humorrank.errors import StoreError


class Lock:
    """An exclusive lock that a process loses when it ends, however it ends.

    It lies on a file beside the store: a lock on the store's own file would take SQLite's locks
    with it when it is closed.

    Args:
        store: the store; the lock is the file of its name with `-lock` behind.

    Raises:
        StoreError: another process holds it, or the file cannot be made.
    """

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(store.name + "-lock")
        self._handle = self._acquire(store)

    def _acquire(self, store: Path) -> int:
        while True:
            try:
                handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            except OSError as error:
                raise StoreError(f"{store}: cannot be written: {error.strerror}") from None
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(handle)
                raise StoreError(
                    f"{store}: another process is writing to it; wait until it is done, or stop it"
                ) from None
            try:
                # Whoever held it before may have removed the file meanwhile.
                if os.path.samestat(os.fstat(handle), self._path.stat()):
                    return handle
            except FileNotFoundError:
                pass
            os.close(handle)

    def release(self) -> None:
        """Lets the next writer in."""
        self._path.unlink(missing_ok=True)
        os.close(self._handle)
