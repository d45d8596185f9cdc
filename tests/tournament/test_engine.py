"""The tournament engine with judges that are slow, wrong, faulty or finished."""

import asyncio

import numpy as np
import polars as pl
import pytest
from support.fields import LOG, aged, field, finish, made, rows, spec_of

from humorrank.errors import JudgeError
from humorrank.judge import Answers, Failure, Judgment
from humorrank.store.export import export_decisions, match_log
from humorrank.store.running_elo import elo_changes
from humorrank.store.store import Store
from humorrank.tournament.history import replay
from humorrank.tournament.opening import resume
from humorrank.tournament.status import status


class OneByOne:
    """A judge that answers like an endpoint: one by one, out of order, with some failures."""

    name = "one by one"
    batch_size = 7
    in_flight = 12

    def __init__(self):
        self.settings = {}
        self.now = self.most = self.asked = 0
        self.closed = False

    async def judge(self, batch):
        self.now += len(batch)
        self.most = max(self.most, self.now)
        assert len(batch) <= self.batch_size
        for row in reversed(range(len(batch))):
            await asyncio.sleep(0)
            comparison = batch[row]
            assert comparison.joke_a != comparison.joke_b
            assert comparison.model_a in comparison.joke_a.replace("joke ", "model-0")
            self.asked += 1
            self.now -= 1
            if self.asked % 5 == 0:
                yield Answers.of({row: Failure("it hung", attempts=4, latency=2.0)})
                continue
            better = comparison.model_a < comparison.model_b
            judgment = Judgment(
                "A" if better else "B",
                reasoning="a pun",
                winner_humor_features=("wordplay",),
                loser_features=("cliché",),
                unknown_labels={
                    "loser_features": ("dull", "flat"),
                    "winner_humor_features": ("x",),
                },
                probability=0.9 if better else 0.1,
                latency=0.5,
                prompt_tokens=300,
                output_tokens=40,
                attempts=2,
            )
            yield Answers.of({row: judgment})

    async def close(self):
        self.closed = True


def test_single_answers_in_any_order_are_stored_whole(tmp_path):
    tournament = made(tmp_path / "T.sqlite", spec_of(6, budget=60), field(6, 8))
    judge = tournament.judge = OneByOne()
    ending = finish(tournament)
    assert (ending.judged, ending.failed) == (48, 12)
    assert judge.closed
    assert judge.most <= judge.in_flight
    with Store(tmp_path / "T.sqlite", write=False) as store:
        export_decisions(store, tmp_path / "decisions.parquet")
        found = pl.read_parquet(tmp_path / "decisions.parquet")
    judged = found.filter(pl.col("failure").is_null())
    first_is_better = judged["model_a"] < judged["model_b"]
    assert ((judged["winner"] == "model_a") == first_is_better).all()
    assert set(judged["reasoning"]) == {"a pun"}
    assert set(judged["winner_humor_features"]) == {'["wordplay"]'}
    assert set(judged["loser_features"]) == {'["cliché"]'}
    unknown = '{"loser_features": ["dull", "flat"], "winner_humor_features": ["x"]}'
    assert set(judged["unknown_labels"]) == {unknown}
    assert status(tmp_path / "T.sqlite").unknown_labels == 3 * 48
    assert set(judged["prompt_tokens"]) == {300}
    assert ((judged["probability"] > 0.5) == first_is_better).all()
    failed = found.filter(pl.col("failure").is_not_null())
    assert set(failed["failure"]) == {"it hung"}
    assert set(failed["attempts"]) == {4}


def test_the_running_elo_is_what_the_schedule_knows(tmp_path):
    for position, failure_rate in (("random", 0.0), ("both", 0.5)):
        path = tmp_path / position
        judge = {"failure_rate": failure_rate, "retries": 0}
        spec = spec_of(7, budget=100, judge=judge, position=position)
        finish(made(path, spec, field(7, 9, twins=2)))
        with Store(path, write=False) as store:
            history = replay(store, spec, store.field())
            while history.open:
                history.record_oldest(None)
            elo = np.full(7, 1000.0)
            for _, low, high, moved in elo_changes(store):
                elo[low] += moved
                elo[high] -= moved
        np.testing.assert_allclose(elo, history.scheduler.elo, rtol=0, atol=1e-9)
        assert np.ptp(elo) > 20


class Faulty(OneByOne):
    def __init__(self, fault):
        super().__init__()
        self.fault = fault

    async def judge(self, batch):
        size = len(batch)
        rows, score = np.arange(size), np.ones(size)
        if self.asked > 20:
            if self.fault == "raises":
                raise JudgeError("the key is wrong")
            if self.fault == "twice":
                rows = np.zeros(size, np.int64)
            if self.fault == "never":
                rows, score = rows[1:], score[1:]
            if self.fault == "between":
                score = score * 0.7
        self.asked += size
        size = len(rows)
        yield Answers(rows, score, np.ones(size, np.uint32), np.zeros(size))


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("raises", "the key is wrong"),
        ("twice", "answered a comparison twice"),
        ("never", "left 1 of"),
        ("between", "a score other than 0, 0.5 and 1"),
    ],
)
def test_a_judge_that_cannot_judge_ends_the_run_and_nothing_else(tmp_path, fault, says):
    path = tmp_path / "T.sqlite"
    tournament = made(path, spec_of(6, budget=60, schedule={"prompts_per_pairing": 2}), field(6, 8))
    tournament.judge = Faulty(fault)
    with pytest.raises(JudgeError, match=says):
        finish(tournament)
    before = rows(path, LOG)
    assert len(before) >= 20
    finish(resume(path))
    after = rows(path, LOG)
    assert set(before) <= set(after)
    assert len(after) == 60


def test_a_stop_ends_it_after_the_rounds_that_are_under_way(tmp_path):
    """A resumed store passes the same verdicts to the rule again, so the rule still applies."""

    def rule():
        seen = []

        def stop(verdicts):
            assert verdicts.round == len(seen)
            seen.append(verdicts)
            return "enough is known" if len(seen) == 5 else None

        return stop

    for lag in (0, 1, 3):
        path = tmp_path / f"{lag}.sqlite"
        ending = finish(made(path, spec_of(6, lag=lag), field(6, 30)), stop=rule())
        assert ending.reason == "enough is known"
        assert rows(path, "SELECT COUNT(*) FROM rounds") == [(5 + lag,)]
        again = finish(resume(path), stop=rule())
        assert (again.reason, again.judged) == ("enough is known", 0)


# arena-rank requests a higher precision than JAX's default, which causes a warning.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_arena_rank_reads_an_export_as_it_is(tmp_path):
    from arena_rank.utils import data_utils as data  # noqa: PLC0415 - imports JAX

    finish(made(tmp_path / "T.sqlite", spec_of(6, budget=90, judge={"tie_rate": 0.5}), field(6, 8)))
    with Store(tmp_path / "T.sqlite", write=False) as store:
        frame = match_log(store).to_pandas()
    pairs = data.PairDataset.from_pandas(frame)
    assert set(pairs.competitors) == {f"model-{i:02}" for i in range(6)}
    ours = frame["winner"].map({"model_a": 1.0, "tie": 0.5, "model_b": 0.0})
    outcomes = np.repeat(np.asarray(pairs.outcomes), np.asarray(pairs.counts).astype(int))
    assert sorted(outcomes) == sorted(ours)


@pytest.mark.parametrize("version", [1, 2])
def test_a_store_of_an_earlier_version_is_read_as_it_is_and_resumed_as_any_other(tmp_path, version):
    path = tmp_path / "T.sqlite"
    tournament = made(path, spec_of(6, budget=60), field(6, 8))
    tournament.judge = OneByOne()
    finish(tournament)
    aged(path, version)
    before = path.read_bytes()
    assert status(path).unknown_labels == (0 if version == 1 else 144)
    with Store(path, write=False) as store:
        assert export_decisions(store, tmp_path / "decisions.parquet") == 60
    assert path.read_bytes() == before
    found = pl.read_parquet(tmp_path / "decisions.parquet")
    assert found["unknown_labels"].null_count() == (60 if version == 1 else 12)
    assert found["reasoning"].null_count() == 12
    for _ in range(2):
        with Store(path, write=True) as store:
            assert store.connection.execute("PRAGMA user_version").fetchone() == (3,)
            store.set_state("ended", None)
    with Store(path, write=False) as store:
        assert export_decisions(store, tmp_path / "again.parquet") == 60
    assert pl.read_parquet(tmp_path / "again.parquet").equals(found)
