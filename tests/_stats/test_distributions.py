"""Distributions match scipy.stats, closed forms, and values from another implementation."""

import math
import subprocess
import sys
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from humorrank._stats.distributions import (
    chi_squared_tail,
    normal_cdf,
    normal_quantile,
    student_quantile,
    student_tail,
)

# Computed with continued fractions, bisection and finite sums, without SciPy.
STUDENT_TAILS = [
    (0.1, 1, 0.9365489651388929),
    (6.314, 1, 0.09999612894735727),
    (1000000000000.0, 1, 6.366197723675815e-13),
    (2.0, 2, 0.18350341907227377),
    (100000.0, 2, 9.999999998500014e-11),
    (1.5, 3.5, 0.2178181870153453),
    (12.0, 5, 7.089492517161516e-05),
    (2.045, 29, 0.050024075922411704),
    (50.0, 29, 1.074862398557236e-29),
    (30.0, 99, 1.700849911728233e-51),
    (3.0, 1000, 0.0027667090442382784),
    (36.0, 1000, 1.0958201222365277e-182),
    (1.96, math.inf, 0.04999579029644087),
    (37.0, math.inf, 1.1451142445050278e-299),
]
STUDENT_QUANTILES = [
    (0.5, 1, 1.0000000000000298),
    (0.9999999, 1, 6366197.727026641),
    (0.95, 2, 4.3026527297494415),
    (0.999, 3.5, 10.204828631655563),
    (0.95, 19, 2.093024054408324),
    (0.99, 99, 2.6264054572807503),
    (0.9999999, 99, 5.748467625487995),
    (0.95, 1000, 1.9623390808264152),
    (0.9, 10000, 1.6450060180691144),
]
NORMAL_QUANTILES = [
    (1e-300, -37.0470962993612),
    (1e-16, -8.222082216130435),
    (0.025, -1.9599639845400538),
    (0.4999, -0.0002506628300880075),
    (0.975, 1.9599639845400536),
    (0.99999995, 5.326723886278399),
]
CHI_SQUARED_TAILS = [
    (0.01, 1, 0.920344325445942),
    (1300.0, 1, 1.1303728441492695e-284),
    (1.0, 2, 0.6065306597126334),
    (1350.0, 4, 4.799228315140552e-291),
    (20.0, 19, 0.39457818208600137),
    (400.0, 99, 8.372893780664529e-38),
    (2000.0, 399, 7.166737578842136e-211),
    (1100.0, 1000, 0.014614408126291067),
]


@pytest.mark.parametrize(("t", "degrees", "p"), STUDENT_TAILS)
def test_student_tails_are_those_of_a_continued_fraction(t, degrees, p):
    assert student_tail(t, degrees) == pytest.approx(p, rel=1e-12, abs=0)


@pytest.mark.parametrize(("confidence", "degrees", "reach"), STUDENT_QUANTILES)
def test_student_quantiles_are_those_of_bisection(confidence, degrees, reach):
    assert student_quantile(confidence, degrees) == pytest.approx(reach, rel=1e-12, abs=0)


@pytest.mark.parametrize(("p", "quantile"), NORMAL_QUANTILES)
def test_normal_quantiles_are_those_of_the_standard_library(p, quantile):
    assert normal_quantile(p) == pytest.approx(quantile, rel=1e-12, abs=0)
    assert normal_quantile(p) == pytest.approx(NormalDist().inv_cdf(p), rel=1e-14, abs=0)
    assert normal_quantile(np.array([p, p])).tolist() == [normal_quantile(p)] * 2


@pytest.mark.parametrize(("x", "degrees", "p"), CHI_SQUARED_TAILS)
def test_chi_squared_tails_are_those_of_a_finite_sum(x, degrees, p):
    assert chi_squared_tail(x, degrees) == pytest.approx(p, rel=1e-12, abs=0)


@pytest.mark.parametrize("degrees", [1, 2, 3.5, 29, 299, 1e6])
def test_student_is_scipys(degrees):
    for t in (0.0, 0.1, 1.0, 2.0, 5.0, 50.0):
        theirs = 2 * stats.t.sf(t, degrees)
        assert student_tail(t, degrees) == pytest.approx(theirs, rel=1e-8)
        assert student_tail(-t, degrees) == student_tail(t, degrees)
    for confidence in (0.5, 0.9, 0.95, 0.999):
        theirs = stats.t.ppf((1 + confidence) / 2, degrees)
        assert student_quantile(confidence, degrees) == pytest.approx(theirs, rel=1e-8)
        assert student_quantile(confidence) == pytest.approx(
            stats.norm.ppf((1 + confidence) / 2), rel=1e-12
        )
    assert normal_quantile(0.0) == -math.inf and normal_quantile(1.0) == math.inf
    assert student_tail(math.inf, degrees) == 0


@pytest.mark.parametrize("t", [1e-3, 0.3, 1.0, 1.7, 6.0, 250.0, 1e7])
def test_student_with_few_degrees_is_its_closed_form(t):
    one, root = 2 / math.pi * math.atan2(1, t), math.sqrt(2 + t * t)
    assert student_tail(t, 1) == pytest.approx(one, rel=1e-12)
    assert student_tail(t, 2) == pytest.approx(2 / (root * (root + t)), rel=1e-12)


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999, 1 - 1e-7, 1 - 1e-12])
def test_student_quantiles_with_few_degrees_are_their_closed_form(confidence):
    outside = 1 - confidence
    one = 1 / math.tan(math.pi * outside / 2)
    two = confidence * math.sqrt(2 / (outside * (2 - outside)))
    assert student_quantile(confidence, 1) == pytest.approx(one, rel=1e-12)
    assert student_quantile(confidence, 2) == pytest.approx(two, rel=1e-12)


@settings(max_examples=100, deadline=None)
@given(st.floats(0.01, 1 - 1e-9), st.floats(1, 1e7))
def test_student_quantiles_invert_the_tails(confidence, degrees):
    reach = student_quantile(confidence, degrees)
    assert student_tail(reach, degrees) == pytest.approx(1 - confidence, rel=1e-11)


@settings(max_examples=100, deadline=None)
@given(st.floats(1e-12, 1), st.integers(1, 100_000))
def test_students_tails_are_those_of_the_beta_distribution(rest, degrees):
    t = math.sqrt(degrees * (1 - rest) / rest)
    # t itself has the full precision only if rest is close to 1.
    expected = stats.beta.cdf(rest, degrees / 2, 0.5)
    assert student_tail(t, degrees) == pytest.approx(expected, rel=1e-8, abs=1e-14)
    theirs = 2 * stats.t.sf(t, degrees)
    assert student_tail(t, degrees) == pytest.approx(theirs, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("degrees", [1, 2, 3, 8, 99, 1_000])
def test_the_tail_of_chi_squared(degrees):
    for x in (0.0, 0.01, 1.0, degrees / 2, degrees, 2.0 * degrees, 5.0 * degrees):
        assert chi_squared_tail(x, degrees) == pytest.approx(stats.chi2.sf(x, degrees), rel=1e-9)
        if degrees % 2 == 0:
            # The probability that a Poisson variable with mean x / 2 is below half the degrees.
            closed = stats.poisson.cdf(degrees // 2 - 1, x / 2)
            assert chi_squared_tail(x, degrees) == pytest.approx(closed, rel=1e-9)
    assert chi_squared_tail(1.0, 0) == 1


def test_the_normal_distribution_function():
    for x in (-30.0, -1.0, 0.0, 0.5, 8.0):
        assert normal_cdf(x) == pytest.approx(stats.norm.cdf(x), rel=1e-12)


def test_a_rating_with_percentile_intervals_does_not_import_scipy(tmp_path):
    """Importing SciPy takes as long as everything else."""
    path = tmp_path / "log.csv"
    rows = ["x,y,model_a", "y,x,model_a", "x,z,model_a", "z,x,model_a", "y,z,tie"] * 20
    path.write_text("\n".join(["model_a,model_b,winner", *rows]) + "\n")
    script = (
        "import sys; from humorrank.cli import main\n"
        f"sys.argv = ['humorrank', 'rate', {str(path)!r}]\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "assert not [name for name in sys.modules if name.startswith('scipy')]\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "x" in done.stdout
