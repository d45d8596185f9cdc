"""Races: ours and the peers in turns, on the same log, after a check that they agree."""

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
"""A peer's call longer than this many seconds is timed once for every three of ours."""


@dataclass(frozen=True)
class Peer:
    """Another tool's way to do the same work.

    Attributes:
        name: the tool and what of it is called.
        call: does the work; timed as a whole.
        check: raises AssertionError where our result and theirs are not the same.
        per: how many units of work one call does.
        parts: seconds of named parts of a call, from its result; they become lines of their own.
        together: the parts whose sum is compared, where the whole call would be unfair.
        target: the least ratio of their time to ours that humorrank is built for.
        missing: why the peer cannot run here.
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
    """The most that a line of our own may take.

    Attributes:
        most: in the unit.
        unit: "s", or "bytes".
    """

    most: float
    unit: str = "s"


@dataclass
class Line:
    """One line of the table; what it takes is in seconds a unit of work, or in bytes.

    Attributes:
        work: what is done.
        peer: beside whom; empty for nobody.
        ours: what it takes us.
        theirs: what it takes them.
        rounds: how often ours was measured.
        peer_rounds: how often theirs.
        least_ratio: the target of theirs over ours.
        limit: the target of ours alone.
        note: why a figure is missing, or how it was found.
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
        """How many times more it takes the peer."""
        if self.ours is None or self.theirs is None:
            return None
        return self.theirs / self.ours

    @property
    def unit(self) -> str:
        """Of what it takes."""
        return self.limit.unit if self.limit is not None else "s"

    @property
    def target(self) -> str:
        """The target in words."""
        if self.limit is not None:
            return f"<= {amount(self.limit.most, self.unit)}"
        return "" if self.least_ratio is None else f">= {self.least_ratio:g}x"

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one, or without figures."""
        if self.limit is not None:
            return None if self.ours is None else self.ours <= self.limit.most
        if self.least_ratio is None or self.ratio is None:
            return None
        return self.ratio >= self.least_ratio

    def record(self) -> dict[str, Any]:
        """The line as JSON has it."""
        return {
            **asdict(self),
            "unit": self.unit,
            "ratio": self.ratio,
            "target": self.target,
            "met": self.met,
        }


class Race:
    """What the fixture `race` is: call it with the work, ours and the peers.

    Args:
        benchmark: pytest-benchmark's fixture, which times ours.
        lines: where the lines of the table go.
    """

    def __init__(self, benchmark: Any, lines: list[Line]) -> None:
        self._benchmark = benchmark
        self._lines = lines

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
        """Checks, then times ours and each peer in turns.

        The check is the first call of each, so that nothing is timed cold. A slow peer is timed
        every third round.

        Args:
            work: what is done, for the table.
            ours: our way.
            peers: the others.
            per: how many units of work one call of ours does.
            rounds: how often ours is timed.
            limit: the most seconds a unit that ours may take, as a line of its own.
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
            seconds, _ = _timed(peer.call)
            running.append((peer, 1 if seconds < MANY else 3, [], []))
        turn = 0

        def peers_turn() -> None:
            nonlocal turn
            for peer, every, times, parts in running:
                if turn % every == 0:
                    seconds, theirs = _timed(peer.call)
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


def _timed(call: Callable[[], Any] | None) -> tuple[float, Any]:
    """Seconds and result of a call, without the garbage collector, as ours is timed."""
    assert call is not None
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        result = call()
        return time.perf_counter() - start, result
    finally:
        gc.enable()
