"""Rank intervals, probabilities of being best, groups and comparisons."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clustered import simulated, tally_of

import humorrank
from humorrank.rating.uncertainty.normal import Normal
from humorrank.rating.uncertainty.rank_intervals import _runs, _shares, rank_table


def table_of(ratings, covariance, **options):
    ratings = np.array(ratings, float)
    order = np.argsort(-ratings, kind="stable")
    uncertainty = Normal(ratings, np.array(covariance, float), math.inf, 0)
    names = [f"m{i}" for i in order]
    settings = {"order": order, "top": 1, "confidence": 0.95, "joint": False} | options
    return rank_table(
        uncertainty, names, np.arange(1, len(ratings) + 1), ratings[order], **settings
    )


def independent(models, error):
    return error**2 * (np.eye(models) - 1 / models)


def test_ranks_of_a_clear_field_are_certain():
    found = table_of([1300, 1200, 1100, 1000], independent(4, 10))
    assert found.table["rank_lower"].to_list() == [1, 2, 3, 4]
    assert found.table["rank_upper"].to_list() == [1, 2, 3, 4]
    assert found.table["p_best"].to_list() == [1, 0, 0, 0]
    assert found.groups == (("m0",), ("m1",), ("m2",), ("m3",))


def test_ranks_of_equals_are_open():
    found = table_of([1000, 1000, 1000], independent(3, 10), top=2)
    assert found.table["rank_lower"].to_list() == [1, 1, 1]
    assert found.table["rank_upper"].to_list() == [3, 3, 3]
    np.testing.assert_allclose(found.table["p_best"], 1 / 3, atol=0.02)
    np.testing.assert_allclose(found.table["p_top"], 2 / 3, atol=0.02)
    assert found.groups == (("m0", "m1", "m2"),)


@pytest.mark.slow
def test_rank_intervals_cover_where_the_field_is_close():
    # Nine contestants within four points, each with an error of 8, and the coverage of the ranks.
    random = np.random.default_rng(5)
    truth = np.linspace(1002, 998, 9)
    covariance = independent(9, 8)
    covered = np.zeros(9)
    runs = 150
    for _ in range(runs):
        estimate = truth + 8 * random.normal(size=9)
        found = table_of(estimate - estimate.mean() + 1000, covariance).table
        rank = np.array([int(name[1:]) + 1 for name in found["model"]])
        inside = (found["rank_lower"].to_numpy() <= rank) & (rank <= found["rank_upper"].to_numpy())
        covered[rank - 1] += inside
    assert covered.min() / runs > 0.94


def test_intervals_for_all_at_once_are_no_shorter():
    ratings = np.linspace(1040, 960, 9)
    single = table_of(ratings, independent(9, 12)).table
    joint = table_of(ratings, independent(9, 12), joint=True).table
    assert (joint["rank_lower"] <= single["rank_lower"]).all()
    assert (joint["rank_upper"] >= single["rank_upper"]).all()
    assert not joint.equals(single)


@given(st.integers(1, 12), st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_groups_are_the_largest_runs_without_a_pair_apart(models, seed, share):
    random = np.random.default_rng(seed)
    apart = random.random((models, models)) < share
    apart = np.triu(apart, 1) | np.triu(apart, 1).T
    alike = {
        (start, end)
        for start in range(models)
        for end in range(start + 1, models + 1)
        if not apart[start:end, start:end].any()
    }
    largest = {
        run
        for run in alike
        if not any(other != run and other[0] <= run[0] and run[1] <= other[1] for other in alike)
    }
    found = _runs(apart)
    assert set(found) == largest
    assert len(found) == len(largest)


def test_shares_split_ties_and_leave_the_unordered_out():
    inf, nan = math.inf, math.nan
    draws = np.array([[3, 2, 1], [inf, inf, 0], [1, 1, 1], [1, nan, 0], [-inf, 0, 1]], float)
    best, top, undetermined = _shares(draws, 2)
    assert undetermined == 1
    np.testing.assert_allclose(best, np.array([1 + 0.5 + 1 / 3, 0.5 + 1 / 3, 1 / 3 + 1]) / 4)
    np.testing.assert_allclose(top, np.array([1 + 1 + 2 / 3, 1 + 1 + 2 / 3 + 1, 2 / 3 + 1]) / 4)
    assert best.sum() == pytest.approx(1) and top.sum() == pytest.approx(2)


def test_a_comparison_looks_the_same_from_both_sides():
    first, second, outcome, cluster = simulated()
    tally = tally_of(first, second, outcome, cluster)
    for options in (
        {},
        {"interval": "basic"},
        {"interval": "bca"},
        {"interval": "sandwich", "cluster": "prompt"},
    ):
        board = humorrank.rate(tally, bootstrap=399, elo_shuffles=0, **options)
        one, other = board.compare("m1", "m3"), board.compare("m3", "m1")
        assert one.difference == -other.difference
        assert one.difference_lower == pytest.approx(-other.difference_upper)
        assert one.p_stronger == pytest.approx(1 - other.p_stronger)
        assert one.p_beats == pytest.approx(1 - other.p_beats)
        assert one.p_beats == pytest.approx(1 / (1 + 10 ** (-one.difference / 400)))
        assert one.p_beats_lower == pytest.approx(1 / (1 + 10 ** (-one.difference_lower / 400)))
        met = ((first == 1) & (second == 3)) | ((first == 3) & (second == 1))
        assert one.matches == other.matches == met.sum()
        assert one.points_a + one.points_b == met.sum()
        assert (one.points_a, one.points_b) == (other.points_b, other.points_a)


def test_with_davidsons_ties_half_of_them_count():
    log = [("a", "b", "model_a")] * 50 + [("a", "b", "model_b")] * 30 + [("a", "b", "tie")] * 20
    board = humorrank.rate(log, ties="davidson", elo_shuffles=0)
    assert board.compare("a", "b").p_beats == pytest.approx(0.6, abs=1e-7)
    assert board.compare("b", "a").p_beats == pytest.approx(0.4, abs=1e-7)


def test_two_that_never_met_are_compared_through_others():
    log = [("a", "b", "model_a"), ("b", "a", "model_a"), ("b", "c", "model_a"), ("c", "b", "tie")]
    found = humorrank.rate(log * 30, elo_shuffles=0).compare("a", "c")
    assert (found.matches, found.points_a, found.points_b) == (0, 0.0, 0.0)
    assert found.difference > 0


def test_chances_of_two_are_the_comparisons():
    log = [("a", "b", "model_a")] * 54 + [("a", "b", "model_b")] * 46
    board = humorrank.rate(log, bootstrap=999, elo_shuffles=0)
    table = board.ranks().table
    assert table["p_best"][0] == pytest.approx(board.compare("a", "b").p_stronger)
    assert 0.6 < table["p_best"][0] < 0.95


def test_boards_without_intervals_say_so():
    board = humorrank.rate([("a", "b", "tie")], bootstrap=0, elo_shuffles=0)
    for ask in (board.ranks, lambda: board.compare("a", "b")):
        with pytest.raises(humorrank.OptionError, match="bootstrap=0"):
            ask()
    board = humorrank.rate([("a", "b", "tie")], elo_shuffles=0)
    with pytest.raises(KeyError, match="there is no 'x'"):
        board.compare("a", "x")
    with pytest.raises(humorrank.OptionError, match="with itself"):
        board.compare("a", "a")
    with pytest.raises(humorrank.OptionError, match="top must be a whole number, 1 to 2"):
        board.ranks(3)


def test_commands(run, tmp_path):
    log = tmp_path / "log.csv"
    rows = ["model_a,model_b,winner,question_id"]
    rows += [f"pun,irony,{'model_a' if i % 3 else 'model_b'},q{i % 40}" for i in range(300)]
    rows += [f"irony,<b>,{'model_a' if i % 2 else 'tie'},q{i % 40}" for i in range(300)]
    log.write_text("\n".join(rows))
    code, out, _ = run("ranks", log, "--cluster", "prompt", "--format", "json", "--top", "2")
    found = json.loads(out)
    assert code == 0
    assert [row["model"] for row in found["ranks"]] == ["pun", "irony", "<b>"]
    assert found["top"] == 2
    code, out, _ = run("ranks", log, "--format", "markdown")
    assert code == 0 and "&lt;b&gt;" in out
    code, out, _ = run("compare", log, "pun", "irony", "--format", "csv")
    assert code == 0 and out.startswith("model_a,model_b,difference")
    code, out, _ = run("compare", log, "pun", "irony")
    assert code == 0 and "P(pun beats irony)" in out
    code, _, err = run("compare", log, "pun", "satire")
    assert code == 2 and "there is no 'satire' on this board" in err
    code, out, _ = run("rate", log, "--interval", "sandwich", "--cluster", "prompt")
    assert code == 0 and "sandwich intervals by prompt" in out
    code, out, _ = run("rate", log, "--simultaneous", "--format", "json")
    assert code == 0 and json.loads(out)["settings"]["simultaneous"] is True
    code, _, err = run("rate", log, "--interval", "wald", "--cluster", "prompt")
    assert code == 2 and "does not support clusters" in err
