"""`python -m bench.large`: seconds a stage, certificate and peak memory of large and hard fields.

Each line runs in a process of its own. The table goes to standard output, and with the same
figures as JSON to build/bench-large.json.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.large.log import write
from humorrank import Leaderboard, Tally, rate

GIGABYTE = 2**30
FOLDER = Path("build/large")
POINTS = 400 / np.log(10)


Made = tuple[int, list[np.ndarray], dict[str, Any]]


@dataclass(frozen=True)
class Work:
    """One line.

    Attributes:
        title: what is done.
        make: returns the number of contestants, the columns first, second, outcome and, if rows
            stand for more than one match, count; and the options of `rate`.
        seconds: how long it may take.
        gigabytes: how much it may hold at once, codes included.
        truth: the ratings, where they have a closed form.
    """

    title: str
    make: Callable[[], Made]
    seconds: float
    gigabytes: float | None = None
    truth: Callable[[], np.ndarray] | None = None


def _sparse(contestants: int, matches: int, **options: Any) -> Made:
    folder = write(FOLDER, contestants, matches)
    columns = [np.load(folder / f"{name}.npy") for name in ("first", "second", "outcome")]
    return contestants, columns, options


def _counts(rows: list[tuple[int, int, int, int]], contestants: int) -> Made:
    return contestants, [np.array(column) for column in zip(*rows, strict=True)], {}


def _chain(won: int, lost: int) -> Made:
    rows = [
        (i, i + 1, winner, count) for i in range(999) for winner, count in ((0, won), (1, lost))
    ]
    return _counts(rows, 1000)


def _chain_truth(won: int, lost: int) -> np.ndarray:
    return 1000 + (499.5 - np.arange(1000)) * 400 * np.log10(won / lost)


def _one_far() -> Made:
    rows = [(i, j, w, 50) for i in range(1, 200) for j in range(i + 1, 200) for w in (0, 1)]
    rows += [(0, j, w, count) for j in range(1, 200) for w, count in ((0, 9_999), (1, 1))]
    return _counts(rows, 200)


def _one_far_truth() -> np.ndarray:
    """All others are equal, so one match-up is the whole truth."""
    ahead = 400 * np.log10(9_999)
    ratings = np.zeros(200)
    ratings[0] = ahead
    return 1000 + ratings - ratings.mean()


def _cliques() -> Made:
    size = 200
    random = np.random.default_rng(1)
    rows = [
        (low + i, low + j, w, int(count))
        for low in (0, size)
        for i in range(size)
        for j in range(i + 1, size)
        for w, count in zip((0, 1), random.integers(1, 50, 2), strict=True)
    ]
    rows.append((0, size, 2, 1))
    return _counts(rows, 2 * size)


WORKS = {
    "largest": Work(
        "1e6 contestants, 1e8 matches, largest component",
        lambda: _sparse(10**6, 10**8, disconnected="largest"),
        40,
        4,
    ),
    "prior": Work(
        "1e6 contestants, 1e8 matches, prior=1",
        lambda: _sparse(10**6, 10**8, prior=1),
        40,
        4,
    ),
    "bootstrap": Work(
        "1e5 contestants, 1e7 matches, 100 bootstraps",
        lambda: _sparse(10**5, 10**7, disconnected="largest", bootstrap=100),
        60,
    ),
    "small-largest": Work(
        "1e6 contestants, 1e7 matches, largest component",
        lambda: _sparse(10**6, 10**7, disconnected="largest"),
        40,
        4,
    ),
    "chain-6-4": Work(
        "a chain of 1,000 at 6:4", lambda: _chain(6, 4), 2, truth=lambda: _chain_truth(6, 4)
    ),
    "chain-9999-1": Work(
        "a chain of 1,000 at 9999:1",
        lambda: _chain(9999, 1),
        2,
        truth=lambda: _chain_truth(9999, 1),
    ),
    "one-far": Work("one of 200 at 99.99 %", _one_far, 2, truth=_one_far_truth),
    "cliques": Work("two cliques of 200 joined by one draw", _cliques, 2),
}


def measure(work: Work) -> dict[str, Any]:
    """Does the work in this process."""
    # The columns stay, as they would with a caller; names in order need no other codes.
    contestants, columns, options = work.make()
    names = [f"{code:07}" for code in range(contestants)]
    begin = time.perf_counter()
    tally = Tally.from_codes(names, *columns)
    start = time.perf_counter()
    first: dict[str, float] = {}

    def progress(stage: str, _done: int, _total: int) -> None:
        first.setdefault(stage, time.perf_counter())

    options = {"bootstrap": 0, **options}
    board = rate(tally, elo_shuffles=0, progress=progress, **options)
    end = time.perf_counter()
    stages = {"tally": start - begin}
    marks = [("pairs, existence", start), *sorted(first.items(), key=lambda item: item[1])]
    for (name, begun), ended in zip(marks, [*(t for _, t in marks[1:]), end], strict=True):
        stages[name] = ended - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIGABYTE
    out: dict[str, Any] = {
        "work": work.title,
        "seconds": end - begin,
        "stages": stages,
        "certificate": board.certificate["distance"],
        "rated": len(board),
        "gigabytes": peak,
        "target_seconds": work.seconds,
        "target_gigabytes": work.gigabytes,
    }
    if work.truth is not None:
        out["error"] = float(np.abs(_by_name(board) - work.truth()).max())
    within = work.gigabytes is None or peak <= work.gigabytes
    out["met"] = bool(out["seconds"] <= work.seconds and within and out["certificate"] <= 1e-4)
    return out


def _by_name(board: Leaderboard) -> np.ndarray:
    return board.to_polars().sort("model")["rating"].to_numpy()


def main() -> None:
    """Runs the lines asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", nargs="*", choices=[*WORKS, []], default=[])
    parser.add_argument("--here", choices=list(WORKS), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        print(json.dumps(measure(WORKS[asked.here])))
        return
    results = []
    print("| work | seconds | stages | certificate | off by | GB | target | met |")
    print("|---|---|---|---|---|---|---|---|")
    for line in asked.lines or WORKS:
        if WORKS[line].gigabytes is not None or line == "bootstrap":
            size = {"bootstrap": (10**5, 10**7), "small-largest": (10**6, 10**7)}
            write(FOLDER, *size.get(line, (10**6, 10**8)))
        command = [sys.executable, "-m", "bench.large", "--here", line]
        ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        result = json.loads(ran.stdout)
        results.append(result)
        stages = ", ".join(f"{name} {s:.2f}" for name, s in result["stages"].items() if s >= 0.005)
        off = f"{result['error']:.1e}" if "error" in result else ""
        memory = result["target_gigabytes"]
        target = f"{result['target_seconds']:g} s" + (f", {memory:g} GB" if memory else "")
        print(
            f"| {result['work']} | {result['seconds']:.2f} | {stages} "
            f"| {result['certificate']:.1e} | {off} | {result['gigabytes']:.2f} | {target} "
            f"| {'yes' if result['met'] else 'no'} |",
            flush=True,
        )
    path = Path("build/bench-large.json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
