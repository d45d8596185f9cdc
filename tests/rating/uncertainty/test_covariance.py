"""Wald and sandwich intervals, compared with statsmodels, with and without clusters."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from support.clustered import simulated, tally_of

import humorrank
from humorrank.rating.uncertainty.covariance import Curvature

POINTS = 400 / math.log(10)


def statsmodels_covariance(first, second, outcome, models, **kind):
    """Returns the covariance of ratings of mean 0 from a GLM whose first contestant has 0."""
    design = np.zeros((len(first), models))
    design[np.arange(len(first)), first] += 1
    design[np.arange(len(first)), second] -= 1
    score = np.array([1.0, 0.0, 0.5])[outcome]
    fit = sm.GLM(score, design[:, 1:], family=sm.families.Binomial()).fit(
        tol=1e-14, maxiter=100, **kind
    )
    free = np.zeros((models, models))
    free[1:, 1:] = fit.cov_params()
    centre = np.eye(models) - 1 / models
    return POINTS**2 * centre @ free @ centre


def errors(board, confidence=0.95, degrees=math.inf):
    order = np.argsort(board.columns["model"])
    half = (board.columns["rating_upper"] - board.columns["rating_lower"])[order] / 2
    reach = stats.norm.ppf((1 + confidence) / 2)
    if math.isfinite(degrees):
        reach = stats.t.ppf((1 + confidence) / 2, degrees)
    return half / reach


@pytest.mark.filterwarnings("ignore:The GLM Binomial")
@pytest.mark.parametrize("ties", [0.0, 0.3])
def test_errors_are_those_of_statsmodels(ties):
    first, second, outcome, cluster = simulated(ties=ties)
    rows, clusters = len(first), len(np.unique(cluster))
    tally = tally_of(first, second, outcome, cluster)
    for options, kind, factor, degrees in (
        ({"interval": "wald"}, {}, 1.0, math.inf),
        ({"interval": "sandwich"}, {"cov_type": "HC0"}, rows / (rows - 1), math.inf),
        (
            {"interval": "sandwich", "cluster": "prompt"},
            {
                "cov_type": "cluster",
                "cov_kwds": {"groups": cluster, "use_correction": False},
            },
            clusters / (clusters - 1),
            clusters - 1,
        ),
    ):
        board = humorrank.rate(tally, elo_shuffles=0, **options)
        theirs = factor * statsmodels_covariance(first, second, outcome, 6, **kind)
        np.testing.assert_allclose(
            errors(board, degrees=degrees), np.sqrt(np.diag(theirs)), rtol=1e-8
        )
        # The error of a difference is that of the contrast.
        found = board.compare("m1", "m4")
        error = math.sqrt(theirs[1, 1] + theirs[4, 4] - 2 * theirs[1, 4])
        reach = stats.t.ppf(0.975, degrees) if math.isfinite(degrees) else stats.norm.ppf(0.975)
        assert found.difference_upper - found.difference == pytest.approx(reach * error, rel=1e-8)
        assert found.difference - found.difference_lower == pytest.approx(reach * error, rel=1e-8)
        law = stats.t(degrees) if math.isfinite(degrees) else stats.norm
        assert found.p_stronger == pytest.approx(law.cdf(found.difference / error), rel=1e-7)


def test_a_prior_is_part_of_the_information_and_not_of_the_scatter():
    first, second, outcome, _ = simulated(models=4, rows=60)
    tally = tally_of(first, second, outcome)
    board = humorrank.rate(tally, elo_shuffles=0, interval="sandwich", prior=2.0)
    order = np.argsort(board.columns["model"])
    strengths = (board.columns["rating"][order] - 1000) / POINTS

    def gradient(theta, rows):
        p = 1 / (1 + np.exp(theta[second] - theta[first]))
        r = (np.array([1.0, 0.0, 0.5])[outcome] - p)[rows]
        out = np.bincount(first[rows], r, 4) - np.bincount(second[rows], r, 4)
        return out

    def penalised(theta):
        own = 1 / (1 + np.exp(-theta))
        return gradient(theta, slice(None)) + 2.0 * (0.5 - own)

    # The prior fixes the level, but the board shows ratings relative to their mean.
    level = np.zeros(4)
    for _ in range(100):
        hessian = np.array(
            [(penalised(level + h) - penalised(level - h)) / 2e-5 for h in 1e-5 * np.eye(4)]
        )
        level = level - np.linalg.solve(hessian, penalised(level))
    np.testing.assert_allclose(level - level.mean(), strengths, atol=1e-7)
    bread = np.linalg.inv(-hessian)
    scores = np.array([gradient(level, [row]) for row in range(len(first))])
    meat = scores.T @ scores * len(first) / (len(first) - 1)
    centre = np.eye(4) - 0.25
    theirs = POINTS**2 * centre @ bread @ meat @ bread @ centre
    np.testing.assert_allclose(errors(board), np.sqrt(np.diag(theirs)), rtol=3e-5)


def test_acceleration_is_the_jackknifes_to_first_order():
    first, second, outcome, _ = simulated(models=4, rows=400, ties=0.1)
    field = humorrank.rate(tally_of(first, second, outcome), bootstrap=0, elo_shuffles=0)._field
    strengths, _, _ = field.fit()
    curvature = Curvature(field, strengths, 0.0)
    ours = curvature.acceleration(curvature.of_matches(field))
    ratings = []
    for row in range(len(first)):
        keep = np.arange(len(first)) != row
        board = humorrank.rate(
            tally_of(first[keep], second[keep], outcome[keep]), bootstrap=0, elo_shuffles=0
        )
        ratings.append(board.columns["rating"][np.argsort(board.columns["model"])])
    gap = np.mean(ratings, 0) - np.array(ratings)
    theirs = (gap**3).sum(0) / (6 * (gap**2).sum(0) ** 1.5)
    np.testing.assert_allclose(ours, theirs, atol=2e-4)
    assert np.abs(theirs).max() > 1e-3


def test_too_many_contestants_for_a_covariance():
    n = 5_001
    codes = np.arange(n, dtype=np.uint32)
    ring = np.roll(codes, 1)
    tally = humorrank.Tally.from_codes(None, codes, ring, np.full(n, 2, np.uint8))
    with pytest.raises(humorrank.OptionError, match="5,000 contestants, not 5,001"):
        humorrank.rate(tally, interval="sandwich", elo_shuffles=0)
