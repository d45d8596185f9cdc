"""Ctrl-C and SIGTERM end every command and leave no incomplete output.

Here, each command is interrupted once. `make soak` interrupts each command fifty times and requires
that it ends within half a second.
"""

from __future__ import annotations

import dataclasses
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from soak.interrupts import COMMAND, Limits, Way, interrupt, make_logs, run, ways
from support.signals import PATIENCE

import humorrank
from humorrank._util.deadline import GRACE

LIMITS = Limits(work=5.0)
"""Ten times the work that a run needs to end, and less than the remaining work of long runs."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    make_logs(folder, 400_000)
    # A child process inherits an ignored signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return folder


def imported(name: str) -> Way:
    """Returns a command that has finished its imports, so that it is interrupted while it works."""
    return dataclasses.replace(ways()[name], imported=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", ways())
def test_an_interrupt_ends_it_with_130_and_nothing_half_done(name: str, folder: Path) -> None:
    draw = random.Random(name)
    result = interrupt(imported(name), folder, 1, LIMITS, 2.0, signal.SIGINT, draw)
    assert not result.faults


@pytest.mark.parametrize("name", ["tally", "simulate", "rate Parquet from standard input"])
def test_a_termination_leaves_nothing_half_done_either(name: str, folder: Path) -> None:
    draw = random.Random(name)
    result = interrupt(imported(name), folder, 1, LIMITS, 2.0, signal.SIGTERM, draw)
    assert not result.faults


@pytest.mark.parametrize("name", ["bootstrap", "simulate"])
def test_a_second_interrupt_neither_hangs_nor_leaves_half_a_file(name: str, folder: Path) -> None:
    draw = random.Random(name)
    result = interrupt(imported(name), folder, 1, LIMITS, 2.0, signal.SIGINT, draw, twice=True)
    assert not result.faults


IMPORTING = """
import os, signal, sys
class Cut:
    def find_spec(self, name, path, target=None):
        if name == "numpy":
            try:
                os.kill(os.getpid(), signal.SIGINT)
                for _ in range(1000):
                    pass
            except KeyboardInterrupt:
                # numpy and other C modules do the same.
                raise ImportError("failed to import") from None
sys.meta_path.insert(0, Cut())
"""


def test_an_import_that_is_cut_short_ends_it_without_a_traceback(folder: Path) -> None:
    command = [sys.executable, "-c", IMPORTING + COMMAND, "rate", "log.csv"]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


def test_work_that_is_ignoring_interrupts_goes_on(folder: Path) -> None:
    way = ways()["rate csv from standard input"]
    # The signal is ignored from the start, as under nohup.
    ignoring = ["bash", "-c", "trap '' INT; exec \"$@\"", "bash"]
    command = [*ignoring, sys.executable, "-c", COMMAND, *way.arguments]
    log = (folder / "log.csv").read_bytes()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=folder, **pipes) as process:
        assert process.stdin is not None
        # A pipe holds far less than this, so the process has begun to read and waits for the rest.
        process.stdin.write(log[: len(log) // 2])
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(log[len(log) // 2 :], timeout=PATIENCE)
    assert process.returncode == 0
    assert b"400,000 matches" in out


def test_a_run_that_is_left_alone_ends_with_0(folder: Path) -> None:
    found = run(ways()["rate csv"], folder, PATIENCE, signal.SIGINT)
    assert (found.code, set(found.made)) == (0, {"board.json"})


def test_a_reader_that_goes_away_is_no_error(folder: Path) -> None:
    rate = f'"{sys.executable}" -c "{COMMAND}" rate log.parquet --bootstrap 0 --elo-shuffles 0'
    done = subprocess.run(
        ["bash", "-c", f"{rate} | head -1; exit ${{PIPESTATUS[0]}}"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "Broken" not in done.stderr


def test_rating_on_another_thread_is_rating(folder: Path) -> None:
    def rate() -> humorrank.Leaderboard:
        return humorrank.rate(folder / "log.csv", bootstrap=40, elo_shuffles=1)

    found: list[humorrank.Leaderboard] = []
    thread = threading.Thread(target=lambda: found.append(rate()))
    thread.start()
    thread.join()
    assert found[0].to_polars().equals(rate().to_polars())


BUSY = """
import functools, itertools, os, signal
from humorrank._util.atomic import replacing
from humorrank._util.deadline import lift_deadline, set_deadline

for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.default_int_handler)
set_deadline()
if {lifted}:
    lift_deadline()
with replacing("whole.txt") as file:
    file.write(b"a part")
    file.flush()
    # One call into C, during which Python does not check for signals. It reports that it has
    # begun, and ends when a file exists.
    begun = map(os.write, (1,), (b"ready\\n",))
    sum(itertools.chain(begun, iter(functools.partial(os.access, {enough!r}, os.F_OK), True)))
"""


def busy(place: Path, number: int, *, lifted: bool) -> tuple[int, str]:
    """Returns the exit code and the errors of a process that receives a signal during a C call."""
    enough, folder = place / "enough", place / "folder"
    folder.mkdir()
    command = [sys.executable, "-c", BUSY.format(lifted=lifted, enough=str(enough))]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        if lifted:
            # A deadline would have ended the process by now.
            time.sleep(4 * GRACE)
            assert process.poll() is None
            enough.touch()
        _, error = process.communicate(timeout=PATIENCE)
    assert list(folder.iterdir()) == []
    return process.returncode, error


@pytest.mark.parametrize(
    ("number", "code", "told"), [(signal.SIGINT, 130, "interrupted\n"), (signal.SIGTERM, 143, "")]
)
def test_a_call_that_python_cannot_interrupt_has_a_deadline(
    tmp_path: Path, number: int, code: int, told: str
) -> None:
    assert busy(tmp_path, number, lifted=False) == (code, told)


def test_what_ends_in_an_order_of_its_own_has_no_deadline(tmp_path: Path) -> None:
    code, error = busy(tmp_path, signal.SIGINT, lifted=True)
    assert code in (1, -signal.SIGINT) and "KeyboardInterrupt" in error
