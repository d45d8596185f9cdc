"""The blockwise cluster scores and the information match explicit matrices."""

import numpy as np

from humorrank._stats import laplacian, sandwich
from humorrank._stats.scale import logistic

RANDOM = np.random.default_rng(0)
FIRST = RANDOM.integers(5, size=300)
SECOND = (FIRST + RANDOM.integers(1, 5, size=300)) % 5
SIGNS = np.eye(5)[FIRST] - np.eye(5)[SECOND]


def test_scores_of_units_are_those_of_their_rows_whatever_the_blocks(monkeypatch):
    unit = np.sort(RANDOM.integers(40, size=300))
    residual = RANDOM.normal(size=300)
    expected = np.zeros((40, 6))
    np.add.at(expected[:, :5], unit, residual[:, None] * SIGNS)
    for block in (1, 20, 1 << 22):
        monkeypatch.setattr(sandwich, "_BLOCK", block)
        parts = list(sandwich.score_blocks(unit, 40, FIRST, SECOND, residual, 6))
        assert len(parts) == {1: 40, 20: 14, 1 << 22: 1}[block]
        np.testing.assert_allclose(np.concatenate([part for _, _, part in parts]), expected)
        rows = np.concatenate([np.arange(300)[rows] for rows, _, _ in parts])
        assert rows.tolist() == list(range(300))
    assert sandwich.small_sample(1) == 1
    assert sandwich.small_sample(5) == 1.25


def test_the_information_and_its_inverse():
    strengths = np.linspace(-1, 1, 5)
    amount = RANDOM.random(300)
    p, own = logistic(SIGNS @ strengths), logistic(strengths)
    expected = SIGNS.T @ ((amount * p * (1 - p))[:, None] * SIGNS)
    found = laplacian.of_fit(strengths, FIRST, SECOND, amount)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    with_prior = laplacian.of_fit(strengths, FIRST, SECOND, amount, 0.5)
    np.testing.assert_allclose(with_prior, expected + np.diag(0.5 * own * (1 - own)), rtol=1e-12)
    np.testing.assert_allclose(laplacian.inverse(found), np.linalg.pinv(found), atol=1e-12)
