"""The snippets of a page, and what running them takes.

A fenced block with `title="NAME"` is a file of that name. A block of `python` is run in the
namespace of its page; a block of `console` holds commands after `$`, each followed by what it
prints, if that is shown; a command followed by `error: ...` must fail with it. Every line of a
block of `sh` is a command. A block of `text` right after one of `python` is what that prints. A
line `...` in what is shown stands for any lines. `<!-- skip: reason -->` above a block leaves it
out.
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
        line: where it begins.
        language: the word after the fence.
        text: what is in it.
        title: the file that it is; None for none.
        skip: why it is not run; None if it is.
    """

    line: int
    language: str
    text: str
    title: str | None
    skip: str | None


def snippets(page: Path) -> list[Snippet]:
    """The fenced blocks of a page, in order."""
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
        path: the page.
        without: parts of the commands that are not run.
        names: the namespace of its Python.
        ran: how many snippets and commands were run.
    """

    path: Path
    without: tuple[str, ...] = ()
    names: dict[str, object] = field(default_factory=dict)
    ran: int = 0

    def run(self) -> None:
        """Runs every snippet; an assertion names the page and the line."""
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
    """The commands of a block, each with what is shown to follow."""
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
    """Runs a command line; one of humorrank alone in this process, which is quicker."""
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
    """Runs the command line here."""
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
    """Asserts that a page shows what is printed; `...` on a line of its own is anything."""
    parts = [re.escape(part.strip("\n")) for part in re.split(r"(?m)^\.\.\.$", expected)]
    shown = "\n".join(line.rstrip() for line in found.strip("\n").splitlines())
    pattern = ".*".join(parts)
    assert re.fullmatch(rf"\s*{pattern}\s*", shown, re.DOTALL), (
        f"{where} shows what is not printed; printed is:\n{found}"
    )
