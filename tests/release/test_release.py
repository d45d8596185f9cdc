"""What a release consists of: licenses, notes, addresses and metadata."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from release import licenses, notes  # noqa: E402 - the scripts are not installed

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]


@pytest.fixture(scope="module")
def crates():
    return licenses.linked()


def test_the_bill_of_licenses_lists_what_wheels_contain(crates):
    page = (ROOT / "docs" / "project" / "licenses.md").read_text(encoding="utf-8")
    assert page.endswith("\n\n" + licenses.table(crates))
    # An independent look: the crates that the engine names itself are all there.
    named = set()
    for manifest in ROOT.glob("rust/*/Cargo.toml"):
        named |= set(tomllib.loads(manifest.read_text()).get("dependencies", {}))
    named = {name for name in named if not name.startswith("humorrank")}
    assert named <= {crate.name for crate in crates}
    assert not {"proptest", "pyo3-macros", "cc"} & {crate.name for crate in crates}


def test_all_licenses_are_allowed_and_come_with_their_texts(crates):
    allowed = licenses.allowed()
    assert [crate for crate in crates if not licenses.permits(crate.license, allowed)] == []
    text = licenses.texts(crates)
    for crate in crates:
        assert f"{crate.name} {crate.version} ({crate.license})" in text
        assert crate.texts()[0].read_text(encoding="utf-8").strip()[:200] in text


@pytest.mark.parametrize(
    ("expression", "satisfied"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR GPL-3.0-only) AND Zlib", True),
        ("MIT OR Zlib AND GPL-3.0-only", True),
        ("GPL-3.0-only OR Zlib AND GPL-2.0-only", False),
        ("Apache-2.0 WITH LLVM-exception", False),
        ("", False),
        ("MIT Zlib", False),
        ("(MIT", False),
    ],
)
def test_spdx_expressions(expression, satisfied):
    assert licenses.permits(expression, frozenset({"MIT", "Zlib"})) is satisfied


def test_notes_are_the_section_of_the_version():
    text = (
        "# Changelog\n\n## 0.2.0 (2030-01-01)\n\n### Added\n\n- x\n\n## 0.1.0\n\n- y\n\n## 0.0.1\n"
    )
    assert notes.notes("v0.2.0", text) == "### Added\n\n- x\n"
    assert notes.notes("0.1.0", text) == "- y\n"
    for absent in ("0.2", "0.0.1", "v1.0.0"):
        with pytest.raises(KeyError, match=absent):
            notes.notes(absent, text)


def test_the_changelog_and_the_citation_have_the_version_of_the_package():
    assert notes.notes(VERSION, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {VERSION}\n" in citation


def test_addresses_of_the_project_are_those_of_its_metadata():
    repository, site = PROJECT["urls"]["Repository"], PROJECT["urls"]["Documentation"]
    owner = repository.removeprefix("https://github.com/")
    allowed = (repository, site, f"https://raw.githubusercontent.com/{owner}/main/")
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    found = 0
    for name in files:
        path = ROOT / name
        if path.suffix not in {".md", ".toml", ".yml", ".cff", ".py", ".jinja", ".ipynb"}:
            continue
        for address in re.findall(
            r"https://[^\s\"'`)>\]]*humorrank[^\s\"'`)>\]]*", path.read_text()
        ):
            if "{" in address or "example" in address:
                continue
            found += 1
            assert address.startswith(allowed), (name, address)
    assert found > 5


def test_pictures_of_the_readme_exist_and_have_absolute_addresses():
    raw = (
        PROJECT["urls"]["Repository"].replace("github.com", "raw.githubusercontent.com") + "/main/"
    )
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (ROOT / "README.md").read_text())
    assert pictures
    for picture in pictures:
        assert picture.startswith(raw), picture
        assert (ROOT / picture.removeprefix(raw)).is_file(), picture


def test_every_command_of_the_workflows_is_a_target_or_a_script_that_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = set()
    for workflow in (ROOT / ".github" / "workflows").glob("*.yml"):
        text = workflow.read_text(encoding="utf-8")
        used |= {line.split()[-1] for line in re.findall(r"run: (make .*)", text)}
        for module in re.findall(r"python3? -m (release\.\w+)", text):
            assert (ROOT / f"{module.replace('.', '/')}.py").is_file()
    assert {"wheel", "sdist", "docs", "test", "deny", "pip-audit"} <= used <= targets


def test_the_smoke_test_accepts_this_package_and_notices_a_forbidden_program():
    script = ROOT / "release" / "smoke.py"
    command = Path(sys.executable).with_name("humorrank")
    if not command.exists():
        pytest.skip("the command humorrank is not installed beside this Python")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "mona" in done.stdout
    refused = subprocess.run(
        [sys.executable, script, "--without", "python3"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "python3 is on PATH" in refused.stderr


def test_extras_on_the_installation_page_are_those_of_the_package():
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(PROJECT["optional-dependencies"])
