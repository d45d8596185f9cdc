"""Progress callbacks of long-running work."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final, TextIO

Progress = Callable[[str, int, int], object]
"""A callback that receives the stage ("reading", "fitting", "bootstrap", "elo"), the number of
units done, and the total number of units (0 if it is not known)."""


def stage(progress: Progress | None, name: str) -> Callable[[int, int], object] | None:
    """Returns the callback for one stage."""
    if progress is None:
        return None
    return lambda done, total: progress(name, done, total)


_BAR: Final = 30

_EVERY: Final = 0.1


def progress_line(file: TextIO | None = None) -> Progress:
    """Returns a callback that draws a progress bar with plain text, also in a notebook.

    >>> import humorrank
    >>> log = [("pun", "irony", "model_a"), ("pun", "irony", "model_b")]
    >>> board = humorrank.rate(log, progress=humorrank.progress_line())

    Args:
        file: The text stream to write to; standard error by default.
    """
    return _Line(file)


class _Line:
    """A line for each stage, which is rewritten while the stage is running."""

    def __init__(self, file: TextIO | None) -> None:
        self._file = file
        self._stage: str | None = None
        self._ended = True
        self._width = 0
        self._shown_at = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Shows how much of a stage is done."""
        file = self._file or sys.stderr
        if file is None:
            return
        complete = bool(total) and done >= total
        if stage != self._stage:
            if not self._ended:
                file.write("\n")
            self._stage, self._ended, self._width = stage, False, 0
        elif self._ended or (not complete and time.monotonic() - self._shown_at < _EVERY):
            return
        self._shown_at = time.monotonic()
        text = f"{stage}  {done:,}"
        if total:
            filled = _BAR * min(done, total) // total
            text = f"{stage}  {'█' * filled}{'░' * (_BAR - filled)}  {done:,}/{total:,}"
        # The cursor goes back to the start, so that whatever is written next replaces the line.
        file.write(text.ljust(self._width) + ("\n" if complete else "\r"))
        self._ended, self._width = complete, len(text)
        file.flush()
