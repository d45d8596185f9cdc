"""The simulated judge draws verdicts with the documented probabilities."""

import numpy as np
import pytest
from support.fields import field

from humorrank.errors import OptionError
from humorrank.judge import Batch, Field, JudgeSimulation, Prompt, SimulatedJudge


def answers(simulation, prompts=40_000, first=0, second=1, attempts=0):
    names = list(simulation.ratings)
    texts = Field(names, [Prompt(str(i), "") for i in range(prompts)], ())
    columns = [np.full(prompts, code, np.uint32) for code in (first, second, attempts)]
    batch = Batch(texts, np.arange(prompts, dtype=np.uint32), *columns)
    return SimulatedJudge(simulation).answer(batch)


@pytest.mark.parametrize("gap", [0, 120, -250])
@pytest.mark.parametrize("bias", [0, 80])
@pytest.mark.parametrize("tie_rate", [0, 0.1, 1])
def test_ties_leave_the_expected_score_as_it_is(gap, bias, tie_rate):
    rated = {"a": 1000 + gap, "b": 1000}
    found = answers(JudgeSimulation(ratings=rated, tie_rate=tie_rate, position_bias=bias)).score
    p = 1 / (1 + 10 ** (-(gap + bias) / 400))
    expected = {
        0.5: 2 * tie_rate * min(p, 1 - p),
        1.0: p - tie_rate * min(p, 1 - p),
        0.0: 1 - p - tie_rate * min(p, 1 - p),
    }
    for score, share in expected.items():
        error = np.sqrt(share * (1 - share) / len(found))
        assert abs((found == score).mean() - share) <= 4.5 * error
    assert abs(found.mean() - p) <= 4.5 * 0.5 / np.sqrt(len(found))


def test_joke_effects_have_the_spread_that_is_asked_for():
    """Estimates the spread of joke effects from the logits of mean scores over many attempts."""
    rated = {"a": 1000.0, "b": 1000.0}
    seeds = 400
    means = np.zeros(200)
    texts = Field(list(rated), [Prompt(str(i), "") for i in range(200)], ())
    judge = SimulatedJudge(JudgeSimulation(ratings=rated, tie_rate=0, joke_effects=100, seed=5))
    for attempt in range(seeds):
        columns = [np.full(200, code, np.uint32) for code in (0, 1, attempt)]
        means += judge.answer(Batch(texts, np.arange(200, dtype=np.uint32), *columns)).score
    means = np.clip(means / seeds, 0.5 / seeds, 1 - 0.5 / seeds)
    points = 400 * np.log10(means / (1 - means))
    noise = (400 / np.log(10)) ** 2 / (seeds * means * (1 - means))
    spread = np.sqrt(points.var() - noise.mean())
    assert abs(spread - 100 * np.sqrt(2)) < 25


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_failures_are_as_frequent_as_attempts_fail(retries):
    rated = {"a": 1000, "b": 1000}
    found = answers(JudgeSimulation(ratings=rated, failure_rate=0.4, retries=retries))
    share = 0.4 ** (retries + 1)
    failed = np.isnan(found.score)
    assert abs(failed.mean() - share) < 4.5 * np.sqrt(share / len(found))
    assert set(found.reasons) == set(failed.nonzero()[0])
    assert found.attempts.max() == retries + 1
    assert (found.attempts[failed] == retries + 1).all()


def test_a_verdict_depends_on_names_seed_order_and_attempt_alone():
    rated = {"a": 1000, "b": 1000, "c": 1000}
    one = answers(JudgeSimulation(ratings=rated, seed=1)).score
    assert np.array_equal(one[:100], answers(JudgeSimulation(ratings=rated, seed=1), 100).score)
    turned = dict(reversed(rated.items()))
    assert np.array_equal(
        one, answers(JudgeSimulation(ratings=turned, seed=1), first=2, second=1).score
    )
    for other in (
        answers(JudgeSimulation(ratings=rated, seed=2)),
        answers(JudgeSimulation(ratings=rated, seed=1), first=1, second=0),
        answers(JudgeSimulation(ratings=rated, seed=1), attempts=1),
        answers(JudgeSimulation(ratings=rated, seed=1), second=2),
    ):
        assert 0.3 < (one == other.score).mean() < 0.7


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"tie_rate": 1.1}, "tie_rate must lie between 0 and 1"),
        ({"failure_rate": -0.1}, "failure_rate must be a number of at least 0"),
        ({"ratings": {"a": float("nan")}}, "ratings.a must be a finite number"),
        ({"ratings": {"a": "strong"}}, "ratings.a must be a number of points"),
        ({"retries": 1.5}, "retries must be a whole number"),
        ({"latency": float("inf")}, "latency must be a number"),
    ],
)
def test_settings_that_cannot_be_are_refused(options, says):
    with pytest.raises(OptionError, match=says):
        JudgeSimulation(**options)


def test_a_rating_of_nobody_is_refused():
    with pytest.raises(OptionError, match=r"'model-0'.*did you mean 'model-0"):
        SimulatedJudge(JudgeSimulation(ratings={"model-0": 1}), field(3, 1))
