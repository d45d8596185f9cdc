"""Goodness of fit by pairs, compared with statsmodels, SciPy and simulations."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests
from support.drawn import drawn
from support.judged import log

from humorrank._stats.distributions import holm
from humorrank.diagnostics.fit.check import check
from humorrank.diagnostics.fit.pairs import _tail
from humorrank.errors import InputError, NoMaximumError, OptionError

RATINGS = (1150, 1080, 1000, 960, 900, 860)
FIELD = {f"m{i}": float(rating) for i, rating in enumerate(RATINGS)}


def glm(frame):
    """Fits the same model with statsmodels, with one binomial share per pair."""
    names = sorted({*frame["model_a"], *frame["model_b"]})
    score = frame["winner"].replace_strict({"model_a": 1.0, "tie": 0.5, "model_b": 0.0})
    weight = (
        frame["weight"] if "weight" in frame.columns else pl.repeat(1.0, len(frame), eager=True)
    )
    points = {}
    for a, b, s, w in zip(frame["model_a"], frame["model_b"], score, weight, strict=True):
        low, high, share = (a, b, s) if a < b else (b, a, 1 - s)
        won, amount = points.get((low, high), (0.0, 0.0))
        points[low, high] = won + w * share, amount + w
    pairs = sorted(points)
    design = np.zeros((len(pairs), len(names)))
    for row, (low, high) in enumerate(pairs):
        design[row, names.index(low)], design[row, names.index(high)] = 1, -1
    shares = np.array([[points[pair][0], points[pair][1] - points[pair][0]] for pair in pairs])
    model = sm.GLM(shares, design[:, 1:], family=sm.families.Binomial())
    return pairs, model.fit(tol=1e-14, maxiter=200)


@pytest.mark.parametrize("ties", [0.0, 0.4])
def test_statistics_and_residuals_are_those_of_statsmodels(ties):
    frame = drawn(FIELD, 2_000, ties=ties, seed=3)
    report = check(frame, folds=0)
    pairs, found = glm(frame)
    fit = report.goodness
    assert list(zip(report.pairs["model_a"], report.pairs["model_b"], strict=True)) == pairs
    assert fit.deviance.statistic == pytest.approx(found.deviance, rel=1e-8)
    assert fit.pearson.statistic == pytest.approx(found.pearson_chi2, rel=1e-8)
    assert fit.degrees == found.df_resid == 15 - 6 + 1
    np.testing.assert_allclose(fit.expected, found.fittedvalues, rtol=1e-8)
    if not ties:
        assert fit.dispersion == pytest.approx(1, abs=1e-12)
        hat = found.get_influence().hat_matrix_diag
        residual = found.resid_pearson / np.sqrt(1 - hat)
        np.testing.assert_allclose(report.pairs["residual"], residual, rtol=1e-7)
    for test in (fit.deviance, fit.pearson):
        p = stats.chi2.sf(test.statistic / fit.dispersion, fit.degrees)
        assert test.p == pytest.approx(p, rel=1e-8)


def test_weights_count_as_in_statsmodels():
    frame = drawn(FIELD, 1_000, ties=0.2, seed=1)
    frame = frame.with_columns(weight=1 + pl.int_range(pl.len()) % 3)
    report, (_, found) = check(frame, folds=0), glm(frame)
    assert report.goodness.pearson.statistic == pytest.approx(found.pearson_chi2, rel=1e-8)
    # Three copies of a match vary more than three independent matches.
    assert report.goodness.dispersion > 1.5


@pytest.mark.parametrize("ties", [0.0, 0.5])
def test_p_values_are_uniform_under_the_model(ties):
    p, raw = [], []
    for seed in range(300):
        fit = check(drawn(FIELD, 1_500, ties=ties, seed=seed), folds=0).goodness
        p.append((fit.deviance.p, fit.pearson.p))
        raw.append(stats.chi2.sf(fit.pearson.statistic, fit.degrees))
    for column in np.array(p).T:
        assert stats.kstest(column, "uniform").pvalue > 0.01
    # Without the dispersion, half wins would look far too good.
    assert (stats.kstest(raw, "uniform").pvalue < 1e-6) == (ties > 0)


def cycle(matches, strength=0.7):
    """Simulates three models that beat each other in a cycle, and three that fit the model."""
    frame = drawn(FIELD, matches, ties=0.1, seed=5)
    beats = {("m0", "m1"), ("m1", "m2"), ("m2", "m0")}
    random = np.random.default_rng(1)
    won = [
        ("model_a" if random.random() < strength else "model_b")
        if (a, b) in beats
        else ("model_b" if random.random() < strength else "model_a")
        if (b, a) in beats
        else winner
        for a, b, winner in frame.rows()
    ]
    return frame.with_columns(winner=pl.Series(won))


def test_a_planted_cycle_is_found_and_its_pairs_are_the_worst():
    report = check(cycle(6_000), worst_pairs=3, folds=0)
    assert report.goodness.deviance.p < 1e-6
    assert report.goodness.pearson.p < 1e-6
    named = set(zip(report.worst["model_a"], report.worst["model_b"], strict=True))
    assert named == {("m0", "m1"), ("m1", "m2"), ("m0", "m2")}
    assert (report.worst["p_holm"] < 1e-3).all()
    assert "deviate more than chance explains" in report.to_text()


@pytest.mark.parametrize(("models", "matches", "ties"), [(8, 1_200, 0.3), (12, 400, 0.0)])
def test_adjusted_p_values_seldom_name_a_pair_under_the_model(models, matches, ties):
    field = {f"m{i:02}": 1000 + 700 * (i / (models - 1) - 0.5) for i in range(models)}
    named = tried = 0
    for seed in range(150):
        frame = drawn(field, matches, ties=ties, seed=seed)
        report = check(frame, folds=0, worst_pairs=1, disconnected="largest")
        tried += 1
        named += report.worst["p_holm"][0] < 0.05
    assert named / tried <= 0.09  # 0.05 and two standard errors


@pytest.mark.parametrize("models", [1, 2, 7, 40])
def test_holm_is_statsmodels(models):
    p = np.random.default_rng(models).random(models) ** 3
    p[: models // 3] = p[-1]
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], rtol=1e-12)


def test_holm_is_that_of_its_definition():
    report = check(cycle(2_000), folds=0, worst_pairs=15)
    p = report.worst["p"].to_numpy()
    adjusted = np.minimum(1, np.maximum.accumulate(p * (15 - np.arange(15))))
    np.testing.assert_allclose(report.worst["p_holm"], adjusted, rtol=1e-12)
    first = check(cycle(2_000), folds=0, worst_pairs=4).worst
    assert first.equals(report.worst.head(4))


def test_small_cells_are_told():
    few = check(drawn(FIELD, 60, ties=0.2, seed=1), folds=0, disconnected="largest")
    assert few.goodness.approximate
    assert any("too few matches per pair" in warning for warning in few.warnings)
    many = check(drawn(FIELD, 3_000, ties=0.2), folds=0)
    assert not many.goodness.approximate
    assert not many.warnings


def test_nothing_to_test_where_pairs_are_a_tree():
    rows = [("x", "y", "model_a"), ("x", "y", "model_b"), ("y", "z", "tie")]
    report = check(rows, folds=0)
    assert report.goodness.degrees == 0
    assert report.goodness.deviance.p is None
    assert report.pairs["residual"].is_null().all()
    assert report.worst.height == 0
    assert any("nothing to test" in warning for warning in report.warnings)
    assert "-" in report.to_text()


def test_nothing_but_ties_fits_perfectly():
    rows = [(a, b, "tie") for a, b in (("x", "y"), ("y", "z"), ("x", "z")) for _ in range(20)]
    report = check(rows)
    assert report.goodness.pearson.statistic == pytest.approx(0, abs=1e-12)
    assert report.goodness.pearson.p == 1
    assert report.calibration.held_out.log_loss == pytest.approx(np.log(2))
    with pytest.raises(InputError, match="all of them are ties"):
        check(rows, ties="exclude")


def test_large_counts_cost_nothing_and_show_any_misfit():
    rows = {
        "model_a": ["x", "x", "y", "y", "x", "x"],
        "model_b": ["y", "y", "z", "z", "z", "z"],
        "winner": ["model_a", "model_b"] * 3,
        "count": [600_000_000, 400_000_000] * 2 + [690_000_000, 310_000_000],
    }
    report = check(rows)
    assert report.matches == 3_000_000_000
    assert report.goodness.deviance.p < 1e-12
    assert report.calibration.predicted == 3_000_000_000


def test_the_tail_beyond_many_degrees_is_that_of_scipy():
    degrees = 40_000
    for z in (-2, 0, 1, 3):
        x = degrees + z * np.sqrt(2 * degrees)
        assert _tail(x, 1.0, degrees) == pytest.approx(stats.chi2.sf(x, degrees), rel=1e-12)
        # Wilson and Hilferty (1931): the cube root is all but normal.
        variance = 2 / (9 * degrees)
        root = ((x / degrees) ** (1 / 3) - (1 - variance)) / np.sqrt(variance)
        assert _tail(x, 1.0, degrees) == pytest.approx(stats.norm.sf(root), rel=1e-3)


def test_who_cannot_be_rated_is_an_error_or_left_out_and_told():
    rows = [("x", "y", "model_a"), ("x", "y", "model_b"), ("z", "x", "model_a")] * 5
    with pytest.raises(NoMaximumError, match="z: never lost"):
        check(rows)
    report = check(rows, disconnected="largest")
    assert report.names == ("x", "y")
    assert any("only the largest connected component" in warning for warning in report.warnings)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"folds": 1}, "at least 2"),
        ({"folds": -1}, "folds"),
        ({"bins": 0}, "bins"),
        ({"bins": (0.8, 0.7)}, "must increase"),
        ({"bins": (0.2, 0.7)}, "must increase"),
        ({"bins": "0.7"}, "bins"),
        ({"worst_pairs": -1}, "worst_pairs"),
        ({"confidence": 1}, "confidence"),
        ({"ties": "third"}, "ties"),
        ({"disconnected": "x"}, "disconnected"),
        ({"seed": -1}, "seed"),
        ({"threads": 0}, "threads"),
        ({"cluster": "nobody"}, "no column 'nobody'"),
        ({"cluster": "judge"}, "as many clusters"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        check(log(RATINGS, 300), **options)
