"""Templates of users, which are rendered in a process of their own, with limits.

Jinja's sandbox keeps a template away from Python, but not from loops and texts without end, which
only the operating system can stop. The process has no environment variables, so that a template
cannot read them either.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

from humorrank.judge import rendering
from humorrank.judge.rendering import Messages, TemplateFault

SECONDS: Final = 5.0
"""Most seconds that a template may take for one prompt or comparison."""

MEMORY: Final = 512 << 20
"""Most bytes of memory of the process, where the operating system can limit them."""

_KEPT: Final = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Environment variables that Python itself may need to start."""


class Sandboxed:
    """A template in a process of its own.

    Args:
        source: Source of the template.
        whole: Whether blocks are parts of the text, and not texts of their own.
        options: Options of the jinja2 environment.

    Attributes:
        used: Variables that the template uses.
        blocks: Names of the blocks of the template.

    Raises:
        TemplateFault: If the source is not a template. Its `line` is set if it is known.
    """

    def __init__(self, source: str, *, whole: bool = False, **options: bool) -> None:
        self._start = {"source": source, "options": {**options, "whole": whole}}
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0
        with self._lock:
            found = self._opened()
        self.used, self.blocks = set(found["used"]), list(found["blocks"])

    def render(self, values: Mapping[str, Any]) -> Messages:
        """Returns the text of each block, or of the whole template as the block "user".

        Raises:
            TemplateFault: If the template fails, or exceeds a limit.
        """
        with self._lock:
            # A forked process must not share the pipes of its parent.
            if self._process is None or self._owner != os.getpid():
                self._opened()
            found = self._asked({"values": values})
        return [(role, text) for role, text in found["messages"]]

    def _opened(self) -> dict[str, Any]:
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(Path(rendering.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="ascii",
            env=environment,
        )
        self._owner = os.getpid()
        self._ended = weakref.finalize(self, _end, self._process, self._owner)
        limits = {"path": sys.path, "seconds": SECONDS, "memory": MEMORY}
        return self._asked({**self._start, **limits})

    def _asked(self, request: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process is not None
        to, answers = self._process.stdin, self._process.stdout
        assert to is not None and answers is not None
        answer = _line(to, answers, json.dumps(request))
        if not answer:
            code = self._process.wait()
            self._ended()
            self._process = None
            if code == rendering.TOO_SLOW:
                raise TemplateFault(f"it takes longer than {SECONDS:g} s")
            raise TemplateFault(f"its process ended with status {code}")
        found: dict[str, Any] = json.loads(answer)
        if "fault" in found:
            raise TemplateFault(found["fault"], found.get("line"))
        return found


def _line(to: IO[str], answers: IO[str], request: str) -> str:
    try:
        to.write(f"{request}\n")
        to.flush()
        return answers.readline()
    except OSError:
        return ""


def _end(process: subprocess.Popen[str], owner: int) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    if owner == os.getpid():
        process.kill()
        process.wait()
