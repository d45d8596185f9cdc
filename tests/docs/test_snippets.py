"""Every snippet of the docs runs, and prints what it shows."""

import sys
from pathlib import Path

import pytest

import humorrank

sys.path.insert(0, str(Path(__file__).parent))
from snippets import Page, commands, compare, execute, snippets

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUNNABLE = ("python", "console", "sh")


def has_snippets(page):
    return any(s.language in RUNNABLE and s.title is None for s in snippets(page))


@pytest.mark.parametrize(
    "page",
    [pytest.param(p, id=str(p.relative_to(ROOT))) for p in PAGES if has_snippets(p)],
)
def test_snippets_run(page, votes):
    """The commands of the README are examples of many kinds of files, and of mistakes."""
    Page(page, page.name != "README.md", {"humorrank": humorrank}).run()


def test_what_is_new_has_snippets_and_few_are_skipped():
    pages = [page for page in PAGES if "how-to" in page.parts or page.stem == "tutorial"]
    assert len(pages) == 8
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
