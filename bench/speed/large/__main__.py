"""Runs all large benchmarks, prints their table and writes build/bench-large.json.

    python -m bench.speed.large [--only NAME] [--folder DIR] [--scale 1]

They need 3 GB of disk and 4 GB of memory.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path

from bench.speed import large, record
from bench.speed.racing import Line
from bench.speed.table import RECORDS, table


def main() -> int:
    """Runs the requested benchmarks. Fails if one cannot run, but not if a target is missed."""
    names = sorted(module.name for module in pkgutil.iter_modules(large.__path__))
    names = [name for name in names if name not in ("__main__", "fresh", "log")]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=names)
    parser.add_argument("--folder", type=Path, help="folder for the files (default: temporary)")
    parser.add_argument("--scale", type=float, default=1, help="factor for the rows")
    options = parser.parse_args()
    found: list[Line] = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for name in names if options.only is None else [options.only]:
            module = importlib.import_module(f"bench.speed.large.{name}")
            for line in module.lines(Path(folder), options.scale):
                found.append(line)
                print(table([line.record()])[-1], flush=True)
    print("\n".join(table([line.record() for line in found])))
    if options.scale == 1:
        record.write(RECORDS[1], found, keep=options.only is not None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
