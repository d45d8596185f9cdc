"""The fit, compared with statsmodels, and existence, compared with a linear program."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint
from support.judged import log, matches

from humorrank._stats.estimate import Estimate
from humorrank.diagnostics.bias.first_position import first_position
from humorrank.errors import NoMaximumError
from humorrank.matches.judgments import read_judgments
from humorrank.rating.model.matches import matches_of
from humorrank.rating.model.paired_logit import fit
from humorrank.rating.run import POINTS


def design(m, covariates):
    """Returns one column per contestant except the last, of strength 0, then the covariates."""
    out = np.zeros((len(m.first), len(m.names)))
    rows = np.arange(len(m.first))
    out[rows, m.first] += 1
    out[rows, m.second] -= 1
    return np.column_stack([out[:, :-1], covariates])


def of_log(**options):
    table = log([1100, 1050, 1000, 950, 900], 1_500, bias=80, **options)
    return matches_of(read_judgments(table, texts=None, reading={}).table)


@pytest.mark.parametrize("ties", [0.0, 0.4])
@pytest.mark.parametrize("covariates", [1, 2])
@pytest.mark.parametrize("prompts", [100, 2_000, 10**7])
def test_fit_and_both_variances_are_those_of_statsmodels(ties, covariates, prompts):
    m = of_log(ties=ties)
    if prompts > 100:
        drawn = np.random.default_rng(4).integers(prompts, size=len(m.first))
        m = replace(m, cluster=drawn)
    random = np.random.default_rng(3)
    columns = np.column_stack([np.ones(len(m.first)), random.normal(size=len(m.first))])
    columns = columns[:, :covariates]
    found = fit(m, columns)
    x = design(m, columns)
    glm = sm.GLM(m.score, x, family=sm.families.Binomial(), freq_weights=m.count)
    reference = glm.fit(tol=1e-14)
    n = len(m.names)
    strengths = np.append(reference.params[: n - 1], 0)
    np.testing.assert_allclose(found.strengths, strengths - strengths.mean(), atol=1e-8)
    np.testing.assert_allclose(found.effects, reference.params[n - 1 :], atol=1e-8)
    assert found.distance <= 1e-6
    # The differences to the last contestant, and the covariates.
    contrasts = np.zeros((n - 1 + covariates, n + covariates))
    contrasts[: n - 1, : n - 1] = np.eye(n - 1)
    contrasts[: n - 1, n - 1] = -1
    contrasts[n - 1 :, n:] = np.eye(covariates)
    model = contrasts @ found.covariance("information") @ contrasts.T
    np.testing.assert_allclose(model, reference.cov_params(), rtol=1e-6, atol=1e-12)
    # One row per judgment, as the clusters of statsmodels require.
    rows = np.repeat(np.arange(len(m.first)), m.count.astype(int))
    robust = sm.GLM(m.score[rows], x[rows], family=sm.families.Binomial()).fit(
        cov_type="cluster",
        cov_kwds={"groups": m.cluster[rows], "use_correction": False},
        tol=1e-14,
    )
    c = len(np.unique(m.cluster))
    ours = contrasts @ found.covariance("cluster") @ contrasts.T
    np.testing.assert_allclose(ours, robust.cov_params() * c / (c - 1), rtol=1e-6, atol=1e-12)
    for contrast in contrasts:
        _, influence = found.influence(contrast)
        expected = contrast @ found.covariance("cluster") @ contrast
        assert (influence**2).sum() * c / (c - 1) == pytest.approx(expected, rel=1e-9)


def test_equality_is_the_likelihood_ratio_test():
    m = of_log()
    found = first_position(m).equality
    family = sm.families.Binomial()
    x = design(m, np.ones(len(m.first)))
    full = sm.GLM(m.score, x, family=family, freq_weights=m.count).fit(tol=1e-14)
    null = sm.GLM(m.score, x[:, -1:], family=family, freq_weights=m.count).fit(tol=1e-14)
    assert found.degrees == 4
    assert found.statistic == pytest.approx(null.deviance - full.deviance, rel=1e-9)
    assert found.p == pytest.approx(scipy.stats.chi2.sf(found.statistic, 4), rel=1e-9)


def test_a_weight_is_importance_and_no_number_of_judgments():
    first, second = [0, 1, 1, 2, 2, 0, 1, 0, 2], [1, 0, 2, 1, 0, 2, 0, 1, 1]
    score = [1, 1, 1, 0.5, 0, 1, 0, 0, 1]
    plain = first_position(matches(first, second, score))
    half = first_position(matches(first, second, score, weight=[0.5] * 9))
    twice = first_position(matches(first, second, score, count=[2] * 9))
    assert half.effect.value == pytest.approx(plain.effect.value)
    assert half.effect.upper == pytest.approx(plain.effect.upper)
    assert half.equality.p == pytest.approx(plain.equality.p)
    narrow = (plain.effect.upper - plain.effect.value) / 2**0.5
    assert twice.effect.upper - twice.effect.value == pytest.approx(narrow)


def separated(m):
    """Returns whether some direction other than the gauge makes no outcome less likely."""
    x = design(m, np.ones(len(m.first)))
    signed = np.vstack([x[m.score > 0], -x[m.score < 1]])
    if np.linalg.matrix_rank(signed) < x.shape[1]:
        return True
    found = scipy.optimize.linprog(
        -signed.sum(0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1)
    )
    return found.fun < -1e-9


@settings(max_examples=400)
@given(
    st.integers(2, 5).flatmap(
        lambda n: st.lists(
            st.tuples(
                st.integers(0, n - 1),
                st.integers(1, n - 1),
                st.sampled_from([0.0, 1.0, 1.0, 0.5]),
            ),
            min_size=1,
            max_size=14,
        ).map(lambda rows: (n, rows))
    )
)
def test_a_maximum_exists_where_a_linear_program_says_so(drawn):
    n, rows = drawn
    first = np.array([row[0] for row in rows])
    second = (first + np.array([row[1] for row in rows])) % n
    used = np.unique(np.concatenate([first, second]), return_inverse=True)[1].reshape(2, -1)
    m = matches(used[0], used[1], [row[2] for row in rows])
    try:
        found = fit(m, np.ones((len(rows), 1)))
    except NoMaximumError:
        assert separated(m)
        return
    assert not separated(m)
    assert found.distance <= 1e-6


def test_errors_say_what_has_no_maximum():
    with pytest.raises(NoMaximumError, match=r"field is separated.*m0: never lost") as caught:
        first_position(matches([0, 1, 2, 1, 2], [1, 0, 1, 2, 0], [1, 0, 1, 1, 0]))
    assert caught.value.outside[0].models == ("m0",)
    always_first = matches([0, 1, 1, 2, 2, 0], [1, 0, 2, 1, 0, 2], [1] * 6)
    with pytest.raises(NoMaximumError, match="no maximum, it rises without bound"):
        first_position(always_first)
    always_second = matches([0, 1, 1, 2, 2, 0], [1, 0, 2, 1, 0, 2], [0] * 6)
    with pytest.raises(NoMaximumError, match="no maximum, it falls without bound"):
        first_position(always_second)
    with pytest.raises(NoMaximumError, match="cannot be distinguished from the strengths"):
        first_position(matches([0, 0], [1, 1], [1, 0]))


def test_a_long_cycle_is_enough_for_a_maximum():
    """m0 > m1 > ... > m9 > m0 with winners shown first, and one more cycle with them second."""
    ring = np.arange(10)
    ahead = matches(ring, (ring + 1) % 10, [1] * 10)
    with pytest.raises(NoMaximumError, match="rises"):
        first_position(ahead)
    other = matches(
        np.concatenate([ring, (ring + 3) % 10]),
        np.concatenate([(ring + 1) % 10, ring]),
        [1] * 10 + [0] * 10,
    )
    assert np.isfinite(first_position(other).effect.value)


def test_a_covariate_without_a_maximum_or_of_the_pairs_alone_is_refused():
    m = of_log()
    ones = np.ones(len(m.first))
    with pytest.raises(NoMaximumError, match="covariate 2 rises without bound"):
        fit(m, np.column_stack([ones, m.score * 2 - 1]))
    of_pairs = np.arange(5.0)[m.first] - np.arange(5.0)[m.second]
    with pytest.raises(NoMaximumError, match="cannot be distinguished"):
        fit(m, np.column_stack([ones, of_pairs]))


@pytest.mark.parametrize(("part", "whole"), [(0, 1), (1, 1), (3, 10), (500, 1_000), (999, 1_000)])
def test_wilson(part, whole):
    found = Estimate.share(part, whole, 0.9)
    assert (found.lower, found.upper) == pytest.approx(
        proportion_confint(part, whole, alpha=0.1, method="wilson"), abs=1e-12
    )
    assert Estimate.share(0, 0, 0.9).value is None


def test_intervals_cover_and_ratings_do_not_shrink():
    """Covers 200 logs, with 100 points for the first position.

    `python -m bench.studies.bias` prints the full table.
    """
    truth = np.array([150.0, 100, 50, 0, -50, -100, -150])
    covered, spread, plain = [], [], []
    for seed in range(200):
        table = log(1000 + truth, 1_500, bias=100, ties=0.1, seed=seed)
        m = matches_of(read_judgments(table, texts=None, reading={}).table)
        found = first_position(m)
        assert found.intervals == "prompt"
        covered.append(found.effect.lower <= 100 <= found.effect.upper)
        ratings = found.ratings.sort("model")
        spread.append(truth @ ratings["rating"].to_numpy() / (truth @ truth))
        plain.append(truth @ ratings["plain_rating"].to_numpy() / (truth @ truth))
    assert 0.91 <= np.mean(covered) <= 0.985
    error = np.std(spread) / 200**0.5
    assert abs(np.mean(spread) - 1) < 0.01 + 3 * error
    assert np.mean(plain) < 0.97 < np.mean(spread)


def test_points():
    m = of_log()
    found = first_position(m, cluster="none")
    assert found.effect.value == pytest.approx(POINTS * found.fit.effects[0])
    assert found.ratings["rating"].mean() == pytest.approx(1000)
