"""Runs every command that makes a store on disks that are too small for it.

    python tests/attack/full_disk.py --step 4

A command starts on an empty disk (a tmpfs) of each size, from nothing to enough for the whole
store. If the disk is full, there must be one error, and either no store or one without damage.
Then the disk grows by 12 KB and the same command runs again, until it succeeds. Whatever was
acknowledged must be there after each run, and the last store must equal one that never lacked
space.

This needs the right to mount a file system.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1]))

import polars as pl
from support.fields import LOG, rows, write_files

from humorrank.cli import main as humorrank
from humorrank.generate import CandidateStore
from humorrank.store.writer import Writer

KINDS = ("run", "judge", "generate")
JOKES = "SELECT p.id, m.name, j.text FROM jokes j JOIN prompts p USING (prompt) JOIN models m "
JOKES += "USING (model) ORDER BY 1, 2"


@dataclass
class Report:
    """What happened on the disks.

    Attributes:
        disks: The number of disks that were too small at first.
        refused: The number of runs that found the disk full.
        without_store: The number of these after which there was no store.
    """

    disks: int = 0
    refused: int = 0
    without_store: int = 0


@contextlib.contextmanager
def disk(folder: Path, size: int) -> Iterator[None]:
    """Mounts an empty disk of a size in KB."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "humorrank-test", str(folder)]
    subprocess.run(mount, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def grow(folder: Path, size: int) -> None:
    """Changes the size of a mounted disk."""
    subprocess.run(["mount", "-o", f"remount,size={size}k", str(folder)], check=True)


def can_mount() -> str | None:
    """Returns why no disk can be mounted here, or None if one can."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with disk(Path(folder), 64):
                return None
        except FileNotFoundError:
            return "there is no command `mount`"
        except subprocess.CalledProcessError as error:
            return f"file systems cannot be mounted here: {error.stderr.decode().strip()}"


def attack(
    kinds: Sequence[str], sizes: Sequence[int], growth: int = 12, say: bool = False
) -> dict[str, Report]:
    """Runs each kind of command on disks of the given sizes in KB, as far as they are too small.

    Args:
        kinds: Kinds of commands.
        sizes: Sizes of the disks in KB.
        growth: KB by which a full disk grows before the command runs again.
        say: Whether to print the report of each kind.

    Raises:
        AssertionError: Something was lost or damaged, or an error was not one line.
    """
    reports = {}
    with tempfile.TemporaryDirectory() as name:
        texts, place = Path(name) / "texts", Path(name) / "disk"
        texts.mkdir()
        place.mkdir()
        write_files(texts, 6, 20, 'budget = 250\n[judge]\nbackend = "simulated"\n')
        _write_pairs(texts)
        for kind in kinds:
            whole = texts / f"{kind}.sqlite"
            code, _, err = call(*arguments(kind, texts, whole))
            assert code == 0, err
            reports[kind] = report = Report()
            for size in sizes:
                report.disks += _one(
                    kind, texts, place, size, growth, contents(kind, whole), report
                )
            if say:
                print(kind, report, flush=True)
    return reports


def _one(
    kind: str,
    texts: Path,
    place: Path,
    size: int,
    growth: int,
    wanted: list[tuple],
    report: Report,
) -> bool:
    """Returns whether the disk was too small at first."""
    store, start = place / "S.sqlite", size
    known: set[tuple] = set()
    with disk(place, size):
        while True:
            with patch.object(Writer, "_tell", _counting(told := [0])):
                code, _, err = call(*arguments(kind, texts, store))
            if code == 0:
                break
            assert code == 2, (kind, size, code, err)
            errors = [line for line in err.splitlines() if not line.startswith("note: ")]
            assert len(errors) == 1 and errors[0].startswith(f"error: {store}: "), err
            report.refused += 1
            size += growth
            grow(place, size)
            left = {path.name for path in place.iterdir()}
            if store.exists():
                assert "was not created" not in errors[0], err
                # Readers need space as well, for SQLite's index of its log.
                grow(place, size + 64)
                now = contents(kind, store)
                grow(place, size)
                assert set(now) >= known and len(now) - len(known) >= told[0]
                known = set(now)
            else:
                report.without_store += 1
                assert "the store was not created" in errors[0], err
                assert left <= {"S.sqlite-lock"}, left
        assert contents(kind, store) == wanted
    return size > start


def _counting(told: list[int]):
    tell = Writer._tell

    def count(self: Writer, futures: list) -> None:
        if self._error is None:
            told[0] += len(futures)
        tell(self, futures)

    return count


def arguments(kind: str, texts: Path, store: Path) -> list[object]:
    """Returns the arguments of a command that makes, or continues, a store."""
    if kind == "run":
        return ["tournament", "run", texts / "spec.toml", "--store", store]
    if kind == "judge":
        return ["judge", texts / "pairs.csv", "--judge", "simulated", "--store", store]
    output = store.with_name("jokes.csv") if store.parent == texts else texts / "again.csv"
    output.unlink(missing_ok=True)
    models = ["--model", "simulated/a", "--model", "simulated/b"]
    return ["generate", texts / "prompts.csv", *models, "-o", output, "--store", store]


def contents(kind: str, store: Path) -> list[tuple]:
    """Returns the judgments or the jokes of a store."""
    if kind != "generate":
        return rows(store, LOG)
    with CandidateStore(store, write=False) as opened:
        return opened.connection.execute(JOKES).fetchall()


def call(*given: object) -> tuple[int, str, str]:
    """Runs a command in this process; returns (exit code, standard output, standard error)."""
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", ["humorrank", *map(str, given)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            humorrank()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
    return code, out.getvalue(), err.getvalue()


def _write_pairs(folder: Path) -> None:
    pl.DataFrame(
        {
            "prompt": [f"headline {i % 40}" for i in range(250)],
            "joke_a": [f"the first joke on {i}, which is not short" for i in range(250)],
            "joke_b": [f"the second joke on {i}, which is no shorter" for i in range(250)],
        }
    ).write_csv(folder / "pairs.csv")


def main() -> None:
    """Attacks with the sizes given on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--step", type=int, default=4, help="KB between the sizes of the disks")
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    options = parser.parse_args()
    why = can_mount()
    if why is not None:
        sys.exit(why)
    attack(options.kinds, range(4, 480, options.step), say=True)


if __name__ == "__main__":
    main()
