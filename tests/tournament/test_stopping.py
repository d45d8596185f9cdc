"""Early stopping: the evidence has its stated properties and ends a tournament."""

import math

import numpy as np
import pytest
from scipy import integrate, stats
from support.fields import rows, write_files

from humorrank.cli import main
from humorrank.errors import OptionError
from humorrank.judge import Batch, Field, JudgeSimulation, Prompt, SimulatedJudge
from humorrank.tournament.history import RoundVerdicts
from humorrank.tournament.schedule import Scheduler
from humorrank.tournament.stopping import (
    LEAST_MATCHES,
    SPREAD,
    SeparationRule,
    StopSettings,
    log_evidence,
    separation,
)

NAMES = [f"m{i}" for i in range(4)]


@pytest.mark.parametrize("difference", [-0.3, 0.0, 0.2, 1.1])
@pytest.mark.parametrize("variance", [1.0, 0.05, 0.002])
def test_the_evidence_is_the_mixture_of_likelihood_ratios(difference, variance):
    def ratio(effect):
        likelihood = math.exp((effect * difference - effect**2 / 2) / variance)
        return 2 * stats.norm.pdf(effect, scale=SPREAD) * likelihood

    peak = max(difference, 0.0)
    mixture = sum(
        integrate.quad(ratio, low, high, epsabs=0, limit=500)[0]
        for low, high in ((0, peak + 1e-9), (peak + 1e-9, peak + 1), (peak + 1, 8))
    )
    found = log_evidence(np.array([difference]), np.array([variance]), wanted=-np.inf)
    assert found[0] == pytest.approx(math.log(mixture), abs=1e-6)


def test_evidence_that_cannot_suffice_is_bounded_from_above():
    difference, variance = np.array([0.1, 0.5]), np.array([0.01, 0.01])
    exact = log_evidence(difference, variance, wanted=-np.inf)
    bound = log_evidence(difference, variance, wanted=1e9)
    assert (bound >= exact).all()


def test_looking_all_the_time_finds_a_difference_of_nothing_as_seldom_as_promised():
    random = np.random.default_rng(5)
    steps, paths, error = 2_000, 2_000, 0.05
    walks = random.normal(size=(paths, steps)).cumsum(axis=1)
    information = np.arange(1, steps + 1) / 4
    # x is normal around (true difference) * information with variance `information`.
    difference = walks / 2 / information
    wanted = -math.log(error)
    evidence = log_evidence(difference.ravel(), np.tile(1 / information, paths), wanted)
    wrong = (evidence.reshape(paths, steps).max(axis=1) >= wanted).mean()
    assert wrong <= error + 3 * math.sqrt(error * (1 - error) / paths)
    # The bound is not vacuous: a single look at the end is wrong about as often as allowed.
    last = stats.norm.sf(walks[:, -1] / math.sqrt(steps)) < error
    peeked = (stats.norm.sf(walks / np.sqrt(np.arange(1, steps + 1))) < error).any(axis=1)
    assert last.mean() < 0.07
    assert peeked.mean() > 0.3


def play(ratings, settings, budget=3_000, seed=0):
    """Plays in memory; returns the reason, the number of comparisons, and the rule."""
    names = [f"m{i}" for i in range(len(ratings))]
    field = Field(names, [Prompt(str(i), "") for i in range(60)], [])
    judge = SimulatedJudge(
        JudgeSimulation(dict(zip(names, ratings, strict=True)), seed=seed), field
    )
    scheduler = Scheduler("swiss", len(names), 60, seed=seed)
    rule = SeparationRule(settings, names, 60)
    played = 0
    while played < budget and len(made := scheduler.next_round(budget - played)):
        played += len(made)
        score = judge.answer(
            Batch(field, made.prompt, made.first, made.second, np.zeros(len(made), np.uint32))
        ).score
        scheduler.record(made.first, made.second, score)
        reason = rule(RoundVerdicts(0, made.first, made.second, made.prompt, score))
        if reason is not None:
            return reason, played, rule
    return None, played, rule


@pytest.mark.parametrize("cluster", ["prompt", "none"])
def test_a_clear_order_ends_the_tournament_early_and_right(cluster):
    ratings = (1300, 1100, 900, 700)
    reason, played, rule = play(ratings, StopSettings("order", cluster=cluster))
    assert "the whole order of 4 is separated at 95 %" in reason
    assert played < 360
    above, below = rule.stated
    assert (np.array(ratings)[above] > np.array(ratings)[below]).all()
    assert len(above) == 6


def test_the_top_and_a_pair_need_less_than_the_order():
    ratings = (1300, 1020, 1000, 980)
    reason, played, rule = play(ratings, StopSettings("top"))
    assert reason.startswith("the top 1 (m0) are separated from the others at 95 %")
    assert set(rule.stated[0].tolist()) == {0}
    assert play(ratings, StopSettings("order"), budget=played)[0] is None
    reason, _, rule = play(ratings, StopSettings("pair", pair=("m2", "m0")))
    assert reason.startswith("m0 is separated from m2 at 95 %")
    assert [side.tolist() for side in rule.stated] == [[0], [2]]


def test_equals_are_not_told_apart_and_nobody_before_enough_matches():
    assert play((1000, 1000, 1000), StopSettings("order"), budget=180)[0] is None
    reason, played, _ = play((3000, 1000), StopSettings("order"))
    assert reason is not None
    assert played >= LEAST_MATCHES


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"when": "never"}, "stop.when must be one of order, top, pair, not 'never'"),
        ({"k": 2}, "stop.when is missing"),
        ({"when": "order", "confidenc": 0.9}, "confidence"),
        ({"when": "order", "confidence": 95}, "stop.confidence must be a number from 0.5"),
        ({"when": "top", "k": 0}, "stop.k"),
        ({"when": "top", "k": 4}, "stop.k must be below the number of contestants"),
        ({"when": "pair"}, "stop.pair must be set if and only if"),
        ({"when": "pair", "pair": ["m0", "m0"]}, "names 'm0' twice"),
        ({"when": "pair", "pair": ["m0", "m9"]}, "stop.pair: 'm9' is not a candidate"),
        ({"when": "order", "cluster": "judge"}, "stop.cluster must be one of prompt, pair, none"),
    ],
)
def test_settings_that_cannot_be_name_their_key(content, words):
    field = Field(NAMES, [Prompt("1", "")], [])
    with pytest.raises(OptionError, match=words):
        separation(content, field)


def test_one_that_never_loses_is_separated_too():
    reason, played, _ = play((3000, 1000, 1000), StopSettings("top"))
    assert reason is not None
    assert played < 60


def test_repeated_answers_to_a_pair_are_no_evidence_if_pairs_are_clusters():
    """The first contestant wins 4 of 5 pairs, and each pair has the same answer 60 times."""
    first, second = np.triu_indices(6, 1)
    score = np.array([1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0], float)
    prompt = np.arange(60, dtype=np.uint32).repeat(15)
    columns = [np.tile(c.astype(np.uint32), 60) for c in (first, second)]
    found = {}
    for cluster in ("none", "pair"):
        settings = StopSettings("top", cluster=cluster)
        rule = SeparationRule(settings, [f"m{i}" for i in range(6)], 60)
        found[cluster] = rule(RoundVerdicts(0, *columns, prompt, np.tile(score, 60)))
        assert rule.separated == (found[cluster] is not None)
    assert found["none"].startswith("the top 1 (m0) are separated")
    assert found["pair"] is None


def test_equal_records_are_never_separated():
    rule = SeparationRule(StopSettings("pair", pair=("m0", "m1")), ["m0", "m1"], 100)
    codes = np.zeros(100, np.uint32)
    verdicts = RoundVerdicts(
        0, codes, codes + 1, np.arange(100, dtype=np.uint32), np.tile([1.0, 0.0], 50)
    )
    with np.errstate(all="raise"):
        assert rule(verdicts) is None


def test_no_settings_are_no_rule():
    assert separation({}, Field(NAMES, [], [])) is None


def test_a_spec_that_says_when_to_stop_ends_early_says_why_and_stays_ended(tmp_path, monkeypatch):
    lines = 'budget = 900\nstop = {when = "top"}\n[judge]\nbackend = "simulated"\n'
    lines += '[judge.ratings]\n"model-00" = 1400\n'
    spec = write_files(tmp_path, 4, 200, lines)

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["humorrank", "tournament", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        return stop.value.code or 0

    store = tmp_path / "t.sqlite"
    assert run("run", spec, "--store", store) == 0
    (ended,) = rows(store, "SELECT value FROM state WHERE key = 'ended'")
    assert "the top 1 (model-00) are separated" in ended[0]
    (before,) = rows(store, "SELECT COUNT(*) FROM judgments")
    assert before[0] < 400
    assert run("resume", store) == 0
    assert rows(store, "SELECT COUNT(*) FROM judgments") == [before]
    spec.write_text(spec.read_text().replace('"top"', '"best"'))
    assert run("run", spec, "--store", tmp_path / "u.sqlite") == 2
    assert not (tmp_path / "u.sqlite").exists()
