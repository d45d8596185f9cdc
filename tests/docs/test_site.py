"""The strict build of the site: no broken links, and no pages outside the navigation."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\(([^)\s#]+)(#[^)\s]*)?\)")


def build(root, site):
    """Runs the command of `make docs` with a different output folder."""
    pytest.importorskip("material", reason="needs the group docs of pyproject.toml")
    pytest.importorskip("mkdocstrings_handlers.python", reason="needs mkdocstrings-python")
    (options,) = re.findall(r"-m mkdocs (build.*)", (ROOT / "Makefile").read_text())
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", *options.split(), "--site-dir", str(site)],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_outside_the_site_lead_to_files(page):
    targets = [target for target, _ in LINK.findall((ROOT / page).read_text(encoding="utf-8"))]
    absent = [t for t in targets if "://" not in t and not (ROOT / t).exists()]
    assert absent == []


def test_the_site_builds_and_loads_nothing_from_elsewhere(tmp_path):
    done = build(ROOT, tmp_path)
    assert done.returncode == 0, done.stderr
    reference = (tmp_path / "reference" / "index.html").read_text(encoding="utf-8")
    for name in ("humorrank.rate", "humorrank.Leaderboard.compare", "humorrank.MatchLog"):
        assert f'id="{name}"' in reference
    for page in tmp_path.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for loads in ('src="http', 'rel="stylesheet" href="http', "fonts.googleapis"):
            assert loads not in text, (page, loads)


def test_a_broken_link_and_a_page_outside_the_navigation_fail_the_build(tmp_path):
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    (tmp_path / "docs" / "reference" / "index.md").write_text("# Reference\n")
    index = tmp_path / "docs" / "index.md"
    whole = index.read_text(encoding="utf-8")
    assert build(tmp_path, tmp_path / "site").returncode == 0
    for broken in ("[x](absent.md)", "[y](tutorial.md#nowhere)"):
        index.write_text(f"{whole}\n{broken}\n", encoding="utf-8")
        assert build(tmp_path, tmp_path / "site").returncode != 0, broken
    index.write_text(whole, encoding="utf-8")
    (tmp_path / "docs" / "orphan.md").write_text("# Orphan\n")
    assert build(tmp_path, tmp_path / "site").returncode != 0
