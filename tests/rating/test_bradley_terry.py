"""Bradley-Terry ratings, compared with independent fits, closed forms and published tables."""

import math

import choix
import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import optimize
from support.reference import (
    POINTS,
    TABLE_1,
    Log,
    example,
    in_points,
    largest_component,
    log_of,
    maximum,
    mixed_log,
    random_log,
    reaches,
    score_and_information,
    shared,
    tied_into_a_ring,
)

import humorrank


def fit(matches, **options) -> humorrank.Leaderboard:
    return humorrank.rate(matches, bootstrap=0, elo_shuffles=0, **options)


def fit_log(log: Log, **options) -> humorrank.Leaderboard:
    score_of = None if "winner" in log.frame().columns else "a"
    return fit(log.frame(), score_of=score_of, **options)


def ratings(board: humorrank.Leaderboard, names=None) -> np.ndarray:
    """Returns the ratings in the order of the names."""
    by_name = dict(board.table.select("model", "rating").iter_rows())
    return np.array([by_name[name] for name in (sorted(by_name) if names is None else names)])


def matches_of(text: str) -> list[tuple[str, str, str]]:
    """Returns the matches of "a>b*3 b=c": a beat b three times, and b and c drew."""
    out = []
    for match in text.split():
        pair, _, times = match.partition("*")
        sign = ">" if ">" in pair else "="
        first, second = pair.split(sign)
        out += [(first, second, "model_a" if sign == ">" else "tie")] * int(times or 1)
    return out


# Independent fits ---------------------------------------------------------------------------


@pytest.mark.parametrize("block", range(10))
def test_ratings_of_a_thousand_random_logs_are_the_maximum(block):
    for seed in range(100 * block, 100 * (block + 1)):
        log = mixed_log(seed)
        board = fit_log(log)
        off = np.abs(ratings(board, log.names) - maximum(log.points())).max()
        assert off < 1e-6, f"log {seed} of {log.contestants}: {off} points"
        assert board.certificate["distance"] < 1e-6


def test_random_logs_are_small_and_large_with_and_without_ties_balanced_and_not():
    """Returns the features of the thousand logs above."""
    logs = [mixed_log(seed) for seed in range(1000)]
    sizes = [log.contestants for log in logs]
    assert min(sizes) == 2
    assert max(sizes) == 200
    assert 300 < sum((log.score == 0.5).any() for log in logs) < 700
    ranges = [np.ptp(maximum(log.points())) for log in logs[:100]]
    assert min(ranges) < 100
    assert max(ranges) > 4000


@pytest.mark.parametrize("seed", range(12))
def test_ratings_are_those_of_a_binomial_regression(seed):
    """Fits a GLM with statsmodels, with one row per pair and a design of +1 and -1."""
    random = np.random.default_rng([seed, 2])
    log = tied_into_a_ring(random_log(random, 3 + seed, 300, ties=0.2 * (seed % 2)))
    points = log.points()
    low, high = np.nonzero(np.triu(points + points.T))
    rows = np.arange(len(low))
    design = np.zeros((len(low), log.contestants))
    design[rows, low], design[rows, high] = 1, -1
    wins_and_losses = np.column_stack([points[low, high], points[high, low]])
    model = sm.GLM(wins_and_losses, design[:, 1:], family=sm.families.Binomial())
    found = model.fit(maxiter=100, tol=1e-13, tol_criterion="params")
    expected = in_points(np.append(0, found.params))
    assert ratings(fit_log(log), log.names) == pytest.approx(expected, abs=1e-6, rel=0)


@pytest.mark.parametrize("seed", range(12))
def test_ratings_are_those_of_choix(seed):
    random = np.random.default_rng([seed, 3])
    log = tied_into_a_ring(random_log(random, 2 + 3 * seed, 40 + 30 * seed))
    data = [
        (int(a), int(b)) if score == 1 else (int(b), int(a))
        for a, b, score in zip(log.first, log.second, log.score, strict=True)
    ]
    start = choix.ilsr_pairwise(log.contestants, data, max_iter=1000, tol=1e-12)
    expected = in_points(start)
    assert ratings(fit_log(log), log.names) == pytest.approx(expected, abs=1e-6, rel=0)


@pytest.mark.parametrize("seed", range(12))
def test_ratings_are_those_of_a_general_minimiser(seed):
    """Maximizes the likelihood as defined with the trust-region method of SciPy."""
    random = np.random.default_rng([seed, 4])
    log = tied_into_a_ring(random_log(random, 2 + 2 * seed, 100, ties=0.3 * (seed % 2)))
    points = log.points()

    def loss(t):
        t = np.append(0, t)
        return (points * np.logaddexp(0, t[None, :] - t[:, None])).sum()

    def gradient(t):
        return -score_and_information(np.append(0, t), points)[0][1:]

    def hessian(t):
        return score_and_information(np.append(0, t), points)[1][1:, 1:]

    start = np.zeros(log.contestants - 1)
    found = optimize.minimize(
        loss, start, jac=gradient, hess=hessian, method="trust-exact", options={"gtol": 1e-6}
    ).x
    found = optimize.root(gradient, found, jac=hessian, tol=1e-14).x
    expected = in_points(np.append(0, found))
    assert ratings(fit_log(log), log.names) == pytest.approx(expected, abs=1e-6, rel=0)


@pytest.mark.parametrize("seed", range(20))
def test_both_solvers_reach_the_same_maximum(seed):
    log = mixed_log(seed, largest=25)
    if np.ptp(maximum(log.points())) > 3000:
        log = tied_into_a_ring(log.take(np.arange(0)))
    newton, mm = fit_log(log, solver="newton"), fit_log(log, solver="mm")
    assert newton.certificate["distance"] < 1e-6
    assert mm.certificate["distance"] < 1e-6
    assert ratings(newton) == pytest.approx(ratings(mm), abs=2e-6, rel=0)


# The certificate ----------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["newton", "mm"])
@pytest.mark.parametrize("seed", range(8))
def test_the_certificate_can_be_recomputed_and_bounds_the_error(seed, solver):
    random = np.random.default_rng([seed, 5])
    log = tied_into_a_ring(random_log(random, 3 + 5 * seed, 300 + 100 * seed, ties=0.1))
    board = fit_log(log, solver=solver)
    ours = ratings(board, log.names)
    score, information = score_and_information((ours - 1000) / POINTS, log.points())
    recomputed = np.abs(np.linalg.pinv(information) @ score).max() * POINTS
    assert recomputed < 1e-6
    error = np.abs(ours - maximum(log.points())).max()
    assert error <= board.certificate["distance"] * 1.01 + 1e-9
    if solver == "mm":
        # The certificate refers to the last sweep.
        assert recomputed == pytest.approx(board.certificate["distance"], rel=0.05, abs=1e-10)


def test_a_fit_that_cannot_be_certified_is_an_error_and_no_result():
    """Returns a chain on which a million sweeps of minorization-maximization do not converge."""
    chain = log_of(
        30,
        [(i, i + 1, score) for i in range(29) for score in (1, 0)],
        count=[100_000, 1] * 29,
    )
    assert fit_log(chain).certificate["distance"] < 1e-6
    with pytest.raises(humorrank.ConvergenceError, match="points from the maximum"):
        fit_log(chain, solver="mm")


# Closed forms -------------------------------------------------------------------------------


@pytest.mark.parametrize(("won", "lost"), [(1, 1), (3, 1), (1, 10), (999_999, 1), (10**12, 7)])
def test_two_contestants_are_apart_by_the_log_odds(won, lost):
    board = fit_log(log_of(2, [(0, 1, 1), (0, 1, 0)], count=[won, lost]))
    half = 200 * math.log10(won / lost)
    assert ratings(board) == pytest.approx([1000 + half, 1000 - half], abs=1e-6, rel=0)


@pytest.mark.parametrize(("won", "lost"), [(6, 4), (9999, 1)])
def test_a_chain_of_a_thousand_has_equal_steps(won, lost):
    chain = log_of(
        1000,
        [(i, i + 1, score) for i in range(999) for score in (1, 0)],
        count=[won, lost] * 999,
    )
    board = fit_log(chain)
    expected = 1000 + 400 * math.log10(won / lost) * (499.5 - np.arange(1000))
    assert np.abs(ratings(board, chain.names) - expected).max() < 1e-5
    assert board.certificate["distance"] < 1e-6


def test_one_who_wins_all_but_one_of_ten_thousand_is_that_far_ahead_of_equals():
    equals = [(i, j, score) for i in range(1, 60) for j in range(i + 1, 60) for score in (1, 0)]
    ahead = [(0, j, score) for j in range(1, 60) for score in (1, 0)]
    log = log_of(60, equals + ahead, count=[50] * len(equals) + [9_999, 1] * 59)
    board = fit_log(log)
    far = 400 * math.log10(9_999)
    expected = 1000 + far * (np.arange(60) == 0) - far / 60
    assert np.abs(ratings(board, log.names) - expected).max() < 1e-6
    assert board.certificate["distance"] < 1e-6


def test_two_cliques_joined_by_one_draw_stand_level_where_they_are_joined():
    random = np.random.default_rng(1)
    rows, counts = [], []
    for low in (0, 40):
        for i in range(40):
            for j in range(i + 1, 40):
                rows += [(low + i, low + j, 1), (low + i, low + j, 0)]
                counts += random.integers(1, 50, 2).tolist()
    log = log_of(80, [*rows, (0, 40, 0.5)], count=[*counts, 1])
    board = fit_log(log)
    assert board.certificate["distance"] < 1e-6
    found = ratings(board, log.names)
    # The draw is the only match between the groups and changes nothing within them.
    assert found[0] == pytest.approx(found[40], abs=1e-5)
    for clique in (slice(0, 40), slice(40, 80)):
        within = [index for index, (i, _, _) in enumerate(rows) if clique.start <= i < clique.stop]
        alone = log_of(
            40,
            [(rows[k][0] - clique.start, rows[k][1] - clique.start, rows[k][2]) for k in within],
            count=[counts[k] for k in within],
        )
        own = ratings(fit_log(alone), alone.names)
        assert np.abs(found[clique] - found[clique].mean() - (own - own.mean())).max() < 1e-5


def test_a_draw_is_half_a_win_each():
    draws = fit(matches_of("a>b*3 a=b*4 b>c*2 b=c*2 c>a"))
    halves = fit(matches_of("a>b*10 b>a*4 b>c*6 c>b*2 c>a*2"))
    assert ratings(draws) == pytest.approx(ratings(halves), abs=1e-6, rel=0)
    assert draws["a"].win_rate == pytest.approx((3 + 4 / 2) / 8)


def test_draws_alone_make_everyone_equal():
    board = fit(matches_of("a=b b=c c=d"))
    assert ratings(board) == pytest.approx([1000] * 4, abs=1e-6)
    assert board.table["rank"].to_list() == [1, 1, 1, 1]


def test_the_mean_rating_is_1000():
    assert ratings(fit_log(mixed_log(3))).mean() == pytest.approx(1000, abs=1e-8)


# The meaning of a row -----------------------------------------------------------------------


def test_excluding_ties_is_the_same_as_dropping_their_rows():
    log = tied_into_a_ring(random_log(np.random.default_rng(6), 8, 200, ties=0.4)).frame()
    excluded = humorrank.rate(log, ties="exclude")
    dropped = humorrank.rate(log.filter(pl.col("winner") != "tie"))
    assert excluded.table.equals(dropped.table)
    tied = log.filter(pl.col("winner") == "tie").height
    assert excluded.counts["tied_out"] == tied > 0
    assert excluded.counts["rated"] == log.height - tied
    assert excluded.counts["ties"] == 0


def test_a_count_is_as_many_rows():
    log = tied_into_a_ring(random_log(np.random.default_rng(7), 6, 30, ties=0.2, largest_count=9))
    counted, repeated = log.frame(), log.frame().drop("count")
    repeated = repeated[np.repeat(np.arange(len(log.count)), log.count)]
    assert repeated.height > counted.height
    assert humorrank.rate(counted).table.equals(humorrank.rate(repeated).table)


@pytest.mark.parametrize("seed", range(6))
def test_weights_and_soft_scores_enter_the_likelihood_as_they_are(seed):
    random = np.random.default_rng([seed, 8])
    log = tied_into_a_ring(random_log(random, 4 + seed, 150, largest_count=5))
    soft = random.random(len(log.first))
    log = Log(
        log.contestants,
        log.first,
        log.second,
        np.where(random.random(len(soft)) < 0.5, soft, log.score),
        log.count,
        random.uniform(0.1, 3, len(soft)),
    )
    board = fit_log(log)
    points = log.points()
    assert ratings(board, log.names) == pytest.approx(maximum(points), abs=1e-6, rel=0)
    rates = points.sum(axis=1) / (points + points.T).sum(axis=1)
    assert [board[name].win_rate for name in log.names] == pytest.approx(rates.tolist())
    assert board.counts["rated"] == log.count.sum()


def test_a_score_may_be_the_share_of_the_second():
    frame = pl.DataFrame({"model_a": ["x"], "model_b": ["y"], "score": [0.8]})
    of_first, of_second = fit(frame, score_of="a"), fit(frame, score_of="b")
    assert of_first["x"].rating == pytest.approx(1000 + 200 * math.log10(4))
    assert of_second["x"].rating == pytest.approx(1000 - 200 * math.log10(4))


def test_an_anchor_shifts_everything_by_one_constant():
    log = mixed_log(12, largest=12).frame()
    free, anchored = humorrank.rate(log), humorrank.rate(log, anchor={"m0001": 1500})
    shift = 1500 - free["m0001"].rating
    assert anchored["m0001"].rating == pytest.approx(1500, abs=1e-9)
    for column in ("rating", "rating_lower", "rating_upper"):
        moved = anchored.table[column].to_numpy() - shift
        assert moved == pytest.approx(free.table[column].to_numpy(), abs=1e-9)
    for column in ("rank", "model", "rank_ci", "win_rate", "matches", "elo", "elo_sd"):
        assert anchored.table[column].equals(free.table[column])


def test_an_anchor_that_is_not_rated_is_refused():
    with pytest.raises(humorrank.OptionError, match="'nobody' is not among the rated"):
        fit(matches_of("a>b b>a"), anchor={"nobody": 1000})


# Independence of order, threads and parts ---------------------------------------------------


def messy() -> tuple[pl.DataFrame, dict[str, str]]:
    """Returns soft, weighted and counted rows, and some plain ones."""
    random = np.random.default_rng(9)
    log = tied_into_a_ring(random_log(random, 9, 400, ties=0.2, largest_count=4))
    rows = len(log.first)
    soft = np.where(random.random(rows) < 0.3, random.random(rows), log.score)
    weight = np.where(random.random(rows) < 0.3, random.random(rows), 1.0)
    return Log(log.contestants, log.first, log.second, soft, log.count, weight).frame(), {
        "score_of": "a"
    }


def test_the_order_of_rows_leaves_no_trace():
    frame, options = messy()
    board = humorrank.rate(frame, **options)
    for seed in range(3):
        shuffled = frame.sample(fraction=1, shuffle=True, seed=seed)
        assert not shuffled.equals(frame)
        assert humorrank.rate(shuffled, **options).table.equals(board.table)


def test_tallies_of_parts_add_up_to_the_tally_of_the_whole():
    frame, options = messy()
    whole = humorrank.rate(frame, **options)
    parts = [frame[:150], frame[150:151], frame[151:]]
    first, second, third = (humorrank.tally(part, **options) for part in parts)
    assert set(second.names) < set(whole.table["model"])
    for total in (first + second + third, third + (second + first)):
        assert humorrank.rate(total).table.equals(whole.table)


def test_threads_leave_no_trace():
    frame, options = messy()
    one, two, eight = (humorrank.rate(frame, threads=n, **options) for n in (1, 2, 8))
    assert one.table.equals(two.table)
    assert one.table.equals(eight.table)


def test_who_is_shown_first_leaves_no_trace():
    log = tied_into_a_ring(random_log(np.random.default_rng(10), 7, 100, ties=0.3)).frame()
    turned = log.select(
        pl.col("model_b").alias("model_a"),
        pl.col("model_a").alias("model_b"),
        pl.col("winner").replace({"model_a": "model_b", "model_b": "model_a"}),
    )
    assert humorrank.rate(turned).table.equals(humorrank.rate(log).table)


def test_the_seed_decides_the_intervals_and_the_elo_but_not_the_ratings():
    frame, options = messy()
    first, again, other = (humorrank.rate(frame, seed=seed, **options) for seed in (4, 4, 5))
    assert first.table.equals(again.table)
    for column, same in {"rating": True, "rating_lower": False, "elo": False}.items():
        assert first.table[column].equals(other.table[column]) is same


# No maximum ---------------------------------------------------------------------------------


def sparse_log(seed: int) -> Log:
    random = np.random.default_rng([seed, 11])
    contestants = int(random.integers(3, 40))
    rows = int(contestants * random.uniform(0.4, 2.5)) + 1
    return random_log(random, contestants, rows, spread=2, ties=random.choice([0, 0.2]))


def contestants_of(log: Log) -> np.ndarray:
    """Returns whether each contestant has a match."""
    return np.isin(np.arange(log.contestants), np.append(log.first, log.second))


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


# The prior ----------------------------------------------------------------------------------


@pytest.mark.parametrize("prior", [0.01, 1, 30])
@pytest.mark.parametrize("seed", range(15))
def test_a_prior_makes_the_ratings_the_maximum_of_the_penalised_likelihood(seed, prior):
    log = sparse_log(seed) if seed % 3 else mixed_log(seed, largest=150)
    there = contestants_of(log)
    board = fit_log(log, prior=prior)
    expected = maximum(log.points()[there][:, there], prior)
    assert ratings(board, log.names[there]) == pytest.approx(expected, abs=1e-6, rel=0)
    assert board.certificate["distance"] < 1e-6
    assert any(f"shrunk towards each other by a prior of {prior:g}" in w for w in board.warnings)


def test_a_prior_is_half_a_won_game_against_a_fixed_opponent():
    """Two contestants at t and -t solve 3 s(-2t) - s(2t) + prior [s(-t) - s(t)] / 2 = 0."""
    board = fit(matches_of("a>b*3 b>a"), prior=2)

    def surplus(t):
        return 3 / (1 + math.exp(2 * t)) - 1 / (1 + math.exp(-2 * t)) - math.tanh(t / 2)

    t = optimize.brentq(surplus, 0, 5, xtol=1e-15)
    assert board["a"].rating == pytest.approx(1000 + POINTS * t, abs=1e-6)


def test_both_solvers_agree_under_a_prior():
    log = sparse_log(1)
    newton, mm = fit_log(log, prior=0.5), fit_log(log, prior=0.5, solver="mm")
    assert ratings(newton) == pytest.approx(ratings(mm), abs=2e-6, rel=0)


def test_levels_between_groups_that_never_met_are_said_to_be_the_priors():
    board = fit(matches_of("a>b*3 b>a c>d*3 d>c"), prior=1)
    assert board["a"].rating == pytest.approx(board["c"].rating, abs=1e-6)
    assert any("2 groups of contestants never met" in warning for warning in board.warnings)
    connected = fit(matches_of("a>b*3 b>a c>d*3 d>c b>c"), prior=1)
    assert not any("never met" in warning for warning in connected.warnings)


def test_a_prior_and_leaving_out_the_rest_exclude_each_other():
    with pytest.raises(humorrank.OptionError, match="exclude each other"):
        fit(matches_of("a>b"), prior=1, disconnected="largest")


# Contestants left out -----------------------------------------------------------------------


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


# The published tables -----------------------------------------------------------------------


def rating_differences(printed: pl.DataFrame) -> np.ndarray:
    table1 = example("table1")
    wins = table1.wins_with_totals(printed["win_rate"].to_numpy())
    assert (wins + wins.T)[np.triu_indices(len(wins), 1)].tolist() == [300] * 36
    board = fit(table1.log_of(printed["model"].to_list(), wins))
    return np.abs(ratings(board, printed["model"]) - printed["rating"].to_numpy())


def test_table_1_follows_from_its_win_rates():
    printed = pl.read_csv(TABLE_1)
    assert rating_differences(printed).max() < 1.2


@pytest.mark.parametrize(("table", "points"), [("table1_llama", 1.2), ("table4_qwen", 0.6)])
def test_the_published_tables_follow_from_their_win_rates(table, points):
    printed = pl.read_csv(shared(f"spec/published/{table}.csv"))
    assert rating_differences(printed).max() < points
