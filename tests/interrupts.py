"""Ctrl-C at random moments on every path of the command line.

    python tests/interrupts.py [--times 50] [--within 0.5] [--only NAME] [--signal TERM]

Each path is run once to its end, and then so many times with a signal at a moment drawn from its
whole run. Every run must end with exit code 130 (143 at SIGTERM; 0 if it was done before), within
so many seconds of the signal, without a traceback, and without a file or a part of one left
behind. Prints a line a path, and ends with exit code 1 if one fails.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

import humorrank

COMMAND = [sys.executable, "-c", "from humorrank_start import main; main()"]
ROWS = 4_000_000
LONGEST = 4.0
"""Signals come within so many seconds of the start."""


@dataclass(frozen=True)
class Path_:
    """One way through the command line.

    Attributes:
        arguments: of humorrank.
        source: a file that is written to standard input, slowly at its end; "" for one that
            stays open without a byte; None for no input.
        fifo: whether the source is a named pipe, `pipe`, instead.
        outputs: files that it makes.
    """

    arguments: tuple[str, ...]
    source: str | None = None
    fifo: bool = False
    outputs: tuple[str, ...] = ()


def paths() -> dict[str, Path_]:
    """All ways, by name."""
    plain = ("--bootstrap", "0", "--elo-shuffles", "0")
    out = ("-o", "board.json")
    found = {
        f"rate {ending}": Path_(("rate", f"log.{ending}", *plain, *out), outputs=("board.json",))
        for ending in ("parquet", "csv", "csv.gz", "json", "jsonl", "arrow")
    }
    found |= {
        "rate a glob": Path_(("rate", "part-*.parquet", *plain)),
        "rate --where": Path_(("rate", "log.parquet", "--where", "prompt < 400000", *plain)),
        "rate a csv from standard input": Path_(("rate", "-", *plain), source="log.csv"),
        "rate Parquet from standard input": Path_(("rate", "-", *plain), source="log.parquet"),
        "rate a silent standard input": Path_(("rate", "-"), source=""),
        "rate a named pipe": Path_(("rate", "pipe", *plain), source="log.csv", fifo=True),
        "rate a silent named pipe": Path_(("rate", "pipe", *plain), source="", fifo=True),
        "bootstrap": Path_(("rate", "log.parquet", "--bootstrap", "20000", "--elo-shuffles", "0")),
        "Stable Elo": Path_(("rate", "log.parquet", "--bootstrap", "0", "--elo-shuffles", "40")),
        "rate --by": Path_(("rate", "log.parquet", "--by", "prompt", *plain, *out)),
        "tally": Path_(("tally", "log.parquet", "-o", "t.parquet"), outputs=("t.parquet",)),
        "tally --keys": Path_(
            ("tally", "log.parquet", "--keys", "prompt", "-o", "t.parquet"), outputs=("t.parquet",)
        ),
        "elo": Path_(("elo", "log.csv")),
        "simulate": Path_(
            ("simulate", "300", "--matches", "20000000", "-o", "made.parquet"),
            outputs=("made.parquet",),
        ),
    }
    return found


def make_logs(folder: Path, rows: int) -> None:
    """One log in every format."""
    ratings = {f"vendor/model-{i:03}": 1000.0 + i for i in range(100)}
    log = humorrank.simulate(ratings, rows, seed=1)
    prompts = np.random.default_rng(1).integers(0, rows // 8, rows)
    log = log.with_columns(prompt=pl.Series(prompts))
    log.write_parquet(folder / "log.parquet")
    log.write_csv(folder / "log.csv")
    log.write_ipc(folder / "log.arrow")
    small = log.head(rows // 8)
    small.write_ndjson(folder / "log.jsonl")
    small.write_json(folder / "log.json")
    subprocess.run(["gzip", "-1", "-k", "log.csv"], cwd=folder, check=True)
    for part in range(4):
        log.slice(part * rows // 4, rows // 4).write_parquet(folder / f"part-{part}.parquet")


@dataclass
class Result:
    """What became of the runs of one path."""

    waits: list[float] = field(default_factory=list)
    done: int = 0
    faults: list[str] = field(default_factory=list)


@contextlib.contextmanager
def started(path: Path_, folder: Path, temporary: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A running command, with what feeds it."""
    pipe = folder / "pipe"
    feeder = None
    held: list[int] = []
    stdin: int | None = subprocess.DEVNULL
    if path.fifo:
        os.mkfifo(pipe)
    elif path.source is not None:
        stdin = subprocess.PIPE
    environment = {**os.environ, "TMPDIR": str(temporary)}
    process = subprocess.Popen(
        [*COMMAND, *path.arguments],
        cwd=folder,
        env=environment,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A test runner may ignore interrupts, which is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        if path.fifo:
            held.append(os.open(pipe, os.O_RDWR))
        if path.source:
            target = held[0] if path.fifo else process.stdin.fileno()  # type: ignore[union-attr]
            feeder = subprocess.Popen(["cat", str(folder / path.source)], stdout=target)
        yield process
    finally:
        process.kill()
        process.communicate()
        if feeder is not None:
            feeder.kill()
            feeder.wait()
        for handle in held:
            os.close(handle)
        pipe.unlink(missing_ok=True)


def run(path: Path_, folder: Path, delay: float | None, number: int) -> tuple[float, float, int, str, list[str]]:
    """One run: seconds until the signal and after it, exit code, errors, what is left behind."""
    before = {file.name for file in folder.iterdir()}
    with tempfile.TemporaryDirectory() as place, started(path, folder, Path(place)) as process:
        begin = time.monotonic()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LONGEST if delay is None else delay)
        sent = time.monotonic()
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        waited = time.monotonic() - sent
        code = process.poll()
        error = process.stderr.read().decode() if code is not None else ""  # type: ignore[union-attr]
        left = [f"temporary {file.name}" for file in Path(place).iterdir()]
    left += sorted({file.name for file in folder.iterdir()} - before - {"pipe"})
    for name in path.outputs:
        (folder / name).unlink(missing_ok=True)
    return sent - begin, waited, -999 if code is None else code, error, left


def interrupt(
    path: Path_, folder: Path, times: int, within: float, number: int, draw: random.Random
) -> Result:
    """Interrupts a path at random moments."""
    result = Result()
    length = run(path, folder, None, number)[0]
    for _ in range(times):
        delay = draw.uniform(0.05, length)
        _, waited, code, error, left = run(path, folder, delay, number)
        if code == 0:
            result.done += 1
            left = [name for name in left if name not in path.outputs]
        elif code != 128 + number:
            result.faults.append(f"exit {code} after {delay:.2f} s: {error[-300:]}")
        else:
            result.waits.append(waited)
            if waited > within:
                result.faults.append(f"{waited:.2f} s to end, after {delay:.2f} s")
        if "Traceback" in error:
            result.faults.append(f"a traceback after {delay:.2f} s: {error[-300:]}")
        if left:
            result.faults.append(f"left behind after {delay:.2f} s: {', '.join(left)}")
    return result


def main() -> int:
    """Runs all paths."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50, help="interrupts a path")
    parser.add_argument("--within", type=float, default=0.5, help="seconds that a run may go on")
    parser.add_argument("--only", default="", help="only paths whose name holds this")
    parser.add_argument("--rows", type=int, default=ROWS, help="of the logs")
    parser.add_argument("--signal", choices=["INT", "TERM"], default="INT")
    options = parser.parse_args()
    number = getattr(signal, f"SIG{options.signal}")
    draw = random.Random(1)
    faults = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_logs(folder, options.rows)
        for name, path in paths().items():
            if options.only not in name:
                continue
            result = interrupt(path, folder, options.times, options.within, number, draw)
            waits = result.waits or [0.0]
            print(
                f"{name:34} {len(result.waits):3} interrupted, {result.done:3} done before; ended "
                f"within {statistics.median(waits):.2f} s (median), {max(waits):.2f} s (longest); "
                f"{len(result.faults)} faults",
                flush=True,
            )
            for fault in result.faults[:3]:
                print(f"    {fault}")
            faults += len(result.faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
