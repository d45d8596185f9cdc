"""Large and ill-conditioned fields: seconds, stages, certificate and peak memory."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.speed.large.log import write
from bench.speed.racing import Limit, Line
from humorrank import Leaderboard, Tally, rate

Made = tuple[int, list[np.ndarray], dict[str, Any]]


@dataclass(frozen=True)
class Work:
    """One line of the table.

    Attributes:
        title: Description of the work.
        make: Returns the number of contestants; the columns first, second, outcome and, if rows
            stand for more than one match, count; and the options of `rate`.
        seconds: Limit on the time.
        bytes: Limit on the peak memory, including the codes.
        truth: The exact ratings, if they have a closed form.
    """

    title: str
    make: Callable[[], Made]
    seconds: float
    bytes: float | None = None
    truth: Callable[[], np.ndarray] | None = None


def _sparse(folder: Path, contestants: int, matches: int, **options: Any) -> Made:
    folder = write(folder, contestants, matches)
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
    """Returns the exact ratings. All others are equal, so a single pair determines them."""
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


def works(folder: Path, scale: float) -> dict[str, Work]:
    """Returns all lines by name. `scale` multiplies the matches of large fields.

    The logs of these are kept in `folder`.
    """

    def large(contestants: int, matches: float, **options: Any) -> Callable[[], Made]:
        return lambda: _sparse(folder, contestants, int(matches * scale), **options)

    million = "1e6 contestants, 1e8 matches, from codes"
    return {
        "largest": Work(
            f"{million}, the largest component", large(10**6, 1e8, disconnected="largest"), 40, 4e9
        ),
        "prior": Work(f"{million}, prior=1", large(10**6, 1e8, prior=1), 40, 4e9),
        "bootstrap": Work(
            "1e5 contestants, 1e7 matches, 100 bootstraps",
            large(10**5, 1e7, disconnected="largest", bootstrap=100),
            60,
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
    """Does the work of a line in this process."""
    # The columns are kept, as a caller would do. Sorted names need no other codes.
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
    out: dict[str, Any] = {
        "seconds": end - begin,
        "stages": stages,
        "certificate": board.certificate["distance"],
        "bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    if work.truth is not None:
        out["error"] = float(np.abs(_by_name(board) - work.truth()).max())
    return out


def _by_name(board: Leaderboard) -> np.ndarray:
    return board.to_polars().sort("model")["rating"].to_numpy()


def _measure(name: str, folder: Path) -> dict[str, Any]:
    """Runs `measure` in a separate process and returns its result."""
    command = [sys.executable, "-m", "bench.speed.large.fields", name, str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _told(found: dict[str, Any]) -> str:
    """Returns a description of the stages and the certificate."""
    stages = ", ".join(f"{name} {s:.2f} s" for name, s in found["stages"].items() if s >= 0.005)
    told = f"{stages}; {found['certificate']:.0e} points from the maximum"
    return told if "error" not in found else f"{told}, {found['error']:.0e} from the closed form"


def lines(folder: Path, scale: float) -> Iterator[Line]:
    """Yields the lines of this module (see `bench.speed.large`)."""
    for name, work in works(folder, scale).items():
        found = _measure(f"{name}:{scale}", folder)
        yield Line(
            work.title,
            ours=found["seconds"],
            rounds=1,
            limit=Limit(work.seconds),
            note=_told(found),
        )
        if work.bytes is not None:
            title = f"{work.title}: memory, the codes included"
            yield Line(title, ours=found["bytes"], rounds=1, limit=Limit(work.bytes, "bytes"))


if __name__ == "__main__":
    name_, scale_ = sys.argv[1].split(":")
    print(json.dumps(measure(works(Path(sys.argv[2]), float(scale_))[name_])))
