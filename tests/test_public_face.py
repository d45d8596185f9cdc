"""The public API of `humorrank`, the modules that it imports, and those that it does not need."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import humorrank

PACKAGE = Path(humorrank.__file__).parent
COMMAND = "from humorrank._start import main; main()"
LOG = "model_a,model_b,winner\na,b,model_a\nb,a,model_a\nb,c,model_a\nc,b,tie\nc,a,tie\n"
UNIX = ("fcntl", "grp", "pwd", "resource", "termios")


def imported(code, *arguments, blocked=()):
    """Runs code in a new process; returns the imported modules and the standard output."""
    script = f"""
import atexit, sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name in {tuple(blocked)!r}:
            raise ImportError(name)
sys.meta_path.insert(0, Blocked())
for name in {tuple(blocked)!r}:
    sys.modules.pop(name, None)
names = lambda: print(*(n for n, m in sys.modules.items() if type(m).__name__ != "_Deferred"),
                      file=sys.stderr)
atexit.register(names)
{code}
"""
    command = [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]
    return set(done.stderr.splitlines()[-1].split()), done.stdout


def test_dir_shows_the_public_api_and_no_submodules():
    assert dir(humorrank) == sorted(humorrank.__all__)
    for name in humorrank.__all__:
        value = getattr(humorrank, name)
        assert not inspect.ismodule(value), name
        if name != "__version__":
            assert inspect.getdoc(value), name


def test_the_stub_lists_what_the_package_exports():
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    homes = {
        alias.asname: (node.module, alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert sorted([*homes, "__version__"]) == sorted(humorrank.__all__)
    for name, (module, original) in homes.items():
        assert name == original
        assert humorrank._HOME[name] == module


def test_no_name_is_both_a_function_and_a_module():
    for path in PACKAGE.rglob("__init__.py"):
        inside = {p.stem for p in path.parent.glob("*.py")} | {
            p.name for p in path.parent.iterdir() if (p / "__init__.py").exists()
        }
        bound = {
            alias.asname or alias.name
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        own = (
            set(getattr(sys.modules.get("humorrank"), "__all__", ()))
            if path.parent == PACKAGE
            else set()
        )
        assert not inside & (bound | own), path


def test_importing_the_package_imports_nothing_heavy():
    modules, _ = imported("import humorrank")
    assert not modules & {"numpy", "polars", "scipy", "typer", "pydantic", "humorrank._core"}


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_list_of_commands_imports_no_command(option):
    modules, out = imported(COMMAND, option)
    assert out
    assert not modules & {"numpy", "polars", "scipy", "rich", "humorrank.rating"}


def test_a_plain_rating_imports_neither_polars_nor_scipy(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(LOG)
    modules, out = imported(COMMAND, "rate", path)
    assert "3 contestants" in out
    heavy = {"polars", "scipy", "pandas", "pyarrow", "jinja2", "sqlite3", "asyncio", "aiohttp"}
    assert not modules & heavy
    assert not {m for m in modules if m.startswith(("humorrank.judge", "humorrank.tournament"))}


def test_commands_run_without_the_modules_of_unix(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(LOG)
    _, out = imported(COMMAND, "rate", path, blocked=UNIX)
    assert "3 contestants" in out
    spec = tmp_path / "spec.toml"
    rows = ["prompt,model,joke"] + [f"p{i},m{j},joke {i} {j}" for i in range(4) for j in range(3)]
    (tmp_path / "jokes.csv").write_text("\n".join(rows))
    spec.write_text('candidates = "jokes.csv"\n[judge]\nbackend = "simulated"\n')
    imported(COMMAND, "tournament", "run", spec, "--store", tmp_path / "t.sqlite", blocked=UNIX)
    _, out = imported(COMMAND, "rate", tmp_path / "t.sqlite", "--prior", 1, blocked=UNIX)
    assert "3 contestants" in out


def test_every_module_is_imported_without_the_modules_of_unix():
    code = """
import importlib, pkgutil, humorrank
for found in pkgutil.walk_packages(humorrank.__path__, "humorrank."):
    importlib.import_module(found.name)
"""
    modules, _ = imported(code, blocked=UNIX)
    assert "humorrank.store.lock" in modules
