"""One writer at a time, whatever name a store has, and what the locks must not disturb."""

import subprocess
import sys

import pytest
from support.fields import field, made, rows, spec_of

from humorrank.errors import StoreError
from humorrank.matches.kinds import is_store
from humorrank.store.store import Store

WRITE = """
import sys
from pathlib import Path
from humorrank.store.store import Store
with Store(Path(sys.argv[1]), write=True) as store:
    store.set_state("ended", "by another process")
"""


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "T.sqlite"
    made(path, spec_of(3), field(3, 2)).store.close()
    return path


def _write(path):
    """Tries to write from another process, and returns its errors."""
    command = [sys.executable, "-c", WRITE, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def _symbolic(path):
    link = path.with_name("symbolic.sqlite")
    link.symlink_to(path)
    return link


def _hard(path):
    link = path.parent / "folder" / "hard.sqlite"
    link.parent.mkdir()
    link.hardlink_to(path)
    return link


def _unlocked(path):
    path.with_name("T.sqlite-lock").unlink()
    return path


def _folder(path):
    link = path.parent / "link"
    link.symlink_to(path.parent)
    return link / path.name


@pytest.mark.parametrize("other", [_symbolic, _hard, _unlocked, _folder])
def test_a_second_writer_is_refused_under_any_name(store, other):
    with Store(store, write=True) as first:
        name = other(store)
        assert f"{name}: another process is writing to it" in _write(name)
        with pytest.raises(StoreError, match="another process is writing to it"):
            Store(name, write=True)
        first.set_state("ended", "by this process")
    assert rows(store, "SELECT value FROM state WHERE key = 'ended'") == [("by this process",)]
    assert _write(name) == ""


def test_the_log_of_a_writer_survives_readers_of_both_processes(store):
    """Closing a descriptor drops the locks of SQLite; another process then deletes the log."""
    with Store(store, write=True) as first:
        first.set_state("ended", "one")
        assert is_store(store)
        with Store(store, write=False) as reader:
            assert reader.state("ended") == "one"
        read = "import sys, sqlite3; c = sqlite3.connect(sys.argv[1]); "
        read += "c.execute('SELECT * FROM state').fetchall(); c.close()"
        subprocess.run([sys.executable, "-c", read, str(store)], check=True)
        assert store.with_name("T.sqlite-wal").exists()
        first.set_state("ended", "two")
    assert rows(store, "SELECT value FROM state WHERE key = 'ended'") == [("two",)]


def test_remains_of_a_killed_creation_are_removed_by_the_next(tmp_path):
    path = tmp_path / "T.sqlite"
    remains = [".T.sqlite.123", ".T.sqlite.123-wal", ".T.sqlite.123-shm", ".T.sqlite.9-journal"]
    others = [".T.sqlite.txt", ".U.sqlite.123", ".T.sqlite.123.csv", "T.sqlite.123"]
    for name in (*remains, *others):
        (tmp_path / name).write_text("")
    made(path, spec_of(3), field(3, 2)).store.close()
    left = {found.name for found in tmp_path.iterdir()}
    assert left == {"T.sqlite", "T.sqlite-lock", *others}
