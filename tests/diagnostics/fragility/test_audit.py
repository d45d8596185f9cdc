"""The audit, compared with brute force, planted matches, and ratings of the changed log."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from soak import brute
from support.drawn import drawn
from support.judged import log

import humorrank
from humorrank.diagnostics.cells import Cells, rated_cells
from humorrank.diagnostics.fragility.audit import audit
from humorrank.diagnostics.fragility.changes import Changes, conjugate_gradients
from humorrank.diagnostics.fragility.result import answer
from humorrank.errors import InputError, NoMaximumError, OptionError

FIELD = {f"m{i}": 1000.0 + 60 * i for i in range(8)}


def changed(rows, report):
    """Returns the rows (a, b, winner) without the set, or with the set flipped."""
    rows, flipped = list(rows), []
    other = {"model_a": "model_b", "model_b": "model_a", "tie": "tie"}
    for cell in report.cells.iter_rows(named=True):
        a, b, winner = cell["model_a"], cell["model_b"], cell["outcome"]
        for _ in range(cell["changed"]):
            same = {(a, b, winner), (b, a, other[winner])}
            rows.remove(next(row for row in rows if row in same))
            flipped.append((a, b, other[winner]))
    return rows + (flipped if report.change == "flip" else [])


def order(rows):
    board = humorrank.rate(rows, bootstrap=0, elo_shuffles=0)
    return [row.model for row in board], {row.model: row.rating for row in board}


def test_it_equals_brute_force_on_small_logs_and_is_never_below():
    told = brute.compare(500)
    assert told["below"] == 0
    assert told["equal"] >= 0.95 * (500 - told["none there"])


@pytest.mark.parametrize("change", ["remove", "flip"])
def test_where_all_sets_were_tried_the_smallest_is_said_and_is(change):
    random = np.random.default_rng(9)
    tried = 0
    while tried < 30:
        rows = brute.small_log(random)
        exist, first, _ = brute.rateable(rows)
        if not exist or first is None:
            continue
        tried += 1
        report = audit(rows, change=change)
        assert report.smallest
        assert report.size == brute.smallest(rows, change, len(rows))


@pytest.mark.parametrize(("change", "size"), [("remove", 3), ("flip", 2)])
def test_a_lead_of_two_matches_between_two_models(change, size):
    rows = [("x", "y", "model_a")] * 7 + [("y", "x", "model_a")] * 5 + [("x", "y", "tie")] * 4
    report = audit(rows, change=change)
    assert (report.found, report.size, report.smallest) == (True, size, True)
    expected = {"model_a": "x", "model_b": "y", "outcome": "model_a", "score": 1.0}
    expected |= {"weight": 1.0, "changed": size, "of": 7}
    assert report.cells.to_dicts() == [expected]
    assert order(changed(rows, report))[0] == ["y", "x"]


def planted():
    """Returns a log of 2,000 matches in which a model leads by a few additional lucky ones."""
    rows = drawn(FIELD, 2_000, ties=0.2, seed=2).rows()
    return [*rows, *[("lucky", "m7", "model_a")] * 4, *[("m7", "lucky", "model_a")] * 2]


def test_planted_matches_are_found():
    report = audit(planted())
    assert report.question == "the winner is lucky"
    assert report.size <= 3
    assert set(report.cells["model_a"]) | set(report.cells["model_b"]) == {"lucky", "m7"}
    assert order(changed(planted(), report))[0][0] == "m7"


@pytest.mark.parametrize("change", ["remove", "flip"])
@pytest.mark.parametrize(
    "question", [{}, {"pair": ("m2", "m5")}, {"winner": "m5"}, {"top": 3}, {"top": 7}]
)
def test_what_is_found_holds_when_the_log_is_rated_again(question, change):
    rows = drawn(FIELD, 1_500, ties=0.2, seed=4).rows()
    report = audit(rows, change=change, **question)
    assert report.found
    assert report.changed == report.size == report.cells["changed"].sum()
    assert (report.cells["changed"] <= report.cells["of"]).all()
    (before, _), (after, ratings) = order(rows), order(changed(rows, report))
    if "pair" in question:
        assert (before.index("m2") > before.index("m5")) != (after.index("m2") > after.index("m5"))
    elif "winner" in question:
        assert before[0] != "m5" == after[0]
    else:
        top = question.get("top", 1)
        assert set(before[:top]) != set(after[:top])
    told = dict(zip(report.ratings["model"], report.ratings["rating_after"], strict=True))
    assert told == pytest.approx(ratings, abs=1e-4)
    # The set has no redundant match.
    for cell in range(report.cells.height):
        fewer = report.cells.with_columns(
            changed=pl.col("changed") - (pl.int_range(pl.len()) == cell)
        )
        less = order(changed(rows, _with(report, fewer)))[0]
        if "winner" in question:
            assert less[0] != "m5"
        elif "pair" in question:
            assert (before.index("m2") > before.index("m5")) == (
                less.index("m2") > less.index("m5")
            )
        else:
            assert set(before[:top]) == set(less[:top])


class _with:  # noqa: N801 - reads as a function
    def __init__(self, report, cells):
        self.change, self.cells = report.change, cells


def test_a_set_after_which_no_rating_exists_is_no_change():
    # Without its only loss x cannot be rated, and y cannot overtake it otherwise.
    rows = [("x", "y", "model_a")] * 5 + [("x", "y", "model_b")]
    report = audit(rows)
    assert (report.found, report.size, report.smallest) == (False, None, True)
    assert "all sets were tried" in answer(report)
    assert report.ratings["rating_after"].is_null().all()
    assert report.cells.height == 0
    assert audit(rows, change="flip").size == 3


def test_level_models_are_said_to_be_level():
    rows = [("x", "y", "model_a"), ("x", "y", "model_b"), ("x", "z", "model_a")]
    rows += [("y", "z", "model_a"), ("z", "x", "model_a"), ("z", "y", "model_a"), ("x", "y", "tie")]
    report = audit(rows, pair=("x", "y"))
    assert (report.tied, report.size, report.found) == (True, 0, False)
    assert "already equal" in report.to_text()


def test_nothing_but_ties_cannot_be_flipped():
    rows = [("x", "y", "tie")] * 3 + [("y", "z", "tie")] * 3
    assert audit(rows).tied
    rows += [("x", "y", "model_a"), ("x", "z", "model_a"), ("z", "x", "model_a")]
    report = audit(rows, change="flip")
    assert set(report.cells["outcome"]) <= {"model_a", "model_b"}


def test_soft_and_weighted_matches():
    table = {
        "model_a": ["x", "x", "y", "z", "y", "x"],
        "model_b": ["y", "z", "z", "x", "x", "y"],
        "score": [0.9, 0.7, 0.6, 0.6, 0.45, 0.6],
        "weight": [2.0, 1.0, 1.0, 1.0, 1.5, 1.0],
    }
    for change in ("remove", "flip"):
        report = audit(table, change=change, score_of="a")
        frame = pl.DataFrame(table).with_columns(
            pl.when(pl.col("model_a") > pl.col("model_b"))
            .then(1 - pl.col("score"))
            .otherwise("score")
            .alias("low")
        )
        keep = []
        for row in frame.iter_rows(named=True):
            hit = any(
                {cell["model_a"], cell["model_b"]} == {row["model_a"], row["model_b"]}
                and math.isclose(cell["score"], row["low"])
                and cell["weight"] == row["weight"]
                for cell in report.cells.iter_rows(named=True)
            )
            if hit and change == "flip":
                row["score"] = 1 - row["score"]
            if not hit or change == "flip":
                keep.append(row)
        board = humorrank.rate(pl.DataFrame(keep).drop("low"), score_of="a", bootstrap=0)
        assert report.question == "the winner is x"
        assert next(iter(board)).model != "x"
        assert "got" in report.to_text() or "tied" in report.to_text()


def test_judges_and_prompts_whole():
    fair = log((1000, 1040, 960), 600, seed=1).with_columns(judge=pl.lit("fair"))
    fan = log((1900, 1000, 1000), 90, seed=2).with_columns(judge=pl.lit("fan"))
    odd = log((1000, 1040, 960), 60, seed=3).with_columns(judge=pl.lit("|odd\n"))
    frame = pl.concat([fair, fan, odd])
    report = audit(frame, by="judge")
    assert report.question == "the winner is m0"
    assert report.cells.to_dicts() == [{"judge": "fan", "matches": 90}]
    assert (report.size, report.changed, report.smallest) == (1, 90, True)
    assert "fan" in report.to_text()
    some = frame.with_columns(judge=pl.when(pl.col("judge") == "fan").then(pl.lit("fan")))
    again = audit(some, by="judge")
    assert again.size == 1
    assert any("660 matches have no judge" in warning for warning in again.warnings)
    prompts = audit(frame, by="question_id")
    gone = set(prompts.cells["question_id"])
    left = frame.filter(~pl.col("question_id").is_in(gone))
    assert next(iter(humorrank.rate(left, bootstrap=0))).model != "m0"
    assert prompts.changed == len(frame) - len(left)


@settings(max_examples=6)
@given(st.integers(0, 2**31), st.sampled_from(["remove", "flip"]))
def test_the_order_of_rows_leaves_no_trace(seed, change):
    frame = drawn(FIELD, 150, ties=0.3, seed=8)
    shuffled = frame.sample(fraction=1, shuffle=True, seed=seed)
    options = {"change": change, "disconnected": "largest"}
    assert audit(frame, **options).to_json() == audit(shuffled, **options).to_json()


def test_counts_of_any_size():
    table = {
        "model_a": ["x", "x", "y", "z", "x"],
        "model_b": ["y", "y", "z", "y", "z"],
        "winner": ["model_a", "model_b", "model_a", "model_a", "tie"],
        "count": [1_000_000_000, 999_000_000, 10**9, 10**9, 10],
    }
    report = audit(table, pair=("x", "y"))
    assert report.found
    # The lead is a million. The matches against z hardly matter, as x and y differ little there.
    assert 990_000 <= report.size <= 1_010_000
    assert audit(table, pair=("x", "y"), change="flip").size == pytest.approx(500_000, rel=0.01)


def test_who_cannot_be_rated_is_an_error_or_left_out():
    rows = [("x", "y", "model_a"), ("x", "y", "model_b"), ("x", "y", "model_b")] * 3
    rows += [("z", "x", "model_a")]
    with pytest.raises(NoMaximumError, match="z: never lost"):
        audit(rows)
    report = audit(rows, disconnected="largest")
    assert report.question == "the winner is y"
    assert any("left out: z" in warning for warning in report.warnings)
    with pytest.raises(InputError):
        audit([])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"change": "hide"}, "change"),
        ({"pair": ("m1", "m1")}, "two different models"),
        ({"pair": ("m1", "m9")}, "no model 'm9'"),
        ({"pair": "m1,m2"}, "two different models"),
        ({"winner": "m7"}, "already comes first"),
        ({"winner": "nobody"}, "no model 'nobody'"),
        ({"top": 8}, "less than the 8"),
        ({"top": 0}, "top"),
        ({"top": 1, "winner": "m1"}, "exclude each other"),
        ({"by": "judge"}, "no column 'judge'"),
        ({"ties": "x"}, "ties"),
        ({"disconnected": "x"}, "disconnected"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        audit(drawn(FIELD, 600, seed=4), **options)


@pytest.mark.parametrize("matches", [400, 4_000])
def test_influences_by_conjugate_gradients_are_those_of_a_dense_solution(matches):
    field = {f"m{i:02}": 1000.0 + 20 * i for i in range(40)}
    tally = humorrank.tally(drawn(field, matches, ties=0.3))
    cells = rated_cells(Cells.of(tally, "half"), "largest")[0]
    strengths = cells.field().fit()[0]
    log = Changes(cells, "remove")
    nothing = np.zeros(len(cells), np.int64)
    low, high, parts = log._parts(nothing, strengths)
    target = np.zeros(len(strengths))
    target[3], target[8] = 1, -1
    found = conjugate_gradients(low, high, parts, target)
    exact = np.linalg.pinv(log.information(nothing, strengths)) @ target
    np.testing.assert_allclose(found - found.mean(), exact - exact.mean(), rtol=0, atol=1e-8)


@pytest.mark.parametrize("change", ["remove", "flip"])
def test_influences_are_the_derivatives_of_refits(change):
    tally = humorrank.tally(drawn(FIELD, 2_000, ties=0.2))
    many = Cells.of(tally, "half")
    many = replace(many, count=many.count * 10**6)
    strengths = many.field().fit()[0]
    log = Changes(many, change)
    nothing = np.zeros(len(many), np.int64)
    effect = log.effects(nothing, strengths, 7, 5)
    gap = strengths[7] - strengths[5]
    for unit in np.flatnonzero(log.capacity)[::5].tolist():
        step = nothing.copy()
        step[unit] = 1_000
        after = log.refit(step)
        closed = gap - (after[7] - after[5])
        assert closed == pytest.approx(1_000 * effect[unit], rel=0.01, abs=1e-9)
