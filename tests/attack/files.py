"""Mutates files of every format and compares what is read with other readers.

    python tests/attack/files.py --times 35000

Each mutated file is read in a child process with limits on memory and time. It must be refused
with an InputError that names it in one line, or read exactly as by a reader without any code of
this project, in another child process: pyarrow for Parquet and Arrow IPC, polars or Python's csv
for delimited text, and Python's json for JSON. A file that the other reader refuses must be read as
if it were undamaged.

`--every FORMAT` changes every byte of a small file of that format instead, to three values each.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from attack.originals import FORMATS, original

MEMORY = 6 << 30
"""The limit on the address space of a child, which is mostly that of the threads of polars."""
PATIENCE = 30.0
"""The number of seconds after which a child hangs. A file takes milliseconds."""
LONGEST = 2_000
"""The maximum length of a message in characters."""


@dataclass
class Report:
    """The results so far.

    Attributes:
        told: The number of files by format and result.
        faults: The mutated files with which something went wrong, and what.
    """

    told: Counter = field(default_factory=Counter)
    faults: list[tuple[Path, str]] = field(default_factory=list)

    def __str__(self) -> str:
        kinds = sorted({kind for kind, _ in self.told})
        return "\n".join(
            f"{kind:12} "
            + ", ".join(f"{n:,} {what}" for (k, what), n in sorted(self.told.items()) if k == kind)
            for kind in kinds
        )


class Child:
    """A process that reads one file after another, and is started again when it ends.

    Args:
        reader: Name of the function of `attack.readers` that reads.
    """

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._process: subprocess.Popen[bytes] | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child

    def ask(self, kind: str, path: Path) -> tuple[str, object]:
        """Returns ("read", rows), ("refused", message), or ("crashed", what) for anything else."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, __file__, "--child", self._reader],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                # With it, panics are printed although they are caught.
                env={**os.environ, "RUST_BACKTRACE": "0"},
            )
        self._errors.seek(0)
        self._errors.truncate()
        process = self._process
        process.stdin.write(json.dumps([kind, str(path)]).encode() + b"\n")
        process.stdin.flush()
        answer = _line(process.stdout.fileno())
        if answer is not None and answer.endswith(b"\n"):
            result, value = json.loads(answer)
            self._errors.seek(0)
            printed = self._errors.read().decode("utf-8", "replace").strip()
            if printed and result != "crashed" and self._reader == "ours":
                return "crashed", f"printed {printed[:300]!r}"
            return result, value
        hangs = answer is None
        self._end()
        return "crashed", "hangs" if hangs else f"ended with code {process.returncode}"

    def close(self) -> None:
        self._end()
        self._errors.close()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _line(pipe: int) -> bytes | None:
    """Returns a line of a pipe, less if it is closed, or None if nothing comes for too long."""
    found = b""
    deadline = time.monotonic() + PATIENCE
    while not found.endswith(b"\n"):
        ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return None
        chunk = os.read(pipe, 1 << 20)
        if not chunk:
            return found
        found += chunk
    return found


def mutated(dice: random.Random, data: bytes) -> bytes:
    """Returns the bytes of a file with some random damage."""
    out = bytearray(data)
    for _ in range(dice.choice([1, 1, 1, 2, 5])):
        at = dice.randrange(len(out)) if out else 0
        length = min(dice.choice([1, 2, 4, 8, 64, 1000]), len(out) - at)
        how = dice.randrange(9)
        if how <= 2 and out:
            out[at] = dice.choice([0, 1, 0x7F, 0x80, 0xFF, out[at] ^ (1 << dice.randrange(8))])
        elif how == 3:
            out[at : at + length] = dice.randbytes(length)
        elif how == 4:
            del out[at:]
        elif how == 5:
            del out[at : at + length]
        elif how == 6:
            out[at:at] = out[at : at + length]
        elif how == 7:
            value = dice.choice([0, 1, -1, 2**31 - 1, 2**62, -(2**63), dice.randrange(1000)])
            size = dice.choice([4, 8])
            out[at : at + size] = (value % 2 ** (8 * size)).to_bytes(size, "little")
        else:
            other = dice.randrange(len(out)) if out else 0
            out[at : at + length] = out[other : other + length]
    return bytes(out)


def every(data: bytes) -> Iterator[bytes]:
    """Yields all files of which one byte differs, with three values for each byte."""
    for at, byte in enumerate(data):
        for value in {0xFF, byte ^ 1, 0x7F if byte != 0x7F else 0}:
            yield data[:at] + bytes([value]) + data[at + 1 :]


class Attack:
    """Reads damaged files with two children.

    Args:
        folder: Where the files are written. Those with faults remain.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.report = Report()
        self._ours, self._theirs = Child("ours"), Child("theirs")

    def close(self) -> None:
        self._ours.close()
        self._theirs.close()

    def undamaged(self, kind: str, data: bytes) -> object:
        """Returns the rows of an undamaged file, which both must read equally."""
        path = self._write(kind, data)
        ours, theirs = (child.ask(kind, path) for child in (self._ours, self._theirs))
        assert ours[0] == theirs[0] == "read", (kind, ours, theirs)
        assert ours[1] in _choices(theirs[1]), (kind, ours, theirs)
        return ours[1]

    def check(self, kind: str, data: bytes, undamaged: object) -> None:
        """Reads a damaged file, and notes the result."""
        path = self._write(kind, data)
        result, value = self._ours.ask(kind, path)
        if result == "refused":
            wrong = "" if _is_clear(str(value), path) else f"unclear: {value!r}"
        elif result == "crashed":
            wrong = str(value)
        else:
            other, rows = self._theirs.ask(kind, path)
            wrong = ""
            if value != undamaged and not (other == "read" and value in _choices(rows)):
                wrong = f"read as {value!r:.300}, but {other} {rows!r:.300} by others"
            elif value == undamaged and other == "read" and value not in _choices(rows):
                wrong = f"read as if undamaged, but as {rows!r:.300} by others"
        self.report.told[kind, "wrong" if wrong else result] += 1
        if wrong:
            kept = self.folder / f"fault-{len(self.report.faults)}-{path.name}"
            path.rename(kept)
            self.report.faults.append((kept, wrong))

    def _write(self, kind: str, data: bytes) -> Path:
        path = self.folder / f"log.{FORMATS[kind]}"
        path.write_bytes(data)
        return path


def _choices(rows: object) -> list[object]:
    """Returns the readings of a file by others, of which there may be several for text."""
    return rows["either"] if isinstance(rows, dict) and "either" in rows else [rows]


def _is_clear(message: str, path: Path) -> bool:
    return path.name in message and "\n" not in message and len(message) <= LONGEST


def attack(times: int, seed: int, folder: Path, say: bool = False) -> Report:
    """Reads the given number of mutated files, equally many of each format."""
    dice = random.Random(seed)
    attack = Attack(folder)
    try:
        bases: dict[tuple[str, int], tuple[bytes, object]] = {}
        for number in range(times):
            kind = list(FORMATS)[number % len(FORMATS)]
            variant = dice.randrange(8)
            if (kind, variant) not in bases:
                data = original(kind, variant)
                bases[kind, variant] = data, attack.undamaged(kind, data)
            data, rows = bases[kind, variant]
            attack.check(kind, mutated(dice, data), rows)
            if say and number % 1000 == 999:
                print(f"{number + 1:,} files\n{attack.report}", flush=True)
    finally:
        attack.close()
    return attack.report


def attack_every(kind: str, variant: int, folder: Path, step: int = 1) -> Report:
    """Reads all files of a format of which one byte is changed, or every `step`-th of them."""
    attack = Attack(folder)
    try:
        data = original(kind, variant, small=True)
        rows = attack.undamaged(kind, data)
        for number, damaged in enumerate(every(data)):
            if number % step == 0:
                attack.check(kind, damaged, rows)
    finally:
        attack.close()
    return attack.report


def _serve(reader: str) -> None:
    """Reads the files named on standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from attack import readers  # noqa: PLC0415 - the parent needs none of its imports

    read = getattr(readers, reader)
    out = sys.stdout.buffer
    sys.stdout = sys.stderr
    for line in sys.stdin.buffer:
        kind, path = json.loads(line)
        out.write(json.dumps(read(kind, Path(path))).encode() + b"\n")
        out.flush()


def main() -> None:
    """Reads as many files as given on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=35_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", choices=FORMATS)
    parser.add_argument("--keep", type=Path, help="where to keep the files with faults")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _serve(options.child)
        return
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        if options.every:
            report = Report()
            for variant in range(8):
                one = attack_every(options.every, variant, folder)
                report.told += one.told
                report.faults += one.faults
        else:
            report = attack(options.times, options.seed, folder, say=True)
        print(report)
        for path, wrong in report.faults:
            print(f"{path}: {wrong}")
        print(f"{report.told.total():,} files, {len(report.faults)} faults")
        sys.exit(bool(report.faults))


if __name__ == "__main__":
    main()
