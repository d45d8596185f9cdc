"""Custom winner words, scores in two columns, both-bad matches, and labels that are lists."""

import json

import numpy as np
import polars as pl
import pytest

import humorrank
from humorrank.errors import InputError, OptionError
from humorrank.matches.log import MatchLog

PAIRS = [("x", "y"), ("y", "z"), ("z", "x"), ("x", "z"), ("y", "x"), ("z", "y")]
OUTCOMES = ["a", "b", "tie", "a", "skip", "b"]
EXPECTED = {"a": "model_a", "b": "model_b", "tie": "tie", "skip": None}

VOCABULARIES = {
    "chess": {"a": "1-0", "b": "0-1", "tie": "1/2-1/2", "skip": "*"},
    "football": {"a": "H", "b": "A", "tie": "D", "skip": "?"},
    "won and lost": {"a": ["W", "win"], "b": ["L", "loss"], "tie": "C", "skip": "?"},
    "numbers": {"a": "1", "b": "2", "tie": "0", "skip": "9"},
    "signed numbers": {"a": "1", "b": "-1", "tie": "0", "skip": "9"},
}


def expected():
    rows = [(*pair, EXPECTED[o]) for pair, o in zip(PAIRS, OUTCOMES, strict=True)]
    frame = pl.DataFrame(rows, schema=["model_a", "model_b", "winner"], orient="row")
    return humorrank.tally(frame)


@pytest.mark.parametrize("name", VOCABULARIES)
@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl", "memory"])
def test_words_of_ones_own_give_the_outcomes_that_they_are_given_for(name, suffix, tmp_path):
    words = VOCABULARIES[name]
    spoken = [w if isinstance(w := words[o], str) else w[0] for o in OUTCOMES]
    rows = [(*pair, word) for pair, word in zip(PAIRS, spoken, strict=True)]
    frame = pl.DataFrame(rows, schema=["model_a", "model_b", "winner"], orient="row")
    if "numbers" in name and suffix != "csv":
        frame = frame.with_columns(pl.col("winner").cast(pl.Int64))
    path = tmp_path / f"log.{suffix}"
    if suffix == "csv":
        frame.write_csv(path)
    elif suffix == "parquet":
        frame.write_parquet(path)
    elif suffix == "jsonl":
        frame.write_ndjson(path)
    source = frame if suffix == "memory" else path
    tally = humorrank.tally(source, winner_words=words)
    assert tally == expected()
    assert tally.report.unjudged == 1


def test_the_command_takes_a_vocabulary(tmp_path, run):
    path = tmp_path / "log.csv"
    path.write_text("model_a,model_b,result\nx,y,W\ny,x,l\nx,y,draw\n")
    words = ("--winner-words", "a=W|win,b=L,tie=draw", "--columns", "winner=result")
    code, out, err = run("rate", path, *words, "--format", "json")
    assert code == 0, err
    assert json.loads(out)["counts"]["ties"] == 1
    assert {row["win_rate"] for row in json.loads(out)["leaderboard"]} == {2.5 / 3, 0.5 / 3}


def test_an_unknown_word_is_a_bad_row_of_the_vocabulary(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("model_a,model_b,winner\nx,y,1-0\ny,x,0-1\nx,y,model_a\n")
    with pytest.raises(
        InputError, match=r"row 4, column 'winner'.*'model_a'; --winner-words has .*'1-0', '0-1'"
    ):
        humorrank.tally(path, winner_words={"a": "1-0", "b": "0-1"})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"c": "1-0"}, "no outcome 'c'"),
        ({"a": "1", "b": "1"}, "'1' has two outcomes"),
        ({"tie": "1"}, "a word for a win"),
    ],
)
def test_vocabularies_that_cannot_be_are_refused(words, message):
    with pytest.raises(OptionError, match=message):
        MatchLog([("x", "y", "1")], winner_words=words)


def test_other_formats_refuse_a_vocabulary():
    with pytest.raises(OptionError, match="winner_words applies to"):
        MatchLog([("x", "y", "x")], winner_words={"a": "x"}, reading="winner-name")


def scores(random, rows=200):
    values = random.integers(0, 4, (rows, 2))
    pairs = [PAIRS[i] for i in random.integers(0, len(PAIRS), rows)]
    return pairs, values


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("names", [("score_a", "score_b"), ("goals_home", "goals_away")])
def test_the_higher_of_two_scores_wins_and_equal_ones_tie(lower, names, tmp_path):
    pairs, values = scores(np.random.default_rng(1))
    frame = pl.DataFrame(
        {
            "model_a": [a for a, _ in pairs],
            "model_b": [b for _, b in pairs],
            names[0]: values[:, 0],
            names[1]: values[:, 1],
        }
    )
    sign = -1 if lower else 1
    words = np.array(["model_b", "tie", "model_a"])[
        np.sign(sign * (values[:, 0] - values[:, 1])) + 1
    ]
    by_hand = humorrank.tally(frame.select("model_a", "model_b", pl.Series("winner", words)))
    columns = (
        None if names[0] == "score_a" else dict(zip(("score_a", "score_b"), names, strict=True))
    )
    frame.write_csv(tmp_path / "log.csv")
    for source in (frame, tmp_path / "log.csv"):
        assert humorrank.tally(source, columns=columns, lower_wins=lower) == by_hand


def test_scores_that_are_missing_or_no_numbers(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("model_a,model_b,score_a,score_b\nx,y,1,0\ny,x,,2\nx,y,3,many\nx,y,inf,2\n")
    with pytest.raises(InputError, match=r"row 4, column 'score_b'.*'many' is not a finite number"):
        humorrank.tally(path)
    tally = humorrank.tally(path, on_error="skip")
    assert tally.matches == 1
    assert (tally.report.unjudged, tally.report.skipped) == (1, {"bad score": 2})


def test_a_winner_column_goes_before_scores():
    frame = pl.DataFrame(
        {"model_a": ["x"], "model_b": ["y"], "winner": ["model_b"], "score_a": [2], "score_b": [1]}
    )
    assert humorrank.tally(frame).outcomes[1] == 1
    assert humorrank.tally(frame, reading="two-scores").outcomes[0] == 1


@pytest.mark.parametrize("key", [None, "judge"])
def test_both_bad_matches_are_ties_or_left_out_and_counted(key):
    rows = [("x", "y", "model_a"), ("y", "x", "tie (bothbad)"), ("y", "x", "model_a")] * 3
    frame = pl.DataFrame(rows, schema=["model_a", "model_b", "winner"], orient="row")
    frame = frame.with_columns(judge=pl.lit("j"))
    keys = None if key is None else [key]
    assert humorrank.tally(frame, keys=keys).matches == 9
    left = humorrank.tally(frame, keys=keys, both_bad="skip")
    assert left.matches == 6
    assert left.report.filtered == {"both_bad": 3}
    with pytest.raises(OptionError, match="both_bad"):
        MatchLog(frame, both_bad="drop")


def test_labels_that_are_lists_or_objects_are_one_text(tmp_path, run):
    """MT-bench writes the judge as a list of its model and its prompt."""
    path = tmp_path / "log.jsonl"
    lines = [
        {
            "model_a": a,
            "model_b": b,
            "winner": ("model_a", "model_b", "tie")[i % 3],
            "judge": ["gpt-4", "pair-v2"],
            "question_id": {"set": 1, "number": i},
        }
        for i, (a, b) in enumerate(PAIRS * 5)
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    for command in ("agree", "bias", "check"):
        code, out, err = run(command, path)
        assert code == 0, (command, err)
    code, out, err = run("report", path, "-o", tmp_path / "page.html", "--no-pictures")
    assert code == 0, err
    code, out, err = run("rate", path, "--by", "judge", "--format", "json")
    assert code == 0, err
    (board,) = json.loads(out)["leaderboards"]
    assert json.loads(board["group"]["judge"]) == ["gpt-4", "pair-v2"]
