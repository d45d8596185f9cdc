"""A lock that allows one writer at a time."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from humorrank.errors import StoreError


class Lock:
    """An exclusive lock, which is released when the process ends, however it ends.

    The lock is held on a separate file, because closing a lock on the store itself would release
    the locks of SQLite. That file stays when the lock is released: a process that waits for a
    file that is removed would hold a lock that nobody else sees.

    Args:
        store: Path of the store, or a symbolic link to it. The name of the lock file is that of
            the store plus `-lock`.

    Raises:
        StoreError: If another process holds the lock or the lock file cannot be created.
    """

    def __init__(self, store: Path) -> None:
        real = store.resolve()
        self._lock = FileLock(real.with_name(real.name + "-lock"), timeout=0, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout:
            raise StoreError(
                f"{store}: another process is writing to it; wait until it ends, or stop it"
            ) from None
        except OSError as error:
            raise StoreError(f"{store}: cannot be written: {error.strerror}") from None

    def release(self) -> None:
        """Releases the lock."""
        self._lock.release()
