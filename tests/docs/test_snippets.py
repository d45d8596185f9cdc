"""Every snippet of the documentation runs and prints the output that the page shows."""

import re
import shlex
from pathlib import Path

import pytest
import typer
from support.snippets import Page, commands, compare, execute, snippets

import humorrank
from humorrank.cli import app
from humorrank.cli._lazy import Entry, LazyGroup

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUNNABLE = ("python", "console", "sh")


def has_snippets(page):
    return any(s.language in RUNNABLE and s.title is None for s in snippets(page))


@pytest.mark.parametrize(
    "page",
    [pytest.param(p, id=str(p.relative_to(ROOT))) for p in PAGES[1:] if has_snippets(p)],
)
def test_snippets_run(page, votes):
    Page(page, names={"humorrank": humorrank}).run()


WRITTEN = re.compile(r"^(?: {4}|\$ )?(?:\S+ \S+ \| )?humorrank (.*?)(?: {3,}.*)?$", re.MULTILINE)
"""Matches any command, even if it is not run, without the explanation next to it."""


def parsed(words):
    """Parses a command line without running the command."""
    done = []

    def load(entry, name):
        command = loaded(entry, name)
        if not isinstance(command, LazyGroup):
            command.callback = lambda **_: done.append(1)
        return command

    loaded = Entry.load
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Entry, "load", load)
        root = typer.main.get_command(app)
        root.main(words, prog_name="humorrank", standalone_mode=False)
    return bool(done)


@pytest.mark.slow
def test_every_command_and_option_that_is_written_exists():
    """Includes the commands that cannot be run because they name files that do not exist."""
    found = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for command in WRITTEN.findall(text):
            assert parsed(shlex.split(command, comments=True)), f"{page.name}: {command}"
            found += 1
    assert found > 90
    for wrong in ("rate votes.csv --boots 3", "rat votes.csv", "plan 3 --half-width wide"):
        with pytest.raises(Exception, match=r"such|valid"):
            parsed(wrong.split())


def test_how_to_pages_and_the_tutorial_have_snippets_and_skip_few():
    pages = [page for page in PAGES if "how-to" in page.parts or page.stem == "tutorial"]
    assert len(pages) == 9
    for page in pages:
        found = [s for s in snippets(page) if s.language in RUNNABLE and s.title is None]
        skipped = [s for s in found if s.skip is not None]
        assert len(found) - len(skipped) >= 2, page
        assert len(skipped) <= 1, page


PAGE = """
```csv title="a/b.csv"
x
```

```console
$ cat a/b.csv \\
    | tr x y
y
$ humorrank --version
...
```

```python
names = [1]
```

```python
print(names)
print(2)
```

```text
[1]
...
```

<!-- skip: it needs a GPU -->
```python
raise SystemError
```
"""


def test_the_runner_runs_and_compares(folder):
    path = folder / "page.md"
    path.write_text(PAGE)
    page = Page(path)
    page.run()
    assert page.ran == 4
    assert page.names["names"] == [1]
    for old, new, error in (
        ("\ny\n", "\nz\n", AssertionError),
        ("[1]\n...", "[2]\n...", AssertionError),
        ("print(names)\nprint(2)", "pass", AssertionError),
        ("<!-- skip: it needs a GPU -->", "", SystemError),
        ("--version", "--versio", AssertionError),
        ("tr x y", "false", AssertionError),
    ):
        assert old in PAGE
        path.write_text(PAGE.replace(old, new))
        with pytest.raises(error):
            Page(path).run()


def test_commands_and_what_they_show(folder):
    path = folder / "page.md"
    path.write_text("```console\n$ echo one\none\n$ echo two\n```\n")
    assert commands(snippets(path)[0]) == [("echo one", "one\n"), ("echo two", "")]
    assert execute("echo 'a b' | wc -w")[1].strip() == "2"
    assert execute("false")[0] == 1
    compare("a\n...\nd\n", "a\nb\nc\nd\n", "here")
    with pytest.raises(AssertionError):
        compare("a\n...\nd\n", "a\nb\nc\n", "here")
