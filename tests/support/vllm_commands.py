"""humorrank's commands in the environment that has vLLM, each in a session of its own."""

import os
import subprocess
import sys
import time

COMMAND = [sys.executable, "-c", "from humorrank._start import main; main()"]


def start(*arguments):
    """Starts a command as the leader of a session and of its process group."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1"},
    )


def run(*arguments):
    """What a command that must succeed prints, and what it says."""
    process = start(*arguments)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err[-3000:]
    return out, err


def others_of(session, patience=60.0):
    """Returns the processes of a session that do not end by themselves."""
    command = ["ps", "-o", "pid=,args=", "-s", str(session)]
    deadline = time.monotonic() + patience
    while True:
        # Python's own tracker of resources ends a moment after the process that it serves.
        left = subprocess.run(command, check=False, capture_output=True, text=True).stdout
        if not left.strip() or time.monotonic() > deadline:
            return left.splitlines()
        time.sleep(0.1)
