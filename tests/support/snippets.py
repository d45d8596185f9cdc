"""The snippets of a page of the documentation, and how they are run.

A fenced block with `title="NAME"` is written to a file of that name. A `python` block is run in
the namespace of its page. A `console` block contains commands after `$`, each followed by its
output if the page shows it; a command followed by `error: ...` must fail with that error. Every
line of an `sh` block is a command. A `text` block right after a `python` block is its output. A
line `...` in an output matches any lines. A block below `<!-- skip: reason -->` is skipped.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

SKIP = re.compile(r"<!-- skip: (.+?) -->")
TITLE = re.compile(r'title="([^"]+)"')
SHELL = set("|&;<>*?$`(){}~")

PROGRAM = "from humorrank._start import main; main()"


@dataclass(frozen=True)
class Snippet:
    """A fenced block.

    Attributes:
        line: The line at which it begins.
        language: The word after the fence.
        text: Its contents.
        title: The name of the file that is written, or None.
        skip: The reason why it is skipped, or None.
    """

    line: int
    language: str
    text: str
    title: str | None
    skip: str | None


def snippets(page: Path) -> list[Snippet]:
    """Returns the fenced blocks of a page, in order."""
    found: list[Snippet] = []
    lines = page.read_text(encoding="utf-8").splitlines()
    place, reason = 0, None
    while place < len(lines):
        line = lines[place]
        if skip := SKIP.fullmatch(line.strip()):
            reason = skip[1]
        if not line.startswith("```"):
            if line.strip() and not skip:
                reason = None
            place += 1
            continue
        end = lines.index("```", place + 1)
        language, _, rest = line[3:].strip().partition(" ")
        title = TITLE.search(rest)
        text = "\n".join(lines[place + 1 : end]) + "\n"
        found.append(Snippet(place + 1, language, text, title[1] if title else None, reason))
        place, reason = end + 1, None
    return found


@dataclass
class Page:
    """A page whose snippets are run one after the other, in the current folder.

    Attributes:
        path: The path of the page.
        without: Texts; commands that contain one of them are not run.
        names: The namespace of the Python snippets.
        ran: The number of snippets and commands that were run.
    """

    path: Path
    without: tuple[str, ...] = ()
    names: dict[str, object] = field(default_factory=dict)
    ran: int = 0

    def run(self) -> None:
        """Runs every snippet. A failed assertion names the page and the line."""
        shown = None
        for snippet in snippets(self.path):
            where = f"{self.path.name}:{snippet.line}"
            if snippet.skip is not None:
                continue
            if snippet.title is not None:
                Path(snippet.title).parent.mkdir(parents=True, exist_ok=True)
                Path(snippet.title).write_text(snippet.text, encoding="utf-8")
            elif snippet.language == "python":
                shown = self._python(snippet)
                continue
            elif snippet.language in ("console", "sh"):
                self._console(snippet, where)
            elif snippet.language == "text" and shown is not None:
                compare(snippet.text, shown, where)
            shown = None

    def _python(self, snippet: Snippet) -> str:
        code = compile("\n" * snippet.line + snippet.text, str(self.path), "exec")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, self.names)
        self.ran += 1
        return printed.getvalue()

    def _console(self, snippet: Snippet, where: str) -> None:
        for command, expected in commands(snippet):
            if any(part in command for part in self.without):
                continue
            code, out, err = execute(command)
            fails = expected.startswith("error: ")
            assert code == 2 * fails, f"{where}: {command}: exit code {code}\n{err}"
            self.ran += 1
            if expected.strip():
                compare(expected, err if fails else out, f"{where}: {command}")


def commands(snippet: Snippet) -> list[tuple[str, str]]:
    """Returns the commands of a block, each with the output that the page shows."""
    found: list[list[str]] = []
    going_on = False
    for line in snippet.text.splitlines():
        begins = line.startswith("$ ") or snippet.language == "sh"
        if going_on:
            found[-1][0] += "\n" + line
        elif begins:
            found.append([line.removeprefix("$ "), ""])
        elif found:
            found[-1][1] += line + "\n"
        going_on = (begins or going_on) and line.endswith("\\")
    return [(command, shown) for command, shown in found]


def execute(command: str) -> tuple[int, str, str]:
    """Runs a command line, in this process if it only calls humorrank, which is faster."""
    if not SHELL.intersection(command):
        parts = shlex.split(command.replace("\\\n", " "))
        if parts[0] == "humorrank":
            return in_process(parts)
    script = f'humorrank() {{ {shlex.quote(sys.executable)} -c {shlex.quote(PROGRAM)} "$@"; }}\n'
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script + command],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def in_process(parts: list[str]) -> tuple[int, str, str]:
    """Runs a humorrank command in this process."""
    from humorrank.cli import main  # noqa: PLC0415 - only if a page has a command

    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, parts
    code = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    finally:
        sys.argv = before
    return code, out.getvalue(), err.getvalue()


def compare(expected: str, found: str, where: str) -> None:
    """Asserts that a page shows the actual output; a line `...` matches anything."""
    parts = [re.escape(part.strip("\n")) for part in re.split(r"(?m)^\.\.\.$", expected)]
    shown = "\n".join(line.rstrip() for line in found.strip("\n").splitlines())
    pattern = ".*".join(parts)
    assert re.fullmatch(rf"\s*{pattern}\s*", shown, re.DOTALL), (
        f"{where} shows what is not printed; printed is:\n{found}"
    )
