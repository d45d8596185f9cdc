"""The figures of the leaderboard and of the ranks."""

import math

import polars as pl
import pytest
from support.drawings import board, datasets, drawn, log, names, notes, rows

import humorrank
from humorrank import figures
from humorrank.errors import OptionError


@pytest.mark.parametrize("top", [None, 1, 4])
def test_the_data_are_the_boards(top):
    made = board()
    found = rows(figures.leaderboard(made, top), "model", "rating")
    table = made.table.head(len(made) if top is None else top)
    assert [row["model"] for row in found] == table["model"].to_list()
    for name in ("rank", "rating", "rating_lower", "rating_upper", "win_rate", "matches"):
        assert [row[name] for row in found] == table[name].to_list()
    for row in found:
        assert (row["left"], row["right"]) == (row["rating_lower"], row["rating_upper"])
        assert not row["beyond_left"]
        assert not row["beyond_right"]


def test_a_log_is_rated_first():
    source = log(5, 300)
    found = rows(figures.leaderboard(source, bootstrap=40, seed=3), "rating_lower")
    wanted = humorrank.rate(source, bootstrap=40, seed=3, elo_shuffles=0).table
    assert [row["rating_lower"] for row in found] == wanted["rating_lower"].to_list()


def test_board_plot_is_the_leaderboard():
    made = board()
    assert made.plot(3).to_dict() == figures.leaderboard(made, 3).to_dict()


def test_open_ends_stop_at_the_border_with_a_triangle_that_is_explained():
    # The best model lost a single match, so most replicates have no maximum.
    source = pl.concat(
        [
            log(4, 300, called=names(4)),
            pl.DataFrame(
                [("best", name, "model_a") for name in names(4) * 5]
                + [("best", names(1)[0], "model_b")],
                schema=["model_a", "model_b", "winner"],
                orient="row",
            ),
        ]
    )
    made = humorrank.rate(source, bootstrap=200, elo_shuffles=0)
    assert made["best"].rating_upper == math.inf
    chart = figures.leaderboard(made)
    row = next(row for row in rows(chart, "rating") if row["model"] == "best")
    assert row["rating_upper"] is None
    assert row["beyond_right"]
    assert row["rating"] < row["right"] < math.inf
    assert "Triangle at the border" in notes(chart)
    marks = [layer["mark"] for layer in chart.to_dict()["layer"]]
    assert sum(mark.get("shape") == "triangle-right" for mark in marks) == 1
    assert "triangle" not in notes(figures.leaderboard(board())).lower()
    assert drawn(chart)


def test_without_intervals_there_are_dots_and_a_line_that_says_so():
    chart = figures.leaderboard(board(bootstrap=0))
    assert "without intervals" in notes(chart)
    assert [layer["mark"]["type"] for layer in chart.to_dict()["layer"]] == ["point", "text"]


@pytest.mark.parametrize(("models", "panels"), [(75, 1), (76, 2), (300, 4)])
def test_many_models_stand_in_panels_on_one_scale(models, panels):
    made = humorrank.rate(log(models, 20 * models), bootstrap=0, elo_shuffles=0, prior=1.0)
    chart = figures.leaderboard(made)
    parts = chart.to_dict().get("hconcat", [chart.to_dict()])
    assert len(parts) == panels
    found = rows(chart, "rating")
    assert [row["model"] for row in found] == made.table["model"].to_list()
    scales = {
        str(layer["encoding"]["x"]["scale"]["domain"])
        for part in parts
        for layer in part["layer"]
        if "scale" in layer["encoding"]["x"]
    }
    assert len(scales) == 1


def test_more_than_300_models_are_cut_and_it_is_said():
    made = humorrank.rate(log(310, 6_000), bootstrap=0, elo_shuffles=0, prior=1.0)
    chart = figures.leaderboard(made)
    assert len(rows(chart, "rating")) == 300
    assert "the best 300 of 310 models" in notes(chart)
    assert len(rows(figures.leaderboard(made, 305), "rating")) == 305


def test_ranks_are_the_boards():
    made = board()
    wanted = made.ranks(joint=True)
    found = rows(figures.ranks(made, joint=True), "rank_lower")
    assert found == wanted.table.to_dicts()
    assert "all models simultaneously" in notes(figures.ranks(made, joint=True))


def test_two_models_can_be_drawn():
    made = board(2, 100, bootstrap=40)
    for draw in (figures.leaderboard, figures.ranks, figures.win_rates, figures.elo_against_bt):
        assert drawn(draw(made))


def test_the_anchor_stands_in_the_title_of_the_axis():
    made = board(anchor={"model-003": 1300})
    assert "model-003 at 1300" in str(figures.leaderboard(made).to_dict())


def test_names_of_any_script_and_length_are_drawn_and_markup_is_text():
    called = [
        "<script>alert(1)</script>",
        "a\"b'c&d",
        "模型一号",
        "نموذج",
        "x" * 300,
        "a\nb\x1b[1m",
    ]
    made = humorrank.rate(log(6, 600, called=called), bootstrap=40, elo_shuffles=0)
    chart = figures.leaderboard(made)
    shown = {row["model"] for row in rows(chart, "rating")}
    assert shown == {*called[:5], "a\\nb\\x1b[1m"}
    root, texts = drawn(chart)
    assert {*called[:4], "a\\nb\\x1b[1m"} <= set(texts)
    long = next(text for text in texts if text.startswith("xx"))
    assert "…" in long.strip("…")
    assert len(long) < 60
    assert not [node for node in root.iter() if "script" in str(node.tag)]


MONTHS = ("04", "05", "09")
LOOK_ALIKES = [f"gemini-2.5-flash-preview-{month}-2025-thinking-high" for month in MONTHS]


def test_long_names_that_share_their_start_and_end_have_different_labels():
    made = humorrank.rate(log(3, 300, called=LOOK_ALIKES), bootstrap=40, elo_shuffles=0)
    for chart in (figures.leaderboard(made), figures.ranks(made), figures.win_rates(made)):
        _, texts = drawn(chart)
        labels = {text for text in texts if text.startswith("gem")}
        assert len(labels) == 3
        assert all("…" in label and len(label) < 40 for label in labels)
    assert {row["model"] for row in rows(figures.leaderboard(made), "rating")} == {*LOOK_ALIKES}


def test_a_board_without_any_finite_end_is_drawn():
    made = humorrank.rate(
        [("a", "b", "model_a"), ("b", "a", "model_a"), ("b", "c", "tie")], elo_shuffles=0
    )
    assert figures.svg(figures.leaderboard(made))


def test_what_cannot_be_drawn_is_refused():
    made = board()
    with pytest.raises(OptionError, match="seed cannot be set for a leaderboard"):
        figures.leaderboard(made, seed=1)
    with pytest.raises(OptionError, match="top must be a whole number"):
        figures.leaderboard(made, 0)
    with pytest.raises(OptionError, match="bootstrap=0"):
        figures.ranks(board(bootstrap=0))
    judged = log(3, 300).with_columns(judge=pl.Series(["a", "b"] * 150))
    with pytest.raises(OptionError, match="instead of by"):
        figures.leaderboard(judged, by="judge")
    with pytest.raises(OptionError, match="choose one of the groups"):
        figures.leaderboard(humorrank.rate(judged, by="judge", bootstrap=0))


def test_the_same_board_gives_the_same_picture():
    source = log(5, 300)
    one, two = (
        figures.svg(figures.leaderboard(part, bootstrap=40))
        for part in (source, source.sample(fraction=1, shuffle=True, seed=1))
    )
    assert one == two
    assert datasets(figures.leaderboard(source, bootstrap=40))


def test_columns_without_any_value_have_a_type():
    from humorrank.figures import theme  # noqa: PLC0415 - imports Altair

    found = theme.data([{"model": "a", "rating_lower": None}, {"model": "b", "rating_lower": None}])
    assert found.schema == {"model": pl.String, "rating_lower": pl.Float64}


def test_a_board_whose_intervals_are_all_open_is_drawn():
    cycle = [{"model_a": f"m{i}", "model_b": f"m{(i + 1) % 5}", "winner": "a"} for i in range(5)]
    made = humorrank.rate(cycle, elo_shuffles=0)
    assert all(math.isinf(row.rating_lower) and math.isinf(row.rating_upper) for row in made)
    for draw in (figures.leaderboard, figures.ranks):
        _, texts = drawn(draw(made))
        assert {"m0", "m4"} <= set(texts)
