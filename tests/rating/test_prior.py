"""Ratings with a prior, compared with the maximum of the penalized likelihood."""

import math

import pytest
from scipy import optimize
from support.fits import fit, fit_log, matches_of, ratings
from support.reference import (
    POINTS,
    contestants_of,
    maximum,
    mixed_log,
    sparse_log,
)

import humorrank


@pytest.mark.parametrize("prior", [0.01, 1, 30])
@pytest.mark.parametrize("seed", range(15))
def test_a_prior_makes_the_ratings_the_maximum_of_the_penalized_likelihood(seed, prior):
    log = sparse_log(seed) if seed % 3 else mixed_log(seed, largest=150)
    there = contestants_of(log)
    board = fit_log(log, prior=prior)
    expected = maximum(log.points()[there][:, there], prior)
    assert ratings(board, log.names[there]) == pytest.approx(expected, abs=1e-6, rel=0)
    assert board.certificate["distance"] < 1e-6
    assert any(f"shrunk towards each other by a prior of {prior:g}" in w for w in board.warnings)


def test_a_prior_is_half_a_won_game_against_a_fixed_opponent():
    """Two contestants at t and -t solve 3 s(-2t) - s(2t) + prior [s(-t) - s(t)] / 2 = 0."""
    board = fit(matches_of("a>b*3 b>a"), prior=2)

    def surplus(t):
        return 3 / (1 + math.exp(2 * t)) - 1 / (1 + math.exp(-2 * t)) - math.tanh(t / 2)

    t = optimize.brentq(surplus, 0, 5, xtol=1e-15)
    assert board["a"].rating == pytest.approx(1000 + POINTS * t, abs=1e-6)


def test_both_solvers_agree_under_a_prior():
    log = sparse_log(1)
    newton, mm = fit_log(log, prior=0.5), fit_log(log, prior=0.5, solver="mm")
    assert ratings(newton) == pytest.approx(ratings(mm), abs=2e-6, rel=0)


def test_levels_between_groups_that_never_met_are_said_to_be_the_priors():
    board = fit(matches_of("a>b*3 b>a c>d*3 d>c"), prior=1)
    assert board["a"].rating == pytest.approx(board["c"].rating, abs=1e-6)
    assert any("2 groups of contestants never met" in warning for warning in board.warnings)
    connected = fit(matches_of("a>b*3 b>a c>d*3 d>c b>c"), prior=1)
    assert not any("never met" in warning for warning in connected.warnings)


def test_a_prior_and_leaving_out_the_rest_exclude_each_other():
    with pytest.raises(humorrank.OptionError, match="exclude each other"):
        fit(matches_of("a>b"), prior=1, disconnected="largest")
