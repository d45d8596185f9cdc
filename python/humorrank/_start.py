"""The entry point of the command `humorrank`, which runs before any slow import.

Importing a command takes up to half a second, during which Ctrl-C would print a traceback. From
here on, Ctrl-C and SIGTERM end the command quietly at any point.
"""

from __future__ import annotations

# The module that `signal` wraps. Importing `signal` takes as long as starting Python.
import _signal as signal  # type: ignore[import-not-found, unused-ignore]
import gc
import os
import sys
import time

_CLEANING = 1.0
"""Seconds after a signal during which further signals are ignored, so that incomplete files can be
removed. Later signals are handled again, in case the first one had no effect."""


def main() -> None:
    """Runs the command line and exits.

    The exit code is that of the command, or 128 plus the number of the signal that ended it, as
    shells report it: 130 for Ctrl-C, 143 for SIGTERM.
    """
    _occupy_closed_streams()
    ending = _Ending()
    try:
        code = _run(ending)
        if ending.signal is None:
            ending.ignore()
    except (KeyboardInterrupt, SystemExit):
        # The signal came after the work was done: nothing can be undone, but it is reported.
        code = 128 + (ending.signal or 0)
    if ending.signal is None:
        sys.exit(code)
    if code not in (None, 0):
        code = 128 + ending.signal
    # Closing an unfinished generator removes the files that it still holds.
    gc.collect()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            continue  # The stream is closed, or nothing reads it any more.
    # Not sys.exit, which would wait for threads whose work was abandoned, or fail because of them.
    os._exit(code if isinstance(code, int) else 0)


def _occupy_closed_streams() -> None:
    """Opens the null device in place of standard streams that are closed.

    Otherwise a file that is opened later would take the place of one, and receive what is written
    to it. Messages to a closed standard error are lost. Commands that need the other two say so.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def _run(ending: _Ending) -> str | int | None:
    """Runs the command and returns its exit code, however it ends."""
    try:
        from humorrank.cli import main as run  # noqa: PLC0415 - the slow import

        ending.imported = True
        run(lambda: ending.signal is not None)
    except SystemExit as end:
        return end.code
    except KeyboardInterrupt:
        return 128 + int(signal.SIGINT)
    except BaseException:
        # A library may turn the exception that the signal raised into an error of its own.
        if ending.signal is None:
            raise
        if ending.signal == signal.SIGINT:
            os.write(2, b"interrupted\n")
        return 128 + ending.signal
    return 0


class _Ending:
    """The signal handling that determines how the process ends.

    Attributes:
        signal: Signal that ends the process, or None if there was none yet.
        imported: Whether the command was imported, so that there may be something to clean up.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.imported = False
        self._since = 0.0
        # A signal that is ignored at the start (nohup, a shell's background job) stays ignored.
        self._handled = [
            number
            for number in (signal.SIGINT, signal.SIGTERM)
            if signal.getsignal(number) is not signal.SIG_IGN
        ]
        for number in self._handled:
            signal.signal(number, self._handle)

    def ignore(self) -> None:
        """Ignores further signals, as only the exit is left."""
        for number in self._handled:
            signal.signal(number, signal.SIG_IGN)

    def _handle(self, number: int, frame: object) -> None:
        if not self.imported:
            # An interrupted import may raise any error.
            if number == signal.SIGINT:
                os.write(2, b"interrupted\n")
            os._exit(128 + number)
        now = time.monotonic()
        if self.signal is not None and now - self._since < _CLEANING:
            return
        self.signal, self._since = number, now
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)
