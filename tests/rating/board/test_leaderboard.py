"""The content of a leaderboard, and its output formats."""

import dataclasses
import itertools
import json
import math
import multiprocessing
import pickle

import numpy as np
import polars as pl
import pytest
from support.reference import Log, random_log, tied_into_a_ring
from support.signals import PATIENCE

import humorrank

COLUMNS = [
    "rank",
    "model",
    "rating",
    "rating_lower",
    "rating_upper",
    "rank_ci",
    "win_rate",
    "matches",
    "elo",
    "elo_sd",
]

MATCHES = (
    [("pun", "irony", "a")] * 9
    + [("pun", "irony", "b")] * 5
    + [("irony", "slapstick", "tie")] * 4
    + [("slapstick", "irony", "b")] * 6
    + [("slapstick", "pun", "a")] * 3
)


@pytest.fixture(scope="module")
def board() -> humorrank.Leaderboard:
    return humorrank.rate(MATCHES, seed=5)


@pytest.fixture(scope="module")
def log() -> Log:
    random = np.random.default_rng(1)
    return tied_into_a_ring(random_log(random, 15, 400, ties=0.2, largest_count=3))


@pytest.fixture(scope="module")
def open_board() -> humorrank.Leaderboard:
    """Returns a board on which the only loss of one contestant is a single match."""
    return humorrank.rate([*MATCHES, *[("lucky", "pun", "a")] * 20, ("pun", "lucky", "a")])


def test_the_columns_are_always_the_same(board):
    assert board.table.columns == COLUMNS
    bare = humorrank.rate(MATCHES, bootstrap=0, elo_shuffles=0)
    assert bare.table.columns == COLUMNS
    assert bare.table.schema == board.table.schema
    for column in ("rating_lower", "rating_upper", "rank_ci", "elo", "elo_sd"):
        assert bare.table[column].null_count() == 3


def test_rows_are_in_the_order_of_their_ratings(log):
    board = humorrank.rate(log.frame())
    assert board.table["rating"].is_sorted(descending=True)
    assert board.table["rank"].to_list() == list(range(1, 16))
    assert [row.model for row in board.rows] == board.table["model"].to_list()


def test_equal_ratings_share_a_rank_and_stand_in_the_order_of_their_names():
    matches = [("z", "k", "tie"), ("m", "z", "a"), ("m", "k", "a"), ("z", "low", "a")]
    matches += [("k", "low", "a"), ("low", "m", "a")]
    board = humorrank.rate(matches, bootstrap=0)
    assert board["k"].rating == pytest.approx(board["z"].rating, abs=1e-5)
    assert board.table.select("rank", "model").rows()[1:3] == [(2, "k"), (2, "z")]
    assert [row.rank for row in board.rows] == [1, 2, 2, 4]


def test_the_rank_by_interval_counts_whom_the_interval_lies_below(log):
    """Rank by CI is 1 + the number of models whose lower end lies above this one's upper end."""
    board = humorrank.rate(log.frame(), bootstrap=200, confidence=0.6)
    for row in board.rows:
        above = sum(other.rating_lower > row.rating_upper for other in board.rows)
        assert row.rank_ci == 1 + above
    assert len({row.rank_ci for row in board.rows}) > 3


def test_an_open_end_lies_above_nobody_and_below_nobody(open_board):
    for row in open_board.rows:
        above = sum(other.rating_lower > row.rating_upper for other in open_board.rows)
        assert row.rank_ci == 1 + above
    assert open_board["lucky"].rank_ci == 1


def test_win_rate_is_wins_and_half_the_ties_over_matches(board):
    assert board["pun"].matches == 17
    assert board["pun"].win_rate == pytest.approx(9 / 17)
    assert board["irony"].matches == 24
    assert board["irony"].win_rate == pytest.approx((5 + 6 + 4 / 2) / 24)


def test_a_contestant_is_found_by_name(board):
    row = board["pun"]
    assert row.model == "pun"
    assert row == board.rows[row.rank - 1]
    assert "pun" in board
    assert "puns" not in board
    assert len(board) == 3


def test_a_name_that_is_not_there_gets_a_hint(board):
    with pytest.raises(KeyError, match="no 'ironic' on this board; did you mean 'irony'"):
        board["ironic"]
    with pytest.raises(KeyError, match=r"no 'xyzzy' on this board"):
        board["xyzzy"]


@pytest.mark.parametrize("name", ["gpt-5", " GPT-5 ", "gPT-5"])
def test_a_name_in_another_case_gets_that_name_as_a_hint(name):
    board = humorrank.simulate({"GPT-5": 1000, "kimi-k2": 1000, "GPT-4": 1000}, 300)
    board = humorrank.rate(board, elo_shuffles=0)
    with pytest.raises(KeyError, match=r"on this board; did you mean 'GPT-5'\?") as raised:
        board.compare(name, "kimi-k2")
    assert "GPT-4" not in str(raised.value)


def test_a_contestant_that_is_not_rated_says_why():
    matches = [*MATCHES, ("winner", "pun", "a")]
    board = humorrank.rate(matches, disconnected="largest")
    assert "winner" not in board
    with pytest.raises(KeyError, match=r"'winner' is not rated: never lost \(1 of 1 won\)"):
        board["winner"]
    assert board.unrated == (humorrank.Unrated("winner", "never lost (1 of 1 won)", 1),)
    assert board.to_dict()["unrated"] == [
        {"model": "winner", "reason": "never lost (1 of 1 won)", "matches": 1}
    ]


# Frames -------------------------------------------------------------------------------------


def test_as_a_polars_frame(board):
    frame = board.to_polars()
    assert frame.columns == COLUMNS
    assert frame.filter(model="pun")["rating"].item() == board["pun"].rating


def test_as_a_pandas_frame(board, open_board):
    frame = board.to_pandas()
    assert list(frame.columns) == COLUMNS
    assert frame["model"].tolist() == board.table["model"].to_list()
    assert frame["rating"].tolist() == board.table["rating"].to_list()
    assert frame["matches"].dtype == np.int64
    assert open_board.to_pandas().set_index("model").loc["lucky", "rating_upper"] == math.inf


def test_as_a_dictionary_it_is_strict_json(board):
    found = board.to_dict()
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text) == json.loads(board.to_json())
    assert [list(row) for row in found["leaderboard"]] == [COLUMNS] * 3
    assert found["leaderboard"][0]["rating"] == board.rows[0].rating
    assert {"settings", "certificate", "counts", "warnings", "version", "unrated"} <= set(found)


def test_as_a_dictionary_it_may_be_cut(board):
    for top in (0, 1, 3, 10):
        assert board.to_dict(top)["leaderboard"] == board.to_dict()["leaderboard"][:top]


def test_an_open_end_is_null_and_a_warning_names_it(open_board):
    assert open_board["lucky"].rating_upper == math.inf
    found = json.loads(json.dumps(open_board.to_dict(), allow_nan=False))
    (lucky,) = (row for row in found["leaderboard"] if row["model"] == "lucky")
    assert lucky["rating_upper"] is None
    assert lucky["rating_lower"] == open_board["lucky"].rating_lower
    assert any("of lucky is open above" in warning for warning in found["warnings"])


def test_every_kind_of_board_is_strict_json(log):
    frame = log.frame()
    for options in (
        {"bootstrap": 0},
        {"elo_shuffles": 0},
        {"prior": 0.5, "anchor": {"m0000": 1200}},
        {"ties": "exclude", "min_matches": 3},
    ):
        json.dumps(humorrank.rate(frame, **options).to_dict(), allow_nan=False)


# Text ---------------------------------------------------------------------------------------


def test_its_repr_is_a_table_for_people(board, open_board):
    text = repr(board)
    lines = text.splitlines()
    for title in ("rank", "model", "rating", "95 % interval", "win rate", "matches", "Elo"):
        assert title in lines[0]
    for row in board.rows:
        (line,) = (line for line in lines if f" {row.model} " in line)
        assert f"{row.rating:.1f}" in line
        assert f"{row.rating_lower:.1f} to {row.rating_upper:.1f}" in line
        assert f"{row.win_rate:.1%}" in line
    assert lines[-1] == "3 contestants, 27 matches"
    assert "to ∞" in repr(open_board)


def test_a_long_board_is_shown_in_part():
    ring = [(f"m{i:03}", f"m{(i + 1) % 100:03}", "a") for i in range(100)]
    board = humorrank.rate(ring, bootstrap=0, elo_shuffles=0)
    assert "... and 70 more" in repr(board)
    assert "... and 70 more" in board._repr_html_()
    assert "m099" in board.to_text()
    assert len(repr(board).splitlines()) < 40


def test_a_name_cannot_break_the_table_or_the_terminal():
    board = humorrank.rate([("a\x1b[31m\nb", "c", "a"), ("c", "a\x1b[31m\nb", "a")], bootstrap=0)
    assert "\x1b" not in repr(board)
    assert r"a\x1b[31m\nb" in repr(board)


def test_a_name_is_not_taken_for_markup():
    names = "[bold]x[/bold]", "<script>alert(1)</script>"
    board = humorrank.rate([names, names[::-1]], bootstrap=0)
    assert names[0] in repr(board)
    html = board._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert html.count("<tr>") == 3


# The win matrix -----------------------------------------------------------------------------


def test_the_win_matrix_is_the_share_of_the_points_of_each_pair(log):
    board = humorrank.rate(log.frame(), bootstrap=0)
    points = log.points()
    matrix = board.win_matrix()
    models = board.table["model"].to_list()
    assert matrix.columns == ["model", *models]
    assert matrix["model"].to_list() == models
    place = {name: i for i, name in enumerate(log.names)}
    met = 0
    for row in matrix.iter_rows(named=True):
        for column in models:
            i, j = place[row["model"]], place[column]
            total = points[i, j] + points[j, i]
            if total == 0:
                assert row[column] is None
            else:
                met += 1
                assert row[column] == pytest.approx(points[i, j] / total)
    assert 0 < met < 15 * 14


def test_a_contestant_may_be_called_model():
    board = humorrank.rate([("model", "other", "a"), ("other", "model", "a")], bootstrap=0)
    matrix = board.win_matrix()
    assert matrix.columns[0] == "model_"
    assert sorted(matrix.columns[1:]) == ["model", "other"]


# Settings, counts and sources ---------------------------------------------------------------


def test_a_board_is_frozen(board):
    with pytest.raises(dataclasses.FrozenInstanceError):
        board.table = pl.DataFrame()
    with pytest.raises(dataclasses.FrozenInstanceError):
        board.rows[0].rating = 3000.0


def test_boards_can_be_compared_and_kept_in_a_set(board):
    other = humorrank.rate(MATCHES, seed=5)
    assert board == board  # noqa: PLR0124
    assert board != other
    assert len({board, other}) == 2


def test_settings_seed_and_version_are_on_the_board():
    board = humorrank.rate(
        MATCHES,
        bootstrap=50,
        confidence=0.9,
        elo_shuffles=3,
        elo_k=16,
        anchor={"pun": 1100},
        seed=7,
    )
    expected = {
        "bootstrap": 50,
        "confidence": 0.9,
        "elo_shuffles": 3,
        "elo_k": 16,
        "ties": "half",
        "anchor": {"pun": 1100},
        "prior": 0,
        "disconnected": "error",
        "min_matches": 0,
        "seed": 7,
    }
    assert {name: board.settings[name] for name in expected} == expected
    assert board.version == humorrank.__version__
    assert board.bootstrap == {"replicates": 50, "without_maximum": 0}
    assert board.elo["shuffles"] == 3
    assert board.certificate["distance"] < board.certificate["tolerance"] == 1e-6


@pytest.mark.parametrize("ties", ["half", "exclude"])
def test_the_counts_add_up(ties):
    rows = [*MATCHES, ("pun", "irony", None), ("pun", "pun", "a"), ("pun", "irony", "nonsense")]
    rows += [("winner", "pun", "a"), ("pun", "irony", "tie (bothbad)")]
    board = humorrank.rate(rows, ties=ties, on_error="skip", disconnected="largest")
    counts = board.counts
    tied = {"half": 0, "exclude": 5}[ties]
    assert counts["read"] == len(rows) == 32
    assert counts["unjudged"] == 1
    assert counts["skipped"] == 2
    assert counts["outside"] == 1
    assert counts["tied_out"] == tied
    assert counts["ties"] == (0 if tied else 4)
    assert counts["both_bad"] == (0 if tied else 1)
    assert counts["rated"] == 28 - tied
    left_out = ("unjudged", "skipped", "filtered", "void", "tied_out", "outside")
    assert counts["read"] == counts["rated"] + sum(counts[name] for name in left_out)
    assert 2 * counts["rated"] == board.table["matches"].sum()
    assert any("1 row has no outcome" in warning for warning in board.warnings)
    assert sum("1 bad row skipped" in warning for warning in board.warnings) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bootstrap": -1}, "bootstrap"),
        ({"bootstrap": 1.5}, "bootstrap"),
        ({"confidence": 95}, "confidence must lie between 0 and 1"),
        ({"confidence": math.nan}, "confidence"),
        ({"elo_k": math.inf}, "elo_k"),
        ({"prior": -1}, "prior"),
        ({"ties": "win"}, "ties"),
        ({"disconnected": "drop"}, "disconnected"),
        ({"solver": "sgd"}, "solver"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"threads": 0}, "threads"),
        ({"anchor": {"pun": 1000, "irony": 900}}, "anchor"),
        ({"anchor": {"pun": math.nan}}, "anchor"),
    ],
)
def test_a_value_that_an_option_cannot_have_is_refused(options, message):
    with pytest.raises(humorrank.OptionError, match=message):
        humorrank.rate(MATCHES, **options)


def test_names_that_look_alike_are_rated_apart_and_pointed_out():
    board = humorrank.rate([("GPT", "gpt ", "a"), ("gpt ", "GPT", "a")], bootstrap=0)
    assert len(board) == 2
    assert any("differ only in case, whitespace or" in warning for warning in board.warnings)


def test_nothing_to_rate_is_an_error():
    with pytest.raises(humorrank.InputError, match="no matches"):
        humorrank.rate([("a", "b", None)])
    with pytest.raises(humorrank.InputError, match="all 2 are ties"):
        humorrank.rate([("a", "b", "tie")] * 2, ties="exclude")


def _rating_of_the_best(rows):
    return humorrank.rate(rows, bootstrap=100).rows[0].rating


@pytest.mark.slow
@pytest.mark.parametrize("contestants", [3, 1500])
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_ratings_run_in_other_processes_and_travel_between_them(method, contestants):
    """A forked process inherits the thread pool without its threads."""
    names = [f"{i:04}" for i in range(contestants)]
    times = 90 // contestants + 1
    rows = [(names[i - 1], names[i], "model_a") for i in range(contestants)] * times
    board = humorrank.rate(rows, bootstrap=100)
    again = pickle.loads(pickle.dumps(board))
    assert again.rows == board.rows
    assert again.win_matrix().equals(board.win_matrix())
    with multiprocessing.get_context(method).Pool(1) as pool:
        best = pool.apply_async(_rating_of_the_best, (rows,)).get(timeout=PATIENCE)
    assert best == board.rows[0].rating


def _all_ways(rows, path):
    """Counting and rating small logs, and joining one with a large field."""
    ring = [f"{i:05}" for i in range(33_000)]
    wide = [(winner, loser, "model_a") for winner, loser in itertools.pairwise(ring)]
    return (
        humorrank.rate([*rows, ("a", "b", None)], bootstrap=0, prior=1).rows[0].rating,
        humorrank.rate(path, bootstrap=0, prior=1).rows[0].rating,
        (humorrank.tally(rows) + humorrank.tally(wide)).matches,
    )


def test_a_fork_can_do_what_its_parent_did(tmp_path):
    """Only operations that need the engine of polars do not run in a forked process."""
    rows = [("a", "b", "model_a"), ("b", "c", "tie"), ("c", "a", "model_a"), ("b", "a", "model_a")]
    path = tmp_path / "log.csv"
    pl.DataFrame(rows * 3, schema=["model_a", "model_b", "winner"], orient="row").write_csv(path)
    here = _all_ways(rows * 3, path)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        there = pool.apply_async(_all_ways, (rows * 3, path)).get(timeout=PATIENCE)
    assert there == here


def test_the_error_without_a_maximum_travels_too():
    with pytest.raises(humorrank.NoMaximumError) as caught:
        humorrank.rate([("x", "y", "model_a")])
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.outside == caught.value.outside
