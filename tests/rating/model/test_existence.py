"""The existence of a maximum and its diagnosis, compared with brute-force linear programs."""

import numpy as np
import pytest
import scipy.optimize
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.judged import matches

from humorrank.errors import NoMaximumError
from humorrank.rating.model.paired_logit import fit


def has_maximum(m, covariates, davidson):
    """Decides by a linear program with one inequality per alternative outcome of each match."""
    n, rows = len(m.names), len(m.first)
    odds = np.zeros((rows, n))
    odds[np.arange(rows), m.first] += 1
    odds[np.arange(rows), m.second] -= 1
    odds = np.column_stack([odds[:, 1:], covariates])
    tau = np.zeros((rows, 1)) if davidson else np.zeros((rows, 0))
    features = {
        1.0: np.column_stack([odds / 2, tau]),
        0.0: np.column_stack([-odds / 2, tau]),
        0.5: np.column_stack([odds * 0, tau + 1]),
    }
    gains = []
    for row, score in enumerate(m.score.tolist()):
        if davidson:
            gains += [features[score][row] - features[other][row] for other in features]
        else:
            gains += [odds[row]] * (score > 0) + [-odds[row]] * (score < 1)
    gains = np.array(gains)
    if np.linalg.matrix_rank(gains) < gains.shape[1]:
        return False
    found = scipy.optimize.linprog(
        -gains.sum(0), A_ub=-gains, b_ub=np.zeros(len(gains)), bounds=(-1, 1)
    )
    return found.fun > -1e-9


LOGS = st.integers(2, 4).flatmap(
    lambda n: st.lists(
        st.tuples(
            st.integers(0, n - 1),
            st.integers(1, n - 1),
            st.sampled_from([0.0, 0.0, 1.0, 1.0, 0.5]),
            st.integers(-2, 2),
        ),
        min_size=2,
        max_size=16,
    ).map(lambda rows: (n, rows))
)


@pytest.mark.slow
@settings(max_examples=500, derandomize=True)
@given(LOGS, st.booleans(), st.booleans(), st.booleans())
@example((2, [(0, 1, 1.0, 0), (0, 1, 0.5, 0)]), True, False, False)
def test_a_maximum_exists_where_a_linear_program_says_so(drawn, davidson, position, control):
    n, rows = drawn
    first = np.array([row[0] for row in rows])
    second = (first + np.array([row[1] for row in rows])) % n
    used = np.unique(np.concatenate([first, second]), return_inverse=True)[1].reshape(2, -1)
    m = matches(used[0], used[1], [row[2] for row in rows])
    columns = [np.ones(len(rows))] * position + [np.array([float(r[3]) for r in rows])] * control
    if control and len(np.unique(columns[-1])) == 1:
        columns.pop()
    covariates = np.column_stack(columns) if columns else np.empty((len(rows), 0))
    expected = has_maximum(m, covariates, davidson)
    try:
        found = fit(m, covariates, davidson=davidson)
    except NoMaximumError:
        assert not expected
        return
    assert expected
    assert found.distance <= 1e-6


def davidson(rows, *, position=False, control=None):
    first, second, score = zip(*rows, strict=True)
    m = matches(first, second, score)
    columns = [np.ones(len(rows))] * position
    columns += [] if control is None else [np.asarray(control, float)]
    covariates = np.column_stack(columns) if columns else np.empty((len(rows), 0))
    labels = ["the first position"] * position + ["the control 'length'"] * (control is not None)
    return fit(m, covariates, davidson=True, labels=labels)


def test_the_tie_parameter_at_fault_is_named():
    with pytest.raises(NoMaximumError, match="falls to 0: there are no ties"):
        davidson([(0, 1, 1), (1, 0, 1)])
    # Ties only, and an undefeated contestant with a tie, whose strength rises with the parameter.
    for rows in ([(0, 1, 0.5), (1, 2, 0.5)], [(0, 1, 1), (0, 1, 0.5)]):
        with pytest.raises(NoMaximumError, match=r"tie parameter.*rises without bound"):
            davidson(rows)
    # An undefeated contestant with a tie, in a field that bounds the tie parameter.
    found = davidson([(0, 1, 1), (1, 0, 1), (2, 0, 1), (2, 1, 0.5)])
    assert found.strengths.argmax() == 2
    # A cycle of any length with more wins than ties is enough.
    assert davidson([(0, 1, 1), (1, 2, 1), (2, 0, 0.5)]).tau is not None


def test_contestants_at_fault_are_named():
    with pytest.raises(NoMaximumError, match="m2: never lost") as caught:
        davidson([(0, 1, 1), (1, 0, 1), (0, 1, 0.5), (2, 0, 1)])
    assert caught.value.outside[0].models == ("m2",)


BALANCED = [(0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 1, 0.5), (1, 0, 0.5)]


def test_a_control_at_fault_is_named_and_the_others_are_not():
    length = [2, -2, 1, -3, 0, 0]
    with pytest.raises(NoMaximumError, match="the effect of the control 'length' rises") as caught:
        davidson(BALANCED, position=True, control=length)
    assert "first position" not in str(caught.value)
    with pytest.raises(NoMaximumError, match="the effect of the control 'length' falls"):
        davidson(BALANCED, control=[-x for x in length])
    with pytest.raises(NoMaximumError, match="'length' cannot be distinguished"):
        davidson(BALANCED, position=True, control=[1, 1, -1, -1, 1, -1])


def test_position_and_ties_that_run_away_together():
    """The contestant shown first wins or draws, which only a linear program can diagnose."""
    rows = [(0, 1, 1), (1, 0, 1), (0, 1, 0.5), (1, 0, 0.5)]
    with pytest.raises(NoMaximumError, match=r"the first position rises.*the tie parameter rises"):
        davidson(rows, position=True)


def test_a_control_that_separates_nothing_is_fitted():
    found = davidson(BALANCED, control=[1, 0, -1, 0, 2, 0])
    assert found.distance <= 1e-6


def test_what_is_far_away_is_not_called_separated():
    """A log with log-odds of 23 has a maximum, which a linear program certifies."""
    m = matches([0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 1, 0], count=[10**10, 1, 2 * 10**10, 1])
    control = np.array([[0.0], [0.0], [1.0], [1.0]])
    found = fit(m, control)
    assert found.strengths[0] - found.strengths[1] == pytest.approx(np.log(1e10))
    assert found.effects[0] == pytest.approx(np.log(2))


def test_many_rows_with_two_controls_are_settled_by_few_of_them():
    random = np.random.default_rng(0)
    size = 20_000
    first = random.integers(5, size=size)
    second = (first + random.integers(1, 5, size=size)) % 5
    control = random.normal(size=(size, 2))
    score = (control @ [1.0, 2.0] > 0).astype(float)
    with pytest.raises(NoMaximumError, match=r"covariate 1 rises.*covariate 2 rises"):
        fit(matches(first, second, score), control)
    score[:1] = 1 - score[:1]
    assert np.isfinite(fit(matches(first, second, score), control).effects).all()
