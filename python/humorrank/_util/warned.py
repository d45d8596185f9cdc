"""Python warnings for callers of the package, which the command line prints itself."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from humorrank.errors import HumorRankWarning

_QUIET: ContextVar[bool] = ContextVar("quiet", default=False)


@contextmanager
def quietly() -> Iterator[None]:
    """Suppresses the warnings of ratings that are only a step of something else."""
    token = _QUIET.set(True)
    try:
        yield
    finally:
        _QUIET.reset(token)


def warn(texts: Iterable[str]) -> None:
    """Emits a `HumorRankWarning` for each text, at the line that called the package."""
    if _QUIET.get():
        return
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").split(".")[0] == "humorrank":
        level, frame = level + 1, frame.f_back
    for text in texts:
        warnings.warn(text, HumorRankWarning, stacklevel=level)
