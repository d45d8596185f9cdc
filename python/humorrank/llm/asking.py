"""Questions in flight to a model, and commits of its answers."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from humorrank._util.interruptible import note_interrupt
from humorrank.store.database import Database
from humorrank.store.writer import Writer


class Asking:
    """Keeps a bounded number of questions in flight until they are committed or abandoned.

    Args:
        store: Store, open for writing.

    Attributes:
        in_flight: Number of questions that wait for an answer.
        stopping: Whether no further questions are asked.
    """

    def __init__(self, store: Database) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._commits: set[asyncio.Future[None]] = set()
        self._changed = asyncio.Event()
        self._writer = Writer(store)
        self.in_flight = 0
        self.stopping = False

    async def close(self) -> None:
        """Abandons unanswered questions and commits the answers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._commits, return_exceptions=True)
        await self._writer.close()

    def interrupt(self) -> None:
        """Stops asking; on the second call, also abandons the questions in flight."""
        if self.stopping:
            for task in self._tasks:
                task.cancel()
        self.stopping = True
        self._changed.set()

    def _free(self, waiting: int, batch_size: int, in_flight: int) -> int:
        """Returns how many of the waiting questions may be asked now, in one batch."""
        return max(0, min(waiting, batch_size, in_flight - self.in_flight))

    async def _wait(self) -> None:
        """Waits for an answer or a commit, and raises the errors of those that failed."""
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
    """Lets Ctrl-C and SIGTERM interrupt the work, if this is the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def interrupt(number: int) -> None:
        note_interrupt(number)
        first, left = not work.stopping, work.in_flight
        work.interrupt()
        if say is not None and first and left:
            say(f"finishing {left:,} {what} in flight; press Ctrl-C again to abandon them")

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt, number)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
