"""Alpha, compared with the package krippendorff and with its definition."""

import itertools

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humorrank.diagnostics.agreement.alpha import alpha_of, krippendorff_alpha
from humorrank.diagnostics.agreement.comparisons import Comparisons
from humorrank.errors import InputError, OptionError

SETTINGS = {"confidence": 0.95, "replicates": 0, "seed": 0}
TABLES = st.integers(2, 6).flatmap(
    lambda raters: st.lists(
        st.lists(st.sampled_from([None, "x", "y", "z"]), min_size=raters, max_size=raters),
        min_size=1,
        max_size=12,
    )
)


def rows_of(table):
    return zip(
        *[
            (f"unit {u}", r, value)
            for u, said in enumerate(table)
            for r, value in enumerate(said)
            if value is not None
        ],
        strict=True,
    )


def package(table):
    codes = {None: np.nan, "x": 0, "y": 1, "z": 2}
    data = np.array([[codes[value] for value in said] for said in table]).T
    return krippendorff.alpha(
        reliability_data=data, level_of_measurement="nominal", value_domain=[0, 1, 2]
    )


@settings(max_examples=100)
@given(TABLES)
def test_it_is_that_of_the_package(table):
    there = [value for said in table for value in said if value is not None]
    if not there:
        return
    found = krippendorff_alpha(*rows_of(table), replicates=0)
    pairable = [said for said in table if sum(value is not None for value in said) > 1]
    values = {value for said in pairable for value in said} - {None}
    if len(values) < 2:
        assert found.alpha.value is None
        assert ("all judgments are equal" if values else "two raters") in found.note
        return
    assert found.alpha.value == pytest.approx(package(table), abs=1e-8)
    assert found.units == len(pairable)
    assert found.judgments == sum(value is not None for said in pairable for value in said)


def test_missing_values_are_no_judgments():
    found = krippendorff_alpha(
        ["u", "u", "u", "v", "v"], [1, 2, 3, 1, 2], ["x", "y", None, "x", float("nan")],
        replicates=0,
    )  # fmt: skip
    assert (found.units, found.judgments, found.raters) == (1, 2, 2)


def test_several_judgments_of_a_rater_are_the_mean_over_drawing_one():
    """Returns the observed and expected disagreement, each as the mean over all draws."""
    said = [{"r": "xxy", "s": "x"}, {"r": "z", "s": "yx", "t": "x"}, {"s": "y", "t": "y"}]
    observed, expected = [], []
    choices = [(u, r, v) for u, unit in enumerate(said) for r, v in unit.items()]
    for draw in itertools.product(*(values for _, _, values in choices)):
        drawn = [(u, value) for (u, _, _), value in zip(choices, draw, strict=True)]
        n = len(drawn)
        expected.append(
            sum(a[1] != b[1] for a, b in itertools.permutations(drawn, 2)) / n / (n - 1)
        )
        total = 0.0
        for u in range(len(said)):
            values = [value for unit, value in drawn if unit == u]
            total += sum(a != b for a, b in itertools.permutations(values, 2)) / (len(values) - 1)
        observed.append(total / n)
    rows = [(u, r, value) for u, r, values in choices for value in values]
    found = krippendorff_alpha(*zip(*rows, strict=True), replicates=0)
    assert found.alpha.value == pytest.approx(1 - np.mean(observed) / np.mean(expected), abs=1e-8)
    counted = krippendorff_alpha(
        [u for u, _, _ in rows], [r for _, r, _ in rows], [v for _, _, v in rows],
        [10**9] * len(rows), replicates=0,
    )  # fmt: skip
    assert counted.alpha.value == pytest.approx(found.alpha.value, abs=1e-9)


@settings(max_examples=100)
@given(
    st.lists(
        st.lists(st.sampled_from([None, "x", "y", "z"]), min_size=3, max_size=3),
        min_size=2,
        max_size=6,
    )
)
def test_of_comparisons_it_is_the_mean_over_all_ways_to_call_the_sides(table):
    """Returns the package's expected disagreement over all exchanges of x and y in units."""
    table = [said for said in table if sum(value is not None for value in said) > 1]
    swap = {"x": "y", "y": "x", "z": "z", None: None}
    entries = [
        (u, r, "xyz".index(value))
        for u, said in enumerate(table)
        for r, value in enumerate(said)
        if value is not None
    ]
    if not entries:
        return
    unit, rater, value = map(np.array, zip(*entries, strict=True))
    comparisons = Comparisons(unit, rater, np.eye(3)[value], ("a", "b", "c"), len(table))
    found = alpha_of(comparisons, **SETTINGS)
    n = len(entries)
    observed = sum(
        sum(a != b for a, b in itertools.permutations(there, 2)) / (len(there) - 1)
        for said in table
        for there in [[value for value in said if value is not None]]
    )
    expected = []
    for flips in itertools.product([False, True], repeat=len(table)):
        called = [
            swap[value] if flip else value
            for flip, said in zip(flips, table, strict=True)
            for value in said
            if value is not None
        ]
        expected.append(sum(a != b for a, b in itertools.permutations(called, 2)) / n / (n - 1))
    if not np.mean(expected):
        assert found.alpha.value is None
        return
    assert found.alpha.value == pytest.approx(1 - observed / n / np.mean(expected), abs=1e-8)


def coins(units, seed, agreeing=0.0):
    """Simulates two raters who toss coins, or agree with some probability."""
    random = np.random.default_rng(seed)
    one = random.integers(2, size=units)
    other = np.where(random.random(units) < agreeing, one, random.integers(2, size=units))
    unit = np.repeat(np.arange(units), 2)
    return unit, np.tile([0, 1], units), np.stack([one, other], axis=1).ravel()


def test_the_interval_covers_and_depends_on_the_seed_only():
    covered = []
    for seed in range(200):
        ends = krippendorff_alpha(*coins(100, seed, 0.6), replicates=200).alpha
        covered.append(ends.lower <= 0.6 <= ends.upper)
    assert 0.9 <= np.mean(covered) <= 0.99
    unit, rater, value = coins(50, 1, 0.6)
    order = np.random.default_rng(0).permutation(len(unit))
    one = krippendorff_alpha(unit, rater, value, seed=3)
    assert krippendorff_alpha(unit[order], rater[order], value[order], seed=3) == one
    assert krippendorff_alpha(unit, rater, value, seed=4).alpha.lower != one.alpha.lower


def test_few_units_are_said():
    assert "rough" in krippendorff_alpha(*coins(20, 0)).note
    few = krippendorff_alpha(*coins(4, 3))
    assert "no interval" in few.note
    assert few.alpha.lower is None
    nearly = krippendorff_alpha([*range(40)] * 2, [0] * 40 + [1] * 40, [0] * 79 + [1])
    assert nearly.undefined > 200
    assert nearly.alpha.lower is not None


def test_bad_input_is_refused():
    with pytest.raises(InputError, match="units has 3 rows, but raters has 2"):
        krippendorff_alpha([1, 2, 3], [1, 2], [1, 2, 3])
    with pytest.raises(InputError, match="units has no value"):
        krippendorff_alpha([None], [1], [1])
    with pytest.raises(InputError, match="counts must be"):
        krippendorff_alpha([1], [1], [1], [-1])
    with pytest.raises(InputError, match="different values"):
        krippendorff_alpha([1] * 1001, range(1001), range(1001))
    with pytest.raises(OptionError, match="at least 39 bootstrap"):
        krippendorff_alpha(*coins(50, 0), replicates=38)
    assert krippendorff_alpha(*coins(50, 0), replicates=39).replicates == 39
    with pytest.raises(OptionError, match="confidence"):
        krippendorff_alpha([1], [1], [1], confidence=95)
    assert krippendorff_alpha([], [], []).alpha.value is None
