"""Asynchronous work for callers that wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from humorrank.errors import OptionError

T = TypeVar("T")


def waited_for(work: Coroutine[Any, Any, T], instead: str) -> T:
    """Runs asynchronous work to its end.

    Args:
        work: The work.
        instead: What to await where an event loop is running already.

    Raises:
        OptionError: If an event loop is running in this thread, as it is in a notebook.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    work.close()
    raise OptionError(
        f"an event loop is already running, as it is in a notebook: await {instead}(...) instead"
    )
