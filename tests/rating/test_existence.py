"""Logs without a maximum of the likelihood: who is outside, why, and what can be rated."""

import numpy as np
import pytest
from scipy import optimize
from support.fits import fit, fit_log, matches_of, ratings
from support.reference import (
    contestants_of,
    largest_component,
    random_log,
    reaches,
    sparse_log,
)

import humorrank


def separated(points: np.ndarray) -> bool:
    """Returns whether some direction never decreases the likelihood, by a linear program.

    Such a direction raises no contestant above another that has beaten or drawn with it.
    """
    winner, loser = np.nonzero(points)
    rows = np.arange(len(winner))
    rises = np.zeros((len(winner), len(points)))
    rises[rows, winner] += 1
    rises[rows, loser] -= 1
    apart = np.zeros(len(points))
    for i in range(1, len(points)):
        # A direction other than a common shift moves some contestant relative to contestant 0.
        for sign in (1, -1):
            apart[:] = 0
            apart[i], apart[0] = -sign, sign
            found = optimize.linprog(apart, -rises, np.zeros(len(winner)), bounds=(-1, 1))
            if found.fun < -1e-6:
                return True
    return False


def test_a_maximum_exists_if_and_only_if_no_direction_separates_the_outcomes():
    seen = set()
    for seed in range(40):
        random = np.random.default_rng([seed, 12])
        contestants = int(random.integers(2, 7))
        log = random_log(random, contestants, int(random.integers(2, 20)), ties=0.1)
        if not contestants_of(log).all():
            continue
        without = separated(log.points())
        seen.add(without)
        if without:
            with pytest.raises(humorrank.NoMaximumError):
                fit_log(log)
        else:
            fit_log(log)
    assert seen == {True, False}


@pytest.mark.parametrize("block", range(4))
def test_without_a_maximum_the_error_names_exactly_those_outside(block):
    refused = 0
    for seed in range(100 * block, 100 * (block + 1)):
        log = sparse_log(seed)
        there = contestants_of(log)
        points = log.points()[there][:, there]
        names = log.names[there]
        inside = largest_component(points)
        if inside.all():
            fit_log(log)
            continue
        refused += 1
        with pytest.raises(humorrank.NoMaximumError) as caught:
            fit_log(log)
        error = caught.value
        assert error.component == tuple(names[inside])
        named = [model for group in error.outside for model in group.models]
        assert sorted(named) == sorted(names[~inside])
        for name in named[:3]:
            assert name in str(error)
        assert {group.models for group in error.outside} == groups_outside(points, names)
    assert refused > 20


def groups_outside(points: np.ndarray, names: np.ndarray) -> set[tuple[str, ...]]:
    """Returns the groups without matches to the largest component, and other components."""
    inside = largest_component(points)
    met = reaches(points + points.T)
    reach = reaches(points)
    beside = met[:, inside.argmax()] if inside.any() else np.full(len(met), met.all())
    same = np.where(beside[:, None], reach & reach.T, met)
    return {tuple(names[same[i]]) for i in np.flatnonzero(~inside)}


def test_the_largest_component_is_rated_as_if_it_were_the_log():
    rated = 0
    for seed in range(150):
        log = sparse_log(seed)
        inside = largest_component(log.points())
        there = contestants_of(log)
        if inside[there].all() or inside.sum() < 2:
            continue
        rated += 1
        board = fit_log(log, disconnected="largest")
        part = log.take(inside[log.first] & inside[log.second])
        assert board.table.equals(fit_log(part).table)
        assert set(board.table["model"]) == set(log.names[inside])
        assert {row.model for row in board.unrated} == set(log.names[there & ~inside])
        matches = {row.model: row.matches for row in board.unrated}
        played = np.bincount(log.first, log.count, log.contestants)
        played += np.bincount(log.second, log.count, log.contestants)
        assert matches == {log.names[i]: played[i] for i in np.flatnonzero(there & ~inside)}
        assert board.counts["rated"] == part.count.sum()
        assert board.counts["outside"] == log.count.sum() - part.count.sum()
        assert any("only the largest connected component is rated" in w for w in board.warnings)
    assert rated > 50


@pytest.mark.parametrize("names", ["abcd", "cdab", "dcba"])
def test_equal_components_are_an_error_that_names_them(names):
    text = "d>c c>d b>a a>b b>c".translate(str.maketrans("abcd", names))
    top, bottom = (", ".join(sorted(pair)) for pair in (names[:2], names[2:]))
    with pytest.raises(humorrank.NoMaximumError) as caught:
        fit(matches_of(text), disconnected="largest")
    message = str(caught.value)
    assert "2 components of 2 contestants are equally large" in message
    assert f"({'; '.join(sorted([top, bottom]))})" in message
    assert "where or exclude" in message
    assert "--exclude" in message
    assert "prior=1" in message
    assert caught.value.component == ()
    reasons = {", ".join(group.models): group.reason for group in caught.value.outside}
    assert reasons == {
        top: "this group of 2 never lost (1 of 1 won)",
        bottom: "this group of 2 never won (0 of 1 won)",
    }


def test_a_contestant_between_equal_components_is_connected_in_one_direction():
    with pytest.raises(humorrank.NoMaximumError) as caught:
        fit(matches_of("a>b b>c"))
    assert {group.models[0]: group.reason for group in caught.value.outside} == {
        "a": "never lost (1 of 1 won)",
        "b": "chains of wins connect it with others in one direction only",
        "c": "never won (0 of 1 won)",
    }
    assert "largest" not in str(caught.value)


def test_equal_components_that_never_met_count_as_groups_of_their_own():
    board = fit(matches_of("a>b b>a x>y y>x"), prior=1)
    assert any("2 groups of contestants never met" in warning for warning in board.warnings)


def test_a_component_of_one_cannot_be_rated():
    with pytest.raises(humorrank.NoMaximumError):
        fit(matches_of("a>b b>c"), disconnected="largest")


def reasons(text: str) -> dict[tuple[str, ...], str]:
    with pytest.raises(humorrank.NoMaximumError) as caught:
        fit(matches_of(text))
    for group in caught.value.outside:
        assert f"{', '.join(group.models)}: {group.reason}" in str(caught.value)
    assert "disconnected='largest'" in str(caught.value)
    assert "prior=1" in str(caught.value)
    return {group.models: group.reason for group in caught.value.outside}


CORE = "p>q q>p q>r r>q"


@pytest.mark.parametrize(
    ("matches", "expected"),
    [
        ("a>p*7 a>q*5", {("a",): "never lost (12 of 12 won)"}),
        ("p>a*3", {("a",): "never won (0 of 3 won)"}),
        (
            "a>b b>a a>p b>q",
            {("a", "b"): "this group of 2 never lost (2 of 2 won)"},
        ),
        ("x>y y=x", {("x", "y"): "no match connects this group of 2 to the rest"}),
        ("a>b a>p p>b", {("a",): "never lost (2 of 2 won)", ("b",): "never won (0 of 2 won)"}),
        (
            "a>b b>p",
            {
                ("a",): "never lost (1 of 1 won)",
                ("b",): "it lost only to contestants that the rest never beat",
            },
        ),
        (
            "p>a a>b",
            {
                ("a",): "it won only against contestants that never beat the rest",
                ("b",): "never won (0 of 1 won)",
            },
        ),
        (
            "p>b a>b a>c c>d",
            {
                ("a",): "never lost (2 of 2 won)",
                ("b",): "never won (0 of 2 won)",
                ("c",): "no chain of wins places it above or below the rest",
                ("d",): "never won (0 of 1 won)",
            },
        ),
    ],
)
def test_the_reason_says_why_someone_is_outside(matches, expected):
    assert reasons(f"{CORE} {matches}") == expected


def test_a_draw_ties_a_contestant_into_the_field():
    board = fit(matches_of(f"{CORE} a>p*11 a=p"))
    assert board["a"].rating == max(ratings(board))


def test_leaving_ties_out_can_take_the_maximum_away():
    log = matches_of(f"{CORE} a>p*11 a=p")
    with pytest.raises(humorrank.NoMaximumError, match=r"a: never lost \(11 of 11 won\)"):
        fit(log, ties="exclude")


def test_names_that_only_stand_in_unjudged_rows_are_no_contestants():
    log = [*matches_of("a>b b>a"), ("a", "nobody", None)]
    board = fit(log)
    assert board.table["model"].to_list() == ["a", "b"]
    assert board.counts["unjudged"] == 1
    assert any("nobody" in warning for warning in board.warnings)


def test_those_with_too_few_matches_are_left_out_again_and_again():
    """Without d, c has too few matches; without c, the others have enough."""
    log = matches_of("a>b*3 b>a*3 a>c b>c c>a c>b c>d*2 d>c*2")
    board = fit(log, min_matches=5)
    assert sorted(board.table["model"]) == ["a", "b"]
    assert {row.model: row.matches for row in board.unrated} == {"c": 4, "d": 4}
    assert board.counts["rated"] == 6
    assert board.counts["filtered_by"] == {"min_matches": 8}
    assert board.counts["outside"] == 0
