"""Questions on their way to a model, and commits of what it answers."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from humorrank.store.writer import Writer


class Asking:
    """What is on its way, within bounds, until it is committed or given up.

    Args:
        path: the store.

    Attributes:
        in_flight: questions that wait for an answer.
        stopping: whether nothing more is to be asked.
    """

    def __init__(self, path: Path) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._commits: set[asyncio.Future[None]] = set()
        self._changed = asyncio.Event()
        self._writer = Writer(path)
        self.in_flight = 0
        self.stopping = False

    async def close(self) -> None:
        """Gives up what is not answered, and commits what is."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._commits, return_exceptions=True)
        await self._writer.close()

    def interrupt(self) -> None:
        """Asks nothing more; the second time, waits for nothing more."""
        if self.stopping:
            for task in self._tasks:
                task.cancel()
        self.stopping = True
        self._changed.set()

    def _free(self, waiting: int, batch_size: int, in_flight: int) -> int:
        """How many of those that wait may be asked now, at once."""
        return max(0, min(waiting, batch_size, in_flight - self.in_flight))

    async def _wait(self) -> None:
        """Until an answer or a commit comes; raises what went wrong."""
        await self._changed.wait()
        self._changed.clear()
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.discard(task)
            if not task.cancelled():
                task.result()
        for done in [done for done in self._commits if done.done()]:
            self._commits.discard(done)
            done.result()


@contextmanager
def interrupting(
    work: Asking, say: Callable[[str], object] | None, what: str = "judgments"
) -> Iterator[None]:
    """Ctrl-C and SIGTERM reach the work, where signals can be handled at all."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        first, left = not work.stopping, work.in_flight
        work.interrupt()
        if say is not None and first and left:
            say(f"finishing {left:,} {what} in flight; again to give them up")

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
