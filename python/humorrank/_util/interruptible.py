"""Long calls that Ctrl-C need not wait for."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")
_LARGE = 1 << 15
"""Contestants from which a thread of its own costs nothing beside the work."""


def interruptible(work: Callable[[], _T]) -> _T:
    """Runs `work` on a thread of its own, and returns or raises what it does.

    Meanwhile the calling thread can be interrupted; work that is given up goes on in the dark
    until it ends, or until the process does. For work that lets go of the interpreter's lock, or
    that takes an interrupt badly: some of polars panics where its Python part is cut short.
    """
    results: list[_T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.05)
    if errors:
        raise errors[0]
    return results[0]


def interruptible_if_large(contestants: int, work: Callable[[], _T]) -> _T:
    """As `interruptible` where there are so many contestants that one might not wait."""
    return interruptible(work) if contestants >= _LARGE else work()


def answer_interrupts() -> None:
    """Lets Ctrl-C end a read that waits, on the calling thread.

    A handler that another library has put before Python's may ask the system to go on waiting,
    so that Python would never look.
    """
    if hasattr(signal, "siginterrupt"):
        signal.siginterrupt(signal.SIGINT, True)
