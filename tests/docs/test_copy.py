"""The copy button of the documentation copies commands, not their prompts and output."""

import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.browser import chromium
from support.signals import PATIENCE

ROOT = Path(__file__).resolve().parents[2]

PAGE = r"""# Page

```console
$ humorrank rate votes.csv
rank   model   rating

1 contestant, 2 matches
$ humorrank tally votes.csv \
    -o votes.parquet
```

```python
print("$ 5")
```
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def address(tmp_path):
    """Serves a small site with the theme, the extensions and the scripts of the real one."""
    yaml = pytest.importorskip("yaml", reason="needs the group docs of pyproject.toml")
    pytest.importorskip("material", reason="needs the group docs of pyproject.toml")
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    settings |= {"plugins": [], "nav": [{"Page": "index.md"}], "site_dir": "site"}
    docs = tmp_path / "docs"
    (docs / "assets").mkdir(parents=True)
    (docs / "index.md").write_text(PAGE, encoding="utf-8")
    for script in settings["extra_javascript"]:
        (docs / script).write_bytes((ROOT / "docs" / script).read_bytes())
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    handler = partial(Quiet, directory=str(tmp_path / "site"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_button_copies_commands_alone(address):
    with chromium() as browser:
        context = browser.new_context()
        context.set_default_timeout(1_000 * PATIENCE)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        page = context.new_page()
        page.goto(address)
        copied = []
        for block in page.locator(".highlight").all():
            block.hover()
            block.locator("button[data-clipboard-target]").click()
            page.wait_for_function(
                "async (old) => (await navigator.clipboard.readText()) !== old",
                arg=copied[-1] if copied else "",
            )
            copied.append(page.evaluate("navigator.clipboard.readText()"))
        context.close()
    assert copied == [
        "humorrank rate votes.csv\nhumorrank tally votes.csv \\\n    -o votes.parquet",
        'print("$ 5")',
    ]
