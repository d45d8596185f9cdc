"""Start-up: processor time of whole processes, compared with the imports that they require."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.speed.racing import Peer, Race

COMMAND = "from humorrank._start import main; main()"
LOG = "model_a,model_b,winner\n" + "a,b,model_a\nb,a,model_a\nb,c,model_a\nc,b,tie\nc,a,tie\n" * 20


def _process(*arguments: str) -> Callable[[], None]:
    """Runs Python with the given arguments until it exits."""

    def run() -> None:
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

    return run


def _imports(modules: Sequence[str], target: float | None) -> Peer:
    """Returns the same interpreter with only these imports; the target is a minimum ratio."""
    return Peer(
        f"import {', '.join(modules)}",
        _process("-c", f"import {', '.join(modules)}"),
        target=target,
    )


def test_version(race: Race) -> None:
    """The command line without a command."""
    race("humorrank --version", _process("-c", COMMAND, "--version"), [_imports(["typer"], 0.5)])


def test_help(race: Race) -> None:
    """The list of commands, none of which is imported."""
    race("humorrank --help", _process("-c", COMMAND, "--help"), [_imports(["typer"], 0.5)])


def test_import(race: Race) -> None:
    """The package, which imports only what is used."""
    race("import humorrank", _process("-c", "import humorrank"), [_imports(["numpy"], 1 / 1.5)])


def test_rate_a_small_file(race: Race, tmp_path: Path) -> None:
    """A log of a hundred rows, compared with the imports of evalica."""
    path = tmp_path / "log.csv"
    path.write_text(LOG)
    peers = [_imports(["typer", "numpy"], None)]
    if importlib.util.find_spec("evalica") is not None:
        peers.append(_imports(["evalica"], None))
    race("humorrank rate, 100 rows", _process("-c", COMMAND, "rate", str(path)), peers)
