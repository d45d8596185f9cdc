"""Runs humorrank commands in the environment with vLLM, each in its own session."""

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
    """Runs a command that must succeed; returns its standard output and standard error."""
    process = start(*arguments)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err[-3000:]
    return out, err


def others_of(session, patience=60.0):
    """Returns the processes of a session that are still running after `patience` seconds."""
    command = ["ps", "-o", "pid=,args=", "-s", str(session)]
    deadline = time.monotonic() + patience
    while True:
        # Python's resource tracker ends shortly after the process that started it.
        left = subprocess.run(command, check=False, capture_output=True, text=True).stdout
        if not left.strip() or time.monotonic() > deadline:
            return left.splitlines()
        time.sleep(0.1)
