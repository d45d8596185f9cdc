"""Kills tournaments with SIGKILL, resumes them, and compares them with uninterrupted runs.

    python tests/soak/crash.py --kills 200

Each tournament runs in a forked process, which is killed at a random time, while it replays,
schedules, judges or commits. After every kill, the store must still contain all judgments that it
contained before, and all that the process had reported as committed. When the tournament has
finally ended, its judgments and failures must equal those of an uninterrupted run row by row,
except for the times.
"""

from __future__ import annotations

import argparse
import mmap
import os
import random
import signal
import struct
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.fields import LOG, field, finish, made, rows, spec_of

from humorrank.tournament.opening import resume
from humorrank.tournament.spec import Spec

FAILED = "SELECT comparison, position, judge, reason, attempts FROM failures ORDER BY 1, 2, 3"
SCHEDULED = "SELECT comparison, round, low, high, prompt FROM comparisons ORDER BY 1"

KILLS_EACH = 8
"""The maximum number of kills per tournament, so that tournaments of many kinds are tested."""


@dataclass
class Report:
    """The work done so far.

    Attributes:
        kills: The number of processes that were killed while they worked.
        fruitful: The number of these that had committed something since they were started.
        tournaments: The number of tournaments that ended and equal their uninterrupted runs.
        judgments: The total number of their judgments.
    """

    kills: int = 0
    fruitful: int = 0
    tournaments: int = 0
    judgments: int = 0


def crash(kills: int, seed: int = 0, say: bool = False) -> Report:
    """Kills the given number of times, in as many tournaments as necessary.

    Raises:
        AssertionError: Something was lost, duplicated or changed.
    """
    dice = random.Random(seed)
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        while report.kills < kills:
            spec = _spec(dice)
            place = Path(folder) / f"{report.tournaments}"
            place.mkdir()
            _one(place, spec, dice, report, kills)
            report.tournaments += 1
            if say:
                print(report, flush=True)
    return report


def _spec(dice: random.Random) -> Spec:
    kind = dice.choice(["swiss", "swiss", "random", "round_robin", "information"])
    return spec_of(
        12,
        judge={
            "failure_rate": dice.choice([0.0, 0.4]),
            "retries": dice.choice([0, 2]),
            "latency": dice.choice([0.0, 0.0, 0.002]),
            "batch_size": dice.choice([3, 100]),
        },
        schedule={"kind": kind, "prompts_per_pairing": dice.choice([1, 3])},
        seed=dice.getrandbits(64),
        position=dice.choice(["random", "both"]),
        lag=dice.choice([0, 1, 1, 3]),
        budget=dice.randint(200, 800),
    )


def _one(place: Path, spec: Spec, dice: random.Random, report: Report, kills: int) -> None:
    texts = field(12, 40, twins=2)
    whole, path = place / "whole.sqlite", place / "crashed.sqlite"
    began = time.monotonic()
    finish(made(whole, spec, texts))
    took = time.monotonic() - began
    made(path, spec, texts).store.close()
    known: set[tuple] = set()
    most = min(kills, report.kills + KILLS_EACH)
    while True:
        patience = dice.uniform(0, took) if report.kills < most else None
        ended, told = _run(path, patience)
        now = rows(path, LOG)
        assert known <= set(now), "a committed judgment was lost"
        assert len(now) + rows(path, "SELECT COUNT(*) FROM failures")[0][0] >= told, (
            "something was reported as committed but is missing"
        )
        grew = len(now) > len(known)
        known = set(now)
        assert len(known) == len(now), "a judgment is stored twice"
        if ended:
            break
        report.kills += 1
        report.fruitful += grew
    for query in (LOG, FAILED, SCHEDULED):
        assert rows(path, query) == rows(whole, query), "the log is not as if uninterrupted"
    report.judgments += len(known)


def _run(path: Path, patience: float | None) -> tuple[bool, int]:
    """Returns whether a process ended within `patience` seconds, and the commits it reported."""
    shared = mmap.mmap(-1, 8)
    child = os.fork()
    if child == 0:
        code = 1
        try:

            def note(_stage: str, done: int, _total: int) -> None:
                shared[:] = struct.pack("q", done)

            ending = finish(resume(path), progress=note)
            code = 0 if ending.reason is not None else 1
        finally:
            os._exit(code)
    deadline = None if patience is None else time.monotonic() + patience
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            assert os.waitstatus_to_exitcode(status) == 0, "a process failed on its own"
            return True, struct.unpack("q", shared[:])[0]
        if deadline is not None and time.monotonic() >= deadline:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            return os.WIFEXITED(status), struct.unpack("q", shared[:])[0]
        time.sleep(0.0005)


def main() -> None:
    """Kills as often as given on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    report = crash(options.kills, options.seed, say=True)
    print(
        f"{report.kills} kills ({report.fruitful} after new commits), {report.tournaments} "
        f"tournaments, {report.judgments:,} judgments: "
        "nothing lost, nothing duplicated, every log equal to that of an uninterrupted run"
    )


if __name__ == "__main__":
    main()
