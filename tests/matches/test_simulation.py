"""Simulated logs follow the rule for ties, are in random order, and recover the ratings."""

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats
from support.reference import POINTS, score_and_information

import humorrank
from humorrank.matches.simulation import BLOCK

ROWS = 200_000


def expected_score(first: float, second: float) -> float:
    return 1 / (1 + 10 ** ((second - first) / 400))


@pytest.mark.parametrize("ties", [0, 0.1, 0.5, 1])
@pytest.mark.parametrize("gap", [0, 70, 300, -500])
def test_outcomes_follow_the_rule_for_ties(gap, ties):
    """Ties have probability 2t min(p, q), wins p - t min(p, q), losses q - t min(p, q)."""
    log = humorrank.simulate({"x": 1000 + gap, "y": 1000}, ROWS, ties=ties, seed=1)
    p = expected_score(gap, 0)
    tie = ties * min(p, 1 - p)
    for first, win in (("x", p), ("y", 1 - p)):
        shown = log.filter(pl.col("model_a") == first)
        seen = [shown.filter(winner=word).height for word in ("model_a", "model_b", "tie")]
        probabilities = [win - tie, 1 - win - tie, 2 * tie]
        possible = [i for i in range(3) if probabilities[i] > 1e-12]
        assert sum(seen[i] for i in possible) == shown.height
        if len(possible) > 1:
            test = stats.chisquare(
                [seen[i] for i in possible], [shown.height * probabilities[i] for i in possible]
            )
            assert test.pvalue > 1e-5


@pytest.mark.parametrize("ties", [0, 0.1, 0.7])
def test_ties_do_not_change_the_expected_score(ties):
    log = humorrank.simulate({"x": 1200, "y": 1000}, ROWS, ties=ties, seed=2)
    x_first = log["model_a"] == "x"
    score = log["winner"].replace_strict({"model_a": 1.0, "model_b": 0.0, "tie": 0.5})
    of_x = np.where(x_first, score, 1 - score)
    p = expected_score(200, 0)
    error = math.sqrt((p * (1 - p) - ties * (1 - p) / 2) / ROWS)
    assert of_x.mean() == pytest.approx(p, abs=4.5 * error)
    assert of_x.var() == pytest.approx(error**2 * ROWS, rel=0.03)


def test_all_ordered_pairs_are_equally_likely():
    names = ["a", "b", "c", "d"]
    log = humorrank.simulate(dict.fromkeys(names, 1000.0), ROWS, seed=3)
    seen = log.group_by("model_a", "model_b").len()
    assert seen.height == 12
    assert (seen["model_a"] != seen["model_b"]).all()
    assert stats.chisquare(seen["len"]).pvalue > 1e-5


def test_a_shorter_log_is_the_start_of_a_longer_one():
    ratings = {"a": 1100, "b": 1000, "c": 900}
    long = humorrank.simulate(ratings, BLOCK + 1000, seed=4)
    assert long.height == BLOCK + 1000
    for rows in (0, 1, 999, BLOCK, BLOCK + 1):
        assert humorrank.simulate(ratings, rows, seed=4).equals(long[:rows])


def test_blocks_form_the_log_and_do_not_repeat():
    ratings = {"a": 1100, "b": 1000, "c": 900}
    blocks = list(humorrank.simulate_blocks(ratings, BLOCK + 1000, seed=4))
    assert [block.height for block in blocks] == [BLOCK, 1000]
    assert pl.concat(blocks).equals(humorrank.simulate(ratings, BLOCK + 1000, seed=4))
    assert not blocks[0][:1000].equals(blocks[1])


def test_the_seed_determines_the_log():
    ratings = {"a": 1100, "b": 1000, "c": 900}
    log = humorrank.simulate(ratings, 500, seed=5)
    assert log.equals(humorrank.simulate(ratings, 500, seed=5))
    assert not log.equals(humorrank.simulate(ratings, 500, seed=6))


@pytest.mark.parametrize("ties", [0, 0.1, 0.5])
def test_rating_a_large_simulated_log_recovers_the_ratings(ties):
    """The error is within the limits of the sandwich H+ J H+ of score variance and information.

    The variance of the score of a match is p q - t min(p, q) / 2. The squared distance in that
    metric has a chi-squared distribution with n - 1 degrees of freedom for n contestants.
    """
    truth = {"a": 700, "b": 910, "c": 990, "d": 1020, "e": 1080, "f": 1300}
    log = humorrank.simulate(truth, ROWS, ties=ties, seed=7)
    board = humorrank.rate(log, bootstrap=0, elo_shuffles=0)
    t = np.array(list(truth.values())) / POINTS
    p = 1 / (1 + np.exp(t[None, :] - t[:, None]))
    per_pair = ROWS / 15
    pairs = 1 - np.eye(6)
    _, information = score_and_information(t, per_pair * p * pairs)
    variance = per_pair * (p * (1 - p) - ties * np.minimum(p, 1 - p) / 2) * pairs
    scores = np.diag(variance.sum(axis=1)) - variance
    bread = np.linalg.pinv(information)
    covariance = bread @ scores @ bread
    off = np.array([board[name].rating - rating for name, rating in truth.items()]) / POINTS
    assert np.abs(off).max() * POINTS < 15
    assert stats.chi2(5).sf(off @ np.linalg.pinv(covariance) @ off) > 1e-4
    standard_errors = np.sqrt(np.diag(covariance))
    assert (np.abs(off) < 4.5 * standard_errors).all()


@pytest.mark.parametrize(
    ("ratings", "options", "message"),
    [
        ({"a": 1000}, {}, "two contestants"),
        ({"a": 1000, "b": 1000}, {"ties": 1.1}, "between 0 and 1"),
        ({"a": 1000, "b": 1000}, {"ties": -0.1}, "between 0 and 1"),
        ({"a": 1000, "b": 1000}, {"ties": math.nan}, "between 0 and 1"),
        ({"a": 1000, "b": 1000}, {"matches": -1}, "0 or more"),
        ({"a": 1000, "b": math.inf}, {}, "finite"),
    ],
)
def test_invalid_arguments_are_refused(ratings, options, message):
    with pytest.raises(humorrank.OptionError, match=message):
        humorrank.simulate(ratings, **{"matches": 10, **options})
