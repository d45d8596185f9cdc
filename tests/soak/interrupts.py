"""Presses Ctrl-C at random moments of every way through the command line and the library.

    python tests/soak/interrupts.py [--times 50] [--within 0.5] [--longest 4] [--only NAME]
        [--signal TERM] [--twice]

Each way is first run to its end, and then repeatedly with a signal at a random moment of the run.
Every run must end with exit code 130 (143 at SIGTERM; 0 if it was done before), without a
traceback, and without leaving a partial or a temporary file behind. It must also end within the
given number of seconds after the signal, which requires an otherwise idle machine. Prints a line
for each way, and exits with 1 if one of them fails.
"""

from __future__ import annotations

import argparse
import contextlib
import math
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

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.signals import PATIENCE, processor_time, processor_time_of_children

import humorrank

COMMAND = "from humorrank._start import main; main()"
STARTED = """
{imports}
import os, sys
from humorrank._start import main
os.close(int(sys.argv.pop(1)))
main()
"""
"""The command, which closes a file descriptor when it begins. Before that, Python is still starting
and handles interrupts itself."""
IMPORTS = """
import jinja2, pydantic, rich.progress, humorrank.cli
# The first array that the compiled module makes loads more of NumPy.
humorrank.rate([("x", "y", "tie")], bootstrap=40, elo_shuffles=1)
"""
"""The first imports of the commands, which take most of the time on a busy machine."""
LIBRARY = """
import itertools, sys, humorrank, polars as pl
{before}
try:
    print("ready", flush=True)
    {code}
except KeyboardInterrupt:
    sys.exit(130)
"""
ROWS = 4_000_000
FIRST = 0.02
"""Seconds from the beginning of a command to the earliest signal, so that it installs handlers."""


@dataclass(frozen=True)
class Way:
    """One way through humorrank.

    Attributes:
        arguments: The arguments of the command line.
        code: Code that uses the library, instead of arguments.
        before: Code that runs before the first signal, such as work of another library.
        source: A file that is written to standard input; "" for an input that stays open without a
            byte; None for no input.
        fifo: Whether the source comes through a named pipe, `pipe`, instead.
        imported: Whether the command has finished its imports when it begins.
        output: The file that it writes.
    """

    arguments: tuple[str, ...] = ()
    code: str = ""
    before: str = ""
    source: str | None = None
    fifo: bool = False
    output: str | None = None
    imported: bool = False

    @property
    def command(self) -> list[str]:
        """The command line, without the file descriptor that signals the beginning."""
        if self.code:
            script = LIBRARY.format(code=self.code, before=self.before)
        else:
            script = STARTED.format(imports=IMPORTS if self.imported else "")
        return [sys.executable, "-c", script]


def ways() -> dict[str, Way]:
    """Returns all ways by name."""
    plain = ("--bootstrap", "0", "--elo-shuffles", "0")
    out = ("-o", "board.json")
    short = "bootstrap=0, elo_shuffles=0"
    return {
        **{
            f"rate {ending}": Way(("rate", f"log.{ending}", *plain, *out), output="board.json")
            for ending in ("parquet", "csv", "csv.gz", "json", "jsonl", "arrow")
        },
        "rate a glob": Way(("rate", "part-*.parquet", *plain)),
        "rate --where": Way(("rate", "log.parquet", "--where", "prompt < 400000", *plain)),
        "rate csv from standard input": Way(("rate", "-", *plain), source="log.csv"),
        "rate Parquet from standard input": Way(("rate", "-", *plain), source="log.parquet"),
        "rate silent standard input": Way(("rate", "-"), source=""),
        "rate named pipe": Way(("rate", "pipe", *plain), source="log.csv", fifo=True),
        "rate silent named pipe": Way(("rate", "pipe", *plain), source="", fifo=True),
        "bootstrap": Way(("rate", "log.parquet", "--bootstrap", "20000", "--elo-shuffles", "0")),
        "Stable Elo": Way(("rate", "log.parquet", "--bootstrap", "0", "--elo-shuffles", "40")),
        "rate --by": Way(("rate", "log.parquet", "--by", "prompt", *plain, *out), output=out[1]),
        "rate --cluster": Way(
            ("rate", "log.parquet", "--cluster", "prompt", "--bootstrap", "1000", *plain[2:])
        ),
        "rate --first-position": Way(("rate", "log.parquet", "--first-position", *plain[2:])),
        "ranks": Way(("ranks", "log.parquet", "--interval", "sandwich")),
        "check": Way(("check", "log.parquet", "--cluster", "prompt")),
        "audit": Way(("audit", "log.parquet", "--top", "30")),
        "agree": Way(("agree", "log.parquet")),
        "plan": Way(("plan", "60", "--half-width", "5", "-o", "plan.json"), output="plan.json"),
        "report": Way(
            ("report", "part-0.parquet", "-o", "report.html", "--no-pictures"),
            output="report.html",
        ),
        "plot": Way(("plot", "leaderboard", "log.parquet", "-o", "board.png"), output="board.png"),
        "diff": Way(("diff", "part-0.parquet", "log.parquet", "--cluster", "prompt")),
        "tally": Way(("tally", "log.parquet", "-o", "t.parquet"), output="t.parquet"),
        "tally --keys": Way(
            ("tally", "log.parquet", "--keys", "prompt", "-o", "t.parquet"), output="t.parquet"
        ),
        "elo": Way(("elo", "log.csv")),
        "simulate": Way(
            ("simulate", "300", "--matches", "10000000", "-o", "made.parquet"),
            output="made.parquet",
        ),
        "simulate csv": Way(
            ("simulate", "300", "--matches", "3000000", "-o", "made.csv"), output="made.csv"
        ),
        "--help": Way(("rate", "--help")),
        "library, Parquet": Way(code=f"humorrank.rate('log.parquet', {short})"),
        "library, csv": Way(code=f"humorrank.rate('log.csv', {short})"),
        "library, jsonl": Way(code=f"humorrank.rate('log.jsonl', {short})"),
        "library, a frame": Way(code=f"humorrank.rate(pl.read_parquet('log.parquet'), {short})"),
        "library, a lazy frame": Way(
            code=f"humorrank.rate(pl.scan_parquet('log.parquet').sort('prompt'), {short})"
        ),
        "library, tuples": Way(
            before="rows = pl.read_ipc('part.arrow', columns=[0, 1, 2]).rows()",
            code=f"humorrank.rate(itertools.chain(*itertools.repeat(rows, 8)), {short})",
        ),
        "library, bootstrap": Way(code="humorrank.rate('log.parquet', bootstrap=20000)"),
        "library, by": Way(code=f"humorrank.rate('log.parquet', by='prompt', {short})"),
    }


def make_logs(folder: Path, rows: int) -> None:
    """Writes one log in every format."""
    ratings = {f"vendor/model-{i:03}": 1000.0 + i for i in range(100)}
    log = humorrank.simulate(ratings, rows, seed=1)
    prompts = np.random.default_rng(1).integers(0, max(rows // 8, 1), rows)
    log = log.with_columns(prompt=pl.Series(prompts))
    log.write_parquet(folder / "log.parquet")
    log.write_csv(folder / "log.csv")
    log.write_ipc(folder / "log.arrow")
    small = log.head(rows // 8)
    small.write_ndjson(folder / "log.jsonl")
    small.write_json(folder / "log.json")
    small.write_ipc(folder / "part.arrow")
    subprocess.run(["gzip", "-1", "-k", "log.csv"], cwd=folder, check=True)
    for part in range(4):
        log.slice(part * rows // 4, rows // 4).write_parquet(folder / f"part-{part}.parquet")


@dataclass(frozen=True)
class Run:
    """The outcome of one run.

    Attributes:
        delay: Seconds from the beginning to the signal.
        wait: Seconds from the signal to the end.
        work: Processor time from the signal to the end, in seconds. It is 0 if it is not known.
        code: The exit code, or None if the run did not end.
        error: The standard error.
        temporary: Temporary files that are left behind.
        made: The names and the contents of other files that are left behind.
    """

    delay: float
    wait: float
    work: float
    code: int | None
    error: str
    temporary: list[str]
    made: dict[str, bytes]

    @property
    def too_early(self) -> bool:
        """Whether Python was still starting or already ending, and handled the signal itself."""
        return self.code in (1, -signal.SIGINT, -signal.SIGTERM) and "humorrank" not in self.error


@contextlib.contextmanager
def started(way: Way, folder: Path, temporary: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Starts a command and the process that feeds it."""
    pipe = folder / "pipe"
    feeder: subprocess.Popen[bytes] | None = None
    held: int | None = None
    if way.fifo:
        os.mkfifo(pipe)
        # Opened for reading and writing, so that neither side waits for the other.
        held = os.open(pipe, os.O_RDWR)
    piped = way.source is not None and not way.fifo
    begun, begins = os.pipe()
    beginning = () if way.code else (str(begins),)
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*way.command, *beginning, *way.arguments],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(temporary)},
            stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
            stdout=subprocess.PIPE if way.code else subprocess.DEVNULL,
            stderr=said,
            pass_fds=() if way.code else (begins,),
        )
        process.stderr = said  # type: ignore[assignment]
        os.close(begins)
        if process.stdout is not None:
            # Python itself handles interrupts of an import, so the test starts with the first call.
            process.stdout.readline()
        os.read(begun, 1)
        os.close(begun)
        try:
            if way.source:
                target = held if held is not None else process.stdin
                feeder = subprocess.Popen(["cat", str(folder / way.source)], stdout=target)
                if process.stdin is not None:
                    process.stdin.close()
            yield process
        finally:
            process.kill()
            process.wait()
            for end in (process.stdin, process.stdout):
                if end is not None:
                    end.close()
            if feeder is not None:
                feeder.kill()
                feeder.wait()
            if held is not None:
                os.close(held)
                pipe.unlink()


def run(way: Way, folder: Path, delay: float, number: int, *, twice: bool = False) -> Run:
    """Runs a way and sends a signal after `delay` seconds."""
    before = {file.name for file in folder.iterdir()}
    ended = processor_time_of_children()
    with tempfile.TemporaryDirectory() as place:
        with started(way, folder, Path(place)) as process:
            begin = time.monotonic()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(delay)
            sent = time.monotonic()
            used = None if process.returncode is not None else processor_time(process.pid)
            process.send_signal(number)
            if twice:
                time.sleep(0.02)
                process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
            waited = time.monotonic() - sent
            work = 0.0 if used is None else processor_time_of_children() - ended - used
            code = process.poll()
            assert process.stderr is not None
            process.stderr.seek(0)
            error = process.stderr.read().decode()
        temporary = [file.name for file in Path(place).rglob("*")]
    made = {name: folder / name for name in {file.name for file in folder.iterdir()} - before}
    contents = {name: file.read_bytes() for name, file in made.items()}
    for file in made.values():
        file.unlink()
    return Run(sent - begin, waited, work, code, error, temporary, contents)


@dataclass
class Result:
    """The results of the runs of one way."""

    waits: list[float] = field(default_factory=list)
    works: list[float] = field(default_factory=list)
    done: int = 0
    early: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Limits:
    """Limits on how long a run may continue after the signal.

    Attributes:
        seconds: Limit on the wall time, which depends on the load of the machine.
        work: Limit on the processor time in seconds, which does not depend on it.
    """

    seconds: float = math.inf
    work: float = math.inf


def judge(found: Run, way: Way, whole: bytes | None, limits: Limits, number: int) -> list[str]:
    """Returns the faults of an interrupted run.

    Args:
        found: The run.
        way: The way that was run.
        whole: The content of a complete output, or None if it is not known.
        limits: Limits on how long the run may continue.
        number: The signal.
    """
    faults = []
    if found.code is None:
        faults.append(f"still runs {PATIENCE:g} s after the signal")
    elif found.code not in (0, 128 + number):
        faults.append(f"exit code {found.code}: {found.error[-400:]}")
    elif found.code and (found.wait > limits.seconds or found.work > limits.work):
        faults.append(f"{found.wait:.2f} s to end, {found.work:.2f} s of them at work")
    if "Traceback" in found.error and "humorrank" in found.error:
        faults.append(f"a traceback: {found.error[-1500:]}")
    faults += [f"temporary file left behind: {name}" for name in found.temporary]
    for name, content in found.made.items():
        complete = name == way.output and (found.code == 0 or content == whole)
        if not complete:
            faults.append(f"left behind: {name}, {len(content)} bytes")
    return faults


def interrupt(
    way: Way,
    folder: Path,
    times: int,
    limits: Limits,
    longest: float,
    number: int,
    draw: random.Random,
    *,
    twice: bool = False,
) -> Result:
    """Interrupts a way at random moments."""
    result = Result()
    first = run(way, folder, longest, number, twice=twice)
    whole = first.made.get(way.output or "") if first.code == 0 else None
    for fault in [] if first.too_early else judge(first, way, whole, limits, number):
        result.faults.append(f"after {first.delay:.2f} s: {fault}")
    earliest = 0.0 if way.code else min(FIRST, first.delay)
    for _ in range(times):
        found = run(way, folder, draw.uniform(earliest, first.delay), number, twice=twice)
        if found.too_early:
            result.early += 1
            continue
        if found.code == 0:
            result.done += 1
        else:
            result.waits.append(found.wait)
        result.works.append(found.work)
        for fault in judge(found, way, whole, limits, number):
            result.faults.append(f"after {found.delay:.2f} s: {fault}")
    return result


def main() -> int:
    """Runs all ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50, help="number of interrupts of each way")
    parser.add_argument("--within", type=float, default=0.5, help="wall time to end, in seconds")
    parser.add_argument("--longest", type=float, default=4, help="seconds until the latest signal")
    parser.add_argument("--only", default="", help="only ways whose name contains this")
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the logs")
    parser.add_argument("--signal", choices=["INT", "TERM"], default="INT")
    parser.add_argument("--twice", action="store_true", help="send a second signal after 20 ms")
    options = parser.parse_args()
    number = getattr(signal, f"SIG{options.signal}")
    # A signal that is ignored here, as in the background of a shell, would also be ignored by the
    # commands.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    draw = random.Random(1)
    faults = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_logs(folder, options.rows)
        for name, way in ways().items():
            if options.only not in name or (way.code and number != signal.SIGINT):
                continue
            result = interrupt(
                way,
                folder,
                options.times,
                Limits(seconds=options.within),
                options.longest,
                number,
                draw,
                twice=options.twice,
            )
            waits = result.waits or [0.0]
            print(
                f"{name:33} {len(result.waits):3} interrupted, {result.done:3} done before, "
                f"{result.early:2} as Python started or ended; "
                f"median {statistics.median(waits):.2f} s, longest {max(waits):.2f} s, "
                f"most work {max(result.works, default=0.0):.2f} s; "
                f"{len(result.faults)} faults",
                flush=True,
            )
            for fault in result.faults[:4]:
                print(f"    {fault}", flush=True)
            faults += len(result.faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
