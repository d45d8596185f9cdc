"""The figure of ratings by budget."""

import polars as pl
import pytest
from support.drawings import board, drawn, log, notes, rows
from support.fields import field, finish, made, spec_of

from humorrank import figures, rate, tally
from humorrank.errors import InputError, NoMaximumError, OptionError
from humorrank.store.export import match_log
from humorrank.store.store import Store


def rated(frame, **options):
    made = rate(frame, bootstrap=0, elo_shuffles=0, **options)
    return dict(zip(made.table["model"], made.table["rating"], strict=True))


def lines(chart):
    out = {}
    for row in rows(chart, "model", "comparisons", "rating"):
        out.setdefault(row["comparisons"], {})[row["model"]] = row["rating"]
    return out


def test_each_point_is_the_rating_of_the_matches_up_to_there():
    source = log(5, 500)
    found = lines(figures.budget(source, steps=10))
    assert list(found)[-1] == 500
    assert len(found) >= 8
    for done, ratings in found.items():
        assert ratings == pytest.approx(rated(source.head(done)), abs=1e-5)


def test_scores_weights_and_counts_are_kept():
    source = (
        log(4, 400)
        .with_columns(
            winner=pl.lit(None, pl.String),
            score=pl.int_range(pl.len()) % 5 / 4,
            count=pl.int_range(pl.len()) % 3 + 1,
            weight=(pl.int_range(pl.len()) % 7 + 1) / 3,
        )
        .drop("winner")
    )
    found = lines(figures.budget(source, steps=4, score_of="a"))
    assert max(found) == source["count"].sum()
    assert found[max(found)] == pytest.approx(rated(source, score_of="a"), abs=1e-5)


def test_a_store_counts_comparisons_in_the_order_of_its_schedule(tmp_path):
    path = tmp_path / "T.sqlite"
    spec = spec_of(4, budget=200, position="both")
    finish(made(path, spec, field(4, 60)))
    with Store(path, write=False) as store:
        frame = match_log(store)
    assert frame.height == 400
    chart = figures.budget(path, steps=10)
    found = lines(chart)
    assert list(found)[-1] == 200
    assert "comparisons" in notes(chart)
    for done, ratings in found.items():
        assert ratings == pytest.approx(rated(frame.head(2 * done)), abs=1e-5)
    with pytest.raises(InputError, match="no matches"):
        figures.budget(path, where="judge = 'x'")


def test_lines_begin_where_all_can_be_rated_and_it_is_said():
    late = log(5, 500).filter(
        (pl.int_range(pl.len()) > 300)
        | ((pl.col("model_a") != "model-002") & (pl.col("model_b") != "model-002"))
    )
    chart = figures.budget(late, steps=20)
    assert "Lines begin when" in notes(chart)
    assert min(lines(chart)) > 150
    assert all(len(ratings) == 5 for ratings in lines(chart).values())


def test_many_models_are_thin_lines_and_the_ends_are_named():
    chart = figures.budget(log(300, 6_000), steps=20, prior=1.0)
    points = rows(chart, "comparisons")
    assert 10 < len({row["comparisons"] for row in points}) <= 5_000 // 300
    assert len({row["model"] for row in points if "label" in row}) == 8
    assert "the first 4 and the last 4" in notes(chart)
    assert "a prior of 1" in notes(chart)
    top = figures.budget(log(30, 900), steps=5, prior=1.0, top=10)
    assert len({row["model"] for row in rows(top, "model")}) == 10


def test_one_step_is_one_column_of_dots():
    chart = figures.budget(log(4, 200), steps=1)
    assert list(lines(chart)) == [200]
    assert drawn(chart)


def test_faults_of_budget():
    with pytest.raises(OptionError, match="contains no order of matches"):
        figures.budget(board())
    with pytest.raises(OptionError, match="a tally contains no order of matches"):
        figures.budget(tally(log(3, 100)))
    with pytest.raises(NoMaximumError):
        figures.budget([("a", "b", "model_a")] * 10)
    assert lines(figures.budget([("a", "b", "model_a")] * 10, prior=1.0))
    with pytest.raises(OptionError, match="steps"):
        figures.budget(log(3, 100), steps=0)
