"""Bootstrap intervals, compared with refits of resampled rows."""

import json
import math

import numpy as np
import polars as pl
import pytest
from scipy import stats
from support.reference import (
    POINTS,
    TABLE_1,
    Bootstrap,
    Log,
    example,
    log_of,
    maximum,
    random_log,
    resample_and_refit,
    score_and_information,
    tied_into_a_ring,
)

import humorrank

OURS, PLAIN = 20_000, 2_000


def rate(log: Log, **options) -> humorrank.Leaderboard:
    score_of = None if "winner" in log.frame().columns else "a"
    return humorrank.rate(log.frame(), elo_shuffles=0, score_of=score_of, **options)


def ends(board: humorrank.Leaderboard, names: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lower = np.array([board[name].rating_lower for name in names])
    upper = np.array([board[name].rating_upper for name in names])
    return lower, upper


def assert_same_distribution(log: Log, plain: Bootstrap, confidence: float, **options) -> None:
    """The interval ends are quantiles of the plain replicates, within Monte Carlo error.

    Among B independent replicates, the number below the true p quantile is binomial with standard
    deviation sqrt(B p (1-p)) for any distribution. The tested end, from B' replicates, has a
    corresponding error. It therefore lies between the order statistics
    (B+1) p -/+ z sqrt(p (1-p) (B + B²/B')) of the plain replicates. With z = 4.5, less than one end
    in 100,000 is outside by chance. Infinite order statistics are treated like any other.
    """
    board = rate(log, bootstrap=OURS, confidence=confidence, seed=1, **options)
    tail = (1 - confidence) / 2
    slack = 4.5 * math.sqrt(tail * (1 - tail) * (PLAIN + PLAIN**2 / OURS))
    lower, upper = ends(board, log.names)
    for ours, ratings, p in ((lower, plain.lower, tail), (upper, plain.upper, 1 - tail)):
        ordered = np.sort(ratings, axis=0)
        position = (PLAIN + 1) * p
        at_least = ordered[max(math.floor(position - slack), 1) - 1]
        at_most = ordered[min(math.ceil(position + slack), PLAIN) - 1]
        assert (at_least <= ours + 1e-6).all()
        assert (ours <= at_most + 1e-6).all()
    share = (board.bootstrap["without_maximum"] + plain.without_maximum) / (OURS + PLAIN)
    apart = board.bootstrap["without_maximum"] / OURS - plain.without_maximum / PLAIN
    assert abs(apart) <= 4.5 * math.sqrt(share * (1 - share) * (1 / OURS + 1 / PLAIN))


def ordinary() -> Log:
    return tied_into_a_ring(random_log(np.random.default_rng(1), 6, 400, spread=0.7, ties=0.2))


def sparse() -> Log:
    """Returns a log of six contestants, two connected by a single win and two by two draws."""
    rows = [(0, 1, 1)] * 6 + [(0, 1, 0)] * 4 + [(1, 2, 1)] * 5 + [(1, 2, 0)] * 4
    rows += [(2, 0, 1)] * 2 + [(2, 0, 0)] * 3
    rows += [(3, 0, 1)] * 8 + [(0, 3, 1)]
    rows += [(1, 4, 1)] * 7 + [(4, 1, 1)]
    rows += [(5, 2, 0.5)] * 2 + [(4, 5, 0)]
    return log_of(6, rows)


def uneven() -> Log:
    """Returns soft and weighted rows, some with many times the weight of others."""
    random = np.random.default_rng(2)
    log = tied_into_a_ring(random_log(random, 5, 120, spread=0.7))
    rows = len(log.first)
    soft = np.where(random.random(rows) < 0.5, random.random(rows), log.score)
    weight = random.choice([0.2, 1, 6], rows)
    return Log(5, log.first, log.second, soft, log.count, weight)


@pytest.mark.parametrize("confidence", [0.95, 0.8, 0.4])
def test_ends_on_an_ordinary_log_are_those_of_resampling_rows(confidence):
    log = ordinary()
    assert_same_distribution(log, resample_and_refit(log, PLAIN, 3), confidence)


@pytest.mark.parametrize("confidence", [0.95, 0.8, 0.4])
def test_ends_on_a_sparse_log_are_those_of_resampling_rows(confidence):
    log = sparse()
    plain = resample_and_refit(log, PLAIN, 4)
    assert 0.5 < plain.without_maximum / PLAIN < 0.95
    assert (plain.lower != plain.upper).any()
    assert_same_distribution(log, plain, confidence)


@pytest.mark.parametrize("seed", range(4))
def test_ends_on_random_sparse_logs_are_those_of_resampling_rows(seed):
    random = np.random.default_rng([seed, 5])
    log = tied_into_a_ring(random_log(random, 4 + seed, 12 + 4 * seed, ties=0.1))
    plain = resample_and_refit(log, PLAIN, seed)
    assert plain.without_maximum > 100
    assert_same_distribution(log, plain, 0.9)


@pytest.mark.parametrize("confidence", [0.95, 0.6])
def test_soft_and_weighted_rows_are_resampled_as_one_match_each(confidence):
    log = uneven()
    assert_same_distribution(log, resample_and_refit(log, PLAIN, 6), confidence)


def test_a_weight_is_not_a_count():
    """Ten rows of weight 10 give the ratings of a hundred rows, but much wider intervals."""
    outcomes = [(0, 1, 1), (0, 1, 0)] * 20
    heavy = rate(log_of(2, outcomes, weight=[10] * 40), bootstrap=4000)
    many = rate(log_of(2, outcomes, count=[10] * 40), bootstrap=4000)
    assert heavy["m0000"].rating == pytest.approx(many["m0000"].rating)
    wide, narrow = (
        board["m0000"].rating_upper - board["m0000"].rating_lower for board in (heavy, many)
    )
    assert wide / narrow == pytest.approx(math.sqrt(10), rel=0.1)


@pytest.mark.parametrize("prior", [0.2, 2])
def test_under_a_prior_every_replicate_has_a_maximum(prior):
    log = sparse()
    board = rate(log, bootstrap=500, prior=prior)
    assert board.bootstrap == {"replicates": 500, "without_maximum": 0}
    assert np.isfinite(np.concatenate(ends(board, log.names))).all()
    plain = resample_and_refit(log, PLAIN, 7, prior)
    assert_same_distribution(log, plain, 0.95, prior=prior)


# Without a maximum --------------------------------------------------------------------------


def test_replicates_without_a_maximum_are_counted_and_reported():
    board = rate(sparse(), bootstrap=200)
    without = board.bootstrap["without_maximum"]
    assert 0 < without < 200
    assert any(f"{without} of 200 bootstrap replicates had no maximum" in w for w in board.warnings)
    whole = rate(ordinary(), bootstrap=200)
    assert whole.bootstrap["without_maximum"] == 0
    assert not any("bootstrap" in warning for warning in whole.warnings)


def test_who_might_never_have_lost_is_open_above_and_who_might_never_have_won_below():
    board = rate(sparse(), bootstrap=1000)
    assert board["m0003"].rating_upper == math.inf
    assert math.isfinite(board["m0003"].rating_lower)
    assert board["m0004"].rating_lower == -math.inf
    above = next(warning for warning in board.warnings if "open above" in warning)
    assert "m0003" in above
    assert "m0004" not in above
    below = next(warning for warning in board.warnings if "open below" in warning)
    assert "m0004" in below
    assert "m0003" not in below
    rows = {row["model"]: row for row in json.loads(board.to_json())["leaderboard"]}
    assert rows["m0003"]["rating_upper"] is None
    assert rows["m0003"]["rating_lower"] == board["m0003"].rating_lower


def test_who_is_ordered_neither_way_is_open_on_both_sides():
    """x is connected by one win over b and one win of b over x in 60 matches."""
    rows = [(0, 1, 1), (0, 1, 0)] * 29 + [(2, 1, 1), (1, 2, 1)]
    board = rate(log_of(3, rows), bootstrap=1000)
    assert board["m0002"].rating_lower == -math.inf
    assert board["m0002"].rating_upper == math.inf
    assert math.isfinite(board["m0000"].rating_lower)


def test_both_of_two_are_open_if_half_of_the_replicates_have_one_winner_only():
    board = rate(log_of(2, [(0, 1, 1), (0, 1, 0)]), bootstrap=1000)
    for row in board:
        assert (row.rating_lower, row.rating_upper) == (-math.inf, math.inf)


@pytest.mark.parametrize(("better", "worse"), [("Abe", "Zed"), ("Zed", "Abe")])
@pytest.mark.parametrize("by", [None, "judge"])
def test_which_interval_is_open_does_not_depend_on_names(better, worse, by):
    """3 % of the replicates hold wins only, and each of the two is the anchor in turn."""
    winner = ["model_a"] * 7 + ["model_b"] * 3
    columns = {"model_a": [better] * 10, "model_b": [worse] * 10, "winner": winner}
    options = {"elo_shuffles": 0, "bootstrap": 1_000}
    if by is None:
        board = humorrank.rate(columns, **options)
    else:
        board = humorrank.rate(columns | {"judge": ["j"] * 10}, by=by, **options)
        table = board.to_polars()
        assert table["rating_lower"].to_list() == [
            board["j"][m].rating_lower for m in table["model"]
        ]
        board = board["j"]
    assert board[better].rating_lower == pytest.approx(964.8, abs=0.05)
    assert board[better].rating_upper == math.inf
    assert board[worse].rating_lower == -math.inf
    assert board[worse].rating_upper == pytest.approx(1035.2, abs=0.05)
    compared = board.compare(better, worse)
    assert compared.difference_upper == math.inf
    assert compared.difference_lower == pytest.approx(-70.4, abs=0.1)


def test_a_small_log_has_open_ends_for_both_whatever_their_names():
    for a, b in ("ab", "ba"):
        rows = [(a, b, "model_a"), (b, a, "model_a"), (a, b, "tie")]
        for row in humorrank.rate(rows):
            assert (row.rating_lower, row.rating_upper) == (-math.inf, math.inf)


@pytest.mark.parametrize("interval", ["percentile", "bca"])
def test_a_replicate_without_a_largest_component_has_finite_ends(interval):
    """a beats b, b beats c, each nearly always: replicates of three components occur."""
    rows = [(0, 1, 1), (0, 1, 0), (1, 2, 1), (1, 2, 0)]
    log = log_of(3, rows, count=[20, 4, 20, 4])
    board = rate(log, bootstrap=2_000, interval=interval)
    draws = board._uncertainty.draws
    assert board.bootstrap["without_maximum"] == (~np.isfinite(draws)).any(axis=1).sum() > 20
    mirrored = log_of(3, [(2 - a, 2 - b, score) for a, b, score in rows], count=[20, 4, 20, 4])
    other = rate(mirrored, bootstrap=2_000, interval=interval)
    for name, image in (("m0000", "m0002"), ("m0001", "m0001"), ("m0002", "m0000")):
        assert math.isinf(board[name].rating_lower) == math.isinf(other[image].rating_lower)
        assert math.isinf(board[name].rating_upper) == math.isinf(other[image].rating_upper)


def test_an_interval_beyond_every_finite_rating_is_said_to_be_so():
    """The ends of a long chain are rarely in the largest component of a replicate."""
    steps = [(i, i + 1, score) for i in range(300) for score in (1, 0)]
    board = rate(log_of(301, steps, count=[30, 1] * 300), bootstrap=100)
    assert board["m0000"].rating_lower == board["m0000"].rating_upper == math.inf
    beyond = [warning for warning in board.warnings if "no finite rating" in warning]
    assert any("m0000" in warning and "above" in warning for warning in beyond)
    open_below = next(warning for warning in board.warnings if "open below" in warning)
    assert "m0000" not in open_below


# The quantile -------------------------------------------------------------------------------


def two(won: int, lost: int) -> Log:
    return log_of(2, [(0, 1, 1), (0, 1, 0)], count=[won, lost])


def test_two_contestants_have_the_ends_of_a_binomial():
    """The share won is Binomial(300, 0.6) / 300, and the rating is its log-odds."""
    board = rate(two(180, 120), bootstrap=OURS)
    for end, p in ((board["m0000"].rating_lower, 0.025), (board["m0000"].rating_upper, 0.975)):
        slack = 4.5 * math.sqrt(p * (1 - p) / OURS)
        wins = stats.binom(300, 0.6).ppf([p - slack, p + slack])
        low, high = 1000 + 200 * np.log10(wins / (300 - wins))
        assert low - 1e-6 <= end <= high + 1e-6


def test_the_ends_are_quantiles_of_type_six():
    """With 39 replicates, the ends at confidence 1 - 2j/40 are the j-th and (40-j)-th replicate.

    These are ratings that integer numbers of wins give. Between them, ends are interpolated.
    """
    log = two(30, 30)
    wins = np.arange(1, 60)
    possible = 1000 + 200 * np.log10(wins / (60 - wins))

    def interval(position: float) -> tuple[float, float]:
        row = rate(log, bootstrap=39, confidence=1 - 2 * position / 40, seed=3)["m0000"]
        return row.rating_lower, row.rating_upper

    exact = [interval(j) for j in range(1, 20)]
    for end in np.ravel(exact):
        assert np.abs(possible - end).min() < 1e-5
    lower, upper = np.array(exact).T
    assert (np.diff(lower) >= 0).all()
    assert (np.diff(upper) <= 0).all()
    # Replicates with equal numbers of wins are common, especially near the middle.
    assert lower[0] < lower[-1] <= upper[-1] < upper[0]
    replicates = np.concatenate([lower, [1000], upper[::-1]])
    for position in (1.25, 3.5, 9.75):
        tails = position / 40, 1 - position / 40
        expected = np.quantile(replicates, tails, method="weibull")
        assert interval(position) == pytest.approx(tuple(expected), abs=1e-9)


@pytest.mark.parametrize(
    ("confidence", "needed"), [(0.95, 39), (0.9, 19), (0.99, 199), (0.8, 9), (0.999, 1999)]
)
def test_too_few_replicates_for_the_confidence_are_an_error(confidence, needed):
    """(B + 1) x alpha / 2 must be at least 1."""
    log = two(30, 20)
    assert math.isclose((needed + 1) * (1 - confidence) / 2, 1)
    with pytest.raises(humorrank.OptionError, match=f"at least {needed:,} bootstrap"):
        rate(log, bootstrap=needed - 1, confidence=confidence)
    assert rate(log, bootstrap=needed, confidence=confidence)["m0000"].rating_lower is not None


def test_without_replicates_there_are_no_intervals():
    board = rate(two(3, 2), bootstrap=0)
    assert board["m0000"].rating_lower is None
    assert board["m0000"].rating_upper is None
    assert board["m0000"].rank_ci is None


def test_a_wider_confidence_has_a_wider_interval():
    log = ordinary()
    narrow, wide = (rate(log, bootstrap=400, confidence=c) for c in (0.5, 0.99))
    for inner, outer in zip(ends(narrow, log.names), ends(wide, log.names), strict=True):
        assert (inner != outer).all()
    assert (ends(wide, log.names)[0] < ends(narrow, log.names)[0]).all()
    assert (ends(wide, log.names)[1] > ends(narrow, log.names)[1]).all()


@pytest.mark.parametrize("log", [ordinary(), sparse(), uneven()])
def test_threads_leave_no_trace_in_the_intervals(log):
    one, two_, eight = (rate(log, threads=n) for n in (1, 2, 8))
    assert one.table.equals(two_.table)
    assert one.table.equals(eight.table)


# The paper's first table --------------------------------------------------------------------


def test_half_widths_of_table_1_are_the_asymptotic_ones():
    """The half-widths are from 14.4 to 26.4 points with 300 matches per pair.

    An end from B replicates has a standard error of sqrt(p (1-p) / B) / phi(1.96) standard
    deviations. The relative error of the half-width of two independent ends is 0.0097 at
    B = 10,000. Four standard errors, and 1 % for the skewness of the bootstrap, give 0.05.
    """
    table1 = example("table1")
    wins = table1.wins_with_totals(pl.read_csv(TABLE_1)["win_rate"].to_numpy())
    names = [f"m{i:04}" for i in range(9)]
    board = humorrank.rate(table1.log_of(names, wins), bootstrap=10_000, elo_shuffles=0)
    lower, upper = ends(board, np.array(names))
    information = score_and_information((maximum(wins) - 1000) / POINTS, wins)[1]
    asymptotic = 1.959964 * POINTS * np.sqrt(np.diag(np.linalg.pinv(information)))
    assert (upper - lower) / 2 == pytest.approx(asymptotic, rel=0.05)
    assert asymptotic.min() == pytest.approx(14.4, abs=0.05)
    assert asymptotic.max() == pytest.approx(26.4, abs=0.1)
    assert board.bootstrap["without_maximum"] == 0
