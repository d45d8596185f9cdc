"""What a run of benchmarks leaves: its lines, and what they were measured with."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path

import humorrank
from bench.racing import Line

_OTHERS = ("polars", "numpy", "evalica", "arena-rank", "jax", "choix", "pandas", "pyarrow")


def write(path: Path, lines: Sequence[Line], *, keep: bool = False) -> None:
    """Writes lines, and the machine and versions, as JSON.

    Args:
        path: the file.
        lines: what was measured.
        keep: keep what is there of other works, for a run of some benchmarks.
    """
    path.parent.mkdir(exist_ok=True)
    records = [line.record() for line in lines]
    if keep and path.exists():
        again = {record["work"] for record in records}
        before = json.loads(path.read_text())["lines"]
        records = [record for record in before if record["work"] not in again] + records
    record = {
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "processor": _processor(),
        "memory": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "versions": {"humorrank": humorrank.__version__, **_versions()},
        "lines": records,
    }
    path.write_text(json.dumps(record, indent=2) + "\n")


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
