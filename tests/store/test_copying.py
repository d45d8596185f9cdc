"""`humorrank tournament copy`."""

import json
import shutil
import sqlite3

import pytest
from support.fields import LOG, aged, field, finish, made, rows, spec_of

from humorrank.generate import CandidateStore
from humorrank.store.copying import copy_store
from humorrank.store.store import Store
from humorrank.tournament.opening import resume


def _edit(path, statement):
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute(statement)
    connection.close()


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "T.sqlite"
    finish(made(path, spec_of(6, budget=60), field(6, 8)))
    return path


def test_a_copy_of_a_store_in_use_holds_all_commits_and_can_be_continued(run, tmp_path):
    path, copy = tmp_path / "T.sqlite", tmp_path / "copy.sqlite"
    spec = spec_of(6, budget=60, judge={"batch_size": 5, "in_flight": 5})
    tournament = made(path, spec, field(6, 8))
    copied = []

    def note(_stage, done, _total):
        if done >= 30 and not copied:
            copied.append(run("tournament", "copy", path, copy))
            shutil.copyfile(path, tmp_path / "file.sqlite")
            copied.append(rows(path, LOG))

    finish(tournament, progress=note)
    assert copied[0] == (0, "", f"note: {copy}: copied from {path}\n")
    assert len(copied[1]) >= 25
    assert rows(copy, LOG) == copied[1]
    assert rows(tmp_path / "file.sqlite", LOG) == [], "the commits are in the log"
    finish(resume(copy))
    assert rows(copy, LOG) == rows(path, LOG)
    assert {p.name for p in tmp_path.glob("copy*")} == {"copy.sqlite", "copy.sqlite-lock"}


def test_stores_of_all_kinds_and_versions_are_copied(run, tmp_path, store):
    candidates = tmp_path / "S.sqlite"
    CandidateStore.at(candidates).close()
    assert run("tournament", "copy", candidates, tmp_path / "S2.sqlite")[0] == 0
    CandidateStore(tmp_path / "S2.sqlite", write=True).close()
    log = rows(store, LOG)
    aged(store, 2)
    assert run("tournament", "copy", store, tmp_path / "old.sqlite")[0] == 0
    assert rows(tmp_path / "old.sqlite", LOG) == log
    assert rows(tmp_path / "old.sqlite", "PRAGMA user_version") == [(2,)]


def test_a_copy_overwrites_nothing(run, tmp_path, store):
    for name in ("T.sqlite", "other.txt", "link"):
        (tmp_path / "other.txt").write_text("text")
        if name == "link":
            (tmp_path / name).symlink_to(tmp_path / "nothing")
        before = store.read_bytes()
        code, _, err = run("tournament", "copy", store, tmp_path / name)
        assert code == 2
        assert (
            err == f"error: {tmp_path / name}: already exists, and is not overwritten by a copy\n"
        )
        assert store.read_bytes() == before
    assert (tmp_path / "other.txt").read_text() == "text"


@pytest.mark.parametrize(
    ("source", "target", "says"),
    [
        ("none.sqlite", "x.sqlite", "none.sqlite: there is no such store"),
        ("text.csv", "x.sqlite", "is not a tournament or a store of candidates"),
        ("T.sqlite", "nowhere/x.sqlite", "there is no folder"),
    ],
)
def test_what_cannot_be_copied_is_refused(run, tmp_path, store, source, target, says):
    (tmp_path / "text.csv").write_text("a,b\n1,2\n")
    code, _, err = run("tournament", "copy", tmp_path / source, tmp_path / target)
    assert code == 2
    assert says in err
    assert not list(tmp_path.glob("*x.sqlite*"))


def test_a_changed_store_is_copied_only_if_it_is_accepted(run, tmp_path, store):
    _edit(store, "UPDATE jokes SET text = 'edited' WHERE (prompt, model) = (0, 0)")
    copy = tmp_path / "copy.sqlite"
    code, _, err = run("tournament", "copy", store, copy)
    assert code == 2
    assert f"`humorrank tournament copy {store} NEW --accept`" in err
    assert not copy.exists()
    code, _, err = run("tournament", "copy", store, copy, "--accept")
    assert code == 0
    assert "warning: the contents of the copy were accepted" in err
    assert rows(copy, "SELECT text FROM jokes WHERE (prompt, model) = (0, 0)") == [("edited",)]
    assert json.loads(run("tournament", "status", copy, "-f", "json")[1])["judgments"] == 60


def test_references_to_missing_rows_are_not_accepted(run, tmp_path, store):
    _edit(store, "DELETE FROM prompts WHERE prompt = 1")
    code, _, err = run("tournament", "copy", store, tmp_path / "copy.sqlite", "--accept")
    assert code == 2
    assert "refers to rows that are missing" in err
    assert not list(tmp_path.glob("*copy.sqlite"))


def test_the_progress_of_a_copy_ends_with_all_pages(tmp_path, store):
    told = []
    copy_store(store, tmp_path / "c.sqlite", [Store], progress=lambda *now: told.append(now))
    stage, done, total = told[-1]
    assert stage == "copying" and done == total > 10
