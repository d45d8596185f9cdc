"""Stable Elo and plain replays, compared with Elo in plain Python."""

import math
from collections import Counter

import numpy as np
import polars as pl
import pytest
from support.reference import POINTS, TABLE_1, Log, log_of, random_log

import humorrank
from humorrank import _core


def play(
    matches: list[tuple[int, int, float, float]], contestants: int, k: float, start: float = 1000
) -> list[float]:
    """Applies R <- R + K w (S - E) to matches (first, second, score, weight), one by one."""
    ratings = [start] * contestants
    for first, second, score, weight in matches:
        expected = 1 / (1 + 10 ** ((ratings[second] - ratings[first]) / 400))
        change = k * weight * (score - expected)
        ratings[first] += change
        ratings[second] -= change
    return ratings


def stable(log: Log, **options) -> humorrank.Leaderboard:
    score_of = None if "winner" in log.frame().columns else "a"
    return humorrank.rate(log.frame(), bootstrap=0, prior=1, score_of=score_of, **options)


def tally_of(log: Log) -> humorrank.Tally:
    score_of = None if "winner" in log.frame().columns else "a"
    return humorrank.tally(log.frame(), score_of=score_of)


def field_of(log: Log) -> _core.FitData:
    return _core.FitData(tally_of(log).counts)


def kinds_of(field: _core.FitData) -> list[tuple[int, int, float, float]]:
    """Returns (low, high, share of low, weight) of each kind of match."""
    low, high, _, _ = field.pairs()
    return [
        (int(low[pair]), int(high[pair]), low_points / weight, weight)
        for pair, low_points, high_points, _ in zip(*field.kinds(), strict=True)
        if (weight := low_points + high_points)
    ]


def soft_log(rows: int) -> Log:
    """Returns plain, soft and weighted matches."""
    random = np.random.default_rng(1)
    log = random_log(random, 6, rows, largest_count=5)
    soft = np.where(random.random(rows) < 0.5, random.choice([0.2, 0.7, 0.9], rows), log.score)
    return Log(6, log.first, log.second, soft, log.count, random.choice([0.25, 1, 1, 2], rows))


LOGS = {
    "a small log": random_log(np.random.default_rng(2), 4, 30, ties=0.3),
    "soft and weighted": soft_log(500),
    "15,000 matches": random_log(np.random.default_rng(3), 9, 15_000, ties=0.1),
    "more than 70,000 matches, parted into blocks": random_log(
        np.random.default_rng(4), 5, 100, largest_count=9_000
    ),
}


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS.keys())
def test_stable_elo_is_a_plain_replay_of_the_same_orders(log):
    shuffles, k, seed = 3, 24.0, 8
    field = field_of(log)
    kinds = kinds_of(field)
    finals = np.array(
        [
            play([kinds[kind] for kind in field.elo_order(seed, shuffle)], log.contestants, k)
            for shuffle in range(shuffles)
        ]
    )
    board = stable(log, elo_shuffles=shuffles, elo_k=k, seed=seed)
    for place, name in enumerate(log.names):
        assert board[name].elo == pytest.approx(finals[:, place].mean(), abs=1e-9, rel=0)
        assert board[name].elo_sd == pytest.approx(finals[:, place].std(ddof=0), abs=1e-9, rel=0)
    assert board.elo["shuffles"] == shuffles
    assert board.elo["max_sd"] == pytest.approx(finals.std(axis=0).max(), abs=1e-9, rel=0)
    assert board.elo["mean_sd"] == pytest.approx(finals.std(axis=0).mean(), abs=1e-9, rel=0)


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS.keys())
def test_an_order_that_is_read_out_gives_what_stable_elo_reports(log):
    shuffles, seed = 2, 8
    tally = tally_of(log)
    board = stable(log, elo_shuffles=shuffles, seed=seed)
    orders = [tally.elo_order(shuffle, seed=seed) for shuffle in range(shuffles)]
    replayed = [
        humorrank.replay_elo(humorrank.MatchLog(order, score_of="a")).sort("model")["elo"]
        for order in orders
    ]
    for place, name in enumerate(sorted(log.names)):
        finals = [finals[place] for finals in replayed]
        assert board[name].elo == pytest.approx(np.mean(finals), abs=1e-9, rel=0)
    assert len(tally.elo_order()) == log.count.sum()
    decided = tally.elo_order(ties="exclude").filter(weight=1)
    tied = log.count[(log.score == 0.5) & (log.weight == 1)].sum()
    assert len(decided) == log.count[log.weight == 1].sum() - tied


def test_an_order_has_a_number_from_0_on():
    with pytest.raises(humorrank.OptionError, match="shuffle must be"):
        tally_of(LOGS["a small log"]).elo_order(-1)


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS.keys())
def test_an_order_plays_every_match_of_the_log_once(log):
    """The kinds of match are counted again from the rows."""
    field = field_of(log)
    kinds = kinds_of(field)
    expected: Counter[tuple[int, int, float, float]] = Counter()
    for first, second, score, weight, count in zip(
        log.first, log.second, log.score, log.weight, log.count, strict=True
    ):
        share = score if first < second else 1 - score
        key = (min(first, second), max(first, second), round(share, 9), round(weight, 9))
        expected[key] += count
    for shuffle in (0, 1):
        order = field.elo_order(5, shuffle)
        assert len(order) == log.count.sum()
        seen: Counter[tuple[int, int, float, float]] = Counter()
        for kind, times in Counter(order.tolist()).items():
            low, high, share, weight = kinds[kind]
            seen[low, high, round(share, 9), round(weight, 9)] += times
        assert seen == expected


def test_the_largest_log_above_has_more_than_two_blocks():
    assert max(log.count.sum() for log in LOGS.values()) > 2 * 2**15


def test_orders_differ_by_shuffle_and_by_seed_and_by_nothing_else():
    field = field_of(LOGS["15,000 matches"])
    first = field.elo_order(0, 0)
    assert np.array_equal(first, field.elo_order(0, 0))
    assert not np.array_equal(first, field.elo_order(0, 1))
    assert not np.array_equal(first, field.elo_order(1, 0))


def test_every_place_of_an_order_is_equally_likely():
    """One win of m0000 among 40,000 other matches is uniformly distributed over the order."""
    log = log_of(3, [(0, 1, 1), (1, 2, 1), (2, 1, 1)], count=[1, 20_000, 20_000])
    field = field_of(log)
    rare = next(i for i, kind in enumerate(kinds_of(field)) if kind[0] == 0)
    shuffles = 300
    places = [
        np.flatnonzero(field.elo_order(2, shuffle) == rare)[0] / 40_001
        for shuffle in range(shuffles)
    ]
    uniform = (np.arange(shuffles) + 0.5) / shuffles
    # The 99.99 % point of the Kolmogorov distribution is 2.23 / sqrt(n).
    assert np.abs(np.sort(places) - uniform).max() < 2.23 / np.sqrt(shuffles)


@pytest.mark.parametrize(("k", "spread"), [(32, 52.7), (10, 29.5)])
def test_stable_elo_spreads_as_its_stationary_distribution_does(k, spread):
    """The deviation of Elo with the ratings of table 1 and 10,800 matches.

    A match moves a rating by noise of variance K² p q and reduces its error by K p q / c of the
    error, with c = 400 / ln 10. In the long run, and between equals, the variance is K c / 2. (The
    paper reports a mean deviation of about 29.5 points, far from that of its K = 32.)
    """
    assert spread == pytest.approx(math.sqrt(k * POINTS / 2), abs=0.1)
    printed = pl.read_csv(TABLE_1)
    truth = dict(printed.select("model", "rating").iter_rows())
    log = humorrank.simulate(truth, 10_800, ties=0)
    board = humorrank.rate(log, bootstrap=0, elo_shuffles=200, elo_k=k)
    assert 0.85 * spread < board.elo["mean_sd"] < 1.05 * spread
    assert sum(row.elo for row in board.rows) == pytest.approx(9000)


def test_one_shuffle_has_no_spread():
    board = stable(LOGS["a small log"], elo_shuffles=1)
    assert board.elo["max_sd"] == 0


def test_without_shuffles_there_is_no_elo():
    board = stable(LOGS["a small log"], elo_shuffles=0)
    assert board.table["elo"].null_count() == len(board)
    assert board.elo == {"shuffles": 0, "max_sd": None, "mean_sd": None}


# The replay in file order -------------------------------------------------------------------


@pytest.mark.parametrize("log", [LOGS["a small log"], LOGS["15,000 matches"]])
def test_a_replay_takes_the_rows_as_they_come(log):
    matches = [
        (a, b, score, 1.0)
        for a, b, score, count in zip(
            log.first.tolist(), log.second.tolist(), log.score.tolist(), log.count, strict=True
        )
        for _ in range(count)
    ]
    expected = play(matches, log.contestants, 32)
    table = humorrank.replay_elo(log.frame())
    assert table.columns == ["model", "elo"]
    assert table["elo"].is_sorted(descending=True)
    ratings = dict(table.iter_rows())
    assert [ratings[name] for name in log.names] == pytest.approx(expected, abs=1e-9, rel=0)
    backwards = dict(humorrank.replay_elo(log.frame()[::-1]).iter_rows())
    assert backwards != ratings


def test_a_replay_has_weights_soft_scores_and_counts():
    log = soft_log(300)
    frame = log.frame()
    matches = [
        (a, b, score, weight)
        for a, b, score, weight, count in zip(
            log.first.tolist(),
            log.second.tolist(),
            log.score.tolist(),
            log.weight.tolist(),
            log.count,
            strict=True,
        )
        for _ in range(count)
    ]
    expected = play(matches, log.contestants, 20, start=1500)
    read = humorrank.MatchLog(frame, score_of="a")
    ratings = dict(humorrank.replay_elo(read, k=20, start=1500).iter_rows())
    assert [ratings[name] for name in log.names] == pytest.approx(expected, abs=1e-9, rel=0)


def test_a_counted_row_is_played_that_many_times():
    frame = pl.DataFrame({"model_a": ["x"], "model_b": ["y"], "winner": ["a"], "count": [3]})
    counted = humorrank.replay_elo(frame)
    assert counted.equals(humorrank.replay_elo([("x", "y", "a")] * 3))
    assert counted["elo"][0] == pytest.approx(play([(0, 1, 1, 1)] * 3, 2, 32)[0])
    assert counted["elo"][0] > humorrank.replay_elo([("x", "y", "a")])["elo"][0]


def test_a_first_match_between_equals_moves_both_by_half_of_k():
    assert humorrank.replay_elo([("x", "y", "b")]).rows() == [("y", 1016.0), ("x", 984.0)]
    assert humorrank.replay_elo([("x", "y", "tie")])["elo"].to_list() == [1000.0, 1000.0]


def test_a_replay_rates_nobody_who_has_not_played():
    table = humorrank.replay_elo([("x", "y", "a"), ("x", "nobody", None)])
    assert table["model"].to_list() == ["x", "y"]


def test_a_tally_cannot_be_replayed():
    tally = humorrank.tally([("x", "y", "a")])
    with pytest.raises(humorrank.OptionError, match="does not keep the order of the matches"):
        humorrank.replay_elo(tally)
