"""Commands that are killed or interrupted while they work, for tests of what they leave behind."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

COMMAND = [sys.executable, "-c", "from humorrank.cli import main; main()"]
PATIENCE = 600.0
"""The timeout of a test for anything that may hang, in seconds. It is not a limit on speed."""


def until(holds, process=None):
    """Waits until a condition holds; fails if the given process ends before then."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert process is None or process.poll() is None, "the process ended too early"
        assert time.monotonic() < deadline, "gave up waiting"
        time.sleep(0.01)


def processor_time(pid):
    """Returns the processor time of a running child so far, in seconds.

    Returns None where there is no /proc.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def processor_time_of_children():
    """Returns the processor time of all children that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def interrupt(process, number=signal.SIGINT):
    """Sends a signal to a process and waits until it ends.

    Returns:
        Its output, its standard error, and the processor time until it ended, in seconds.
    """
    before, ended = processor_time(process.pid) or 0.0, processor_time_of_children()
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    return out, err, processor_time_of_children() - ended - before


def interrupt_twice(process, send):
    """Interrupts a command, and interrupts it again as soon as it has responded.

    Args:
        process: The command. Its standard error is a pipe that is read as text.
        send: Sends the interrupt.

    Returns:
        Its standard error.
    """
    told = []
    with given_up(process):
        send()
        while not told or "press Ctrl-C again to abandon them" not in told[-1]:
            told.append(process.stderr.readline())
            assert told[-1], f"it ended after the first interrupt: {''.join(told)}"
        send()
        told.append(process.stderr.read())
        process.stderr.close()
        process.wait()
    return "".join(told)


@contextmanager
def given_up(process):
    """Kills a process that hangs, for reads that cannot have a timeout."""
    guard = threading.Timer(PATIENCE, process.kill)
    guard.start()
    try:
        yield
    finally:
        guard.cancel()


def skip_latency(monkeypatch):
    """Makes simulated judges and providers answer without latency in this process.

    Other processes, which are to be interrupted, can then have a latency long enough that the
    interrupt comes first even on a busy machine.
    """
    sleep = asyncio.sleep

    async def at_once(_seconds, result=None):
        return await sleep(0, result)

    monkeypatch.setattr(asyncio, "sleep", at_once)


def cut_short(arguments, counted, step, numbers):
    """Runs a command several times and sends a signal once a run has committed enough.

    Args:
        arguments: The command-line arguments.
        counted: Returns how much is committed.
        step: How much more each run commits before it receives its signal.
        numbers: The signals, one for each run.

    Returns:
        The number of runs that were still working when they received their signal.
    """
    held = cut = 0
    for number in numbers:
        command = [*COMMAND, *map(str, arguments)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and counted() < held + step:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        if process.poll() is None:
            os.kill(process.pid, number)
            cut += 1
        process.communicate()
        if number == signal.SIGINT:
            assert process.returncode in (0, 130)
        assert counted() >= held + step
        held = counted()
    return cut
