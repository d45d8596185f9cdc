"""Bradley-Terry ratings, compared with independent fits, closed forms and published tables."""

import math

import choix
import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import optimize
from support.fits import fit, fit_log, matches_of, ratings
from support.reference import (
    POINTS,
    TABLE_1,
    Log,
    example,
    in_points,
    log_of,
    maximum,
    mixed_log,
    random_log,
    score_and_information,
    shared,
    tied_into_a_ring,
)

import humorrank

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
