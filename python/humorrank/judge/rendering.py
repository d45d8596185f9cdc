"""Renders a jinja2 template: in this process, or as a script that answers requests in JSON.

As a script, it must not import anything from this package.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

Messages: TypeAlias = list[tuple[str, str]]
"""Names of blocks, and their texts."""

LARGEST: Final = 1 << 20
"""Most characters that a template may write for one prompt or comparison."""

TOO_SLOW: Final = 1
"""Exit code of the script if a template exceeds its time."""


class TemplateFault(Exception):  # noqa: N818 - a message for the errors of its callers
    """Raised if a template cannot be used.

    Attributes:
        line: Line of the template, if the template is not valid.
    """

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.line = line


class Rendering:
    """A template in Jinja's sandbox; see `humorrank.judge.sandbox.Sandboxed` for its interface."""

    def __init__(self, source: str, *, whole: bool = False, **options: bool) -> None:
        import jinja2  # noqa: PLC0415 - as a script, the path to it is known only later
        from jinja2 import meta  # noqa: PLC0415
        from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

        environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, **options)
        try:
            self.used = meta.find_undeclared_variables(environment.parse(source))
            self._template = environment.from_string(source)
        except jinja2.TemplateSyntaxError as error:
            raise TemplateFault(str(error.message), error.lineno) from error
        except jinja2.TemplateError as error:
            raise TemplateFault(str(error)) from error
        self.blocks = [] if whole else list(self._template.blocks)

    def render(self, values: Mapping[str, Any]) -> Messages:
        """Returns the text of each block, or of the whole template as the block "user"."""
        template, written = self._template, 0
        messages = []
        for role in self.blocks or ["user"]:
            if self.blocks:
                parts = template.blocks[role](template.new_context(dict(values)))
            else:
                parts = template.generate(dict(values))
            held = []
            for part in parts:
                held.append(part)
                written += len(part)
                if written > LARGEST:
                    raise TemplateFault(f"it writes more than {LARGEST:,} characters")
            messages.append((role, "".join(held)))
        return messages


def _serve() -> None:
    """Answers each line of standard input, of which the first one has the template."""
    import faulthandler  # noqa: PLC0415 - a script
    import os  # noqa: PLC0415
    import signal  # noqa: PLC0415

    # The process that started this one decides what Ctrl-C ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start = json.loads(sys.stdin.readline())
    sys.path[:] = start["path"]
    nowhere = open(os.devnull, "w")  # noqa: PTH123, SIM115 - open until the end
    rendering: Rendering | None = None
    request = start
    import jinja2.sandbox  # noqa: F401, PLC0415 - neither time nor memory of the template

    _limit(start["memory"])
    while True:
        faulthandler.dump_traceback_later(start["seconds"], exit=True, file=nowhere)
        answer: dict[str, Any]
        try:
            if rendering is None:
                rendering = Rendering(start["source"], **start["options"])
                answer = {"used": sorted(rendering.used), "blocks": rendering.blocks}
            else:
                values = {
                    name: tuple(value) if isinstance(value, list) else value
                    for name, value in request["values"].items()
                }
                answer = {"messages": rendering.render(values)}
        except TemplateFault as fault:
            answer = {"fault": str(fault), "line": fault.line}
        except MemoryError:
            answer = {"fault": "it takes too much memory"}
        except Exception as error:
            # A template evaluates a user's expressions, which can raise any exception.
            answer = {"fault": str(error)[:2000] or type(error).__name__}
        faulthandler.cancel_dump_traceback_later()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            return
        request = json.loads(line)


def _limit(memory: int) -> None:
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    for name in ("RLIMIT_AS", "RLIMIT_DATA"):
        if hasattr(resource, name):
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(getattr(resource, name), (memory, memory))


if __name__ == "__main__":
    _serve()
