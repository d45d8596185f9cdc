"""Where the command `humorrank` begins, before anything heavy is imported.

A package of its own, since importing `humorrank` takes half a second, in which Ctrl-C would end in
a traceback.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

INTERRUPTED, TERMINATED = 130, 143
"""Exit codes, as a shell tells them: 128 and the number of the signal."""


def main() -> None:
    """Runs the command line and exits."""
    handled = {
        number: signal.signal(number, _leave)
        for number in (signal.SIGINT, signal.SIGTERM)
        # Whoever started us with a signal ignored (nohup, a shell's background) means it.
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    from humorrank.cli import main as run  # noqa: PLC0415 - what takes the half second

    if signal.SIGINT in handled:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.SIGTERM in handled:
        signal.signal(signal.SIGTERM, _terminate)
    run()


def _leave(number: int, frame: FrameType | None) -> None:
    """Nothing has been begun yet, so that nothing is to be cleaned up."""
    if number == signal.SIGINT:
        os.write(2, b"interrupted\n")
    os._exit(128 + number)


def _terminate(number: int, frame: FrameType | None) -> None:
    """Ends like Ctrl-C does: what is half written is taken away."""
    raise SystemExit(TERMINATED)
