"""A deadline after Ctrl-C, for what Python cannot interrupt.

Python looks for signals between its own steps only. A single call into a library may take seconds,
so the command line has a thread that does not need Python, and ends the process for it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from humorrank import _core

GRACE: Final = 0.25
"""Seconds from a signal to the end of a process that has not ended by itself."""


def set_deadline() -> None:
    """From now on SIGINT and SIGTERM end this process, within `GRACE` seconds.

    The exit code is 128 + the signal, and what is `unfinished` is taken away.
    To be called on the main thread, once.
    """
    if os.name == "posix":
        waker = _core.end_after_signals(GRACE)
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)


@contextmanager
def unfinished(path: str | os.PathLike[str]) -> Iterator[None]:
    """A file or folder that is made within the block, and goes if the process is ended there."""
    if os.name != "posix":
        yield
        return
    _core.add_unfinished(path)
    try:
        yield
    finally:
        _core.remove_unfinished(path)


def lift_deadline() -> None:
    """For work that answers signals in an order of its own, however long that takes."""
    if os.name == "posix":
        signal.set_wakeup_fd(-1)
