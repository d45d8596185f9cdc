"""A lock that allows one writer at a time."""

from __future__ import annotations

import errno
import os
import struct
import sys
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from humorrank._util.held import Identity, hold, identity, is_held, let_go
from humorrank.errors import StoreError

try:
    import fcntl
except ImportError:
    # On Windows, a file that is open cannot be removed, and closing it drops no locks.
    fcntl = None  # type: ignore[assignment]

_PLACE: Final = 1 << 62
"""The byte of a store that is locked. SQLite locks bytes near 2**30, and no store is that large."""

_TAKEN: Final = (errno.EAGAIN, errno.EACCES)


class Lock:
    """An exclusive lock, which is released when the process ends, however it ends.

    It consists of two locks. One is held on a separate file, so that a store can be locked before
    it exists. That file stays when the lock is released: a process that waits for a file that is
    removed would hold a lock that nobody else sees. The other one is held on the store itself, and
    therefore also holds if the lock file is removed or the store has several names (hard links). It
    is an open file description lock, which does not interfere with the locks of SQLite. Only
    Linux has such locks; elsewhere, there is only the lock file.

    Args:
        store: Path of the store, or a symbolic link to it. The name of the lock file is that of
            the store plus `-lock`.

    Raises:
        StoreError: If another process holds the lock, the lock file cannot be created or the store
            cannot be written.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._held: Identity | None = None
        real = store.resolve()
        self._lock = FileLock(real.with_name(real.name + "-lock"), timeout=0, thread_local=False)
        try:
            self._lock.acquire()
            if fcntl is not None and real.exists():
                self._hold(real)
        except Timeout:
            raise self._taken() from None
        except OSError as error:
            self._lock.release()
            raise StoreError(f"{store}: cannot be written: {error.strerror}") from None
        except BaseException:
            self._lock.release()
            raise

    def _hold(self, real: Path) -> None:
        found = identity(real)
        if is_held(found):
            raise self._taken()
        descriptor = os.open(real, os.O_RDWR | os.O_CLOEXEC)
        if sys.platform == "linux" and fcntl is not None:
            wanted = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, _PLACE, 1, 0)
            try:
                fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, wanted)
            except OSError as error:
                # Some network file systems have no locks; the lock file must do there.
                if error.errno in _TAKEN:
                    os.close(descriptor)
                    raise self._taken() from None
        hold(found, descriptor)
        self._held = found

    def _taken(self) -> StoreError:
        return StoreError(
            f"{self._store}: another process is writing to it; wait until it ends, or stop it"
        )

    def release(self) -> None:
        """Releases the lock, after the last connection of this process is closed."""
        if self._held is not None:
            let_go(self._held)
            self._held = None
        self._lock.release()
