"""Progress callbacks of long-running work."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], object]
"""A callback that receives the stage ("reading", "fitting", "bootstrap", "elo"), the number of
units done, and the total number of units (0 if it is not known)."""


def stage(progress: Progress | None, name: str) -> Callable[[int, int], object] | None:
    """Returns the callback for one stage."""
    if progress is None:
        return None
    return lambda done, total: progress(name, done, total)
