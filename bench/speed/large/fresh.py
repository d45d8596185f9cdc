"""Measurements in a fresh process: seconds, and memory in excess of the imports."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import humorrank  # noqa: F401 - imports are not part of the work
from bench.speed.racing import Limit, Line

_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Cost:
    """The cost of a piece of work.

    Attributes:
        seconds: Wall time.
        cpu: Processor time of all threads in seconds.
        megabytes: Peak resident memory in excess of that before the work.
    """

    seconds: float
    cpu: float
    megabytes: float


def _resident(field: str) -> float:
    """Returns a memory figure of Linux in megabytes."""
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def report(work: Callable[[], object]) -> None:
    """Does the work in this process and prints its cost, which `fresh` reads."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _resident("VmRSS")
    start, cpu = time.perf_counter(), time.process_time()
    work()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps([seconds, cpu, _resident("VmHWM") - before]))


def fresh(module: str, *arguments: str) -> Cost:
    """Runs `python -m module arguments`, which calls `report`."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return Cost(*json.loads(done.stdout.splitlines()[-1]))


def middle(costs: Sequence[Cost]) -> Cost:
    """Returns the median of each figure, except for memory, where it is the maximum."""
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        max(cost.megabytes for cost in costs),
    )


def ratio(work: str, ours: Cost, peer: str, theirs: Cost, least: float | None, rounds: int) -> Line:
    """Returns a line whose target is a minimum ratio of their seconds to ours."""
    return Line(work, peer, ours.seconds, theirs.seconds, rounds, rounds, least)


def seconds(work: str, ours: Cost, most: float, rounds: int) -> Line:
    """Returns a line whose target is a maximum of our seconds."""
    return Line(work, ours=ours.seconds, rounds=rounds, limit=Limit(most))


def memory(work: str, ours: Cost, most: float, rounds: int) -> Line:
    """Returns a line whose target is a maximum of our resident bytes in excess of the imports."""
    name = f"{work}: memory above the imports"
    return Line(name, ours=ours.megabytes * 2**20, rounds=rounds, limit=Limit(most, "bytes"))
