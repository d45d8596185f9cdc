"""Readers and writers refuse stores that do not hold what was committed."""

import asyncio
import sqlite3
import struct

import pytest
from support.fields import LOG, aged, field, finish, made, rows, spec_of

from humorrank.errors import HumorRankError
from humorrank.generate import CandidateStore
from humorrank.generate.store import Outcome, Written
from humorrank.judge import Prompt
from humorrank.store.store import Store
from humorrank.store.writer import Writer
from humorrank.tournament.engine import play_rounds
from humorrank.tournament.opening import extend, resume

MASK = 2**64 - 1


def mixed(state, word):
    """SplitMix64's finalizer."""
    state = ((state ^ word) + 0x9E3779B97F4A7C15) & MASK
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB & MASK
    return state ^ (state >> 31)


def words(value):
    if value is None:
        return [0]
    if isinstance(value, int):
        return [1, value & MASK]
    if isinstance(value, float):
        return [2, *struct.unpack("<Q", struct.pack("<d", value + 0.0))]
    text = value.encode()
    parts = [text[i : i + 8].ljust(8, b"\0") for i in range(0, len(text), 8)]
    return [3, len(text), *(int.from_bytes(part, "little") for part in parts)]


def checksum(table):
    """The sum of the hashes of rows, written independently of the engine."""
    total = 0
    for row in table:
        state = 0
        for value in row:
            for word in words(value):
                state = mixed(state, word)
        total += state
    return (total + 2**63) % 2**64 - 2**63


def assert_summed(path, tables):
    with sqlite3.connect(path) as connection:
        stored = {n: s for n, *s in connection.execute("SELECT * FROM checksums")}
        assert stored.keys() == {*tables, "schema"}
        for name in tables:
            table = connection.execute(f"SELECT * FROM {name}").fetchall()
            assert stored[name] == [len(table), checksum(table)], name
    connection.close()


def test_every_way_to_write_keeps_the_checksums(tmp_path):
    path = tmp_path / "T.sqlite"
    spec = spec_of(6, budget=40, judge={"failure_rate": 0.5, "retries": 0})
    assert finish(made(path, spec, field(6, 8, twins=2))).failed
    finish(resume(path), retry_failures=True)
    extend(path, budget=50)
    finish(resume(path), retry_failures=True)
    assert_summed(path, Store.table_names())
    assert rows(path, "SELECT MAX(attempts) FROM failures") > [(1,)]


def test_a_rollback_leaves_the_checksums_alone(tmp_path):
    path = tmp_path / "T.sqlite"
    with made(path, spec_of(3), field(3, 2)).store as store:
        with pytest.raises(HumorRankError, match="UNIQUE"), store.transaction() as connection:
            connection.execute("INSERT INTO judges VALUES (1, 'b')")
            connection.execute("INSERT INTO judges VALUES (2, 'b')")
        store.set_state("ended", "no")
    assert_summed(path, Store.table_names())


def test_a_store_of_candidates_has_checksums_too(tmp_path):
    path = tmp_path / "S.sqlite"

    async def write(store):
        writer = Writer(store)
        for outcome in (
            Outcome(0, 0, None, "failed"),
            Outcome(0, 0, "a joke", missing=("word",), latency=0.5),
            Outcome(0, 0, "a better joke"),
        ):
            await asyncio.gather(*(done for done, _ in writer.put(Written([outcome]))))
        await writer.close()

    with CandidateStore.at(path) as store:
        store.add({"p": Prompt("p", "text")}, {"m": {"seed": 1}})
        asyncio.run(write(store))
    assert_summed(path, CandidateStore.table_names())
    assert rows_of(path, "SELECT text FROM jokes") == [("a better joke",)]
    edited(path, "UPDATE jokes SET text = 'another'")
    with pytest.raises(HumorRankError, match="the rows of its table jokes are not those that were"):
        CandidateStore(path, write=False)


def rows_of(path, query):
    with CandidateStore(path, write=False) as store:
        return store.connection.execute(query).fetchall()


def edited(path, *statements):
    """Changes a store as another program would."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "T.sqlite"
    finish(made(path, spec_of(6, budget=60), field(6, 8)))
    return path.read_bytes()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("DELETE FROM judgments WHERE comparison < 7", "judgments has 53 rows, but 60 were"),
        ("UPDATE judgments SET score = 1 - score WHERE comparison = 3", "judgments are not those"),
        ("UPDATE judgments SET time = time + 1 WHERE comparison = 3", "judgments are not those"),
        ("UPDATE rounds SET comparisons = comparisons + 1", "rounds are not those"),
        ("UPDATE jokes SET text = text || ' ' WHERE model = 1", "jokes are not those"),
        ("UPDATE changes SET budget = 61", "changes are not those"),
        ("INSERT INTO judges VALUES (1, 'another')", "judges has 2 rows, but 1 was"),
        ("UPDATE checksums SET rows = rows + 1 WHERE name = 'jokes'", "jokes has 48 rows, but 49"),
        ("DELETE FROM checksums WHERE name = 'jokes'", "checksums are not those of its tables"),
        ("DROP TABLE checksums", "no such table: checksums"),
        ("ALTER TABLE rationales ADD COLUMN more TEXT", "schema are not those"),
        ("PRAGMA user_version = 0", "not those of its schema version"),
        ("PRAGMA user_version = 1", "not those of its schema version"),
        ("PRAGMA user_version = 2", "not those of its schema version"),
    ],
)
def test_a_store_that_another_program_changed_is_refused(tmp_path, whole, statement, says):
    path = tmp_path / "T.sqlite"
    path.write_bytes(whole)
    edited(path, statement)
    before = path.read_bytes()
    for write in (False, True):
        with pytest.raises(HumorRankError, match=says):
            Store(path, write=write)
    assert path.read_bytes() == before


@pytest.mark.parametrize("place", ["CREATE TABLE judges", "judges (", "judge INTEGER"])
def test_definitions_of_tables_that_are_no_text_are_damage(tmp_path, whole, place):
    """Python cannot decode the message of SQLite, which quotes them."""
    path = tmp_path / "T.sqlite"
    path.write_bytes(whole.replace(place.encode(), b"\x8e" + place.encode()[1:]))
    for write in (False, True):
        with pytest.raises(HumorRankError, match=r"is damaged|not those that were committed"):
            Store(path, write=write)


def test_what_does_not_change_the_contents_is_no_damage(tmp_path, whole):
    path = tmp_path / "T.sqlite"
    path.write_bytes(whole)
    log = rows(path, LOG)
    edited(path, "VACUUM", "CREATE TABLE notes (text TEXT)", "CREATE INDEX i ON judgments (judge)")
    assert rows(path, LOG) == log
    assert_summed(path, Store.table_names())


def test_a_store_that_was_checked_is_checked_again_once_it_has_changed(tmp_path, whole):
    path = tmp_path / "T.sqlite"
    path.write_bytes(whole)
    assert rows(path, LOG) == rows(path, LOG)
    edited(path, "DELETE FROM judgments WHERE comparison < 7")
    with pytest.raises(HumorRankError, match="53 rows"):
        rows(path, LOG)


@pytest.mark.parametrize("version", [1, 2])
def test_an_unfinished_store_of_an_earlier_version_is_resumed(tmp_path, version):
    spec = spec_of(6, budget=60, judge={"batch_size": 5, "in_flight": 5})
    finish(made(tmp_path / "whole.sqlite", spec, field(6, 8)))
    path = tmp_path / "T.sqlite"
    tournament = made(path, spec, field(6, 8))

    def stop(_stage, done, _total):
        if done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), tournament.store as store:
        play = play_rounds(store, spec, tournament.field, tournament.judge, progress=stop)
        asyncio.run(play)
    aged(path, version)
    known = rows(path, LOG)
    assert 20 <= len(known) < 60
    finish(resume(path))
    assert_summed(path, Store.table_names())
    assert rows(path, LOG) == rows(tmp_path / "whole.sqlite", LOG)
    assert known == rows(path, LOG)[: len(known)]


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("DELETE FROM prompts WHERE prompt = 2", "refers to rows that are missing"),
        ("UPDATE judgments SET time = 'soon' WHERE comparison = 4", "not REAL in time"),
        ("UPDATE changes SET spec = '{' || spec", "the spec is not JSON"),
    ],
)
def test_a_damaged_store_of_an_earlier_version_is_refused(tmp_path, whole, statement, says):
    path = tmp_path / "T.sqlite"
    path.write_bytes(whole)
    aged(path, 2)
    edited(path, statement)
    with pytest.raises(HumorRankError, match=says), Store(path, write=False) as store:
        store.spec_content()
