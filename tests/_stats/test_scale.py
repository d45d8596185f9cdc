"""The logistic function and its values for positive and negative arguments."""

import math

import numpy as np
import pytest

from humorrank._stats.scale import logistic, logistic_pair

DIFFERENCES = np.array([-745.0, -40.0, -1.0, -1e-9, 0.0, 1e-9, 0.5, 3.0, 36.0, 800.0])


def test_small_probabilities_keep_their_digits():
    assert logistic(np.array([-700.0]))[0] == pytest.approx(math.exp(-700), rel=1e-15)
    np.testing.assert_allclose(logistic(DIFFERENCES) + logistic(-DIFFERENCES), 1, rtol=1e-15)


def test_a_pair_equals_the_function_for_both_signs_bit_by_bit():
    first, second = logistic_pair(DIFFERENCES)
    assert first.tolist() == logistic(DIFFERENCES).tolist()
    assert second.tolist() == logistic(-DIFFERENCES).tolist()
