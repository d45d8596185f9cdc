"""Properties of every tournament, for any field, budget and failures."""

import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.fields import LOG, field, finish, made, rows, spec_of

from humorrank.tournament.opening import extend, possible, resume

KINDS = ("swiss", "round_robin", "random", "information")


@st.composite
def tournaments(draw):
    models, prompts = draw(st.integers(2, 9)), draw(st.integers(1, 6))
    twins = draw(st.sampled_from([0, 0, 2, models]))
    identical = draw(
        st.sampled_from(["tie", "judge"] if twins == models else ["tie", "skip", "judge"])
    )
    spec = spec_of(
        models,
        judge={
            "failure_rate": draw(st.sampled_from([0.0, 0.3, 0.9, 1.0])),
            "retries": draw(st.integers(0, 3)),
            "batch_size": draw(st.integers(1, 20)),
            "in_flight": draw(st.integers(1, 40)),
        },
        schedule={
            "kind": draw(st.sampled_from(KINDS)),
            "slack": draw(st.integers(0, 3)),
            "prompts_per_pairing": draw(st.integers(1, 4)),
        },
        seed=draw(st.integers(0, 2**64 - 1)),
        position=draw(st.sampled_from(["random", "both", "fixed"])),
        identical=identical,
        missing=draw(st.sampled_from(["fail", "skip"])),
        lag=draw(st.integers(0, 3)),
    )
    texts = field(models, prompts, twins)
    if spec.missing == "skip":
        for row in texts.jokes:
            for model in draw(st.sets(st.integers(0, models - 1), max_size=2)):
                row[model] = ""
    most = possible(spec, texts)
    assume(most > 0)
    budget = draw(st.one_of(st.none(), st.integers(1, most)))
    return spec, texts, most if budget is None else budget


@pytest.mark.slow
@settings(max_examples=300, derandomize=True)
@given(tournaments())
def test_every_tournament_keeps_to_its_rules(case):
    spec, texts, budget = case
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "T.sqlite"
        tournament = made(path, spec, texts)
        with tournament.store.transaction() as connection:
            connection.execute("UPDATE changes SET budget = ?", (budget,))
        ending = finish(tournament)
        assert ending.reason == "the budget is spent"

        pairs = rows(
            path, "SELECT comparison, round, low, high, prompt FROM comparisons ORDER BY 1"
        )
        assert len(pairs) == budget, "the budget is spent, and not exceeded"
        assert [row[0] for row in pairs] == list(range(budget))
        assert len({row[2:] for row in pairs}) == budget, "no comparison is made twice"
        assert all(low < high for _, _, low, high, _ in pairs)
        for *_, low, high, prompt in pairs:
            assert texts.jokes[prompt][low] and texts.jokes[prompt][high], "both jokes are there"
        if spec.schedule.kind in ("swiss", "information"):
            for _, games in itertools.groupby(pairs, key=lambda row: row[1]):
                pairings = {row[2:4] for row in games}
                players = [player for pairing in pairings for player in pairing]
                assert len(set(players)) == len(players), "nobody plays two opponents in a round"

        wanted = 2 if spec.position == "both" else 1
        settled = rows(path, "SELECT comparison, position, judge FROM judgments")
        failed = rows(path, "SELECT comparison, position, judge FROM failures")
        assert len(settled) + len(failed) == budget * wanted, "every judgment ends one way"
        assert not set(settled) & set(failed)
        assert (ending.judged, ending.failed) == (len(settled), len(failed))
        if not spec.judge.options["failure_rate"]:
            assert not failed

        same = rows(
            path,
            "SELECT j.score, j.attempts, j.identical, a.text = b.text FROM judgments j "
            "JOIN comparisons c USING (comparison) "
            "JOIN jokes a ON (a.prompt, a.model) = (c.prompt, c.low) "
            "JOIN jokes b ON (b.prompt, b.model) = (c.prompt, c.high)",
        )
        if spec.identical == "tie":
            assert all(identical == equal for _, _, identical, equal in same)
            assert all(row[:2] == (0.5, 0) for row in same if row[2])
        else:
            assert not any(identical for _, _, identical, _ in same)
        if spec.identical == "skip":
            assert not any(equal for *_, equal in same)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("models", [2, 5, 8])
def test_the_whole_budget_gives_every_pair_on_every_prompt_once(tmp_path, kind, models):
    prompts = 7
    spec = spec_of(models, schedule={"kind": kind})
    finish(made(tmp_path / "T.sqlite", spec, field(models, prompts)))
    found = rows(tmp_path / "T.sqlite", "SELECT low, high, prompt FROM comparisons")
    every = itertools.product(itertools.combinations(range(models), 2), range(prompts))
    assert sorted(found) == sorted((*pair, prompt) for pair, prompt in every)


@pytest.mark.slow
@settings(max_examples=40, derandomize=True)
@given(tournaments(), st.data())
def test_the_way_the_judge_is_asked_leaves_no_trace(case, data):
    """Batches, limits and the order of answers have no effect; only the spec and the seed do."""
    spec, texts, _ = case
    with tempfile.TemporaryDirectory() as folder:
        logs = []
        for name in ("one", "two"):
            path = Path(folder) / name
            tournament = made(path, spec, texts)
            tournament.judge.batch_size = data.draw(st.integers(1, 9))
            tournament.judge.in_flight = data.draw(st.integers(1, 30))
            finish(tournament)
            logs.append(rows(path, LOG))
        assert logs[0] == logs[1]


def test_a_larger_budget_plays_on_where_a_smaller_one_ended(tmp_path):
    """An extension changes later rounds, but keeps every comparison that was played."""
    path = tmp_path / "T.sqlite"
    finish(made(path, spec_of(7, budget=20), field(7, 5)))
    before = rows(path, LOG)
    extend(path, budget=60)
    ending = finish(resume(path))
    assert ending.judged == 40
    assert rows(path, LOG)[:20] == before
    assert rows(path, "SELECT COUNT(*) FROM comparisons") == [(60,)]
