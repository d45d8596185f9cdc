"""Files that are written completely or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from humorrank._util.deadline import unfinished
from humorrank.errors import OptionError

_ATTEMPTS: Final = 100
"""The number of names to try for a temporary file."""


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Opens a temporary file that replaces `path` when the block ends without an error.

    If the block fails or is interrupted, the temporary file is removed and `path` is unchanged. A
    symbolic link is kept, and the file it points to is replaced. A pipe or a device, such as
    /dev/stdout, is written to directly, because output that has already been read cannot be
    withdrawn.

    Raises:
        OptionError: If the file cannot be written.
    """
    path = Path(path)
    try:
        if _is_stream(path):
            # Not "wb", which would truncate a file to which the shell appends.
            with path.open("ab") as file:
                yield file
            return
        target = Path(os.path.realpath(path))
        for _ in range(_ATTEMPTS):
            # The name is known before the file exists, so an interrupt cannot leave it behind.
            temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}")
            if not temporary.exists():
                break
        with unfinished(temporary):
            try:
                with temporary.open("xb") as file:
                    _keep_mode(target, temporary)
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(target)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except BrokenPipeError:
        raise
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror or error}"
        raise OptionError(message) from error


def check_place(path: str | os.PathLike[str]) -> None:
    """Checks that a file can be written, before the work whose result it will hold.

    Raises:
        OptionError: If the file cannot be written.
    """
    path = Path(path)
    if path.is_dir():
        raise OptionError(f"{path}: is a directory")
    if _is_stream(path):
        return
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise OptionError(f"{path}: cannot be written: there is no directory {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OptionError(f"{path}: cannot be written: the directory {folder} is read-only")


def _is_stream(path: Path) -> bool:
    """Returns whether a path is a pipe, a device, or an open file of this process."""
    opened = os.path.normpath(path).startswith(("/dev/std", "/dev/fd/", "/proc/"))
    return opened or (path.exists() and not path.is_file() and not path.is_dir())


def _keep_mode(target: Path, temporary: Path) -> None:
    """Gives the new file the permissions of the old one."""
    if target.is_file():
        temporary.chmod(stat.S_IMODE(target.stat().st_mode))
