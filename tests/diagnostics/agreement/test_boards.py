"""Comparison of two boards."""

import itertools
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from support.reference import shared

import humorrank
from humorrank.diagnostics.agreement.boards import compare_boards
from humorrank.errors import InputError, OptionError

BOARDS = st.dictionaries(st.sampled_from("abcdefghij"), st.integers(990, 1010), min_size=1)


def test_the_published_tables_differ_in_four_pairs():
    tables = [
        pl.read_csv(shared(f"spec/published/{name}.csv"))
        for name in ("table1_llama", "table4_qwen")
    ]
    found = compare_boards(*tables)
    assert f"{found.kendall.value:.3f}" == "0.778"
    assert f"{found.kendall.p:.4f}" == "0.0024"
    assert (found.pairs, found.reversed, len(found.common)) == (36, 4, 9)
    assert {frozenset((pair.better, pair.worse)) for pair in found.discordant} == {
        frozenset(("Claude 3.5 Haiku", "Gemini 2.5 Pro")),
        frozenset(("Claude 3.5 Haiku", "HumorGen-7B")),
        frozenset(("Gemini 2.5 Pro", "HumorGen-7B")),
        frozenset(("GPT OSS 120B", "Qwen 3 32B")),
    }
    for pair in found.discordant:
        assert pair.better_one > pair.worse_one
        assert pair.better_other < pair.worse_other


@settings(max_examples=100)
@given(BOARDS, BOARDS, st.integers(0, 5))
def test_reversed_pairs_are_those_one_finds(one, other, limit):
    found = compare_boards(one, other, limit=limit)
    common = sorted(one.keys() & other.keys())
    assert found.common == tuple(common)
    assert found.only_one == tuple(sorted(one.keys() - other.keys()))
    assert found.only_other == tuple(sorted(other.keys() - one.keys()))
    widths = sorted(
        (
            min(abs(one[a] - one[b]), abs(other[a] - other[b]))
            for a, b in itertools.combinations(common, 2)
            if (one[a] - one[b]) * (other[a] - other[b]) < 0
        ),
        reverse=True,
    )
    assert found.reversed == len(widths)
    assert [
        min(pair.better_one - pair.worse_one, pair.worse_other - pair.better_other)
        for pair in found.discordant
    ] == widths[:limit]


def test_leaderboards_frames_and_mappings_are_boards():
    log = humorrank.simulate({"a": 1100, "b": 1000, "c": 900}, 3_000, seed=1)
    board = humorrank.rate(log, bootstrap=0, elo_shuffles=0)
    ratings = dict(board.table.select("model", "rating").iter_rows())
    for other in (
        board,
        board.table,
        board.to_pandas(),
        ratings,
        {"model": list(ratings), "rating": list(ratings.values())},
    ):
        found = compare_boards(board, other)
        assert found.kendall.value == found.spearman.value == 1
        assert found.reversed == 0
    x, y = np.random.default_rng(0).normal(size=(2, 3_000))
    found = compare_boards(dict(zip(map(str, range(3_000)), x, strict=True)),
                           pd.DataFrame({"model": range(3_000), "rating": y}), limit=3)  # fmt: skip
    tau = stats.kendalltau(x, y).statistic
    assert found.kendall.value == pytest.approx(tau, abs=1e-12)
    assert 1 - 2 * found.reversed / found.pairs == pytest.approx(tau, abs=1e-12)


@pytest.mark.parametrize(
    ("board", "words"),
    [
        ({"model": ["a"], "score": [1]}, "no column 'rating'|no rating"),
        (pl.DataFrame({"name": ["a"], "rating": [1.0]}), "no column 'model'"),
        (pl.DataFrame({"model": ["a", "a"], "rating": [1.0, 2]}), "'a' twice"),
        (pl.DataFrame({"model": ["a", None], "rating": [1.0, 2]}), "without a model"),
        ({"a": math.nan}, "no rating for 'a'"),
        (pl.DataFrame({"model": ["a"], "rating": ["high"]}), "not a number"),
        (7, "not a board"),
    ],
)
def test_bad_boards_are_refused(board, words):
    with pytest.raises(InputError, match=words):
        compare_boards({"a": 1}, board)


def test_boards_without_common_models_say_so():
    found = compare_boards({"a": 1}, {"b": 2})
    assert found.kendall.value is None
    assert "there are 0" in found.kendall.reason
    with pytest.raises(OptionError, match="limit"):
        compare_boards({}, {}, limit="many")
