"""Rows that the user filters out are omitted and counted by filter."""

import json

import polars as pl
import pytest

from humorrank.errors import InputError, OptionError
from humorrank.matches.log import MatchLog

TEXT = """model_a,model_b,winner,judge,language,turn,anony,score of it
p,q,a,u1,English,1,True,0.5
p,r,b,u1,Polish,2,False,1
q,r,tie,u2,English,3,true,
r,p,a,u1,,10,TRUE,2.5
r,q,,u2,English,2,True,3
q,p,b,u2,French,,,4
"""


@pytest.fixture
def log(file):
    return file("log.csv", TEXT)


@pytest.mark.parametrize(
    ("condition", "taken", "rated"),
    [
        ("language = 'English'", 3, 2),
        ("language <> 'English'", 4, 2),
        ("language IS NULL", 5, 1),
        ("language LIKE 'P%' OR language = 'French'", 4, 2),
        ("turn >= 2", 2, 3),
        ("turn BETWEEN 2 AND 3", 3, 2),
        ("turn IN (1, 10)", 4, 2),
        ("turn % 2 = 1", 4, 2),
        ("turn = '10'", 5, 1),
        ("anony = true", 2, 3),
        ("anony", 2, 3),
        ("NOT anony", 5, 1),
        ("anony AND turn > 2 AND language IS NOT NULL", 5, 1),
        ('"score of it" > 1', 3, 2),
        ("model_a < model_b", 3, 3),
        ("LENGTH(language) > 6", 3, 2),
        ("turn = turn", 1, 4),
        ("true", 0, 5),
    ],
)
def test_where_removes_rows_for_which_the_condition_does_not_hold(
    log, read, condition, taken, rated
):
    rows, report = read(log, where=condition)
    assert (report.filtered["where"], len(rows)) == (taken, rated)
    assert report.rows == report.filtered["where"] + report.read


@pytest.mark.parametrize("condition", ["turn >= 2", "anony", "turn IN (1, 10)", "NOT anony"])
def test_where_means_the_same_in_typed_formats(log, file, read, condition, tmp_path):
    expected = read(log, where=condition)[0]
    frame = pl.read_csv(log).cast({"anony": pl.Boolean})
    frame.write_parquet(tmp_path / "log.parquet")
    lines = "".join(json.dumps(row) + "\n" for row in frame.to_dicts())
    path = tmp_path / "log.parquet"
    for source in (frame, frame.lazy(), path, frame.to_pandas(), file("log.jsonl", lines)):
        assert read(source, where=condition)[0] == expected


def test_where_is_robust_across_batches(file, read):
    n = 140_000
    text = "model_a,model_b,winner,turn,late\n"
    text += "p,q,a,1,\n" * n + "p,q,b,2.5,yes\n" * 3
    path = file("log.csv", text)
    assert len(read(path, where="turn > 2")[0]) == 3
    assert len(read(path, where="late = 'yes'")[0]) == 3
    with pytest.raises(InputError) as caught:
        list(MatchLog(file("bad.csv", text + "p,q,a,many,\n"), where="turn > 2").batches())
    assert (caught.value.row, caught.value.column, caught.value.value) == (n + 5, "turn", "many")


def test_where_reports_an_unknown_column_and_the_known_ones(log):
    with pytest.raises(OptionError, match=r"'turns'.*did you mean 'turn'.*language"):
        list(MatchLog(log, where="turns > 2").batches())


def test_where_refuses_text_as_a_number(log):
    with pytest.raises(OptionError, match="language > 2"):
        list(MatchLog(log, where="language > 2").batches())


def test_where_ignores_errors_in_rows_that_it_removes(file, read):
    path = file("log.csv", "model_a,model_b,winner,ok\np,q,a,1\np,p,what,0\n")
    assert len(read(path, where="ok = 1")[0]) == 1


def test_where_may_use_columns_outside_the_format(log, read):
    assert len(read(log, where="judge = 'u2' AND language = 'English'")[0]) == 1


def test_exclude_removes_all_matches_of_a_model(log, read):
    rows, report = read(log, exclude=["r"])
    assert rows == [("p", "q", "first"), ("q", "p", "second")]
    assert report.filtered == {"exclude": 3}
    assert report.read == 6 == report.rated + report.unjudged + 3


def test_excluding_an_unknown_name_is_an_error_with_similar_names(file):
    path = file("log.csv", "model_a,model_b,winner\ngpt-4,claude-1,a\ngpt-4,koala,b\n")
    with pytest.raises(OptionError, match=r"'gpt4' does not occur.*'gpt-4'"):
        list(MatchLog(path, exclude=["gpt4"]).batches())


def test_an_excluded_name_may_occur_only_in_rows_of_another_filter(log, read):
    assert len(read(log, where="language = 'English'", exclude=["p"])[0]) == 1
    assert len(read(log, where="model_a <> 'p' AND model_b <> 'p'", exclude=["p"])[0]) == 1
    with pytest.raises(OptionError, match="does not occur"):
        read(log, where="turn = 1", exclude=["zzz"])


def test_the_first_matches_of_each_judge_count(log, read):
    rows, report = read(log, max_per_judge=2)
    assert rows == [
        ("p", "q", "first"),
        ("p", "r", "second"),
        ("q", "r", "tie"),
        ("q", "p", "second"),
    ]
    assert report.filtered == {"max_per_judge": 1}


def test_the_limit_per_judge_spans_batches_and_files(file, read):
    text = "model_a,model_b,winner,judge\n" + "".join(f"p,q,a,{i % 3}\n" for i in range(140_000))
    one, two = file("a.csv", text), file("b.csv", text)
    rows, report = read([one, two], max_per_judge=50_000)
    assert (len(rows), report.filtered["max_per_judge"]) == (150_000, 130_000)


def test_a_limit_per_judge_needs_the_column_of_judges(file, read):
    path = file("log.csv", "model_a,model_b,winner,judge,worker\np,q,a,u,w\np,q,a,u,v\n")
    with pytest.raises(OptionError, match="judge, worker"):
        list(MatchLog(path, max_per_judge=1).batches())
    assert len(read(path, max_per_judge=1, columns={"judge": "worker"})[0]) == 2
    with pytest.raises(OptionError, match="judge"):
        list(MatchLog([("p", "q", "a")], max_per_judge=1).batches())


def test_a_row_without_a_judge_is_bad_if_judges_are_counted(file, read):
    path = file("log.csv", "model_a,model_b,winner,judge\np,q,a,u\np,q,a,\n")
    assert len(read(path)[0]) == 2
    with pytest.raises(InputError, match="row 3, column 'judge'"):
        list(MatchLog(path, max_per_judge=5).batches())


def test_judges_may_be_lists(file, read):
    rows = [
        {"model_a": "p", "model_b": "q", "winner": "a", "judge": ["gpt-4", i]} for i in (1, 1, 2)
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    assert len(read(file("log.jsonl", lines), max_per_judge=1)[0]) == 2
    frame = pl.DataFrame(
        {"model_a": ["p"] * 3, "model_b": ["q"] * 3, "winner": ["a"] * 3}
    ).with_columns(judge=pl.Series([["x"], ["x"], ["y"]]))
    assert len(read(frame, max_per_judge=1)[0]) == 2
