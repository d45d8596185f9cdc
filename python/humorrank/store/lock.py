"""A lock that allows one writer at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from humorrank.errors import StoreError


class Lock:
    """An exclusive lock, which is released when the process ends, however it ends.

    The lock is held on a separate file, because closing a lock on the store itself would release
    the locks of SQLite.

    Args:
        store: Path of the store. The name of the lock file is that of the store plus `-lock`.

    Raises:
        StoreError: If another process holds the lock or the lock file cannot be created.
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
                    f"{store}: another process is writing to it; wait until it ends, or stop it"
                ) from None
            try:
                # The previous holder may have removed the file in the meantime.
                if os.path.samestat(os.fstat(handle), self._path.stat()):
                    return handle
            except FileNotFoundError:
                pass
            os.close(handle)

    def release(self) -> None:
        """Releases the lock."""
        self._path.unlink(missing_ok=True)
        os.close(self._handle)
