"""Schedules, called as the tournament engine calls them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humorrank.errors import HumorRankError, OptionError
from humorrank.tournament.schedule import KINDS, SLACK, Scheduler

START = 1000.0


def comparisons(made):
    low, high = np.minimum(made.first, made.second), np.maximum(made.first, made.second)
    return list(zip(low.tolist(), high.tolist(), made.prompt.tolist(), strict=True))


def every(contestants, prompts):
    return {(i, j, p) for j in range(contestants) for i in range(j) for p in range(prompts)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("contestants", [2, 5, 8])
def test_the_whole_budget_is_every_pair_on_every_prompt_once(kind, contestants):
    scheduler = Scheduler(kind, contestants, 6, seed=1)
    budget = contestants * (contestants - 1) // 2 * 6
    assert scheduler.possible() == budget
    made = []
    while budget - len(made):
        now = scheduler.next_round(budget - len(made))
        assert now.reason is None
        made += comparisons(now)
        scheduler.record(now.first, now.second, np.full(len(now), 0.5))
    assert len(made) == len(set(made))
    assert set(made) == every(contestants, 6)
    after = scheduler.next_round(10)
    assert len(after) == 0
    assert after.reason == "every pair has played every prompt that it can"


@pytest.mark.slow
@settings(max_examples=300)
@given(data=st.data())
def test_random_tournaments_keep_the_invariants_and_resume(data):
    """A scheduler with the same scheduled and recorded comparisons makes the same rounds."""
    kind = data.draw(st.sampled_from(KINDS))
    contestants, prompts = data.draw(st.integers(2, 12)), data.draw(st.integers(1, 8))
    options = {
        "seed": data.draw(st.integers(0, 2**64 - 1)),
        "slack": data.draw(st.sampled_from([0, 1, 3, SLACK])),
        "prompts_per_pairing": data.draw(st.integers(1, 3)),
    }
    lag = data.draw(st.integers(0, 2))
    left = data.draw(st.integers(0, contestants * (contestants - 1) // 2 * prompts))
    stop = data.draw(st.integers(0, 12))
    scores = np.random.default_rng(data.draw(st.integers(0, 99)))
    first = Scheduler(kind, contestants, prompts, **options)
    second = Scheduler(kind, contestants, prompts, **options)
    made, late, rounds = [], [], 0
    while left:
        while len(late) > lag:
            verdict = late.pop(0)
            first.record(*verdict)
            second.record(*verdict)
        now = first.next_round(left)
        assert 0 < len(now) <= left
        if rounds < stop:
            assert second.take(now.first, now.second, now.prompt) == len(now)
        else:
            again = second.next_round(left)
            for name in ("first", "second", "prompt", "byes"):
                assert np.array_equal(getattr(now, name), getattr(again, name))
        if kind != "random":
            pairings = {(i, j) for i, j, _ in comparisons(now)}
            assert len({i for pair in pairings for i in pair}) == 2 * len(pairings)
        made += comparisons(now)
        judged = scores.random(len(now)) > 0.1
        score = scores.choice([0, 0.5, 1], judged.sum())
        late.append((now.first[judged], now.second[judged], score))
        left -= len(now)
        rounds += 1
    assert len(made) == len(set(made))
    assert first.played == second.played == len(made)
    assert np.array_equal(first.elo, second.elo)


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_made_is_not_scheduled_and_does_not_count_as_played(kind):
    scheduler = Scheduler(kind, 4, 5, seed=3)
    # One pair has identical jokes on all prompts; the other pairs still play.
    assert scheduler.take([2] * 5, [1] * 5, range(5), played=False) == 5
    assert scheduler.take([1], [2], [0]) == 0
    assert (scheduler.played, scheduler.possible()) == (0, 25)
    made = []
    while len(now := scheduler.next_round(100)):
        made += comparisons(now)
    assert set(made) == {c for c in every(4, 5) if c[:2] != (1, 2)}
    assert scheduler.played == 25


@pytest.mark.parametrize("kind", KINDS)
def test_newcomers_and_new_prompts_are_played(kind):
    scheduler = Scheduler(kind, 3, 2, seed=0)
    made = comparisons(scheduler.next_round(1))
    scheduler.extend(5, 4)
    assert scheduler.elo.tolist() == [START] * 5
    while len(now := scheduler.next_round(100)):
        made += comparisons(now)
    assert len(made) == len(set(made))
    assert set(made) == every(5, 4)


def test_a_swiss_pair_behind_catches_up_first():
    scheduler = Scheduler("swiss", 4, 50, seed=0, slack=0)
    for _ in range(9):
        scheduler.next_round(100)
    scheduler.extend(5, 50)
    newcomer = [4 in pair[:2] for _ in range(12) for pair in comparisons(scheduler.next_round(100))]
    assert all(newcomer)
    assert len(newcomer) == 12


def test_elo_moves_with_the_verdicts_alone():
    scheduler = Scheduler("swiss", 3, 10, seed=0, elo_k=32)
    scheduler.next_round(10)
    assert scheduler.elo.tolist() == [START] * 3
    scheduler.record([0], [2], [1])
    assert scheduler.elo.tolist() == [1016, 1000, 984]


def test_equal_ratings_are_paired_by_the_seed():
    rounds = {tuple(comparisons(Scheduler("swiss", 6, 9, seed=s).next_round(9))) for s in range(9)}
    assert len(rounds) > 5


def test_prompts_are_spread_evenly():
    """Each pair draws its own prompts; the first prompts of many pairs are distributed evenly."""
    scheduler = Scheduler("swiss", 4000, 20, seed=5)
    prompts = scheduler.next_round(10_000).prompt
    counts = np.bincount(prompts, minlength=20)
    chi_square = ((counts - 100) ** 2 / 100).sum()
    assert chi_square < 19 + 6 * np.sqrt(2 * 19)


def test_the_information_schedule_plays_neighbours():
    """Once all models are rated, neighbors play, because other pairs are not informative."""
    scheduler = Scheduler("information", 10, 2000, seed=0)
    strengths = -0.5 * np.arange(10)
    scores = np.random.default_rng(1)
    for _ in range(400):
        now = scheduler.next_round(100)
        p = 1 / (1 + np.exp(strengths[now.second] - strengths[now.first]))
        scheduler.record(now.first, now.second, (scores.random(len(p)) < p).astype(float))
    steps = []
    for _ in range(100):
        now = scheduler.next_round(100)
        steps += np.abs(now.first.astype(int) - now.second.astype(int)).tolist()
    assert np.mean(steps) < 2.5


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"kind": "swis"}, "schedule must be one of"),
        ({"contestants": -1}, "contestants must be"),
        ({"prompts": 1.5}, "prompts must be"),
        ({"seed": -1}, "seed must be"),
        ({"slack": 2**32}, "slack must be"),
        ({"prompts_per_pairing": 0}, "prompts_per_pairing must be"),
        ({"elo_k": float("nan")}, "elo_k must be"),
        ({"kind": "information", "prior": 0}, "prior must be at least"),
        ({"kind": "information", "contestants": 5000}, "information schedule allows at most"),
        ({"contestants": 2**32 - 1, "prompts": 2**31}, "too many possible comparisons"),
    ],
)
def test_settings_that_cannot_be_are_refused(options, says):
    with pytest.raises(OptionError, match=says):
        Scheduler(**{"kind": "swiss", "contestants": 4, "prompts": 3, "seed": 0} | options)


def test_a_refused_call_changes_nothing():
    scheduler = Scheduler("swiss", 3, 4, seed=0)
    refused = [
        lambda: scheduler.record([0, 0], [1, 3], [1, 1]),
        lambda: scheduler.record([0, 1], [1, 1], [1, 1]),
        lambda: scheduler.record([0], [1], [np.nan]),
        lambda: scheduler.record([0, 1], [1, 2], [1]),
        lambda: scheduler.record([0.5], [1], [1]),
        lambda: scheduler.take([0, 0], [1, 2], [1, 4]),
        lambda: scheduler.take([0], [-1], [1]),
        lambda: scheduler.next_round(-1),
        lambda: scheduler.extend(2, 4),
        lambda: scheduler.extend(3, 2**62),
    ]
    for call in refused:
        with pytest.raises(HumorRankError):
            call()
    assert scheduler.elo.tolist() == [START] * 3
    assert (scheduler.played, scheduler.possible()) == (0, 12)
    assert (scheduler.contestants, scheduler.prompts) == (3, 4)


def test_nothing_to_schedule_is_said():
    assert Scheduler("swiss", 4, 4, seed=0).next_round(0).reason == "the budget is spent"
    assert "two contestants" in (Scheduler("swiss", 1, 4, seed=0).next_round(5).reason or "")
    assert "no prompts" in (Scheduler("random", 4, 0, seed=0).next_round(5).reason or "")
