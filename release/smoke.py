"""Checks an installed HumorRank as a user would: `python release/smoke.py` in its environment.

It needs nothing but the standard library, runs on every platform, and uses the installed command,
not the sources beside it. `--without PROGRAM` fails if PROGRAM can be found, so that a wheel is
known to have been installed without it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

VOTES = "winner,loser\n" + 10 * "mona,otto\nmona,otto\notto,mona\nmona,nina\nnina,mona\notto,nina\n"
"""Sixty matches, of which mona won 30 of 50, otto 20 of 40 and nina 10 of 30."""


def main() -> None:
    """Runs the checks and exits with 1 at the first one that fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without", action="append", default=[], metavar="PROGRAM")
    for program in parser.parse_args().without:
        _check(shutil.which(program) is None, f"{program} is on PATH")

    suffix = ".exe" if os.name == "nt" else ""
    command = Path(sysconfig.get_path("scripts"), f"humorrank{suffix}")
    _check(command.is_file(), f"{command} is not there")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "votes.csv").write_text(VOTES, encoding="utf-8")
        version = _run([command, "--version"], folder)
        table = _run([command, "rate", "votes.csv"], folder)
        board = json.loads(_run([command, "rate", "votes.csv", "--format", "json"], folder))
        code = "import humorrank; print(humorrank.rate('votes.csv').to_csv(), end='')"
        rows = _run([sys.executable, "-c", code], folder).splitlines()
    models = [row["model"] for row in board["leaderboard"]]
    _check(models == [row.split(",")[1] for row in rows[1:]], "the command and Python differ")
    _check(models == ["mona", "otto", "nina"], f"the order is {models}")
    print(version + table, end="")
    print("The installed package works.")


def _run(command: list[str | Path], folder: str) -> str:
    # No source tree may be imported by accident.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    _check(done.returncode == 0, f"{command} exits with {done.returncode}:\n{done.stderr}")
    return done.stdout


def _check(holds: bool, problem: str) -> None:
    if not holds:
        sys.exit(f"error: {problem}")


if __name__ == "__main__":
    main()
