"""Rating by group: every group is rated independently, and no group affects the others."""

import json
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.grouped import bits, frame_of, rows

import humorrank
from humorrank import HumorRankError, NoMaximumError, OptionError, Tally
from humorrank.rating.board.ranks import ranks_by_interval, ranks_by_rating
from humorrank.rating.board.rows import COLUMNS

few = settings(max_examples=40, suppress_health_check=list(HealthCheck))

CYCLE = [("a", "b"), ("b", "c"), ("c", "a"), ("a", "c")]


def log(groups) -> pl.DataFrame:
    """Returns a log of wins by group."""
    rows = [(*pair, "model_a", judge) for judge, pairs in groups.items() for pair in pairs]
    return pl.DataFrame(rows, schema=["model_a", "model_b", "winner", "judge"], orient="row")


OPTIONS = [
    {},
    {"prior": 0.7},
    {"disconnected": "largest"},
    {"disconnected": "largest", "min_matches": 2},
    {"ties": "exclude", "disconnected": "largest"},
    {"solver": "mm", "prior": 1},
    {"anchor": {"pun": 1200}, "prior": 0.5},
    {"bootstrap": 40, "elo_shuffles": 3, "disconnected": "largest", "seed": 5},
    {"bootstrap": 40, "prior": 0.5, "anchor": {"pun": 700}, "elo_shuffles": 0},
]


@pytest.mark.slow
@few
@given(rows, st.sampled_from(OPTIONS), st.sampled_from(["judge", ["prompt"], ["prompt", "judge"]]))
def test_a_group_is_rated_bit_for_bit_as_its_rows_alone(rows, options, by):
    options = {"bootstrap": 0, "elo_shuffles": 0} | options
    frame = frame_of(rows)
    assume("anchor" not in options or "pun" in humorrank.tally(frame).names)
    boards = humorrank.rate(frame, by=by, **options)
    columns = [by] if isinstance(by, str) else by
    table, groups = boards.to_polars(), boards.groups
    assert table.columns == [*columns, *COLUMNS, "note"]
    judged = frame.filter(pl.col("winner").is_not_null())
    assert set(groups.select(columns).rows()) == set(judged.select(columns).rows())
    for key in boards:
        labels = (key,) if isinstance(by, str) else key
        same = [pl.col(c).eq_missing(pl.lit(v)) for c, v in zip(columns, labels, strict=True)]
        own, note = table.filter(same), groups.filter(same)["note"][0]
        try:
            alone = humorrank.rate(frame.filter(same), **options)
        except HumorRankError as error:
            assert own["rating"].null_count() == len(own)
            assert own["note"].null_count() == 0
            assert note
            with pytest.raises(type(error)) as raised:
                boards[key]
            assert isinstance(error, humorrank.InputError) or str(raised.value) == str(error)
            continue
        rated = own.filter(pl.col("rating").is_not_null())
        rated_only = type("Table", (), {"to_polars": lambda self, t=rated: t.select(COLUMNS)})()
        assert bits(rated_only) == bits(alone)
        assert bits(boards[key]) == bits(alone)
        unrated = own.filter(pl.col("rating").is_null())
        assert sorted(unrated["model"]) == sorted(u.model for u in alone.unrated)
        for u in alone.unrated:
            row = unrated.row(by_predicate=pl.col("model") == u.model, named=True)
            assert u.reason in row["note"]
            assert u.matches == row["matches"]


@pytest.mark.slow
@few
@given(rows, st.randoms(use_true_random=False), st.integers(0, 60))
def test_neither_order_nor_split_nor_threads_leave_a_trace(tmp_path_factory, rows, r, cut):
    frame = frame_of(rows)
    options = {"prior": 0.5, "bootstrap": 40, "elo_shuffles": 2, "by": "judge"}
    expected = bits(humorrank.rate(frame, **options))
    order = list(range(len(frame)))
    r.shuffle(order)
    for threads in (1, 2, 8):
        assert bits(humorrank.rate(frame[order], threads=threads, **options)) == expected
    tally = humorrank.tally(frame, keys=["prompt", "judge"])
    assert bits(humorrank.rate(tally, **options)) == expected
    path = tmp_path_factory.mktemp("groups") / "t.parquet"
    tally.write(path)
    assert bits(humorrank.rate(path, **options)) == expected
    parts = [part for part in (frame[:cut], frame[cut:]) if part["winner"].count()]
    tallies = [humorrank.tally(part, keys=["judge"]) for part in parts]
    summed = tallies[0] if len(tallies) == 1 else tallies[0].merge(tallies[1])
    assert bits(humorrank.rate(summed, **options)) == expected


def test_a_group_without_a_maximum_says_so_and_fails_nobody():
    boards = humorrank.rate(log({"good": CYCLE, "bad": [*CYCLE, ("a", "d")]}), by="judge")
    assert list(boards) == ["bad", "good"]
    assert boards["good"]["a"].rank == 1
    with pytest.raises(NoMaximumError, match="d: never won"):
        boards["bad"]
    table = boards.to_polars()
    bad = table.filter(judge="bad")
    assert bad["rating"].null_count() == 4
    assert bad["matches"].to_list() == [4, 2, 3, 1]
    notes = dict(bad.select("model", "note").iter_rows())
    assert notes["d"] == "no maximum: never won (0 of 1 won)"
    assert notes["a"].startswith("no maximum: 1 of 4 contestants are not connected to the rest")
    assert table.filter(judge="good")["note"].null_count() == 3
    assert any("1 of 2 groups have no maximum" in warning for warning in boards.warnings)
    largest = humorrank.rate(
        log({"good": CYCLE, "bad": [*CYCLE, ("a", "d")]}), by="judge", disconnected="largest"
    )
    last = largest.to_polars().filter(judge="bad").row(-1, named=True)
    assert (last["model"], last["rating"]) == ("d", None)
    assert last["note"] == "outside the largest component: never won (0 of 1 won)"


def test_other_groups_that_cannot_be_rated():
    frame = log({"good": CYCLE, "other": [("x", "y"), ("y", "x")]})
    boards = humorrank.rate(frame, by="judge", anchor={"a": 1500})
    assert boards["good"]["a"].rating == 1500
    assert boards.groups["note"].to_list() == [
        None,
        "the anchor 'a' is not among the rated contestants",
    ]
    with pytest.raises(OptionError, match="the anchor 'nobody' is not among the contestants"):
        humorrank.rate(frame, by="judge", anchor={"nobody": 1500})
    boards = humorrank.rate(frame, by="judge", min_matches=2, bootstrap=0)
    assert boards.groups["rated"].to_list() == [3, 2]
    boards = humorrank.rate(frame, by="judge", min_matches=3, bootstrap=0)
    assert "no contestant has the required 3 matches" in boards.groups["note"][1]
    tied = frame.with_columns(winner=pl.lit("tie"))
    boards = humorrank.rate(tied, by="judge", ties="exclude")
    assert boards.groups["note"].str.contains("all are ties").all()


def test_a_mapping_with_helpful_errors():
    boards = humorrank.rate(log({"ann": CYCLE, None: CYCLE}), by="judge", bootstrap=0)
    assert list(boards) == ["ann", None]
    assert len(boards) == 2
    assert "ann" in boards
    assert None in boards
    assert ("ann",) not in boards
    with pytest.raises(KeyError, match="did you mean 'ann'"):
        boards["an"]
    boards = humorrank.rate(log({"ann": CYCLE}), by=["judge"], bootstrap=0)
    assert list(boards) == [("ann",)]
    assert boards["ann",]["a"].rank == 1
    assert "1 group by judge, 3 contestants, 4 matches rated" in repr(boards)
    assert boards.best(1).height == 1


def test_json_holds_the_whole_board():
    boards = humorrank.rate(log({"good": CYCLE, "bad": [("a", "b")]}), by="judge")
    found = json.loads(boards.to_json())
    bad, good = found["leaderboards"]
    assert (good["group"], good["note"]) == ({"judge": "good"}, None)
    assert [row["model"] for row in good["leaderboard"]] == ["a", "b", "c"]
    assert bad["leaderboard"] == []
    assert [row["model"] for row in bad["unrated"]] == ["a", "b"]
    assert found["settings"]["bootstrap"] == 1_000
    assert bad["note"].endswith("and several components are equally large")
    assert found == json.loads(json.dumps(boards.to_dict()))


def test_intervals_of_groups_do_not_depend_on_the_solver():
    """There are few upsets, so many replicates have no maximum."""
    rows = [(x, y) for x, y in combinations("abcde", 2) for _ in range(3)]
    frame = log({"j": [*rows, ("e", "a"), ("d", "b")], "k": [*rows, ("e", "a")]})
    options = {"by": "judge", "bootstrap": 60, "elo_shuffles": 0, "solver": "mm"}
    boards = humorrank.rate(frame, **options)
    for group in ("j", "k"):
        own = boards.to_polars().filter(judge=group).drop("judge", "note")
        assert own.equals(boards[group].to_polars())


def test_keys_of_wide_codes_take_no_more_room_than_others():
    """Keys are text, so 12 sorts before 7, and a dense table up to the largest would need 16 GB."""
    codes = [7, 4_000_000_000, 7, 12]
    tally = Tally.from_codes(
        ["a", "b"], [0, 1, 0, 1], [1, 0, 1, 0], [0, 0, 0, 2], keys={"user": (None, codes)}
    )
    cells = tally.to_polars()
    assert cells["user"].to_list() == ["12", "4000000000", "7"]
    assert cells["outcome"].to_list() == ["tie", "model_a", "model_a"]
    assert cells["count"].to_list() == [1, 1, 2]


def test_json_of_many_groups_is_that_of_each():
    cycles = {f"p{i:05}": CYCLE + CYCLE[: i % 3] + [("d", "a")] * (i % 2) for i in range(10_050)}
    fit = {"bootstrap": 0, "elo_shuffles": 0, "disconnected": "largest"}
    boards = humorrank.rate(log(cycles), by="judge", **fit)
    text = boards.to_json()
    assert len(text.splitlines()) == 10_050 + 8
    found = json.loads(text)
    assert found == json.loads(json.dumps(boards.to_dict()))
    for place in (0, 9_999, 10_000, 10_049):
        board, own = found["leaderboards"][place], boards[f"p{place:05}"].to_dict()
        assert board["leaderboard"] == own["leaderboard"]
        assert [row["model"] for row in board["unrated"]] == ["d"][: place % 2]


def test_a_column_of_the_board_cannot_make_groups():
    frame = log({"x": CYCLE}).rename({"judge": "rating"})
    with pytest.raises(OptionError, match="cannot be named 'rating'"):
        humorrank.rate(frame, by="rating")


def test_groups_of_codes_are_those_of_the_log():
    random = np.random.default_rng(0)
    rows, field, prompts = 20_000, 40, 300
    first = random.integers(field, size=rows)
    second = (first + random.integers(1, field, size=rows)) % field
    outcome, prompt = random.integers(4, size=rows), random.integers(prompts, size=rows)
    tally = Tally.from_codes(None, first, second, outcome, keys={"prompt": (None, prompt)})
    words = np.array(["model_a", "model_b", "tie", "tie (bothbad)"])
    frame = pl.DataFrame(
        {
            "model_a": first.astype(str),
            "model_b": second.astype(str),
            "winner": words[outcome],
            "prompt": prompt,
        }
    )
    fit = {"bootstrap": 0, "elo_shuffles": 0, "by": "prompt"}
    assert bits(humorrank.rate(tally, **fit)) == bits(humorrank.rate(frame, **fit))


@given(st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=8), min_size=1, max_size=5))
def test_ranks_of_many_boards_are_those_of_each(boards):
    values = [np.sort(np.array(board) * 6e-5)[::-1] for board in boards]
    starts = np.cumsum([0, *map(len, values)])[:-1]
    expected = []
    for board in values:
        leader, own = np.inf, []
        for place, rating in enumerate(board, start=1):
            if leader - rating > 1e-4:
                leader, rank = rating, place
            own.append(rank)
        expected += own
    assert ranks_by_rating(np.concatenate(values), starts).tolist() == expected
    lower, upper = np.concatenate(values) - 1e-4, np.concatenate(values) + 1e-4
    by_interval = [1 + sum(low > u for low in b - 1e-4) for b in values for u in b + 1e-4]
    assert ranks_by_interval(lower, upper, starts).tolist() == by_interval
