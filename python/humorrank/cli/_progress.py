"""A progress bar on standard error, for people who look at it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from humorrank._util.progress import Progress


@contextmanager
def progress_bar(*, rate: bool = False) -> Iterator[Progress | None]:
    """A callback that draws one bar a stage; None where nobody looks.

    Args:
        rate: also shows how many units a second.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - 40 ms that a pipe need not wait
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        SpinnerColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    class Rate(TextColumn):
        """Units a second."""

        def render(self, task: Task) -> Text:
            return Text("" if task.speed is None else f"{task.speed:,.0f}/s")

    with Bars(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        *([Rate("")] if rate else []),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bars:
        tasks: dict[str, int] = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total or None)
            bars.update(tasks[stage], completed=done, total=total or None)  # type: ignore[arg-type]

        yield advance
