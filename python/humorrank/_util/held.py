"""Files that this process holds open, whose descriptors must not be closed early.

On POSIX systems, closing any descriptor of a file drops all locks that the process has on it, and
those of SQLite with them. Another program that closes the store would then believe that it is the
last one, and delete the log that this process is still writing. The beginning of a store that is
held is therefore read from the descriptor that holds it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

Identity = tuple[int, int]
"""The device and the inode of a file, which all of its names share."""

_HELD: Final[dict[Identity, int]] = {}


def identity(path: str | os.PathLike[str]) -> Identity:
    """Returns the identity of the file that a path, or a link, leads to.

    Raises:
        OSError: If there is no such file.
    """
    found = Path(path).stat()
    return found.st_dev, found.st_ino


def hold(file: Identity, descriptor: int) -> None:
    """Remembers an open descriptor of a file."""
    _HELD[file] = descriptor


def is_held(file: Identity) -> bool:
    """Returns whether this process holds a file."""
    return file in _HELD


def let_go(file: Identity) -> None:
    """Closes the descriptor of a file that this process holds."""
    os.close(_HELD.pop(file))


def first_bytes(path: str | os.PathLike[str], size: int) -> bytes:
    """Returns at most `size` bytes from the beginning of a file.

    Raises:
        OSError: If the file cannot be read.
    """
    descriptor = _HELD.get(identity(path)) if _HELD else None
    if descriptor is not None:
        return os.pread(descriptor, size, 0)
    with Path(path).open("rb") as file:
        return file.read(size)
