"""The entry point of the command `humorrank`, run before anything heavy is imported.

Importing a command takes up to half a second, during which Ctrl-C would end in a traceback. From
here on, Ctrl-C and SIGTERM end the command quietly, wherever it is.
"""

from __future__ import annotations

# What is behind `signal`, whose own imports take as long as Python takes to start.
import _signal as signal  # type: ignore[import-not-found, unused-ignore]
import gc
import os
import sys
import time

_CLEANING = 1.0
"""Seconds after a signal in which further ones are ignored, so that what is half written can be
taken away; later ones count again, in case the first went astray."""


def main() -> None:
    """Runs the command line and exits.

    The code is the command's own, or 128 + the number of the signal that ended it, as a shell
    tells it: 130 at Ctrl-C, 143 at SIGTERM.
    """
    ending = _Ending()
    try:
        code = _run(ending)
        if ending.signal is None:
            ending.ignore()
    except (KeyboardInterrupt, SystemExit):
        # As all was done: too late to be undone, but not to be told.
        code = 128 + (ending.signal or 0)
    if ending.signal is None:
        sys.exit(code)
    if code not in (None, 0):
        code = 128 + ending.signal
    # Files that an unfinished generator still holds are removed as it is closed.
    gc.collect()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            continue  # Closed, or nobody reads on.
    # Not sys.exit, which would wait for, or fall over, threads whose work was given up.
    os._exit(code if isinstance(code, int) else 0)


def _run(ending: _Ending) -> str | int | None:
    """The command's exit code, whatever ends it."""
    try:
        from humorrank.cli import main as run  # noqa: PLC0415 - what takes the half second

        ending.imported = True
        run()
    except SystemExit as end:
        return end.code
    except KeyboardInterrupt:
        return 128 + int(signal.SIGINT)
    except BaseException:
        # A library may make an error of its own of what the signal raised.
        if ending.signal is None:
            raise
        return 128 + ending.signal
    return 0


class _Ending:
    """How the process is to end.

    Attributes:
        signal: the one that ends it; None so far.
        imported: whether there may be something to clean up.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.imported = False
        self._since = 0.0
        # Whoever starts us with a signal ignored (nohup, a shell's background) means it.
        self._handled = [
            number
            for number in (signal.SIGINT, signal.SIGTERM)
            if signal.getsignal(number) is not signal.SIG_IGN
        ]
        for number in self._handled:
            signal.signal(number, self._handle)

    def ignore(self) -> None:
        """All is done: what remains is to exit."""
        for number in self._handled:
            signal.signal(number, signal.SIG_IGN)

    def _handle(self, number: int, frame: object) -> None:
        if not self.imported:
            # An import that is cut short may end in whatever error it likes.
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
