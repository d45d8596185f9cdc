"""Fits and variances, compared with direct likelihoods, finite differences and statsmodels."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
import statsmodels.api as sm
from scipy import stats
from support.judged import matches

from humorrank.rating.model.paired_logit import fit
from humorrank.rating.rate import rate
from humorrank.rating.run import POINTS

SETTINGS = [(False, 0), (True, 0), (True, 2), (False, 1)]


def drawn(seed, size, *, contestants=4, nu=0.6, position=0.3, effects=(), weights=False):
    """Simulates a log of Davidson's model; returns the matches and the controls."""
    random = np.random.default_rng(seed)
    strengths = np.linspace(0.6, -0.6, contestants)
    first = random.integers(contestants, size=size)
    second = (first + random.integers(1, contestants, size=size)) % contestants
    controls = random.normal(size=(size, len(effects)))
    odds = strengths[first] - strengths[second] + position + controls @ np.array(effects)
    chances = np.stack([np.exp(odds / 2), np.exp(-odds / 2), np.full(size, nu)])
    at = random.random(size) * chances.sum(0)
    score = np.where(at < chances[0], 1.0, np.where(at < chances[:2].sum(0), 0.0, 0.5))
    weight = random.choice([0.5, 1.0, 3.0], size) if weights else None
    m = matches(first, second, score, contestants=contestants, weight=weight)
    return replace(m, cluster=random.integers(40, size=size)), controls


def design(m, covariates):
    """Returns one column per contestant except the last, of strength 0, then the covariates."""
    out = np.zeros((len(m.first), len(m.names)))
    rows = np.arange(len(m.first))
    out[rows, m.first] += 1
    out[rows, m.second] -= 1
    return np.column_stack([out[:, :-1], covariates])


def log_chances(x, parameters, score):
    """Returns the log-likelihood of each match from the three probabilities as defined."""
    odds, tau = x @ parameters[:-1], parameters[-1]
    weights = np.stack([np.exp(odds / 2), np.exp(-odds / 2), np.full(len(odds), np.exp(tau))])
    chosen = np.where(score == 1, weights[0], np.where(score == 0, weights[1], weights[2]))
    return np.log(chosen / weights.sum(0))


def score_of(x, parameters, score):
    """Returns the gradient of the log-probability of each match."""
    odds, tau = x @ parameters[:-1], parameters[-1]
    weights = np.stack([np.exp(odds / 2), np.exp(-odds / 2), np.full(len(odds), np.exp(tau))])
    first, second, tie = weights / weights.sum(0)
    by_odds = (score == 1) / 2 - (score == 0) / 2 - (first - second) / 2
    return np.column_stack([x * by_odds[:, None], (score == 0.5) - tie])


def contrasts(n, others):
    """Returns the differences to the last contestant, and the other parameters."""
    out = np.zeros((n - 1 + others, n + others))
    out[: n - 1, : n - 1] = np.eye(n - 1)
    out[: n - 1, n - 1] = -1
    out[n - 1 :, n:] = np.eye(others)
    return out


@pytest.mark.parametrize(("position", "controls"), SETTINGS)
@pytest.mark.parametrize("weights", [False, True])
def test_fit_and_variances_are_those_of_a_direct_likelihood(position, controls, weights):
    effects = (0.5, -0.2)[:controls]
    m, values = drawn(1, 400, effects=effects, weights=weights)
    covariates = np.column_stack([np.ones((400, int(position))), values])
    found = fit(m, covariates, davidson=True)
    x, n = design(m, covariates), len(m.names)

    def gradient(parameters):
        return m.weight @ score_of(x, parameters, m.score)

    start = np.zeros(x.shape[1] + 1)
    rough = scipy.optimize.minimize(
        lambda p: -(m.weight * log_chances(x, p, m.score)).sum(),
        start,
        jac=lambda p: -gradient(p),
        method="BFGS",
    ).x
    reference = scipy.optimize.root(gradient, rough, tol=1e-13).x
    differences = contrasts(n, x.shape[1] - n + 2)
    ours = differences @ np.concatenate([found.strengths, found.effects, [found.tau]])
    np.testing.assert_allclose(ours, reference, atol=1e-8)
    assert found.strengths.sum() == pytest.approx(0, abs=1e-10)
    total = (m.weight * log_chances(x, reference, m.score)).sum()
    assert found.log_likelihood == pytest.approx(total, rel=1e-12)

    width, step = len(reference), 1e-5
    hessian = np.empty((width, width))
    for i in range(width):
        away = np.eye(width)[i] * step
        rise = gradient(reference + away) - gradient(reference - away)
        hessian[i] = -rise / (2 * step)
    bread = np.linalg.inv((hessian + hessian.T) / 2)
    each = m.weight[:, None] * score_of(x, reference, m.score)
    if not weights:
        wald = differences @ found.covariance("information") @ differences.T
        np.testing.assert_allclose(wald, bread, rtol=1e-6, atol=1e-10)
    robust = differences @ found.covariance("match") @ differences.T
    expected = bread @ each.T @ each @ bread * len(each) / (len(each) - 1)
    np.testing.assert_allclose(robust, expected, rtol=1e-6, atol=1e-10)
    clusters = np.stack([each[m.cluster == c].sum(0) for c in range(40)])
    expected = bread @ clusters.T @ clusters @ bread * 40 / 39
    clustered = differences @ found.covariance("cluster") @ differences.T
    np.testing.assert_allclose(clustered, expected, rtol=1e-6, atol=1e-10)
    _, influence = found.influence(differences[-1])
    assert (influence**2).sum() * 40 / 39 == pytest.approx(expected[-1, -1], rel=1e-6)


@pytest.mark.parametrize("ties", ["half", "exclude"])
def test_ratings_and_parameters_are_those_of_statsmodels(ties):
    m, values = drawn(2, 600, effects=(0.4,))
    table = frame(m, 30 * values[:, 0] + 5)
    kept = np.ones(600, bool) if ties == "half" else m.score != 0.5
    x = design(m, np.column_stack([np.ones(600), 30 * values[:, 0] + 5]))[kept]
    score, cluster = m.score[kept], m.cluster[kept]
    model = sm.GLM(score, x, family=sm.families.Binomial())
    clusters = len(np.unique(cluster))
    ways = {
        ("wald", None): (model.fit(tol=1e-14), 1),
        ("sandwich", None): (
            model.fit(tol=1e-14, cov_type="HC0"),
            kept.sum() / (kept.sum() - 1),
        ),
        (None, "prompt"): (
            model.fit(
                tol=1e-14,
                cov_type="cluster",
                cov_kwds={"groups": cluster, "use_correction": False},
            ),
            clusters / (clusters - 1),
        ),
    }
    for (interval, by), (reference, factor) in ways.items():
        quantile = stats.norm.ppf(0.975) if by is None else stats.t.ppf(0.975, clusters - 1)
        board = rate(
            table,
            ties=ties,
            first_position=True,
            controls=["length"],
            interval=interval,
            cluster=by,
            elo_shuffles=0,
        )
        assert [p.name for p in board.parameters] == ["first position", "length"]
        for parameter, place in zip(board.parameters, (-2, -1), strict=True):
            estimate = POINTS * reference.params[place]
            error = POINTS * np.sqrt(reference.cov_params()[place, place] * factor)
            assert parameter.estimate == pytest.approx(estimate, rel=1e-8)
            assert parameter.standard_error == pytest.approx(error, rel=1e-6)
            ends = (parameter.upper - parameter.estimate, parameter.estimate - parameter.lower)
            assert ends == pytest.approx((quantile * error,) * 2, rel=1e-6)
        if factor == 1:
            assert board.parameters[0].p == pytest.approx(reference.pvalues[-2], rel=1e-4)
        assert board.parameters[1].deviation == pytest.approx((30 * values[kept, 0]).std())
        for i in range(3):
            row, last = board[f"m{i}"], board["m3"]
            gap = POINTS * reference.params[i]
            assert row.rating - last.rating == pytest.approx(gap, abs=1e-6)
        # The interval of a rating is that of its contrast with the mean of the field.
        mean = np.full(3, -0.25) + np.eye(3)[0]
        spread = mean @ reference.cov_params()[:3, :3] @ mean * factor
        reach = quantile * POINTS * np.sqrt(spread)
        assert board["m0"].rating_upper - board["m0"].rating == pytest.approx(reach, rel=1e-6)


def frame(m, control):
    word = {1.0: "model_a", 0.0: "model_b", 0.5: "tie"}
    return {
        "model_a": [m.names[i] for i in m.first],
        "model_b": [m.names[i] for i in m.second],
        "winner": [word[score] for score in m.score.tolist()],
        "prompt": [f"p{i}" for i in m.cluster],
        "length": control,
    }


def test_intervals_of_parameters_cover():
    """For 400 logs at 95 %, a share below 0.92 or above 0.98 has a probability of 0.001."""
    truth = np.array([0.3, 0.5, np.log(0.6)])
    inside = []
    for seed in range(400):
        m, values = drawn(100 + seed, 500, effects=(0.5,))
        found = fit(m, np.column_stack([np.ones(500), values]), davidson=True)
        estimate = np.array([*found.effects, found.tau])
        for over in ("information", "match"):
            error = np.sqrt(np.diag(found.covariance(over))[-3:])
            inside.append(np.abs(estimate - truth) <= 1.959963984540054 * error)
    shares = np.array(inside).reshape(400, 2, 3).mean(0)
    assert (shares > 0.915).all()
    assert (shares < 0.982).all()


def test_enormous_counts_and_rare_ties():
    # Every pair in both orders; 1 tie in a billion.
    m = matches([0, 1, 0, 1, 0], [1, 0, 1, 0, 1], [1, 1, 0, 0, 0.5], count=[6e8, 4e8, 4e8, 6e8, 1])
    found = fit(m, np.ones((5, 1)), davidson=True)
    assert found.distance <= 1e-6
    odds = np.log(6 / 4)
    assert found.strengths[0] - found.strengths[1] == pytest.approx(odds, rel=1e-6)
    assert found.effects[0] == pytest.approx(0, abs=1e-8)
    both = np.exp(odds / 2) + np.exp(-odds / 2)
    assert np.exp(found.tau) == pytest.approx(both / 2e9, rel=1e-6)
    variance = np.array([1, -1, 0, 0]) @ found.covariance("match") @ np.array([1, -1, 0, 0])
    assert variance == pytest.approx(1 / (2e9 * 0.24), rel=1e-6)


def test_one_pair_has_a_closed_form():
    """With wins, losses and ties at 5 : 2 : 3, nu is 3 / sqrt(5 x 2) and the odds are 5 / 2."""
    found = fit(
        matches([0, 0, 0], [1, 1, 1], [1, 0, 0.5], count=[5, 2, 3]),
        np.empty((3, 0)),
        davidson=True,
    )
    assert np.exp(found.tau) == pytest.approx(3 / np.sqrt(10))
    assert found.strengths[0] - found.strengths[1] == pytest.approx(np.log(5 / 2))
