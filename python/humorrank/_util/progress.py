"""What long work tells while it goes on."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], object]
"""Called with the stage ("reading", "fitting", "bootstrap", "elo"), the units done, and the
units in all (0 where that is not known)."""


def stage(progress: Progress | None, name: str) -> Callable[[int, int], object] | None:
    """The callback for one stage."""
    if progress is None:
        return None
    return lambda done, total: progress(name, done, total)
