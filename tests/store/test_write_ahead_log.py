"""The log of a killed writer: damage is refused, but not an incomplete last transaction."""

import random
import shutil
import subprocess
import sys

import pytest
from support.fields import field, made, rows, spec_of

from humorrank.errors import StoreError
from humorrank.store.store import Store

COMMITS = 12
KILLED = """
import os, sys
from pathlib import Path
from humorrank.store.store import Store
store = Store(Path(sys.argv[1]), write=True)
for number in range(int(sys.argv[2])):
    store.set_state("ended", str(number))
os._exit(0)
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Returns a store whose writer was killed, its log, and the end of each commit in the log."""
    path = tmp_path_factory.mktemp("store") / "T.sqlite"
    made(path, spec_of(3), field(3, 2)).store.close()
    subprocess.run([sys.executable, "-c", KILLED, str(path), str(COMMITS)], check=True)
    log = path.with_name("T.sqlite-wal").read_bytes()
    size = 24 + int.from_bytes(log[8:12], "big")
    ends = [p + size for p in range(32, len(log), size) if any(log[p + 4 : p + 8])]
    assert len(ends) == COMMITS and ends[-1] == len(log)
    return path, log, ends


def _with_log(tmp_path, killed, log):
    path = tmp_path / "T.sqlite"
    shutil.copyfile(killed[0], path)
    path.with_name("T.sqlite-wal").write_bytes(log)
    return path


def _value(path):
    return rows(path, "SELECT value FROM state WHERE key = 'ended'")


def test_an_intact_log_is_read(tmp_path, killed):
    assert _value(_with_log(tmp_path, killed, killed[1])) == [(f"{COMMITS - 1}",)]


def test_a_damaged_log_is_refused_and_left_alone(tmp_path, killed, run):
    _, log, ends = killed
    dice = random.Random(1)
    for place in (0, 3, 9, 17, 26, *(dice.randrange(32, ends[-3]) for _ in range(20))):
        content = bytearray(log)
        content[place] ^= 1 << dice.randrange(8)
        path = _with_log(tmp_path, killed, content)
        for write in (False, True):
            with pytest.raises(StoreError, match=r"its log T\.sqlite-wal is damaged"):
                Store(path, write=write)
        assert path.with_name("T.sqlite-wal").read_bytes() == content
    code, _, err = run("tournament", "status", path)
    assert code == 2 and "commits follow" in err
    copy = tmp_path / "copy.sqlite"
    assert run("tournament", "copy", path, copy)[0] == 2
    assert run("tournament", "copy", path, copy, "--accept")[0] == 0
    assert len(_value(copy)) <= 1


def test_an_incomplete_last_commit_is_no_damage(tmp_path, killed):
    """Any part of it may have reached the disk before the power failed."""
    _, log, ends = killed
    dice = random.Random(2)
    start, end = ends[-2:]
    for _ in range(20):
        content = bytearray(log)
        for _ in range(dice.randrange(1, 4)):
            place = start + 512 * dice.randrange((end - start) // 512)
            content[place : place + 512] = bytes(512)
        path = _with_log(
            tmp_path, killed, content[: dice.choice([end, dice.randrange(start, end)])]
        )
        assert _value(path)[0][0] in (f"{COMMITS - 2}", f"{COMMITS - 1}")


def test_what_remains_of_an_incomplete_commit_is_overwritten(tmp_path, killed):
    _, log, ends = killed
    content = bytearray(log)
    content[ends[-2] + 30] ^= 1
    path = _with_log(tmp_path, killed, content)
    subprocess.run([sys.executable, "-c", KILLED, str(path), "1"], check=True)
    now = bytearray(path.with_name("T.sqlite-wal").read_bytes())
    now[60] ^= 1
    path.with_name("T.sqlite-wal").write_bytes(now)
    assert _value(path) == [(f"{COMMITS - 2}",)], "only one commit followed, which is no damage"
