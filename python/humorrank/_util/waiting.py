"""Asynchronous work for synchronous callers."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from humorrank.errors import OptionError

T = TypeVar("T")


def waited_for(work: Coroutine[Any, Any, T], instead: str) -> T:
    """Runs a coroutine to its end and returns its result.

    Args:
        work: Coroutine to run.
        instead: Name of the function to await instead if an event loop is already running.

    Raises:
        OptionError: If an event loop is already running in this thread, as in a notebook.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    work.close()
    raise OptionError(
        f"an event loop is already running, as it is in a notebook: await {instead}(...) instead"
    )
