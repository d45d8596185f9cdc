"""The figures that plot two ratings against each other."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import kendalltau
from support.drawings import board, drawn, log, notes, rows

from humorrank import figures, rate, tally
from humorrank.errors import InputError, NoMaximumError, OptionError


def judged(models=6, matches=1_200):
    parts = [
        log(models, matches, seed=seed).with_columns(judge=pl.lit(judge))
        for seed, judge in ((1, "anna"), (2, "ben"))
    ]
    return pl.concat(parts)


def test_elo_and_ratings_are_the_boards():
    made = board()
    found = rows(figures.elo_against_bt(made), "elo", "rating", "rank")
    for name in ("model", "rating", "elo", "elo_sd"):
        assert [row[name] for row in found] == made.table[name].to_list()
    for row in found:
        assert row["y_upper"] - row["y_lower"] == pytest.approx(2 * row["elo_sd"])
    tau = kendalltau(made.table["rating"], made.table["elo"]).statistic
    assert f"tau-b = {tau:.3f} over 9 models" in notes(figures.elo_against_bt(made))


def test_a_board_without_elo_is_refused():
    with pytest.raises(OptionError, match="no Elo"):
        figures.elo_against_bt(board(elo_shuffles=0))


def test_judges_are_rated_on_their_own():
    source = judged()
    chart = figures.judges(source, bootstrap=40)
    found = {row["model"]: row for row in rows(chart, "rating_a", "matches_a")}
    boards = [
        rate(source.filter(judge=name), bootstrap=40, elo_shuffles=0) for name in ("anna", "ben")
    ]
    assert found.keys() == set(boards[0].table["model"])
    for model, row in found.items():
        for side, made in zip("ab", boards, strict=True):
            assert row[f"rating_{side}"] == pytest.approx(made[model].rating, abs=1e-6)
            assert row[f"matches_{side}"] == made[model].matches
            assert row[f"rating_{side}_lower"] == pytest.approx(made[model].rating_lower, abs=1e-6)
    values = [[made[model].rating for model in found] for made in boards]
    tau = kendalltau(*values).statistic
    assert f"tau-b = {tau:.3f} over 6 models" in notes(chart)
    _, texts = drawn(chart)
    assert "rating by anna (points)" in texts
    turned = rows(figures.judges(source, "ben", "anna", bootstrap=0), "rating_a", "matches_a")
    assert {row["model"]: row["rating_a"] for row in turned} == pytest.approx(
        {model: row["rating_b"] for model, row in found.items()}, abs=1e-6
    )


def test_a_tally_by_judge_is_enough():
    source = judged()
    counted = tally(source, keys=["judge"])
    assert figures.judges(counted, bootstrap=40).to_dict() == (
        figures.judges(source, bootstrap=40).to_dict()
    )


def test_models_of_one_judge_only_are_left_out_and_counted():
    more = log(8, 1_600, seed=5).with_columns(judge=pl.lit("anna"))
    source = pl.concat([more, judged().filter(judge="ben")])
    chart = figures.judges(source, bootstrap=0)
    assert len(rows(chart, "rating_a", "matches_a")) == 6
    assert "2 models that only one" in notes(chart)


def test_faults_of_judges():
    source = judged()
    with pytest.raises(OptionError, match="names no judges"):
        figures.judges(log(3, 100))
    with pytest.raises(OptionError, match="did you mean"):
        figures.judges(source, "ana", "ben")
    with pytest.raises(OptionError, match="with itself"):
        figures.judges(source, "ben", "ben")
    third = pl.concat([source, log(6, 60, seed=9).with_columns(judge=pl.lit("eva"))])
    with pytest.raises(OptionError, match=r"two judges must be named.*'anna', 'ben', 'eva'"):
        figures.judges(third)
    with pytest.raises(OptionError, match="contains no judges"):
        figures.judges(board())
    always = source.with_columns(
        winner=pl.when(judge="ben", model_a="model-000")
        .then(pl.lit("model_a"))
        .when(judge="ben", model_b="model-000")
        .then(pl.lit("model_b"))
        .otherwise("winner")
    )
    with pytest.raises(NoMaximumError, match="judgments of 'ben' cannot be rated") as raised:
        figures.judges(always)
    assert raised.value.outside
    apart = pl.concat(
        [
            log(3, 100, called=["x", "y", "z"]).with_columns(judge=pl.lit("anna")),
            log(3, 100).with_columns(judge=pl.lit("ben")),
        ]
    )
    with pytest.raises(InputError, match="no model was judged by both"):
        figures.judges(apart)


@pytest.mark.parametrize("models", [9, 40])
def test_labels_do_not_cover_each_other(models):
    root, _ = drawn(figures.elo_against_bt(board(models, 60 * models)))
    assert root is not None
    spots = rows(figures.elo_against_bt(board(models, 60 * models)), "label")
    assert 3 <= len({row["label"] for row in spots}) <= 20
    heights = np.array([row["elo"] for row in spots])
    assert np.isfinite(heights).all()
