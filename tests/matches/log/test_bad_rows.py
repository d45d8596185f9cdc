"""A bad row is rejected with its file, row, column and value, or skipped and counted on request."""

import json

import polars as pl
import pytest

from humorrank.errors import InputError
from humorrank.matches.log import MatchLog

HEAD = "model_a,model_b,winner,count,weight\n"
GOOD = "p,q,model_a,1,1\n"

BAD = [
    ("p,q,modle_a,1,1", "winner", "modle_a", "unknown winner word"),
    ("p,q,p wins,1,1", "winner", "p wins", "unknown winner word"),
    ("p,q,1,1,1", "winner", "1", "unknown winner word"),
    (",q,tie,1,1", "model_a", "", "empty name"),
    ("p,  ,tie,1,1", "model_b", "  ", "empty name"),
    ("p,,,1,1", "model_b", "", "empty name"),
    ("p,p,tie,1,1", "model_b", "p", "model against itself"),
    ("p,q,tie,-1,1", "count", "-1", "bad count"),
    ("p,q,tie,1.5,1", "count", "1.5", "bad count"),
    ("p,q,tie,NaN,1", "count", "NaN", "bad count"),
    ("p,q,tie,,1", "count", "", "bad count"),
    ("p,q,tie,many,1", "count", "many", "bad count"),
    ("p,q,tie,1e99,1", "count", "1e99", "bad count"),
    ("p,q,tie,1,-0.1", "weight", "-0.1", "bad weight"),
    ("p,q,tie,1,inf", "weight", "inf", "bad weight"),
    ("p,q,tie,1,nan", "weight", "nan", "bad weight"),
]


@pytest.mark.parametrize(("row", "column", "value", "kind"), BAD)
def test_a_bad_row_is_refused_with_its_place(file, row, column, value, kind):
    path = file("log.csv", HEAD + GOOD + row + "\n" + GOOD)
    with pytest.raises(InputError) as caught:
        list(MatchLog(path).batches())
    error = caught.value
    assert (error.file, error.row, error.column, error.value) == (str(path), 3, column, value)
    assert f"{path}, row 3, column {column!r}: " in str(error)


@pytest.mark.parametrize(("row", "column", "value", "kind"), BAD)
def test_a_bad_row_is_skipped_and_counted_on_request(file, read, row, column, value, kind):
    path = file("log.csv", HEAD + GOOD + row + "\n" + GOOD)
    rows, report = read(path, on_error="skip")
    assert rows == [("p", "q", "first")] * 2
    assert report.skipped == {kind: 1}
    (example,) = report.examples[kind]
    assert f"row 3, column {column!r}" in example
    assert report.read == report.rated + sum(report.skipped.values())


def test_the_first_bad_row_is_the_one_refused(file):
    path = file("log.csv", HEAD + GOOD + "p,q,what,1,1\n" + ",q,tie,1,1\n")
    with pytest.raises(InputError, match="row 3, column 'winner'"):
        list(MatchLog(path).batches())


def test_a_row_with_two_errors_is_counted_once(file, read):
    path = file("log.csv", HEAD + GOOD + ",q,what,-1,1\n")
    assert read(path, on_error="skip")[1].skipped == {"empty name": 1}


def test_only_the_first_few_of_a_kind_are_shown(file, read):
    path = file("log.csv", HEAD + GOOD + "p,q,what,1,1\n" * 10)
    report = read(path, on_error="skip")[1]
    assert report.skipped == {"unknown winner word": 10}
    assert [f"row {n}," in e for n, e in zip((3, 4, 5), *report.examples.values(), strict=True)]


def test_rows_are_counted_as_an_editor_counts_lines(file):
    text = 'note,model_a,model_b,winner\r\n\r\n"two\r\nlines",p,q,tie\r\n"a ""b""\n\n",p,q,what\r\n'
    with pytest.raises(InputError) as caught:
        list(MatchLog(file("log.csv", text)).batches())
    assert caught.value.row == 5


def test_a_near_miss_is_answered_with_a_suggestion(file):
    with pytest.raises(InputError, match="did you mean 'model_b'"):
        list(MatchLog(file("log.csv", HEAD + GOOD + "p,q,modelb,1,1\n")).batches())


@pytest.mark.parametrize("row", ["p,q", "p,q,tie,1,1,1"])
def test_a_ragged_row_is_refused_with_its_line(file, row):
    path = file("log.csv", HEAD + GOOD + row + "\n" + GOOD)
    with pytest.raises(InputError) as caught:
        list(MatchLog(path).batches())
    assert (caught.value.file, caught.value.row) == (str(path), 3)


def test_ragged_rows_are_skipped_and_counted_on_request(file, read):
    path = file("log.csv", HEAD + GOOD + "p,q\n" + GOOD + "p\n" + "p,q,tie,1,1\n")
    rows, report = read(path, on_error="skip")
    assert [outcome for *_, outcome in rows] == ["first", "first", "tie"]
    assert report.skipped == {"ragged row": 2}
    assert "row 3" in report.examples["ragged row"][0]


def test_a_damaged_file_is_refused_even_if_bad_rows_are_skipped(file):
    path = file("log.csv", (HEAD + GOOD).encode() + b"p,\xff\xfe,tie,1,1\n")
    with pytest.raises(InputError, match="UTF-8"):
        list(MatchLog(path, on_error="skip").batches())


def one_hot(a, b, tie):
    return {
        "model_a": ["p"],
        "model_b": ["q"],
        "winner_model_a": [a],
        "winner_model_b": [b],
        "winner_tie": [tie],
    }


@pytest.mark.parametrize(
    "values", [(1, 1, 0), (0, 0, 0), (1, 1, 1), (0.7, 0.2, 0.1), (2, 0, 0), (0, None, None)]
)
def test_not_exactly_one_of_three_is_refused(values):
    with pytest.raises(InputError) as caught:
        list(MatchLog(pl.DataFrame(one_hot(*values), strict=False)).batches())
    assert caught.value.row == 1
    assert caught.value.column.startswith("winner_")


def test_three_nulls_are_a_missing_outcome(read):
    good, none = pl.DataFrame(one_hot(1, 0, 0)), pl.DataFrame(one_hot(None, None, None))
    rows, report = read(pl.concat([good, none.cast(good.schema)]))
    assert (len(rows), report.unjudged) == (1, 1)


@pytest.mark.parametrize(
    ("chosen", "equal", "column"),
    [
        ("r", False, "chosen_model_name"),
        ("p", True, "chosen_model_name"),
        ("p", "hm", "both_equal"),
    ],
)
def test_a_contradictory_choice_is_refused(chosen, equal, column):
    rows = [
        {"model_a_name": "p", "model_b_name": "q", "chosen_model_name": chosen, "both_equal": equal}
    ]
    with pytest.raises(InputError) as caught:
        list(MatchLog(rows).batches())
    assert (caught.value.row, caught.value.column) == (1, column)


@pytest.mark.parametrize("preference", [0.5, 3, -1, "best", float("inf")])
def test_a_preference_out_of_range_is_refused(preference):
    rows = [{"generator_1": "p", "generator_2": "q", "preference": preference}]
    with pytest.raises(InputError, match="from 1") as caught:
        list(MatchLog(rows).batches())
    assert (caught.value.row, caught.value.column) == (1, "preference")


@pytest.mark.parametrize("score", ["1.01", "-0.1", "high", "inf"])
def test_a_score_out_of_range_is_refused(file, score):
    path = file("log.csv", f"model_a,model_b,score\np,q,{score}\n")
    with pytest.raises(InputError, match="from 0 to 1") as caught:
        list(MatchLog(path, score_of="a").batches())
    assert (caught.value.row, caught.value.column, caught.value.value) == (2, "score", score)


@pytest.mark.parametrize("games", [[{"score": "A<B"}], "A>B", [{}, {}, {"score": "A>B"}], [3]])
def test_an_unknown_verdict_is_refused(file, games):
    rows = [{"model": "m", "baseline": "b", "games": games}]
    with pytest.raises(InputError, match="A>>B") as caught:
        list(MatchLog(file("m.jsonl", json.dumps(rows[0]))).batches())
    assert caught.value.row == 1


def test_a_bad_second_game_is_reported_with_its_column(file):
    row = {"model_1": "p", "model_2": "q", "g1_winner": "tie", "g2_winner": "model_3"}
    with pytest.raises(InputError) as caught:
        list(MatchLog(file("m.jsonl", json.dumps(row))).batches())
    assert (caught.value.row, caught.value.column, caught.value.value) == (
        1,
        "g2_winner",
        "model_3",
    )


def test_a_missing_name_in_games_is_reported_with_its_column(file):
    row = {"model_1": None, "model_2": "q", "g1_winner": "tie", "g2_winner": "tie"}
    with pytest.raises(InputError) as caught:
        list(MatchLog(file("m.jsonl", json.dumps(row))).batches())
    assert caught.value.column == "model_1"


def test_a_name_that_is_an_object_is_refused(file):
    rows = [{"model_a": "p", "model_b": {"name": "q"}, "winner": "tie"}]
    with pytest.raises(InputError) as caught:
        list(MatchLog(file("m.jsonl", json.dumps(rows[0]))).batches())
    assert (caught.value.row, caught.value.column) == (1, "model_b")


def test_an_unjudged_row_can_be_refused(file):
    path = file("log.csv", HEAD + GOOD + "p,q,error,1,1\n")
    with pytest.raises(InputError) as caught:
        list(MatchLog(path, unjudged="fail").batches())
    assert (caught.value.row, caught.value.column, caught.value.value) == (3, "winner", "error")


def test_names_are_kept_exactly(read):
    rows = read([("p", " p", "a"), ("p ", "P", "b")])[0]
    assert rows == [("p", " p", "first"), ("p ", "P", "second")]


def test_a_tuple_of_another_length_is_ragged(read):
    matches = [("p", "q", "a"), ("p", "q"), ("q", "p", "b")]
    with pytest.raises(InputError, match="row 2"):
        read(matches)
    rows, report = read(matches, on_error="skip")
    assert (len(rows), report.skipped) == (2, {"ragged row": 1})
