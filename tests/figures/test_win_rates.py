"""The figure of the win-rate matrix."""

import math
import re
from collections import Counter, defaultdict

import pytest
from support.drawings import board, drawn, log, notes, rows

import humorrank
from humorrank import figures
from humorrank.figures import theme

SHARE = {"model_a": 1.0, "model_b": 0.0, "tie": 0.5}


def counted(source, place):
    """Counts points and matches by (row, column), match by match."""
    points, matches = defaultdict(float), Counter()
    for a, b, winner in source.iter_rows():
        points[place(a), place(b)] += SHARE[winner]
        points[place(b), place(a)] += 1 - SHARE[winner]
        matches[place(a), place(b)] += 1
        matches[place(b), place(a)] += 1
    return points, matches


@pytest.mark.parametrize("models", [3, 9, 40])
def test_cells_are_shares_and_counts_of_the_log(models):
    source = log(models, 30 * models)
    made = humorrank.rate(source, bootstrap=0, elo_shuffles=0)
    points, matches = counted(source, str)
    found = {(row["row"], row["column"]): row for row in rows(figures.win_rates(made), "share")}
    assert found.keys() == matches.keys()
    matrix = made.win_matrix()
    for (one, other), row in found.items():
        assert row["matches"] == matches[one, other]
        assert row["share"] == pytest.approx(points[one, other] / matches[one, other], abs=1e-12)
        place = made.table["model"].to_list().index(one)
        assert row["share"] == pytest.approx(matrix[other][place], abs=1e-12)


def test_beyond_70_models_neighbours_are_taken_together():
    source = log(150, 9_000)
    made = humorrank.rate(source, bootstrap=0, elo_shuffles=0, prior=0.5)
    order = made.table["model"].to_list()
    band = math.ceil(150 / 70)
    points, matches = counted(source, lambda name: order.index(name) // band)
    chart = figures.win_rates(made)
    found = rows(chart, "share")
    assert f"{band} neighbors in rank" in notes(chart)
    assert len(found) == sum(one != other for one, other in matches)
    for row in found:
        key = tuple((int(row[side].split("–")[0]) - 1) // band for side in ("row", "column"))  # noqa: RUF001
        assert row["matches"] == matches[key]
        assert row["share"] == pytest.approx(points[key] / matches[key], abs=1e-12)


def test_counts_and_shares_are_written_while_they_can_be_read():
    _, texts = drawn(figures.win_rates(board(9, 9_000)))
    assert sum(text.endswith("%") for text in texts) >= 72
    chart = figures.win_rates(board(9, 9_000))
    assert "Below the share: number of matches" in notes(chart)
    layers = {models: len(figures.win_rates(board(models, 4_000)).layer) for models in (12, 20, 30)}
    assert layers == {12: 3, 20: 2, 30: 1}


def test_those_who_never_met_have_no_cell():
    source = [("a", "b", "model_a"), ("a", "b", "model_b"), ("b", "c", "tie")]
    chart = figures.win_rates(source)
    assert {(row["row"], row["column"]) for row in rows(chart, "share")} == {
        ("a", "b"),
        ("b", "a"),
        ("b", "c"),
        ("c", "b"),
    }
    assert "never met" in notes(chart)
    assert "never met" not in notes(figures.win_rates(board(3, 300)))


def test_top_leaves_the_others_out():
    made = board()
    best = made.table["model"].to_list()[:3]
    found = rows(figures.win_rates(made, 3), "share")
    assert {row["row"] for row in found} == set(best) == {row["column"] for row in found}


def test_weights_and_counts_are_those_of_the_board():
    source = [
        {"model_a": "x", "model_b": "y", "winner": "model_a", "weight": 3.0, "count": 10**9},
        {"model_a": "x", "model_b": "y", "winner": "model_b", "weight": 1.0, "count": 10**9},
    ]
    (row,) = (row for row in rows(figures.win_rates(source), "share") if row["row"] == "x")
    assert (row["share"], row["matches"]) == (0.75, 2 * 10**9)


def test_colours_read_in_grey_and_text_on_them_has_contrast():
    root, _ = drawn(figures.win_rates(board(9, 900)))
    stops = [node for node in root.iter() if node.tag.endswith("}stop")]
    assert len(stops) > 10
    light = []
    for stop in stops:
        channels = [int(part) / 255 for part in re.findall(r"\d+", stop.get("stop-color"))]
        # Relative luminance and contrast as defined by WCAG 2.
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        light.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
        dark_text = float(stop.get("offset")) >= theme.LIGHT_FROM
        contrast = (light[-1] + 0.05) / 0.05 if dark_text else 1.05 / (light[-1] + 0.05)
        assert contrast >= 4.5
    assert light == sorted(set(light))
