"""Races: humorrank and its peers in turns on the same log, after a check that the results agree."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from bench.speed.table import amount

MANY = 0.1
"""A peer whose call takes longer than this, in seconds, is timed in every third round only."""


@dataclass(frozen=True)
class Peer:
    """The same work done with another tool.

    Attributes:
        name: The tool, and the function that is called.
        call: Does the work, and is timed as a whole.
        check: Raises AssertionError if our result and theirs differ.
        per: The number of units of work of one call.
        parts: Extracts the seconds of named parts from the result. Each part has its own line.
        together: The parts whose sum is compared, if comparing the whole call would be unfair.
        target: The minimum ratio of their time to ours that humorrank aims at.
        missing: The reason why the peer cannot run here.
    """

    name: str
    call: Callable[[], Any] | None
    check: Callable[[Any, Any], None] = lambda ours, theirs: None
    per: float = 1
    parts: Callable[[Any], dict[str, float]] | None = None
    together: tuple[str, ...] = ()
    target: float | None = None
    missing: str | None = None


@dataclass(frozen=True)
class Limit:
    """A limit on our own cost.

    Attributes:
        most: The limit in the given unit.
        unit: "s" or "bytes".
    """

    most: float
    unit: str = "s"


@dataclass
class Line:
    """One line of the table. Costs are in seconds per unit of work, or in bytes.

    Attributes:
        work: Description of the work.
        peer: The tool to compare with; empty if there is none.
        ours: Our cost.
        theirs: The cost of the peer.
        rounds: The number of measurements of ours.
        peer_rounds: The number of measurements of theirs.
        least_ratio: The target for the ratio of theirs to ours.
        limit: The target for ours alone.
        note: The reason why a figure is missing, or how it was determined.
    """

    work: str
    peer: str = ""
    ours: float | None = None
    theirs: float | None = None
    rounds: int = 0
    peer_rounds: int = 0
    least_ratio: float | None = None
    limit: Limit | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The cost of the peer divided by ours."""
        if self.ours is None or self.theirs is None:
            return None
        return self.theirs / self.ours

    @property
    def unit(self) -> str:
        """The unit of the cost."""
        return self.limit.unit if self.limit is not None else "s"

    @property
    def target(self) -> str:
        """The target as text."""
        if self.limit is not None:
            return f"<= {amount(self.limit.most, self.unit)}"
        return "" if self.least_ratio is None else f">= {self.least_ratio:g}x"

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without a target or without figures."""
        if self.limit is not None:
            return None if self.ours is None else self.ours <= self.limit.most
        if self.least_ratio is None or self.ratio is None:
            return None
        return self.ratio >= self.least_ratio

    def record(self) -> dict[str, Any]:
        """Returns the line as written to JSON."""
        return {
            **asdict(self),
            "unit": self.unit,
            "ratio": self.ratio,
            "target": self.target,
            "met": self.met,
        }


class Race:
    """The type of the fixture `race`, which is called with the work, ours and the peers.

    Args:
        benchmark: The fixture of pytest-benchmark, which times ours.
        lines: The list to which the lines of the table are added.
        clock: Times the peers. To time ours by another clock than `time.perf_counter`, use the mark
            `benchmark(timer=...)` of pytest-benchmark.
    """

    def __init__(
        self,
        benchmark: Any,
        lines: list[Line],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._benchmark = benchmark
        self._lines = lines
        self._clock = clock

    def __call__(
        self,
        work: str,
        ours: Callable[[], Any],
        peers: Sequence[Peer],
        *,
        per: float = 1,
        rounds: int = 9,
        limit: Limit | None = None,
    ) -> None:
        """Checks the results, then times ours and each peer in turns.

        The check is the first call of each and serves as a warm-up. A slow peer is timed only in
        every third round.

        Args:
            work: Description of the work for the table.
            ours: Our way to do the work.
            peers: The other tools.
            per: The number of units of work of one call of ours.
            rounds: The number of times that ours is timed.
            limit: The limit on our seconds per unit, which gets its own line.
        """
        if self._benchmark.disabled:
            rounds = 1
        result = ours()
        running: list[tuple[Peer, int, list[float], list[dict[str, float]]]] = []
        wrong: list[str] = []
        untimed: list[Line] = []
        for peer in peers:
            if peer.call is None:
                untimed.append(_untimed(work, peer, f"skipped: {peer.missing}"))
                continue
            try:
                peer.check(result, peer.call())
            except AssertionError as error:
                wrong.append(f"{peer.name}: {error}")
                untimed.append(_untimed(work, peer, f"not the same result: {error}"))
                continue
            seconds, _ = _timed(peer.call, self._clock)
            running.append((peer, 1 if seconds < MANY else 3, [], []))
        turn = 0

        def peers_turn() -> None:
            nonlocal turn
            for peer, every, times, parts in running:
                if turn % every == 0:
                    seconds, theirs = _timed(peer.call, self._clock)
                    times.append(seconds / peer.per)
                    if peer.parts is not None:
                        found = peer.parts(theirs)
                        parts.append({name: part / peer.per for name, part in found.items()})
            turn += 1

        self._benchmark.group = work
        self._benchmark.pedantic(ours, setup=peers_turn, rounds=rounds, iterations=1)
        if self._benchmark.stats is not None:
            own = self._benchmark.stats.stats.median / per
            for line in untimed:
                line.ours, line.rounds = own, rounds
            if limit is not None or not peers:
                self._lines.append(Line(work, ours=own, rounds=rounds, limit=limit))
            for peer, _, times, parts in running:
                self._lines += _lines(work, own, rounds, peer, times, parts)
        self._lines += untimed
        if wrong:
            pytest.fail("; ".join(wrong))


def _untimed(work: str, peer: Peer, note: str) -> Line:
    return Line(work, peer.name, least_ratio=peer.target, note=note)


def _lines(
    work: str,
    own: float,
    rounds: int,
    peer: Peer,
    times: list[float],
    parts: list[dict[str, float]],
) -> list[Line]:
    def line(name: str, theirs: list[float], target: float | None) -> Line:
        median = statistics.median(theirs)
        return Line(work, name, own, median, rounds, len(theirs), target)

    if not parts:
        return [line(peer.name, times, peer.target)]
    lines = [
        line(f"{peer.name}: {name}", [part[name] for part in parts], None)
        for name in parts[0]
        if peer.together != (name,)
    ]
    sums = [sum(part[name] for name in peer.together) for part in parts]
    lines.append(
        line(f"{peer.name}: {' + '.join(peer.together)}", sums, peer.target),
    )
    return lines


def _timed(call: Callable[[], Any] | None, clock: Callable[[], float]) -> tuple[float, Any]:
    """Returns the seconds and the result of a call without garbage collection, as for ours."""
    assert call is not None
    gc.collect()
    gc.disable()
    try:
        start = clock()
        result = call()
        return clock() - start, result
    finally:
        gc.enable()
