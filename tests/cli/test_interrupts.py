"""Ctrl-C and SIGTERM end every command, and leave nothing half done.

These tests try a few interrupts of each command. `make interrupts` tries fifty of each, and
requires that the command ends within half a second.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from soak.interrupts import COMMAND, interrupt, make_logs, run, ways

import humorrank

WITHIN = 20.0
"""Maximum number of seconds until a command ends. The actual duration is not tested."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    make_logs(folder, 400_000)
    # A child process inherits an ignored signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return folder


@pytest.mark.parametrize("name", ways())
def test_an_interrupt_ends_it_with_130_and_nothing_half_done(name: str, folder: Path) -> None:
    draw = random.Random(name)
    result = interrupt(ways()[name], folder, 1, WITHIN, 2.0, signal.SIGINT, draw)
    assert not result.faults


@pytest.mark.parametrize("name", ["tally", "simulate", "rate Parquet from standard input"])
def test_a_termination_leaves_nothing_half_done_either(name: str, folder: Path) -> None:
    draw = random.Random(name)
    result = interrupt(ways()[name], folder, 1, WITHIN, 2.0, signal.SIGTERM, draw)
    assert not result.faults


@pytest.mark.parametrize("name", ["bootstrap", "simulate"])
def test_a_second_interrupt_neither_hangs_nor_leaves_half_a_file(name: str, folder: Path) -> None:
    draw = random.Random(name)
    result = interrupt(ways()[name], folder, 1, WITHIN, 2.0, signal.SIGINT, draw, twice=True)
    assert not result.faults


def test_work_that_is_ignoring_interrupts_goes_on(folder: Path) -> None:
    way = ways()["rate parquet"]
    # The signal is ignored from the start, as under nohup.
    ignoring = ["bash", "-c", "trap '' INT; exec \"$@\"", "bash"]
    command = [*ignoring, sys.executable, "-c", COMMAND, *way.arguments]
    process = subprocess.Popen(command, cwd=folder)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    (folder / "board.json").unlink()


def test_a_run_that_is_left_alone_ends_with_0(folder: Path) -> None:
    found = run(ways()["rate csv"], folder, 60.0, signal.SIGINT)
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
import signal
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
    print("ready", flush=True)
    # One call into C, during which Python does not handle signals.
    sum(range({steps}))
"""


def busy(folder: Path, number: int, *, lifted: bool, steps: int) -> tuple[int, str]:
    """Returns exit code and errors of a process that is signaled while it cannot respond."""
    script = BUSY.format(lifted=lifted, steps=steps)
    command = [sys.executable, "-c", script]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        # Wait until the process is within the call.
        time.sleep(0.5)
        process.send_signal(number)
        _, error = process.communicate(timeout=60)
        return process.returncode, error


@pytest.mark.parametrize(
    ("number", "code", "told"), [(signal.SIGINT, 130, "interrupted\n"), (signal.SIGTERM, 143, "")]
)
def test_a_call_that_python_cannot_interrupt_has_a_deadline(
    tmp_path: Path, number: int, code: int, told: str
) -> None:
    # The call would take hours without the signal.
    assert busy(tmp_path, number, lifted=False, steps=10**12) == (code, told)
    assert list(tmp_path.iterdir()) == []


def test_what_ends_in_an_order_of_its_own_has_no_deadline(tmp_path: Path) -> None:
    code, error = busy(tmp_path, signal.SIGINT, lifted=True, steps=3 * 10**8)
    assert code in (1, -signal.SIGINT) and "KeyboardInterrupt" in error
    assert list(tmp_path.iterdir()) == []
