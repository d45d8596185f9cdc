"""Long calls that Ctrl-C can interrupt."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")
_LARGE = 1 << 15
"""The number of contestants from which the cost of a separate thread is negligible."""


def interruptible(work: Callable[[], _T]) -> _T:
    """Runs `work` on a separate thread, and returns its result or raises its exception.

    The calling thread can be interrupted meanwhile. Abandoned work continues in the background
    until it or the process ends. This is meant for work that releases the interpreter lock, or
    that does not tolerate an interrupt: parts of polars panic if their Python code is interrupted.
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
    """Runs `work` as `interruptible` does if there are many contestants, and directly if not."""
    return interruptible(work) if contestants >= _LARGE else work()


class _Last:
    """The signal that last interrupted work that ends in its own order."""

    signal: int = signal.SIGINT


def note_interrupt(number: int) -> None:
    """Notes the signal that interrupts work which then ends in its own order."""
    _Last.signal = number


def interrupted_code() -> int:
    """Returns the exit code of such work: 130 after Ctrl-C, 143 after SIGTERM."""
    return 128 + _Last.signal


def answer_interrupts() -> None:
    """Lets Ctrl-C interrupt a blocking read on the calling thread.

    A signal handler that another library has installed may ask the system to restart the read, in
    which case Python would never handle the signal.
    """
    if hasattr(signal, "siginterrupt"):
        signal.siginterrupt(signal.SIGINT, True)
