"""Work in a fresh process: its seconds, and the memory that it takes above its imports."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import humorrank  # noqa: F401 - what is imported is no part of the work
from bench.speed.racing import Limit, Line

_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Cost:
    """What a piece of work took.

    Attributes:
        seconds: wall time.
        cpu: seconds of processor time, of all threads.
        megabytes: the most memory resident at once, above what was resident before.
    """

    seconds: float
    cpu: float
    megabytes: float


def _resident(field: str) -> float:
    """Megabytes, as Linux counts them."""
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def report(work: Callable[[], object]) -> None:
    """Does the work in this process and prints what it took, for `fresh` to read."""
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
    """The median of each figure; of memory the most."""
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        max(cost.megabytes for cost in costs),
    )


def ratio(work: str, ours: Cost, peer: str, theirs: Cost, least: float | None, rounds: int) -> Line:
    """A line whose target is the least ratio of their seconds to ours."""
    return Line(work, peer, ours.seconds, theirs.seconds, rounds, rounds, least)


def seconds(work: str, ours: Cost, most: float, rounds: int) -> Line:
    """A line whose target is the most seconds that ours may take."""
    return Line(work, ours=ours.seconds, rounds=rounds, limit=Limit(most))


def memory(work: str, ours: Cost, most: float, rounds: int) -> Line:
    """A line whose target is the most bytes that ours may have resident above the imports."""
    name = f"{work}: memory above the imports"
    return Line(name, ours=ours.megabytes * 2**20, rounds=rounds, limit=Limit(most, "bytes"))
