"""Plans agree with simulated tournaments and closed forms."""

import json
import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from humorrank.errors import OptionError
from humorrank.judge import JudgeSimulation
from humorrank.rating.model.matches import MatchArrays
from humorrank.rating.model.paired_logit import fit
from humorrank.rating.run import POINTS
from humorrank.tournament.planning.designs import PlannedField, Schedule
from humorrank.tournament.planning.plan import plan
from humorrank.tournament.planning.variance import contrasts
from humorrank.tournament.simulation import simulate_tournament
from humorrank.tournament.spec import ScheduleSpec

RATINGS = {"a": 1200.0, "b": 1130.0, "c": 1040.0, "d": 980.0, "e": 900.0, "f": 750.0}
Z = stats.norm.ppf(0.975)


def played(kind, prompts, matches, joke_effects, seed):
    """Simulates a tournament; returns the strengths and their sandwich covariance over prompts."""
    names = sorted(RATINGS)
    place = {name: i for i, name in enumerate(names)}
    if kind in ("swiss", "information"):
        log = simulate_tournament(
            JudgeSimulation(RATINGS, 0.2, joke_effects=joke_effects, seed=seed),
            prompts,
            matches,
            schedule=ScheduleSpec(kind),
            seed=seed,
        )
        sides = ("model_a", "model_b")
        first, second = (log[side].replace_strict(place).to_numpy() for side in sides)
        words = {"model_a": 1.0, "tie": 0.5, "model_b": 0.0}
        score = log["winner"].replace_strict(words).to_numpy()
        prompt = log["question_id"].rank("dense").to_numpy().astype(np.int64) - 1
    else:
        random = np.random.default_rng(seed)
        low, high = np.triu_indices(len(names), 1)
        every = len(low) * prompts
        chosen = (
            np.arange(matches) if kind == "round_robin" else random.permutation(every)[:matches]
        )
        prompt, first, second = chosen // len(low), low[chosen % len(low)], high[chosen % len(low)]
        joke = np.array([RATINGS[name] for name in names]) + joke_effects * random.normal(
            size=(prompts, len(names))
        )
        p = 1 / (1 + 10 ** ((joke[prompt, second] - joke[prompt, first]) / 400))
        tied, drawn = 0.2 * np.minimum(p, 1 - p), random.random(matches)
        score = np.where(drawn < p - tied, 1.0, np.where(drawn < p + tied, 0.5, 0.0))
    ones = np.ones(len(score))
    rows = MatchArrays(tuple(names), first, second, ones, ones, score, prompt)
    found = fit(rows, np.empty((len(score), 0)))
    return found.strengths, found.covariance(True)


CASES = [
    ("round_robin", 100, 1_500, 0.0),
    ("round_robin", 100, 1_500, 150.0),
    ("random", 60, 600, 150.0),
    ("swiss", 150, 700, 100.0),
    ("information", 150, 700, 100.0),
]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[3]:g}")
def case(request):
    """Returns the planned values and those of many simulated tournaments."""
    kind, prompts, matches, effects = request.param
    schedule = Schedule(kind, PlannedField(RATINGS, 0.2, effects, 0, 2), prompts, matches)
    many = 30 if schedule.adaptive else 200
    runs = [played(kind, prompts, matches, effects, seed) for seed in range(100, 100 + many)]
    return schedule, matches, runs


def test_half_widths_are_those_of_simulated_tournaments(case):
    schedule, matches, runs = case
    expected = np.sqrt(np.diag(schedule.covariance(matches)))
    actual = np.mean([np.sqrt(np.diag(covariance)) for _, covariance in runs], axis=0)
    assert expected / actual == pytest.approx(np.ones(len(RATINGS)), abs=0.1)
    # They match the actual scatter of the ratings. The root mean square of six standard
    # deviations, each from at least thirty runs, is accurate to 6 %.
    scatter = np.std([strengths for strengths, _ in runs], axis=0, ddof=1)
    assert np.sqrt(np.mean(expected**2)) == pytest.approx(np.sqrt(np.mean(scatter**2)), rel=0.15)


def test_ratings_converge_to_the_limit(case):
    schedule, matches, runs = case
    limit = schedule.design(matches).strengths
    mean = np.mean([strengths for strengths, _ in runs], axis=0)
    error = np.sqrt(np.diag(schedule.covariance(matches)) / len(runs))
    # The bias of adaptive designs and logistic fits is small compared to the error of one run.
    assert (np.abs(mean - limit) < 3.5 * error + 0.25 * error * math.sqrt(len(runs))).all()


def test_the_chance_to_separate_is_that_of_simulated_tournaments(case):
    schedule, matches, runs = case
    design = schedule.design(matches)
    variance = contrasts(schedule.covariance(matches))
    planned, actual = [], []
    for i in range(len(RATINGS)):
        for j in range(i + 1, len(RATINGS)):
            ratio = (design.strengths[i] - design.strengths[j]) / math.sqrt(variance[i, j])
            planned.append(stats.norm.cdf(ratio - Z))
            actual.append(
                np.mean([s[i] - s[j] > Z * math.sqrt(contrasts(v)[i, j]) for s, v in runs])
            )
    assert np.mean(planned) == pytest.approx(np.mean(actual), abs=0.03)


def test_power_of_the_weakest_pair_is_as_planned():
    made = plan(RATINGS, separate=60, power=0.8, prompts=[400], schedules=["random"], ties=0.2,
                joke_effects=100)  # fmt: skip
    (option,) = made.options
    assert option.chance == pytest.approx(0.8, abs=0.003)
    told = []
    for seed in range(400):
        s, v = played("random", 400, option.matches, 100.0, seed)
        told.append(s[2] - s[3] > Z * math.sqrt(contrasts(v)[2, 3]))
    assert np.mean(told) == pytest.approx(0.8, abs=0.05)


def test_two_equals_have_the_closed_form():
    """The difference of two equals has variance 4 (1 - t) / n: a match has information 1/4."""
    field = PlannedField({"a": 1000.0, "b": 1000.0}, 0.3, 0.0, 0, 1)
    covariance = Schedule("round_robin", field, 500, 0).covariance(500)
    assert contrasts(covariance)[0, 1] == pytest.approx(4 * (1 - 0.3) / 500)
    made = plan({"a": 1000, "b": 1000}, half_width=15, ties=0.3, schedules=["round_robin"])
    # With two models, a rating differs from the mean by half the difference.
    expected = (Z * POINTS / 15) ** 2 * (1 - 0.3)
    assert made.options[0].matches == math.ceil(expected)


def test_the_joke_effects_are_those_that_spec_names():
    """In the paper's field, joke effects of 100 points turn 1307 into 1274 and 537 into 583."""
    table = (1307.5, 1156.9, 1115.1, 1092.8, 1037.5, 1015.0, 976.9, 761.0, 537.4)
    made = plan({f"m{i}": r for i, r in enumerate(table)}, matches=[10_800], prompts=[300],
                joke_effects=100, schedules=["round_robin"])  # fmt: skip
    assert made.limit["m0"] == pytest.approx(1274, abs=1)
    assert made.limit["m8"] == pytest.approx(583, abs=1)
    plain = plan({f"m{i}": r for i, r in enumerate(table)}, matches=[10_800], prompts=[300],
                 ties=0, schedules=["round_robin"])  # fmt: skip
    # The asymptotic half-widths of 300 matches per pair.
    assert plain.options[0].largest == pytest.approx(26.4, abs=0.3)


def test_too_few_prompts_are_never_enough():
    made = plan(RATINGS, half_width=20, joke_effects=150, prompts=[50, 1_000],
                schedules=["round_robin", "random", "swiss"])  # fmt: skip
    few, many = made.options[:3], made.options[3:]
    least = made.fewest_prompts
    assert 50 < least < 1_000
    for option in few:
        assert option.matches is None
        assert f"no number of matches on 50 prompts is enough: at least {least:,}" in option.note
        assert option.largest > 20
    for option in many:
        assert option.largest == pytest.approx(20, rel=0.01)
    # With the fewest prompts, all pairs are needed; with one prompt fewer, even they are too few.
    at, below = (
        plan(RATINGS, half_width=20, joke_effects=150, prompts=[p], schedules=["random"]).options[0]
        for p in (least, least - 1)
    )
    assert at.matches == pytest.approx(15 * least, rel=0.02)
    assert below.matches is None
    round_robin, spread, _ = many
    assert spread.matches < 0.85 * round_robin.matches


def test_goals_that_are_twice_as_fine_cost_four_times_as_much():
    one, two = (plan(RATINGS, half_width=w, schedules=["random"]).options[0] for w in (20, 10))
    assert two.matches / one.matches == pytest.approx(4, rel=0.01)
    median = plan(RATINGS, half_width=20, of="median", schedules=["random"]).options[0]
    assert median.median == pytest.approx(20, rel=0.01)
    assert median.matches < one.matches
    near = plan(RATINGS, separate=60, pairs="neighbours", schedules=["random"])
    assert (
        near.options[0].matches
        == plan(RATINGS, separate=60, schedules=["random"]).options[0].matches
    )


def test_the_order_of_the_models_leaves_no_trace():
    kind = {"half_width": 40, "schedules": ["swiss"], "prompts": [300], "joke_effects": 50}
    turned = dict(reversed(RATINGS.items()))
    assert plan(RATINGS, **kind).to_json() == plan(turned, **kind).to_json()
    assert plan(RATINGS, **kind, seed=5).seed == 5


def test_what_given_matches_give():
    made = plan(RATINGS, matches=[600, 10**9], prompts=[100], schedules=["round_robin", "swiss"])
    sizes = [(option.schedule, option.matches) for option in made.options]
    assert sizes == [(k, n) for k in ("round_robin", "swiss") for n in (600, 1_500)]
    assert made.options[1].note == "limited to all 1,500 possible matches"
    assert made.options[1].largest == pytest.approx(made.options[3].largest)
    found = json.loads(made.to_json())
    assert found["fewest_prompts"] is None
    assert made.to_polars().schema["chance"] == pl.Float64


@pytest.mark.parametrize("kind", ["swiss", "information"])
def test_what_is_not_simulated_goes_on_within_what_there_is(kind, monkeypatch):
    """A pair plays at most once per prompt, and the result is close to a full simulation."""
    field = PlannedField(RATINGS, 0.2, 50.0, 0, 2)
    whole = Schedule(kind, field, 100, 1_200)
    monkeypatch.setattr("humorrank.tournament.planning.designs.MOST_ROUNDS", 100)
    part = Schedule(kind, field, 100, 1_200)
    assert part.simulated <= 300 < whole.simulated
    for matches in (400, 1_200, 1_499):
        share = part.design(matches).share
        assert share.sum() == pytest.approx(2)
        assert share.max() <= 100 / matches * (1 + 1e-9)
        widths = [np.sqrt(np.diag(schedule.covariance(matches))) for schedule in (part, whole)]
        assert widths[0] == pytest.approx(widths[1], rel=0.15)


def test_matches_that_connect_nobody_are_refused():
    with pytest.raises(OptionError, match="some models are not connected to the others"):
        plan(RATINGS, matches=[2], prompts=[9], schedules=["swiss"], runs=1)


def test_a_plan_for_many_models_keeps_to_the_half_width():
    field = {f"m{i}": 1000.0 + i for i in range(200)}
    made = plan(field, half_width=30, joke_effects=80, schedules=["round_robin", "random"])
    assert made.options[0].largest <= 30 * 1.000001


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "exactly one of half_width .* not none"),
        ({"half_width": 20, "separate": 30}, "not half_width and separate"),
        ({"half_width": 0}, "above 0"),
        ({"separate": 500}, "no two models differ by 500 points .* the largest difference is 450"),
        ({"separate": 200, "pairs": "neighbours"}, "no two neighbors"),
        ({"separate": 30, "power": 1}, "power must be between 0 and 1"),
        ({"half_width": 20, "ties": 2}, "ties"),
        ({"half_width": 20, "joke_effects": -1}, "joke_effects"),
        ({"half_width": 20, "schedules": ["swis"]}, "schedule must be one of"),
        ({"half_width": 20, "of": "mean"}, "of must be one of"),
        ({"half_width": 1e-6}, "more than 1,000,000,000 prompts"),
        ({"matches": [100]}, "matches requires the number of prompts"),
        ({"matches": [100], "prompts": [0]}, "prompts"),
        ({"half_width": 20, "confidence": 1}, "confidence"),
    ],
)
def test_bad_options_are_refused(options, words):
    with pytest.raises(OptionError, match=words):
        plan(RATINGS, **options)


def test_bad_fields_are_refused():
    for field, words in (
        ({"a": 1000}, "2 to 1,000 models"),
        ({"a": 1000, "b": math.inf}, "'b' must be a finite"),
    ):
        with pytest.raises(OptionError, match=words):
            plan(field, half_width=20)
