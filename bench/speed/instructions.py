"""Compares the instruction counts of the hot loops of the core with the committed counts.

    python -m bench.speed.instructions [--update] [--only LOOP]

Each loop of the example `hot_loops` runs once under callgrind on one thread, always on the same
workload. Prints a table, and exits with 1 if a count exceeds that in bench/speed/instructions.json
by more than a tenth. With --update, writes this file instead.

The counts depend on neither the load nor the clock of the machine. To make them independent of the
processor as well, the loops are built for baseline x86-64, and glibc is configured to select its
functions for that, too. The counts do depend on the compiler. If it is not the one of the committed
counts, an increase is reported but is not a failure. Without valgrind, or on another kind of
processor, the check is skipped with a message.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

LOOPS: Final = ("tally", "fit", "draw", "bootstrap", "order", "elo", "replay")
MOST: Final = 1.1
"""The largest acceptable ratio of a count to the committed one."""

_ROOT: Final = Path(__file__).parents[2]
_COMMITTED: Final = _ROOT / "bench" / "speed" / "instructions.json"
_TARGET: Final = _ROOT / "target" / "instructions"
# Separate from the ordinary build, whose compiler flags may differ.
_FLAGS: Final = "-C target-cpu=x86-64 -C debuginfo=0"
_PLAIN_GLIBC: Final = "glibc.cpu.hwcaps=" + ",".join(
    f"-{feature}"
    for feature in ("AVX512F", "AVX512VL", "AVX512BW", "AVX2", "AVX", "FMA", "FMA4", "BMI2", "ERMS")
)
_SUM: Final = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)


def build() -> Path:
    """Builds the loops and returns the path of the executable."""
    command = ["cargo", "build", "--release", "--quiet", "--package", "humorrank-core"]
    command += ["--example", "hot_loops", "--target-dir", str(_TARGET)]
    environment = {**os.environ, "RUSTFLAGS": _FLAGS, "CARGO_PROFILE_RELEASE_STRIP": "none"}
    subprocess.run(command, cwd=_ROOT, env=environment, check=True)
    return _TARGET / "release" / "examples" / "hot_loops"


def compiler() -> str:
    """Returns the version of the compiler, as printed by rustc."""
    command = ["rustc", "--version"]
    done = subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def count(binary: Path, loop: str) -> int:
    """Returns the number of instructions of a loop."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "counts"
        command = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}"]
        command += ["--toggle-collect=*measured*", str(binary), loop, "--repeats", "1"]
        environment = {**os.environ, "GLIBC_TUNABLES": _PLAIN_GLIBC}
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{loop} cannot run: exit code {done.returncode}\n{done.stderr}")
        found = _SUM.search(out.read_text())
    if found is None or not int(found[1]):
        sys.exit(f"{loop}: callgrind counted nothing; does hot_loops.rs still contain `measured`?")
    return int(found[1])


def missing() -> str | None:
    """Returns the reason why instructions cannot be counted here; None if they can."""
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        return f"counts are for Linux on x86-64, not {platform.system()} on {platform.machine()}"
    if shutil.which("valgrind") is None:
        return "valgrind is not installed (apt-get install valgrind)"
    return None


def table(committed: dict[str, int], counts: dict[str, int]) -> list[str]:
    """Returns the lines of a table of the committed and the new counts."""
    lines = [f"{'loop':10} {'committed':>15} {'now':>15} {'ratio':>7}"]
    for loop, now in counts.items():
        before = committed.get(loop)
        was = "-" if before is None else f"{before:,}"
        ratio = "-" if before is None else f"{now / before:.3f}"
        lines.append(f"{loop:10} {was:>15} {now:>15,} {ratio:>7}")
    return lines


def main() -> int:
    """Counts the instructions and compares them with the committed counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="write the new counts")
    parser.add_argument("--only", choices=LOOPS, help="run only this loop")
    options = parser.parse_args()
    if (reason := missing()) is not None:
        print(f"instruction counts: skipped: {reason}")
        return 0
    record: dict[str, Any] = {"compiler": "", "instructions": {}}
    if _COMMITTED.exists():
        record = json.loads(_COMMITTED.read_text())
    committed: dict[str, int] = record["instructions"]
    binary = build()
    loops = LOOPS if options.only is None else (options.only,)
    counts = {loop: count(binary, loop) for loop in loops}
    print("\n".join(table(committed, counts)))
    if options.update:
        record = {"compiler": compiler(), "instructions": {**committed, **counts}}
        _COMMITTED.write_text(json.dumps(record, indent=2) + "\n")
        print(f"written to {_COMMITTED.relative_to(_ROOT)}")
        return 0
    grown = [name for name, now in counts.items() if now > MOST * committed.get(name, 0)]
    if not grown:
        return 0
    print(f"more than {MOST:.0%} of the committed counts: {', '.join(grown)}")
    if compiler() != record["compiler"]:
        print(f"not a failure, because the committed counts are for {record['compiler']}")
        return 0
    print("fix this, or update the counts with `python -m bench.speed.instructions --update`")
    return 1


if __name__ == "__main__":
    sys.exit(main())
