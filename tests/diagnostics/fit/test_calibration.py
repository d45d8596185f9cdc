"""Predictions of held-out matches, compared with their definition and with simulations."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.drawn import drawn
from support.judged import log

import humorrank
from humorrank.diagnostics.cells import Cells
from humorrank.diagnostics.fit.calibration import assign_folds
from humorrank.diagnostics.fit.check import check

RATINGS = (1150, 1080, 1000, 960, 900)
FIELD = {f"m{i}": float(rating) for i, rating in enumerate(RATINGS)}


def strengths(rows):
    board = humorrank.rate(rows, bootstrap=0, elo_shuffles=0)
    return {row.model: row.rating for row in board}


def by_definition(rows, fold_of):
    """Returns (log loss, Brier) of rows (a, b, winner), computed row by row."""
    loss = brier = 0.0
    for fold in set(fold_of):
        ratings = strengths([row for row, own in zip(rows, fold_of, strict=True) if own != fold])
        for (a, b, winner), own in zip(rows, fold_of, strict=True):
            if own == fold:
                p = 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400))
                s = {"model_a": 1.0, "tie": 0.5, "model_b": 0.0}[winner]
                loss -= s * math.log(p) + (1 - s) * math.log(1 - p)
                brier += (s - p) ** 2
    return loss / len(rows), brier / len(rows)


def test_scores_are_those_of_their_definition():
    frame = log(RATINGS, 800, ties=0.3, prompts=40)
    report = check(frame, cluster="prompt", folds=4)
    found = report.calibration
    cells = Cells.of(humorrank.tally(frame, keys=("prompt",)), "half")
    held = assign_folds(cells, 4, 0)
    fold_of = {
        cells.labels[group]: int(fold)
        for group, fold in zip(cells.group, held.argmax(axis=0), strict=True)
    }
    # Prompts are held out as a whole, ten in each fold.
    assert ((held > 0).sum(axis=0) == 1).all()
    assert sorted(np.bincount(list(fold_of.values()))) == [10, 10, 10, 10]
    rows = frame.select("model_a", "model_b", "winner").rows()
    expected = by_definition(rows, [fold_of[prompt] for prompt in frame["question_id"]])
    assert (found.held_out.log_loss, found.held_out.brier) == pytest.approx(expected, rel=1e-9)
    assert found.clusters == 40
    assert found.predicted == 800
    score = frame["winner"].replace_strict({"model_a": 1.0, "tie": 0.5, "model_b": 0.0})
    assert found.constant.log_loss == pytest.approx(math.log(2))
    assert found.constant.brier == pytest.approx(float(((score - 0.5) ** 2).mean()))
    assert found.in_sample.log_loss < found.held_out.log_loss < found.constant.log_loss


def test_bins_and_error_are_those_of_their_definition():
    frame = drawn(FIELD, 3_000, ties=0.2, seed=2)
    edges = (0.55, 0.6, 0.7)
    report = check(frame, bins=edges, folds=3)
    bins = report.bins()
    assert bins["matches"].sum() == 3_000
    assert bins.height <= 4
    for row in bins.iter_rows(named=True):
        assert 0.5 <= row["least"] <= row["predicted"] <= row["most"] <= 1
        assert not any(row["least"] < edge <= row["most"] for edge in edges)
        assert row["observed_lower"] < row["observed"] < row["observed_upper"]
    away = (bins["observed"] - bins["predicted"]).abs() * bins["matches"]
    assert report.calibration.error == pytest.approx(float(away.sum()) / 3_000)
    equal = check(frame, bins=5, folds=3).bins()
    assert equal["matches"].min() > 400


@pytest.mark.parametrize("ties", [0.0, 0.6])
def test_bins_cover_under_the_model_and_the_error_is_that_of_chance(ties):
    covered, error, chance, width = [], [], [], []
    for seed in range(120):
        found = check(drawn(FIELD, 2_500, ties=ties, seed=seed), bins=4, seed=seed).calibration
        covered += [b.observed.lower <= b.predicted <= b.observed.upper for b in found.bins]
        width += [b.observed.upper - b.observed.lower for b in found.bins]
        error.append(found.error)
        chance.append(found.error_by_chance)
    # Predictions that were fitted to the data are closer to them than the true values are.
    assert 0.93 <= np.mean(covered) <= 0.99
    assert 0.75 <= np.mean(error) / np.mean(chance) <= 1.1
    binary = 2 * 1.96 * np.sqrt(0.24 / 625)
    assert (np.mean(width) < 0.9 * binary) == (ties > 0)


def test_intervals_allow_for_clusters():
    frame = log(RATINGS, 400, prompts=50, seed=3)
    copies = pl.concat([frame] * 9)
    alone = check(copies, bins=2, folds=5).calibration
    whole = check(copies, bins=2, cluster="question_id").calibration
    once = check(frame, bins=2, cluster="question_id").calibration

    def widths(found):
        return np.array([b.observed.upper - b.observed.lower for b in found.bins])

    assert (widths(whole) > 2 * widths(alone)).all()
    assert widths(whole).mean() == pytest.approx(widths(once).mean(), rel=0.25)


def test_matches_that_a_fold_cannot_predict_are_counted_and_told():
    rows = drawn(FIELD, 400, seed=1).rows()
    rows += [("rare", "m0", "model_a"), ("rare", "m0", "model_b")]
    report = check(rows)
    found = report.calibration
    assert found.left_out >= 1
    assert found.predicted + found.left_out == 402
    assert any("rare" in reason for reason in found.reasons)
    assert any("could not be predicted" in warning for warning in report.warnings)


def test_two_matches_predict_nothing():
    report = check([("x", "y", "model_a"), ("x", "y", "model_b")], folds=2)
    found = report.calibration
    assert found.predicted + found.left_out == 2
    assert found.predicted == 0 or found.held_out is not None
    report.to_json()
    report.to_text()


def test_rows_without_a_cluster_stand_alone_and_are_told():
    frame = log(RATINGS, 500, prompts=30).with_columns(
        question_id=pl.when(pl.int_range(pl.len()) < 100).then(None).otherwise("question_id")
    )
    report = check(frame, cluster="prompt")
    assert any("100 matches have no prompt" in warning for warning in report.warnings)
    assert report.calibration.predicted == 500


@settings(max_examples=15)
@given(st.integers(0, 2**32), st.sampled_from([None, "question_id"]))
def test_the_order_of_rows_leaves_no_trace(seed, cluster):
    frame = log(RATINGS, 400, ties=0.2, prompts=20)
    one = check(frame, cluster=cluster, seed=7)
    two = check(frame.sample(fraction=1, shuffle=True, seed=seed % 2**31), cluster=cluster, seed=7)
    assert one.to_json() == two.to_json()
    assert check(frame, cluster=cluster, seed=8).to_json() != one.to_json()


def test_a_table_of_counts_is_as_good_as_its_rows():
    rows = [("x", "y", "model_a")] * 6 + [("x", "y", "model_b")] * 4 + [("y", "z", "tie")] * 5
    rows += [("z", "x", "model_a")] * 3
    table = {"model_a": [], "model_b": [], "winner": [], "count": []}
    for row in sorted(set(rows)):
        for name, value in zip(table, (*row, rows.count(row)), strict=True):
            table[name].append(value)
    one, two = check(rows).to_dict(), check(table, columns={"count": "count"}).to_dict()
    assert one == two


def test_names_and_threads_do_not_move_the_tests():
    frame = drawn(FIELD, 500, seed=4)
    report = check(frame, threads=1)
    assert report.to_json() == check(frame, threads=2).to_json()
    odd = {name: f"|{name}\n,é" for name in FIELD}
    renamed = frame.with_columns(pl.col("model_a").replace(odd), pl.col("model_b").replace(odd))
    assert check(renamed).goodness.deviance == report.goodness.deviance
