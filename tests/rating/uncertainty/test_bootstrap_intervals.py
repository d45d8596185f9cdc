"""Basic, BCa and clustered bootstrap intervals, and simultaneous bands."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from support.clustered import simulated, tally_of

import humorrank
from humorrank._stats.quantiles import weibull
from humorrank.errors import OptionError
from humorrank.rating.uncertainty.covariance import Curvature
from humorrank.rating.uncertainty.resampled import _replicates_needed


def rate(tally, **options):
    return humorrank.rate(tally, **{"elo_shuffles": 0, "bootstrap": 400, "seed": 3} | options)


def by_name(board, column):
    return board.columns[column][np.argsort(board.columns["model"])]


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40),
    st.floats(0.01, 0.99),
)
def test_quantiles_are_numpys(values, p):
    ours = weibull(np.array(values)[:, None], p)[0]
    position = p * (len(values) + 1)
    if 1 <= position <= len(values):
        assert ours == pytest.approx(np.quantile(values, p, method="weibull"), abs=1e-6)
    else:
        assert ours == (-np.inf if position < 1 else np.inf)


def test_percentile_ends_are_quantiles_of_the_draws_and_basic_ones_their_mirror():
    tally = tally_of(*simulated()[:3])
    board = rate(tally)
    draws = board._uncertainty.draws
    ends = weibull(draws, 0.025), weibull(draws, 0.975)
    np.testing.assert_array_equal(by_name(board, "rating_lower"), ends[0])
    np.testing.assert_array_equal(by_name(board, "rating_upper"), ends[1])
    basic = rate(tally, interval="basic")
    ratings = by_name(board, "rating")
    np.testing.assert_allclose(by_name(basic, "rating_lower"), 2 * ratings - ends[1], rtol=1e-12)
    np.testing.assert_allclose(by_name(basic, "rating_upper"), 2 * ratings - ends[0], rtol=1e-12)


def test_bca_ends_follow_from_draws_bias_and_acceleration():
    tally = tally_of(*simulated(rows=150)[:3])
    board = rate(tally, interval="bca", bootstrap=2_000)
    draws, ratings = board._uncertainty.draws, by_name(board, "rating")
    field = board._field
    curvature = Curvature(field, field.fit()[0], 0.0)
    skew = curvature.acceleration(curvature.of_matches(field))
    moved = 0
    for model in range(6):
        bias = stats.norm.ppf((draws[:, model] < ratings[model]).mean())
        ends = []
        for p in (0.025, 0.975):
            along = bias + stats.norm.ppf(p)
            level = stats.norm.cdf(bias + along / (1 - skew[model] * along))
            ends.append(np.quantile(draws[:, model], level, method="weibull"))
            moved += abs(level - p) > 1e-3
        assert by_name(board, "rating_lower")[model] == pytest.approx(ends[0], abs=1e-9)
        assert by_name(board, "rating_upper")[model] == pytest.approx(ends[1], abs=1e-9)
    assert moved > 6


def test_too_few_replicates_leave_a_bca_end_open():
    # Some levels move outwards, beyond the extremes of these few replicates.
    tally = tally_of(*simulated(rows=150)[:3])
    board = rate(tally, interval="bca", bootstrap=39)
    ends = np.concatenate([board.columns["rating_lower"], board.columns["rating_upper"]])
    assert np.isinf(ends).any()
    found = [warning for warning in board.warnings if "39 replicates are too few" in warning]
    assert found
    assert not any("do not bound" in warning for warning in board.warnings)
    needed = max(
        int(re.search(r"use at least ([\d,]+) replicates", warning)[1].replace(",", ""))
        for warning in found
    )
    assert 39 < needed < 1_000
    model = board.columns["model"][int(np.isinf(board.columns["rating_upper"]).argmax())]
    wanted = "use at least|use more replicates"
    with pytest.raises(humorrank.OptionError, match=wanted):
        for other in board.columns["model"]:
            if other != model:
                board.compare(model, other)


def test_the_stated_number_of_replicates_follows_from_the_level():
    values = np.array([[1.0, 1.0, 1.0, -np.inf, 1.0]] * 100)
    level = np.array([0.004, 0.02, 0.995, 0.001, 0.0])
    assert _replicates_needed(values, level).tolist() == [249, 0, 199, 0, np.inf]


def test_fields_of_few_matches_have_closed_bca_intervals_with_the_default():
    """100 replicates left a third of these open, and said that the matches do not bound them."""
    for seed in range(20):
        random = np.random.default_rng(seed)
        first, second = np.array([(0, 1), (1, 2), (2, 0)])[random.integers(0, 3, 300)].T
        outcome = random.integers(0, 2, 300)
        board = rate(tally_of(first, second, outcome), interval="bca", bootstrap=None)
        assert np.isfinite(board.columns["rating_lower"]).all()
        assert np.isfinite(board.columns["rating_upper"]).all()
        assert not board.warnings


def plain_cluster_bootstrap(first, second, outcome, cluster, replicates, seed):
    random = np.random.default_rng(seed)
    rows = [np.flatnonzero(cluster == c) for c in np.unique(cluster)]
    out = []
    for _ in range(replicates):
        drawn = np.concatenate([rows[c] for c in random.integers(0, len(rows), len(rows))])
        board = humorrank.rate(
            tally_of(first[drawn], second[drawn], outcome[drawn]), bootstrap=0, elo_shuffles=0
        )
        out.append(by_name(board, "rating"))
    return np.array(out)


def test_clusters_are_resampled_as_plain_rows_of_whole_clusters_are():
    first, second, outcome, cluster = simulated()
    theirs = plain_cluster_bootstrap(first, second, outcome, cluster, 1_000, 1)
    board = rate(tally_of(first, second, outcome, cluster), cluster="prompt", bootstrap=4_000)
    ours = board._uncertainty.draws
    for model in range(6):
        # The tolerance holds even for hundreds of tests like this one.
        assert stats.ks_2samp(ours[:, model], theirs[:, model]).pvalue > 1e-4
    matches = rate(tally_of(first, second, outcome), bootstrap=4_000)
    assert ours.std(0).mean() > 1.05 * matches._uncertainty.draws.std(0).mean()


def test_a_cluster_of_each_match_is_the_bootstrap_over_matches():
    first, second, outcome, _ = simulated()
    tally = tally_of(first, second, outcome, np.arange(len(first)))
    alone = rate(tally, cluster="prompt", bootstrap=4_000)._uncertainty.draws
    matches = rate(tally, bootstrap=4_000)._uncertainty.draws
    np.testing.assert_allclose(alone.std(0), matches.std(0), rtol=0.06)
    sandwich = rate(tally, cluster="prompt", interval="sandwich")._uncertainty.covariance
    np.testing.assert_allclose(
        sandwich, rate(tally, interval="sandwich")._uncertainty.covariance, rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("interval", ["percentile", "bca", "sandwich"])
@pytest.mark.parametrize("simultaneous", [False, True])
def test_order_of_rows_and_threads_leave_no_trace(interval, simultaneous):
    first, second, outcome, cluster = simulated()
    options = {"interval": interval, "simultaneous": simultaneous, "cluster": "prompt"}
    one = rate(tally_of(first, second, outcome, cluster), threads=1, **options)
    order = np.random.default_rng(2).permutation(len(first))
    shuffled = (column[order] for column in (first, second, outcome, cluster))
    other = rate(tally_of(*shuffled), threads=2, **options)
    for column in ("rating", "rating_lower", "rating_upper"):
        assert np.array_equal(one.columns[column], other.columns[column])
    assert one.ranks().table.equals(other.ranks().table)
    assert one.compare("m0", "m1") == other.compare("m0", "m1")


def test_an_anchor_shifts_every_interval_by_one_constant():
    first, second, outcome, cluster = simulated()
    tally = tally_of(first, second, outcome, cluster)
    for options in ({}, {"interval": "sandwich", "cluster": "prompt"}, {"simultaneous": True}):
        plain, fixed = rate(tally, **options), rate(tally, anchor={"m2": 1500}, **options)
        shift = 1500 - plain["m2"].rating
        for column in ("rating", "rating_lower", "rating_upper"):
            np.testing.assert_allclose(
                fixed.columns[column], plain.columns[column] + shift, rtol=1e-12
            )
        assert fixed["m2"].rating_lower < 1500 < fixed["m2"].rating_upper
        assert fixed.compare("m0", "m1").difference_lower == pytest.approx(
            plain.compare("m0", "m1").difference_lower
        )


def test_of_two_the_band_is_the_interval():
    # Two ratings with a fixed mean are a single number, so both intervals hold together.
    log = [("a", "b", "model_a")] * 60 + [("a", "b", "model_b")] * 40
    tally = humorrank.tally(log)
    single, band = (rate(tally, interval="sandwich", simultaneous=s) for s in (False, True))
    reach = single["a"].rating_upper - single["a"].rating
    assert band["a"].rating_upper - band["a"].rating == pytest.approx(reach, rel=0.03)
    resampled = rate(tally, simultaneous=True, bootstrap=4_000)
    assert resampled["a"].rating_upper - resampled["a"].rating == pytest.approx(reach, rel=0.06)


def test_a_band_reaches_as_far_as_independent_numbers_ask():
    # The contestants of a star are nearly independent, so the band is a quantile of their maximum.
    rows = 400
    stars = np.repeat(np.arange(1, 41), rows)
    outcome = np.tile(np.arange(rows) % 2, 40)
    tally = tally_of(np.zeros(len(stars), np.int64), stars, outcome)
    single, band = (rate(tally, interval="wald", simultaneous=s) for s in (False, True))
    reach = (band["m7"].rating_upper - band["m7"].rating) / (
        (single["m7"].rating_upper - single["m7"].rating) / stats.norm.ppf(0.975)
    )
    assert reach == pytest.approx(stats.norm.ppf((1 + 0.95 ** (1 / 40)) / 2), rel=0.02)


def test_replicates_without_a_maximum_open_ends_by_every_method():
    # c lost only one match, to the middle, so some replicates leave it undefeated.
    log = [("c", "a", "model_a")] * 8 + [("b", "c", "model_a")]
    log += [("a", "b", "model_a"), ("b", "a", "model_a")] * 10
    for interval in ("percentile", "bca"):
        board = rate(log, interval=interval)
        assert board["c"].rating_upper == np.inf
        assert board.bootstrap["without_maximum"] > 20
    assert rate(log, interval="basic")["c"].rating_lower == -np.inf
    band = rate(log, simultaneous=True)
    assert band["c"].rating_upper == np.inf
    assert np.isfinite(band["c"].rating_lower)
    with pytest.raises(OptionError, match=r"use at least 1,\d\d\d replicates"):
        board.compare("c", "a")  # the interval of the last board is BCa
    board = rate(log)
    assert board.compare("c", "a").difference_upper == np.inf
    assert board.compare("c", "a").p_beats_upper == 1.0
    assert '"difference_upper": null' in board.compare("c", "a").to_json()


def test_few_clusters_are_told_and_fewer_refused():
    first, second, outcome, _ = simulated()
    few = np.arange(len(first)) % 12
    board = rate(tally_of(first, second, outcome, few), cluster="prompt", interval="sandwich")
    assert any("only 12 clusters (prompt)" in warning for warning in board.warnings)
    with pytest.raises(humorrank.InputError, match=r"prompt.*has 4 clusters, but fewer than 5"):
        rate(tally_of(first, second, outcome, few % 4), cluster="prompt")


def test_a_match_without_a_cluster_is_an_error():
    columns = {
        "model_a": ["x", "y", "x"],
        "model_b": ["y", "x", "y"],
        "winner": ["model_a", "model_a", "tie"],
        "prompt": ["p", None, ""],
    }
    with pytest.raises(humorrank.InputError, match=r"prompt.*2 matches have no value"):
        rate(columns, cluster="prompt")


def test_clusters_follow_the_contestants_that_are_left():
    first, second, outcome, cluster = simulated(models=4)
    # An undefeated contestant and a rare one, which are both left out.
    first = np.concatenate([first, [4] * 6, [5]])
    second = np.concatenate([second, [0, 1, 2, 3, 0, 1], [0]])
    outcome = np.concatenate([outcome, [0] * 6, [2]])
    cluster = np.concatenate([cluster, np.arange(7)])
    inside = tally_of(first[:-7], second[:-7], outcome[:-7], cluster[:-7])
    everyone = tally_of(first, second, outcome, cluster)
    for interval in ("percentile", "sandwich"):
        options = {"cluster": "prompt", "interval": interval}
        ours = rate(everyone, disconnected="largest", min_matches=2, **options)
        theirs = rate(inside, **options)
        assert {row.model for row in ours.unrated} == {"m4", "m5"}
        for column in ("rating", "rating_lower", "rating_upper"):
            np.testing.assert_allclose(ours.columns[column], theirs.columns[column], rtol=1e-12)


def test_excluded_ties_are_in_no_cluster():
    first, second, outcome, cluster = simulated(ties=0.4)
    untied = outcome != 2
    some = tally_of(first[untied], second[untied], outcome[untied], cluster[untied])
    options = {"cluster": "prompt", "interval": "sandwich"}
    ours = rate(tally_of(first, second, outcome, cluster), ties="exclude", **options)
    np.testing.assert_allclose(
        ours.columns["rating_upper"], rate(some, **options).columns["rating_upper"]
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"interval": "bayes"}, "interval must be one of percentile, basic"),
        ({"interval": "wald", "cluster": "prompt"}, "does not support clusters"),
        ({"cluster": ""}, "cluster must be the name of a column"),
        ({"by": "prompt", "interval": "sandwich"}, "by supports only percentile"),
        ({"by": "prompt", "cluster": "prompt"}, "by supports only percentile"),
        ({"interval": "bca", "bootstrap": 10}, "at least 39"),
        ({"cluster": "judge"}, "no key 'judge'"),
    ],
)
def test_options_that_cannot_be(options, message):
    tally = tally_of(*simulated())
    with pytest.raises(humorrank.OptionError, match=message):
        rate(tally, **options)
