"""A deadline after Ctrl-C for work that Python cannot interrupt.

Python handles signals only between its own instructions, and a single call into a library may take
seconds. The command line therefore runs a native thread that ends the process.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from humorrank import _core

GRACE: Final = 0.25
"""Seconds from a signal until the process is ended, unless it ends by itself."""


def set_deadline() -> None:
    """Makes SIGINT and SIGTERM end this process within `GRACE` seconds.

    The exit code is 128 plus the number of the signal, and `unfinished` files are removed. Call
    this once, on the main thread.
    """
    if os.name == "posix":
        waker = _core.end_after_signals(GRACE)
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)


@contextmanager
def unfinished(path: str | os.PathLike[str]) -> Iterator[None]:
    """Marks a file or folder to be removed if the process is ended within the block."""
    if os.name != "posix":
        yield
        return
    _core.add_unfinished(path)
    try:
        yield
    finally:
        _core.remove_unfinished(path)


def lift_deadline() -> None:
    """Removes the deadline, for work that shuts down in its own order and may take longer."""
    if os.name == "posix":
        signal.set_wakeup_fd(-1)
