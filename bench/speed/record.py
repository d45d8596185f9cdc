"""Records of benchmark runs: the lines, and the machine and versions of the measurement."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

import humorrank
from bench.speed.racing import Line

_OTHERS = ("polars", "numpy", "evalica", "arena-rank", "jax", "choix", "pandas", "pyarrow")


def write(path: Path, lines: Sequence[Line], *, keep: bool = False) -> None:
    """Writes the lines of a run, and the machine and versions, as JSON.

    Args:
        path: The file.
        lines: The measured lines.
        keep: Whether to keep existing lines of other works, for a run of only some benchmarks.
    """
    path.parent.mkdir(exist_ok=True)
    run: dict[str, Any] = {
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "processor": _processor(),
        "memory": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "versions": {"humorrank": humorrank.__version__, **_versions()},
        "lines": [line.record() for line in lines],
    }
    runs = [*_others(path, {line.work for line in lines}), run] if keep else [run]
    path.write_text(json.dumps({"runs": runs}, indent=2) + "\n")


def _others(path: Path, again: Set[str]) -> list[dict[str, Any]]:
    """Returns the lines of earlier runs, except those of works that are measured again."""
    before = json.loads(path.read_text())["runs"] if path.exists() else []
    for run in before:
        run["lines"] = [line for line in run["lines"] if line["work"] not in again]
    return [run for run in before if run["lines"]]


def _versions() -> dict[str, str]:
    found = {}
    for name in _OTHERS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.machine()
