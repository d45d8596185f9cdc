"""Commands that are killed and interrupted at work, for tests of what they leave behind."""

import os
import signal
import subprocess
import sys
import time

COMMAND = [sys.executable, "-c", "from humorrank.cli import main; main()"]


def cut_short(arguments, counted, step, numbers):
    """Runs a command again and again, with a signal each time so much more is committed.

    Args:
        arguments: of the command line.
        counted: how much is committed.
        step: after how much more the signal comes.
        numbers: the signals, one a run.

    Returns:
        How many of the runs were still at work when their signal came.
    """
    held = cut = 0
    for number in numbers:
        command = [*COMMAND, *map(str, arguments)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 30
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
