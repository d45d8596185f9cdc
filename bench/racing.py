"""Races: ours and the peers in turns, on the same log, after a check that they agree."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pytest

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
        target: the least ratio of their time to ours.
        seconds: a fixed time a unit of work, where the line is held to a figure and not to a tool.
        missing: why the peer cannot run here.
    """

    name: str
    call: Callable[[], Any] | None
    check: Callable[[Any, Any], None] = lambda ours, theirs: None
    per: float = 1
    parts: Callable[[Any], dict[str, float]] | None = None
    together: tuple[str, ...] = ()
    target: float | None = None
    seconds: float | None = None
    missing: str | None = None


@dataclass
class Line:
    """One line of the table; times in seconds a unit of work."""

    work: str
    peer: str
    ours: float | None = None
    theirs: float | None = None
    rounds: int = 0
    peer_rounds: int = 0
    target: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times longer the peer takes."""
        if self.ours is None or self.theirs is None:
            return None
        return self.theirs / self.ours

    @property
    def met(self) -> str:
        """Whether the line reaches its target, as the table says it."""
        if self.target is None or self.ratio is None:
            return ""
        return "yes" if self.ratio >= self.target else "no"

    def record(self) -> dict[str, Any]:
        """The line as JSON has it."""
        return {
            **asdict(self),
            "ratio": self.ratio,
            "met": self.met or None,
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
        """
        result = ours()
        running: list[tuple[Peer, int, list[float], list[dict[str, float]]]] = []
        wrong: list[str] = []
        untimed: list[Line] = []
        fixed: list[Line] = []
        for peer in peers:
            if peer.seconds is not None:
                fixed.append(Line(work, peer.name, theirs=peer.seconds, target=peer.target))
                continue
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
            for line in (*fixed, *untimed):
                line.ours, line.rounds = own, rounds
            for peer, _, times, parts in running:
                self._lines += _lines(work, own, rounds, peer, times, parts)
        self._lines += [*fixed, *untimed]
        if wrong:
            pytest.fail("; ".join(wrong))


def _untimed(work: str, peer: Peer, note: str) -> Line:
    return Line(work, peer.name, target=peer.target, note=note)


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
        line(f"{peer.name}: {name}", [part[name] for part in parts], None) for name in parts[0]
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


def table(lines: Sequence[Line]) -> list[str]:
    """The lines as an aligned table in markdown."""
    head = ["work", "ours", "peer", "peer's", "ratio", "target", "met"]
    rows = [head]
    for line in lines:
        ratio = line.ratio
        rows.append(
            [
                line.work,
                duration(line.ours),
                line.peer + (f" ({line.note})" if line.note else ""),
                duration(line.theirs),
                "" if ratio is None else f"{ratio:.3g}x",
                "" if line.target is None else f">= {line.target:g}x",
                line.met,
            ]
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    text = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    return [text[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *text[1:]]


def duration(seconds: float | None) -> str:
    """A time in the unit that suits it, to three digits."""
    if seconds is None:
        return ""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
