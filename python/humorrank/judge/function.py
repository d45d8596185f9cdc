"""A judge that is a function in Python."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from humorrank.errors import JudgeError
from humorrank.judge.decision import as_decision
from humorrank.judge.protocol import SCORES, Answers, Batch

Verdict = str | bool | int | float
Function = Callable[[Any, Any], Verdict | Awaitable[Verdict]]
"""A function of two items, in the order in which they are shown, that returns a verdict."""

_TAKES: Final = (
    '"A" (the first item), "B" (the second) or "TIE"; True (the first) or False; a whole number '
    "with a sign, 1 (the first), 0 (a tie) or -1; or the probability of the first as a float "
    "from 0.0 to 1.0"
)
_SIGNS: Final[Mapping[int, float]] = {1: 1.0, 0: 0.5, -1: 0.0}


class FunctionJudge:
    """Asks a function which of two items is the answer.

    A plain function is called in the thread of the event loop, one comparison after another. A
    coroutine function has up to `in_flight` calls at a time. The function returns "A" for the
    first item, "B" for the second or "TIE"; or True for the first or False; or a whole number: 1
    for the first, 0 for a tie, -1 for the second; or, as a float, the probability of the first
    item, of which the side of one half is the decision. An exception of the function ends the run.

    Args:
        function: The function.
        items: The items by the number of the contestant.
        in_flight: Most calls of a coroutine function at a time.
    """

    batch_size: int = 1

    def __init__(self, function: Function, items: Sequence[Any], *, in_flight: int = 64) -> None:
        named = getattr(function, "__qualname__", type(function).__qualname__)
        self.name = f"python/{named}"
        self.settings: Mapping[str, Any] = {"function": named}
        call = getattr(function, "__call__", None)  # noqa: B004 - for inspection
        concurrent = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)
        self.in_flight = in_flight if concurrent else 1
        self._function, self._items = function, items

    async def judge(self, batch: Batch) -> AsyncIterator[Answers]:
        """Yields the answers one by one, in order."""
        for row in range(len(batch)):
            first, second = int(batch.first[row]), int(batch.second[row])
            since = time.perf_counter()
            told = self._function(self._items[first], self._items[second])
            if inspect.isawaitable(told):
                told = await told
            else:
                # Commits and Ctrl-C have their turn between two calls.
                await asyncio.sleep(0)
            score, probability = _read(told, self.name)
            yield Answers(
                np.array([row]),
                np.array([score]),
                np.ones(1, np.uint32),
                np.array([time.perf_counter() - since]),
                None if probability is None else np.array([probability]),
            )

    async def close(self) -> None:
        """Does nothing, since there is nothing to release."""


def _read(told: object, name: str) -> tuple[float, float | None]:
    """Returns the score of the first item, and its probability if the function returned one.

    Raises:
        JudgeError: If the function returned something else.
    """
    if isinstance(told, np.generic):
        told = told.item()
    if isinstance(told, bool):
        return float(told), None
    if isinstance(told, int) and told in _SIGNS:
        return _SIGNS[told], None
    if isinstance(told, float) and 0 <= told <= 1:
        return (1.0 if told > 0.5 else 0.0 if told < 0.5 else 0.5), told
    decision = as_decision(told)
    if decision is None:
        raise JudgeError(f"{name} returned {told!r}; it must return {_TAKES}")
    return SCORES[decision], None
