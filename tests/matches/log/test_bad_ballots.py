"""Bad rows of ballots are named, and files of ballots that are unclear are refused."""

import json

import polars as pl
import pytest

from humorrank.errors import InputError

LONG_ROWS = "p,a,1 p,b,2 p,c,3 q,a,2 q,b,1"
FAULTS = {
    "twice": (
        "p,b,3",
        7,
        "'b' is also in row 3 of the ballot of prompt 'p'",
        "model twice",
        [3, 7],
    ),
    "no rank": ("p,d,", 7, "has no rank", "missing rank", [7]),
    "rank 0": ("p,d,0", 7, "'0' is not a rank; ranks are numbers from 1", "bad rank", [7]),
    "text": ("p,d,first", 7, "'first' is not a rank", "bad rank", [7]),
    "infinite": ("p,d,inf", 7, "'inf' is not a rank", "bad rank", [7]),
    "decimal comma": ('p,d,"1,5"', 7, r"decimal point \(1\.5\)", "bad rank", [7]),
    "alone": (
        "r,a,1",
        7,
        "'a' is the only model of the ballot of prompt 'r'",
        "ballot of one",
        [7],
    ),
    "no prompt": (",d,1", 7, "has no value in 'prompt'", "no ballot", [7]),
    "no name": ("p,,4", 7, "is not a name", "empty name", [7]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_bad_row_of_a_model_is_named_or_left_out(name, read, file):
    row, number, message, kind, left = FAULTS[name]
    sound = LONG_ROWS.split()
    path = file("log.csv", "\n".join(["prompt,model,rank", *sound, row]) + "\n")
    with pytest.raises(InputError, match=message) as caught:
        read(path)
    assert caught.value.row == number
    rows, report = read(path, on_error="skip")
    kept = [r for line, r in enumerate(sound, 2) if line not in left]
    assert (sum(report.skipped.values()), report.rows) == (len(left), 6)
    assert next(iter(report.skipped)).startswith(kind)
    expected, _ = read(file("sound.csv", "\n".join(["prompt,model,rank", *kept]) + "\n"))
    assert rows == expected
    assert report.read == report.rated + len(left)


CELLS = {
    "twice": (["a", "b", "a"], "'a' occurs twice", "model twice on a ballot"),
    "alone": (["a"], "only one model", "ballot of one model"),
    "no name": (["a", None], "null is not a name", "empty name"),
    "blank": ("a > > b", "'' is not a name", "empty name"),
    "no list": ({"a": 1}, "is not a list", "not a list"),
    "a number": (3, "is not a list", "not a list"),
    "broken": ('["a", "b"', "is not a list in JSON", "not a list"),
    "unclear": ("a,b;c", "contains ';' and ','", "not a list"),
    "nested": (["a", [["b"], "c"]], r"\['b'\] is not a name", "not a name"),
}


@pytest.mark.parametrize("name", CELLS)
def test_a_bad_ranking_is_named_or_left_out(name, read, file):
    value, message, kind = CELLS[name]
    lines = [{"ranking": ["a", "b"]}, {"ranking": value}, {"ranking": ["b", "c"]}]
    path = file("log.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(InputError, match=message) as caught:
        read(path)
    assert (caught.value.row, caught.value.column) == (2, "ranking")
    rows, report = read(path, on_error="skip")
    assert (len(rows), report.skipped, report.read) == (2, {kind: 1}, 3)


CHOICES = {
    "not shown": (
        "a,b,c,d,a",
        "'d' is not among the models shown",
        "best",
        "best or worst was not",
    ),
    "the same": ("a,b,c,a,a", "both the best and the worst", "worst", "best is also worst"),
    "no worst": ("a,b,c,a,", "the worst is missing", "worst", "best or worst is missing"),
    "twice": ("a,b,b,a,b", "'b' occurs twice", "best", "model twice"),
    "alone": ("a,,,a,a", "only one model", "best", "ballot of one"),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_bad_choice_is_named_or_left_out(name, read, file):
    row, message, column, kind = CHOICES[name]
    path = file("log.csv", f"item1,item2,item3,best,worst\na,b,c,a,b\n{row}\n")
    with pytest.raises(InputError, match=message) as caught:
        read(path)
    assert (caught.value.row, caught.value.column) == (3, column)
    rows, report = read(path, on_error="skip")
    assert (len(rows), sum(report.skipped.values())) == (3, 1)
    assert next(iter(report.skipped)).startswith(kind)


AMBIGUOUS = {
    "rank or score": (
        "prompt,model,rank,score\np,a,1,2\np,b,2,1\n",
        ["model-ranks", "model-scores"],
    ),
    "choice or ranking": ("ranking,best,worst,items\na>b,a,b,a;b\n", ["ranking", "best-worst"]),
    "rank or ranking": ("prompt,model,ranking\np,a,1\np,b,2\n", ["model-ranks", "ranking"]),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_an_ambiguous_file_is_refused_with_both_readings(name, read, file):
    text, both = AMBIGUOUS[name]
    path = file("log.csv", text)
    with pytest.raises(InputError, match=f"{both[0]} .* or {both[1]} .*--reading {both[0]} or"):
        read(path)
    assert read(path, reading=both[0])[0] == [("a", "b", "first")]


def test_several_columns_of_models_are_ambiguous(read, file):
    path = file("log.csv", "prompt,model,system,rank\np,a,x,1\np,b,y,2\n")
    with pytest.raises(InputError, match="--columns model=model,rank=rank or --columns model=sys"):
        read(path)
    assert read(path, columns={"model": "system"})[0] == [("x", "y", "first")]


UNCHANGED = {
    "a winner": "model,rank,prompt,model_a,model_b,winner\nx,1,p,a,b,model_a\n",
    "two scores": "model,rank,prompt,model_a,model_b,score_a,score_b\nx,1,p,a,b,2,1\n",
    "a loser": "ranking,best,worst,items,winner,loser\na>b,a,b,a;b,a,b\n",
    "no header": "ranking,a\nb,ranking\na,b\n",
    "totals": "model_1,model_2,wins_1,wins_2,winner\na,b,3,5,model_1\n",
}


@pytest.mark.parametrize("name", UNCHANGED)
def test_files_that_have_another_format_keep_it(name, read, file):
    rows, report = read(file("log.csv", UNCHANGED[name]))
    assert report.reading in ("winner-word", "two-scores", "winner-loser", "headerless")
    assert all(outcome == "first" for _, _, outcome in rows)
    assert len(rows) == (3 if name == "no header" else 1)


def test_two_columns_have_a_header_if_one_contains_rankings(read, file):
    assert len(read(file("log.csv", "voter,ranking\nu,a>b\nv,b>a\n"))[0]) == 2
    _, report = read(file("log.csv", "voter,ranking\nu,a\nv,voter\n"))
    assert report.reading == "headerless"


HINTS = {
    "no ballot": ("model,score\na,1\nb,2\n", "no column of prompts, judges or ballots; specify"),
    "no ballot of ranks": ("model,rank\na,1\nb,2\n", "one model per row.*prompt,model,rank"),
    "another score": ("prompt,model,elo\np,a,1\n", "--columns prompt=NAME,model=NAME,score=NAME"),
}


@pytest.mark.parametrize("name", HINTS)
def test_errors_say_how_single_models_can_be_read(name, read, file):
    text, message = HINTS[name]
    with pytest.raises(InputError, match=message):
        read(file("log.csv", text))


def test_a_repeated_model_leads_to_the_columns_that_tell_ballots_apart(read, file):
    path = file("log.csv", "prompt,person,model,rank\np,u,a,1\np,u,b,2\np,v,a,1\np,v,b,2\n")
    with pytest.raises(InputError, match=r"row 4, .*'a' is also in row 2.*judge=NAME"):
        read(path)
    assert len(read(path, columns={"judge": "person"})[0]) == 2


def test_files_must_identify_ballots_alike(read, file, tmp_path):
    file("1.csv", "prompt,model,rank\np,a,1\np,b,2\n")
    file("2.csv", "prompt,judge,model,rank\np,u,a,1\np,u,b,2\n")
    with pytest.raises(InputError, match=r"2\.csv: identifies a ballot by question_id and judge"):
        read(str(tmp_path / "*.csv"))


def test_a_large_ballot_is_refused(read):
    frame = pl.DataFrame({"prompt": "p", "model": [f"m{i}" for i in range(5_001)]})
    with pytest.raises(InputError, match="more than 5,000 rows of the ballot of prompt 'p'"):
        read(frame.with_columns(score=pl.arange(pl.len())))
    with pytest.raises(InputError, match="at most 5,000"):
        read([{"ranking": list(range(5_001))}])
