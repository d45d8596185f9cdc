"""Rank correlations beside SciPy's, and beside the orders counted one by one."""

import itertools
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from humorrank._stats.correlation import kendall, spearman
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
    assert found.p == pytest.approx(expected.pvalue, rel=1e-8, abs=1e-8)
    assert found.points == len(x)


@settings(max_examples=100)
@given(COLUMNS)
def test_rho_and_its_p_are_scipys(points):
    x, y = map(list, zip(*points, strict=True))
    found, expected = spearman(x, y), theirs(stats.spearmanr, x, y)
    if math.isnan(expected.statistic):
        assert found.value is None
        return
    assert found.value == pytest.approx(expected.statistic, abs=1e-8)
    if len(x) == 2:
        assert found.p is None
        assert "two points" in found.reason
    else:
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
