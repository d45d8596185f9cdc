"""The site is built strictly: no broken link, no page that is not in the navigation."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_site_builds_and_loads_nothing_from_elsewhere(tmp_path):
    pytest.importorskip("material", reason="needs the group docs of pyproject.toml")
    pytest.importorskip("mkdocstrings_handlers.python", reason="needs mkdocstrings-python")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    reference = (tmp_path / "reference" / "index.html").read_text(encoding="utf-8")
    for name in ("humorrank.rate", "humorrank.Leaderboard.compare", "humorrank.MatchLog"):
        assert f'id="{name}"' in reference
    for page in tmp_path.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for loads in ('src="http', 'rel="stylesheet" href="http', "fonts.googleapis"):
            assert loads not in text, (page, loads)
