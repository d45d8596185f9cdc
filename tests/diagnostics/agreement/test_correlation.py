"""Rank correlations, compared with SciPy and with an enumeration of all orders."""

import itertools
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from humorrank._stats.correlation import MOST_ENUMERATED, kendall, spearman
from humorrank.errors import InputError

FEW = st.integers(-3, 3).map(float)
MANY = st.floats(-1e6, 1e6)
COLUMNS = st.one_of(
    *(
        st.lists(st.tuples(x, y), min_size=2, max_size=60)
        for x, y in itertools.product((FEW, MANY), repeat=2)
    )
)


def theirs(function, x, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(x, y)


@settings(max_examples=100)
@given(COLUMNS)
def test_tau_and_its_p_are_scipys(points):
    x, y = map(list, zip(*points, strict=True))
    found, expected = kendall(x, y), theirs(stats.kendalltau, x, y)
    if math.isnan(expected.statistic):
        assert found.value is None
        assert "constant" in found.reason
        return
    assert found.value == pytest.approx(expected.statistic, abs=1e-8)
    assert found.points == len(x)
    if len(x) > MOST_ENUMERATED or len({*x}) == len({*y}) == len(x):
        assert found.p == pytest.approx(expected.pvalue, rel=1e-8, abs=1e-8)


@settings(max_examples=100)
@given(COLUMNS)
def test_rho_and_its_p_are_scipys(points):
    x, y = map(list, zip(*points, strict=True))
    found, expected = spearman(x, y), theirs(stats.spearmanr, x, y)
    if math.isnan(expected.statistic):
        assert found.value is None
        return
    assert found.value == pytest.approx(expected.statistic, abs=1e-8)
    if len(x) > MOST_ENUMERATED:
        assert found.p == pytest.approx(expected.pvalue, rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("n", [33, 34, 2_000, 100_000])
def test_larger_columns_with_and_without_ties(n):
    random = np.random.default_rng(n)
    x = random.normal(size=n)
    for y in (x + 20 * random.normal(size=n), np.round(x + 20 * random.normal(size=n))):
        for ours, other in ((kendall, stats.kendalltau), (spearman, stats.spearmanr)):
            found, expected = ours(x, y), other(x, y)
            assert found.value == pytest.approx(expected.statistic, abs=1e-10)
            assert found.p == pytest.approx(expected.pvalue, rel=1e-8)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_exact_p_is_the_share_of_all_orders(n):
    orders = [np.array(order) for order in itertools.permutations(range(n))]
    taus = np.array([kendall(range(n), order).value for order in orders])
    for order, tau in zip(orders, taus, strict=True):
        share = (np.abs(taus) >= abs(tau) - 1e-12).mean()
        assert kendall(range(n), order).p == pytest.approx(share, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(FEW, FEW), min_size=2, max_size=5))
def test_p_of_few_points_is_the_share_of_all_orders_with_any_ties(points):
    x, y = map(list, zip(*points, strict=True))
    for function in (kendall, spearman):
        found = function(x, y)
        if found.value is None:
            continue
        values = [abs(function(x, order).value) for order in itertools.permutations(y)]
        share = np.mean(np.array(values) >= abs(found.value) - 1e-12)
        assert found.p == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize(("n", "p"), [(2, 1), (3, 1 / 3), (4, 1 / 12), (5, 1 / 60)])
def test_p_of_complete_agreement_is_the_share_of_two_orders(n, p):
    assert spearman(range(n), range(n)).p == pytest.approx(p, rel=1e-12)
    assert spearman(range(n), range(n)[::-1]).p == pytest.approx(p, rel=1e-12)
    assert kendall(range(n), range(n)).p == pytest.approx(p, rel=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_exact_p_is_that_of_scipys_permutation_test(seed):
    random = np.random.default_rng(seed)
    n = 5 + seed % 2
    x, y = random.integers(0, 5, (2, n)).astype(float)
    for ours, other in ((kendall, stats.kendalltau), (spearman, stats.spearmanr)):
        expected = stats.permutation_test(
            (x,),
            lambda one, other=other: abs(other(one, y).statistic),
            permutation_type="pairings",
            alternative="greater",
            n_resamples=np.inf,
        )
        assert ours(x, y).p == pytest.approx(expected.pvalue, rel=1e-9)


@pytest.mark.parametrize("function", [kendall, spearman])
def test_nine_points_are_exact_and_ten_approximate(function):
    random = np.random.default_rng(1)
    x, y = random.integers(0, 4, (2, 10)).astype(float)
    orders = math.factorial(9)
    nine = function(x[:9], y[:9]).p * orders
    assert nine == pytest.approx(round(nine), abs=1e-6)
    other = {kendall: stats.kendalltau, spearman: stats.spearmanr}[function]
    assert function(x, y).p == pytest.approx(other(x, y).pvalue, rel=1e-9)


def test_one_reversed_pair_of_many_is_exact_too():
    order = np.arange(60)
    order[[3, 4]] = order[[4, 3]]
    expected = stats.kendalltau(range(60), order)
    assert kendall(range(60), order).p == pytest.approx(expected.pvalue, rel=1e-12)
    assert kendall(range(1_000), range(1_000)).p == 0


@pytest.mark.parametrize("function", [kendall, spearman])
@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([], [], "there are 0"),
        ([1], [2], "there are 1"),
        ([1, 1, 1], [1, 2, 3], "the first column is constant"),
        ([1, 2, 3], [7, 7, 7], "the second column is constant"),
        ([5, 5], [5, 5], "both columns are constant"),
    ],
)
def test_what_has_no_correlation_says_so(function, x, y, words):
    found = function(x, y)
    assert (found.value, found.p, found.points) == (None, None, len(x))
    assert words in found.reason


@pytest.mark.parametrize("function", [kendall, spearman])
def test_bad_columns_are_refused(function):
    with pytest.raises(InputError, match="2 points and y 1"):
        function([1, 2], [1])
    with pytest.raises(InputError, match="NaN"):
        function([1, math.nan], [1, 2])
    with pytest.raises(InputError, match="must be numbers"):
        function(["a", "b"], [1, 2])
    with pytest.raises(InputError, match="one column"):
        function([[1, 2], [3, 4]], [1, 2])


def test_infinite_figures_are_in_order():
    assert kendall([-math.inf, 0, math.inf], [1, 2, 3]).value == 1
    assert spearman([-math.inf, 0, math.inf], [3, 2, 1]).value == -1
