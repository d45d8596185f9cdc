"""The distance to the maximum that a board reports, against arithmetic with 60 digits."""

import itertools
import math
import random

import pytest

import humorrank
from humorrank.errors import ConvergenceError

mpmath = pytest.importorskip("mpmath")

ALLOWED = 1e-14
"""Points by which the distance may be exceeded, for each unit of the ratio below."""


def cliques(draw, groups, size, inside, lopsided, *, ring):
    """Returns the points of groups whose pairs met often, and of the few matches between them."""
    points = {}

    def pair(scale):
        won, lost = draw.uniform(0.2, 1), draw.uniform(0.2, 1) * 10.0**-lopsided
        return (scale * won, scale * lost) if draw.random() < 0.5 else (scale * lost, scale * won)

    for group in range(groups):
        members = range(group * size, (group + 1) * size)
        points |= {two: pair(inside) for two in itertools.combinations(members, 2)}
    for group in range(groups if ring else groups - 1):
        one = group * size + draw.randrange(size)
        other = (group + 1) % groups * size + draw.randrange(size)
        points[min(one, other), max(one, other)] = pair(1.0)
    return points


def rated(points):
    rows = [
        {"model_a": f"m{a:02}", "model_b": f"m{b:02}", "winner": winner, "weight": weight}
        for (a, b), both in points.items()
        for winner, weight in zip(("model_a", "model_b"), both, strict=True)
    ]
    return humorrank.rate(rows, bootstrap=0, elo_shuffles=0)


def maximum(points, start):
    """Returns the natural-log strengths at the maximum, with mean 0, by Newton's method."""
    size, exp = len(start), mpmath.exp
    strengths = [mpmath.mpf(value) for value in start]
    for _ in range(50):
        score, information = mpmath.matrix(size - 1, 1), mpmath.matrix(size - 1, size - 1)
        for (a, b), (won, lost) in points.items():
            p = 1 / (1 + exp(strengths[b] - strengths[a]))
            q = 1 / (1 + exp(strengths[a] - strengths[b]))
            for one, sign in ((a, 1), (b, -1)):
                if one < size - 1:
                    score[one] += sign * (won * q - lost * p)
                    for other, same in ((a, 1), (b, -1)):
                        if other < size - 1:
                            information[one, other] += sign * same * (won + lost) * p * q
        step = mpmath.lu_solve(information, score)
        strengths = [old + new for old, new in zip(strengths, [*step, 0], strict=True)]
        if max(map(abs, step)) < mpmath.mpf(10) ** -40:
            break
    mean = sum(strengths) / size
    return [strength - mean for strength in strengths]


@pytest.mark.parametrize("inside", [1.0, 1e3, 1e6, 1e9])
def test_ratings_are_within_the_distance_and_a_little_rounding(inside):
    draw = random.Random(f"certificate {inside}")
    with mpmath.workdps(60):
        unit = 400 / mpmath.log(10)
        for groups, size, lopsided in ((2, 3, 0), (8, 3, 0), (4, 2, 2), (3, 4, 3)):
            points = cliques(draw, groups, size, inside, lopsided, ring=draw.random() < 0.5)
            try:
                board = rated(points)
            except ConvergenceError:
                assert inside == 1e9
                continue
            got = [board[f"m{place:02}"].rating - 1000 for place in range(groups * size)]
            exact = maximum(points, [value * math.log(10) / 400 for value in got])
            off = max(abs(one - other * unit) for one, other in zip(got, exact, strict=True))
            most = max(sum(both) for both in points.values())
            least = min(min(both) for both in points.values())
            assert off <= board.certificate["distance"] + ALLOWED * most / least


def test_fields_beyond_floating_point_numbers_are_an_error():
    draw = random.Random(3)
    for inside in (1e12, 1e16, 1e50):
        points = cliques(draw, 8, 3, inside, 0, ring=True)
        with pytest.raises(ConvergenceError, match=r"^the fit ") as error:
            rated(points)
        assert "nan" not in str(error.value).lower()
