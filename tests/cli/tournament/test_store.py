"""Unusable stores, and disks that are full or read-only."""

import os
import sqlite3
import subprocess
import sys

import pytest
from support.fields import LOG, rows, write_files

from humorrank.store import schema

HUMORRANK = [sys.executable, "-c", "from humorrank.cli import main; main()"]
SIMULATED = '[judge]\nbackend = "simulated"\n'


def _damage(path):
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 8] = os.urandom(4096 * 5)
    path.write_bytes(content)


def _newer(path):
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_damage, "is damaged"),
        (_newer, f"has schema version {schema.VERSION + 1}"),
        (lambda path: path.write_text("a,b\n1,2\n"), "is not a tournament"),
        (lambda path: path.write_bytes(b""), "is not a tournament"),
        (lambda path: path.unlink(), "there is no such store"),
    ],
)
def test_a_store_that_cannot_be_used_is_left_as_it_is(run, store, spoil, says):
    spoil(store)
    before = store.read_bytes() if store.exists() else None
    for arguments in (["resume"], ["extend", "--budget", 50], ["import", "votes.csv"]):
        command, *rest = arguments
        code, _, err = run(command, store, *rest)
        assert code == 2
        assert says in err
        assert err.count("\n") == 1
    assert (store.read_bytes() if store.exists() else None) == before
    assert {p.name for p in store.parent.iterdir()} <= {
        "T.sqlite", "T.sqlite-lock", "jokes.csv", "prompts.csv", "spec.toml"
    }  # fmt: skip


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_is_no_place_to_write_but_one_to_read(run, spec, store):
    store.parent.chmod(0o500)
    try:
        for arguments in (["run", spec, "--store", "new.sqlite"], ["resume", store]):
            code, _, err = run(*arguments)
            assert code == 2
            assert "cannot be written" in err
        assert run("status", store)[0] == 0
    finally:
        store.parent.chmod(0o700)


def test_a_full_disk_is_told_and_what_is_committed_stays(run, spec, tmp_path):
    """Simulates a full disk by limiting the file size, which makes SQLite fail in the same way."""
    texts = write_files(tmp_path, 20, 60, f"budget = 11000\n{SIMULATED}")
    command = [*HUMORRANK, "tournament", "run", str(texts), "--store", "T.sqlite"]
    script = f"ulimit -f 700; trap '' XFSZ; exec {' '.join(map(repr, command))}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "everything committed is safe" in errors[0]
    before = set(rows(tmp_path / "T.sqlite", LOG))
    assert before
    assert run("resume", "T.sqlite")[0] == 0
    after = rows(tmp_path / "T.sqlite", LOG)
    assert before <= set(after)
    assert len(after) == 11_000
