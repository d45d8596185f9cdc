"""Search for a small change of a log that changes an order, by influences and refits.

Every set that is returned was verified by a refit with its matches changed. Its size is therefore
an upper bound on the size of the smallest one. A change after which the ratings do not exist does
not count as a change of the order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from humorrank.diagnostics.fragility.aims import LEAD, Aim
from humorrank.diagnostics.fragility.changes import Changes

WORK: Final = 5_000_000
"""The number of cells fitted in the refinement of one set, which takes some seconds."""

MOST_SETS: Final = 20_000
"""The largest number of sets tried to show that no smaller set is enough."""

_WIDTH: Final = 12
_TRIED: Final = 12
_ROUNDS: Final = 500


@dataclass(frozen=True, eq=False)
class Found:
    """A change, and the strengths after it.

    Attributes:
        change: The number of changed matches of each unit.
        strengths: The strengths after the change.
    """

    change: np.ndarray
    strengths: np.ndarray

    @property
    def size(self) -> int:
        """The number of matches, or groups, that are changed."""
        return int(self.change.sum())


def greedy(log: Changes, aim: Aim, strengths: np.ndarray) -> Found | None:
    """Changes the most influential matches, half of the estimated need at a time, and refits.

    Args:
        log: The units that can be changed.
        aim: The order to change.
        strengths: The strengths before any change.
    """
    change = np.zeros(len(log.capacity), np.int64)
    for _ in range(_ROUNDS):
        gap, a, b = aim.gap(strengths)
        effect = log.effects(change, strengths, a, b)
        room = log.capacity - change
        useful = np.flatnonzero((effect > 0) & (room > 0))
        if not len(useful):
            return None
        order = useful[np.lexsort((useful, -effect[useful]))]
        reach = np.cumsum(effect[order] * room[order])
        total = np.cumsum(room[order])
        last = int(np.searchsorted(reach, gap + LEAD))
        if last < len(order):
            before = reach[last - 1] if last else 0.0
            need = (total[last - 1] if last else 0) + int(
                np.ceil((gap + LEAD - before) / effect[order[last]])
            )
        else:
            need = int(total[-1]) // 2
        step = _step(log, change, order, max(1, int(need) // 2))
        if step is None:
            return None
        if aim.changed(step.strengths):
            return _fewest(log, aim, change, order, step)
        change, strengths = step.change, step.strengths
    return None


def _taking(log: Changes, change: np.ndarray, order: np.ndarray, amount: int) -> np.ndarray:
    """Returns the change extended by `amount` matches, in the given order of units."""
    room = (log.capacity - change)[order]
    before = np.cumsum(room) - room
    out = change.copy()
    out[order] += np.clip(amount - before, 0, room)
    return out


def _step(log: Changes, change: np.ndarray, order: np.ndarray, amount: int) -> Found | None:
    """Changes `amount` more matches, or fewer if the ratings would not exist."""
    while True:
        more = _taking(log, change, order, amount)
        strengths = log.refit(more)
        if strengths is not None:
            return Found(more, strengths)
        if amount == 1:
            break
        # One match of every cell stays, so that no contestant loses all its wins over another.
        kept = np.maximum(change, np.minimum(more, log.capacity - 1))
        if (kept > change).any() and (strengths := log.refit(kept)) is not None:
            return Found(kept, strengths)
        amount //= 2
    for unit in order[: 4 * _TRIED]:
        more = change.copy()
        more[unit] += 1
        if (strengths := log.refit(more)) is not None:
            return Found(more, strengths)
    return None


def _fewest(log: Changes, aim: Aim, change: np.ndarray, order: np.ndarray, found: Found) -> Found:
    """Returns the fewest matches of the last step that change the order, by bisection."""
    low, high = 0, int((found.change - change).sum())
    if not np.array_equal(_taking(log, change, order, high), found.change):
        return found
    while high - low > 1:
        middle = (low + high) // 2
        more = _taking(log, change, order, middle)
        strengths = log.refit(more)
        if strengths is not None and aim.changed(strengths):
            high, found = middle, Found(more, strengths)
        else:
            low = middle
    return found


def pruned(log: Changes, aim: Aim, found: Found, work: int) -> Found:
    """Restores matches while the order stays changed, those of least influence first.

    Args:
        log: The units that can be changed.
        aim: The order to change.
        found: A change that changes the order.
        work: The number of cells that may be fitted.
    """
    _, a, b = aim.gap(found.strengths)
    effect = log.effects(found.change, found.strengths, a, b)
    used = np.flatnonzero(found.change)
    stop = log.refits + max(20, work // len(log.cells))
    for unit in used[np.lexsort((used, effect[used]))].tolist():
        back = int(found.change[unit])
        while back and log.refits < stop:
            less = found.change.copy()
            less[unit] -= back
            strengths = log.refit(less)
            if strengths is not None and aim.changed(strengths):
                found = Found(less, strengths)
                break
            back //= 2
        if log.refits >= stop:
            break
    return found


def beam(log: Changes, aim: Aim, strengths: np.ndarray, most: int, work: int) -> Found | None:
    """Changes one match at a time, keeping the changes that reduce the gap most (beam search).

    Args:
        log: The units that can be changed.
        aim: The order to change.
        strengths: The strengths before any change.
        most: The largest number of matches to change.
        work: The number of cells that may be fitted.
    """
    width = min(_WIDTH, work // (max(1, most) * _TRIED * len(log.cells)))
    if width < 1:
        return None
    held = [Found(np.zeros(len(log.capacity), np.int64), strengths)]
    for _ in range(most):
        nearer: dict[bytes, tuple[float, Found]] = {}
        for state in held:
            _, a, b = aim.gap(state.strengths)
            effect = log.effects(state.change, state.strengths, a, b)
            useful = np.flatnonzero((effect > 0) & (state.change < log.capacity))
            for unit in useful[np.lexsort((useful, -effect[useful]))][:_TRIED]:
                more = state.change.copy()
                more[unit] += 1
                key = more.tobytes()
                if key in nearer or (after := log.refit(more)) is None:
                    continue
                if aim.changed(after):
                    return Found(more, after)
                nearer[key] = (aim.gap(after)[0], Found(more, after))
        ranked = sorted(nearer.items(), key=lambda item: (item[1][0], item[0]))
        held = [found for _, (_, found) in ranked[:width]]
    return None


def smaller(log: Changes, aim: Aim, most: int, sets: int, work: int) -> tuple[Found | None, bool]:
    """Tries all changes of up to `most` matches, smaller ones first, if there are few enough.

    Args:
        log: The units that can be changed.
        aim: The order to change.
        most: The largest number of matches to change.
        sets: The number of sets that may be tried.
        work: The number of cells that may be fitted.

    Returns:
        The smallest change that changes the order, or None, and whether all smaller ones were
        tried.
    """
    allowed = min(sets, work // len(log.cells))
    most = min(most, int(log.capacity.sum()))
    units = np.flatnonzero(log.capacity)
    capacity = log.capacity[units].tolist()
    for size, number in enumerate(_numbers(capacity, most, allowed), start=1):
        allowed -= number
        if allowed < 0:
            return None, False
        for parts in _vectors(capacity, size):
            change = np.zeros(len(log.capacity), np.int64)
            for place, amount in parts:
                change[units[place]] = amount
            strengths = log.refit(change)
            if strengths is not None and aim.changed(strengths):
                return Found(change, strengths), True
    return None, True


def _numbers(capacity: list[int], most: int, limit: int) -> Iterator[int]:
    """Yields the numbers of changes of 1, 2, ..., `most` matches, capped just above the limit."""
    size = min(most, 64)
    ways = [1] + [0] * size
    for room in capacity:
        for total in range(size, 0, -1):
            ways[total] = sum(ways[total - min(room, total) : total + 1])
        if ways[min(1, size)] > limit:
            break
    yield from ways[1:]
    yield from (limit + 1 for _ in range(most - size))


def _vectors(capacity: list[int], size: int, first: int = 0) -> Iterator[list[tuple[int, int]]]:
    """Yields all ways to select `size` matches, as lists of (unit, number)."""
    if not size:
        yield []
        return
    for place in range(first, len(capacity)):
        for amount in range(1, min(capacity[place], size) + 1):
            for rest in _vectors(capacity, size - amount, place + 1):
                yield [(place, amount), *rest]
