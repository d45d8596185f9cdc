"""Damages and changes stores, and reads them.

    python tests/attack/store.py --times 400

Each mutated store must be refused by every reader with one error, or be read exactly as the
original: no traceback, no abort, and no other result. Mutations are changes of bytes, swapped,
repeated and zeroed pages, truncations, pages of other stores, changes by SQL, and damage to the log
of a store whose writer was killed. Tournaments
(finished, killed, and of an earlier version) and stores of candidates are attacked. Stores of
earlier versions have no checksums, so any result is allowed there that is not an internal error.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.fields import aged, field, finish, made, spec_of, write_files

from attack.full_disk import call
from humorrank.errors import HumorRankError
from humorrank.generate import CandidateStore
from humorrank.store import checking
from humorrank.tournament.engine import play_rounds
from humorrank.tournament.opening import resume

PAGE = 4096
EDITS = (
    "DELETE FROM judgments WHERE comparison = {n}",
    "DELETE FROM comparisons WHERE comparison = {n}",
    "DELETE FROM rationales",
    "DELETE FROM failures",
    "DELETE FROM rounds WHERE round = {n}",
    "DELETE FROM models WHERE model = 1",
    "DELETE FROM checksums WHERE name = 'judgments'",
    "UPDATE judgments SET score = 1 - score WHERE comparison >= {n}",
    "UPDATE judgments SET position = 1 - position WHERE comparison = {n}",
    "UPDATE judgments SET score = 0.5 WHERE comparison = {n}",
    "UPDATE judgments SET judge = 7 WHERE comparison = {n}",
    "UPDATE judgments SET attempts = attempts + 1 WHERE comparison = {n}",
    "UPDATE judgments SET identical = 1, counted = 0 WHERE comparison = {n}",
    "UPDATE judgments SET latency = 'text' WHERE comparison = {n}",
    "UPDATE comparisons SET prompt = 0 WHERE comparison = {n}",
    "UPDATE comparisons SET low = 0, high = 99 WHERE comparison = {n}",
    "UPDATE rounds SET comparisons = comparisons - 1 WHERE round = 2",
    "UPDATE rounds SET byes = 3",
    "UPDATE models SET name = name || 'x' WHERE model = 2",
    "UPDATE models SET name = CAST(x'ff00fe' AS TEXT) WHERE model = 2",
    "UPDATE jokes SET text = 'another' WHERE model = 2",
    "UPDATE jokes SET text = x'00' WHERE model = 2",
    "UPDATE changes SET budget = budget + {n}",
    "UPDATE changes SET spec = '[]'",
    "UPDATE changes SET fingerprint = NULL",
    "UPDATE state SET value = 'no'",
    "UPDATE checksums SET rows = rows - 1 WHERE name = 'judgments'",
    "UPDATE checksums SET checksum = checksum + 1 WHERE name = 'rounds'",
    "INSERT INTO judgments SELECT comparison, 1 - position, judge, score, counted, identical, "
    "attempts, latency, probability, prompt_tokens, output_tokens, time FROM judgments "
    "WHERE comparison = {n}",
    "INSERT INTO judges VALUES (1, 'another')",
    "INSERT OR REPLACE INTO state VALUES ('ended', 'otherwise')",
    "DROP TABLE rationales",
    "DROP TABLE checksums",
    "ALTER TABLE judgments RENAME COLUMN score TO points",
    "ALTER TABLE models ADD COLUMN more",
    "PRAGMA user_version = {n}",
    "PRAGMA application_id = {n}",
    "VACUUM",
    "REINDEX",
    "CREATE TABLE notes (text)",
)
"""Changes by SQL. Those of tables that a store lacks change nothing."""


@dataclass(frozen=True)
class Victim:
    """A store, and what its readers say about it.

    Attributes:
        name: The name in reports.
        content: The bytes of the file.
        log: The bytes of its log, if its writer was killed.
        read: Function that returns everything that can be read from a store.
        found: The result for the undamaged store.
        summed: Whether the store has checksums.
    """

    name: str
    content: bytes
    log: bytes | None
    read: Callable[[Path], object]
    found: object
    summed: bool = True


def victims(folder: Path) -> list[Victim]:
    """Makes the stores to attack."""
    spec = _spec()
    whole = folder / "T.sqlite"
    finish(made(whole, spec, field(8, 20, twins=2)))
    old = folder / "old.sqlite"
    shutil.copyfile(whole, old)
    aged(old, 2)
    write_files(folder, 3, 30)
    candidates = folder / "S.sqlite"
    models = ["--model", "simulated/a", "--model", "simulated/b", "--set", "failure_rate=0.2"]
    given = [folder / "prompts.csv", *models, "-o", folder / "written.csv", "--store", candidates]
    assert call("generate", *given)[0] == 0
    stores = {
        "tournament": (whole, read_tournament),
        "version 2": (old, read_tournament),
        "candidates": (candidates, read_candidates),
    }
    made_of = [
        Victim(name, path.read_bytes(), None, read, read(path), name != "version 2")
        for name, (path, read) in stores.items()
    ]
    killed = folder / "killed.sqlite"
    # A process of its own, because it ends without closing the store.
    code = f"import sys; sys.path[:0] = {sys.path!r}\nfrom attack.store import play_and_exit\n"
    code += f"play_and_exit({str(killed)!r})"
    subprocess.run([sys.executable, "-c", code], check=True)
    content, log = killed.read_bytes(), killed.with_name("killed.sqlite-wal").read_bytes()
    return [*made_of, Victim("killed", content, log, read_tournament, read_tournament(killed))]


def _spec():
    return spec_of(8, budget=200, judge={"failure_rate": 0.2, "retries": 0, "tie_rate": 0.2})


def play_and_exit(path: str) -> None:
    """Plays a tournament, and ends this process without closing its store."""
    made(Path(path), _spec(), field(8, 20)).store.close()
    tournament = resume(Path(path))
    judge, texts = tournament.judge, tournament.field
    asyncio.run(play_rounds(tournament.store, tournament.spec, texts, judge))
    os._exit(0)


def read_tournament(path: Path) -> object:
    """Returns what several readers find in a tournament."""
    checking._CHECKED.clear()
    found = []
    for command in (
        ["tournament", "status", path],
        ["tournament", "export", path, "-o", path.with_name("log.csv")],
        ["tournament", "export", path, "--decisions", "-o", path.with_name("log.jsonl")],
    ):
        code, out, err = call(*command)
        if code != 0:
            raise HumorRankError(err) if code == 2 else AssertionError(f"{command}: {code} {err}")
        found.append((out, err.replace(str(path.parent), "")))
    for name in ("log.csv", "log.jsonl"):
        found.append(path.with_name(name).read_bytes())
        path.with_name(name).unlink()
    return found


def read_candidates(path: Path) -> object:
    """Returns everything that a store of candidates contains."""
    checking._CHECKED.clear()
    with CandidateStore(path, write=False) as store:
        rows = store.connection.execute("SELECT * FROM jokes ORDER BY 1, 2").fetchall()
        failures = store.connection.execute("SELECT * FROM failures ORDER BY 1, 2").fetchall()
        return store.prompts(), store.models(), rows, failures


def flipped(dice: random.Random, content: bytearray, _others: list[bytes]) -> None:
    """Changes some bytes anywhere, or in the header of the file or of a page."""
    start = dice.choice([0, 0, PAGE * dice.randrange(len(content) // PAGE)])
    size = dice.choice([len(content), 100, 16])
    for _ in range(dice.choice([1, 1, 1, 8])):
        place = (start + dice.randrange(size)) % len(content)
        content[place] ^= dice.choice([1 << dice.randrange(8), dice.randrange(1, 256)])


def swapped(dice: random.Random, content: bytearray, _others: list[bytes]) -> None:
    """Swaps two pages."""
    one, two = (dice.randrange(len(content) // PAGE) * PAGE for _ in range(2))
    first, second = content[one : one + PAGE], content[two : two + PAGE]
    content[one : one + PAGE], content[two : two + PAGE] = second, first


def replaced(dice: random.Random, content: bytearray, others: list[bytes]) -> None:
    """Replaces a page by zeros, noise, another page, or a page of another store."""
    place = dice.randrange(len(content) // PAGE) * PAGE
    other = dice.choice([bytes(content), *others])
    start = dice.randrange(len(other) // PAGE) * PAGE
    pages = [bytes(PAGE), dice.randbytes(PAGE), other[start : start + PAGE]]
    content[place : place + PAGE] = dice.choice(pages)


def cut(dice: random.Random, content: bytearray, _others: list[bytes]) -> None:
    """Cuts off the end, or adds to it."""
    if dice.random() < 0.2:
        content += dice.randbytes(dice.choice([1, PAGE]))
    else:
        size = dice.randrange(len(content))
        del content[dice.choice([size, size // PAGE * PAGE]) :]


def logged(dice: random.Random, log: bytes) -> bytes:
    """Damages a log, but not its last two commits, which a crash could have left incomplete."""
    size = 24 + int.from_bytes(log[8:12], "big")
    ends = [place + size for place in range(32, len(log), size) if any(log[place + 4 : place + 8])]
    content, limit = bytearray(log), ends[-3]
    start = dice.choice([0, 32 + size * dice.randrange((limit - 32) // size)])
    place = min(start + dice.choice([dice.randrange(24), dice.randrange(size)]), limit - 1)
    if dice.random() < 0.3:
        content[place] ^= dice.randrange(1, 256)
    elif dice.random() < 0.5:
        content[place] ^= 1 << dice.randrange(8)
    else:
        zeros = min(dice.randrange(1, 2 * size), limit - place)
        content[place : place + zeros] = bytes(zeros)
    return bytes(content)


def edited(dice: random.Random, path: Path) -> str:
    """Changes a store by SQL, and returns the statement."""
    statement = dice.choice(EDITS).format(n=dice.randrange(150))
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute(statement)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error:
        pass
    finally:
        connection.close()
    return statement


BYTES = {"bytes": flipped, "swapped": swapped, "replaced": replaced, "cut": cut}


def attack(times: int, seed: int = 0, say: bool = False) -> Counter[tuple[str, str, str]]:
    """Mutates stores, and reads them.

    Returns:
        The number of mutations by store, kind of mutation and result ("refused" or "same").

    Raises:
        AssertionError: A reader found something else, or failed with an internal error.
    """
    dice = random.Random(seed)
    results = Counter[tuple[str, str, str]]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        targets = victims(folder)
        for number in range(times):
            victim = targets[number % len(targets)]
            kind = dice.choice(["edit", *BYTES] if victim.log is None else ["log", *BYTES])
            path = folder / "mutated" / "T.sqlite"
            shutil.rmtree(path.parent, ignore_errors=True)
            path.parent.mkdir()
            content = bytearray(victim.content)
            if kind in BYTES:
                BYTES[kind](dice, content, [other.content for other in targets])
            path.write_bytes(content)
            if victim.log is not None:
                log = logged(dice, victim.log) if kind == "log" else victim.log
                path.with_name("T.sqlite-wal").write_bytes(log)
            what = edited(dice, path) if kind == "edit" else kind
            result = _result(victim, path, f"seed {seed}, number {number}: {victim.name}, {what}")
            results[victim.name, kind, result] += 1
            if say and number % 100 == 99:
                print(number + 1, Counter(key[2] for key in results.elements()), flush=True)
    return results


def _result(victim: Victim, path: Path, what: str) -> str:
    try:
        found = victim.read(path)
    except HumorRankError as error:
        lines = str(error).splitlines()
        assert len([line for line in lines if not line.startswith("warning: ")]) == 1, (what, lines)
        return "refused"
    except Exception as error:
        raise AssertionError(what) from error
    if found == victim.found:
        return "same"
    assert not victim.summed, f"{what}: read something else"
    return "different"


def main() -> None:
    """Attacks as often as given on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    results = attack(options.times, options.seed, say=True)
    for key, count in sorted(results.items()):
        print(*key, count, sep="\t")


if __name__ == "__main__":
    main()
