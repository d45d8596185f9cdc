"""Instructions that the core's hot loops take, beside the committed figures.

    python -m bench.speed.instructions [--update] [--only LOOP]

Each loop of the example `hot_loops` runs once under callgrind on one thread, on a workload that is
always the same. Prints a table, and exits with 1 if a loop takes more than a tenth more
instructions than bench/speed/instructions.json says; with --update writes that file instead.

Counts depend on neither load nor clock. That they do not depend on the processor either, the build
is for the least x86-64, and glibc is told to choose its functions for that too. They do depend on
the compiler, so with another one than the committed figures are of, growth is told and fails
nothing. Where there is no valgrind, or on another kind of processor, the check is skipped, and
says so.
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
"""By how much a count may grow."""

_ROOT: Final = Path(__file__).parents[2]
_COMMITTED: Final = _ROOT / "bench" / "speed" / "instructions.json"
_TARGET: Final = _ROOT / "target" / "instructions"
# Apart from the ordinary build, whose compiler flags may be others.
_FLAGS: Final = "-C target-cpu=x86-64 -C debuginfo=0"
_PLAIN_GLIBC: Final = "glibc.cpu.hwcaps=" + ",".join(
    f"-{feature}"
    for feature in ("AVX512F", "AVX512VL", "AVX512BW", "AVX2", "AVX", "FMA", "FMA4", "BMI2", "ERMS")
)
_SUM: Final = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)


def build() -> Path:
    """Builds the loops."""
    command = ["cargo", "build", "--release", "--quiet", "--package", "humorrank-core"]
    command += ["--example", "hot_loops", "--target-dir", str(_TARGET)]
    environment = {**os.environ, "RUSTFLAGS": _FLAGS, "CARGO_PROFILE_RELEASE_STRIP": "none"}
    subprocess.run(command, cwd=_ROOT, env=environment, check=True)
    return _TARGET / "release" / "examples" / "hot_loops"


def compiler() -> str:
    """The version of the compiler, as it tells it."""
    command = ["rustc", "--version"]
    done = subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def count(binary: Path, loop: str) -> int:
    """The instructions that a loop takes."""
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
        sys.exit(f"{loop}: callgrind counted nothing; is `measured` gone from hot_loops.rs?")
    return int(found[1])


def missing() -> str | None:
    """Why nothing can be counted here; None if it can."""
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        return f"counts are of Linux on x86-64, not {platform.system()} on {platform.machine()}"
    if shutil.which("valgrind") is None:
        return "valgrind is not installed (apt-get install valgrind)"
    return None


def table(committed: dict[str, int], counts: dict[str, int]) -> list[str]:
    """Lines of loop, committed, now, ratio."""
    lines = [f"{'loop':10} {'committed':>15} {'now':>15} {'ratio':>7}"]
    for loop, now in counts.items():
        before = committed.get(loop)
        was = "-" if before is None else f"{before:,}"
        ratio = "-" if before is None else f"{now / before:.3f}"
        lines.append(f"{loop:10} {was:>15} {now:>15,} {ratio:>7}")
    return lines


def main() -> int:
    """Counts and compares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="commit what is counted now")
    parser.add_argument("--only", choices=LOOPS, help="one loop")
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
    print(f"more than {MOST:.0%} of what is committed: {', '.join(grown)}")
    if compiler() != record["compiler"]:
        print(f"the committed figures are of {record['compiler']}, so that this fails nothing")
        return 0
    print("mend it, or commit the new figures with `python -m bench.speed.instructions --update`")
    return 1


if __name__ == "__main__":
    sys.exit(main())
