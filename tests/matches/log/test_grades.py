"""Clear verdicts (A>>B) and columns of confidence as weights."""

import json
from collections import Counter

import pandas as pd
import polars as pl
import pytest

import humorrank
from humorrank.errors import InputError, OptionError

GAMES = [
    ("base", "pun", ["A>>B", "A>B"]),
    ("base", "pun", ["B>A", "B>>A"]),
    ("base", "wit", ["b>>a", None]),
    ("base", "wit", ["A=B", "A>>B"]),
    ("pun", "wit", ["A>B", "B>>A"]),
]


def arena_hard(path):
    rows = [
        {"baseline": one, "model": two, "games": [{"score": score} for score in scores]}
        for one, two, scores in GAMES
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def counted(strong):
    """Returns the weights by (first, second, outcome), with the games written out by hand."""
    out = Counter()
    for one, two, scores in GAMES:
        for place, score in enumerate(scores):
            if score is not None:
                sides = (one, two) if place == 0 else (two, one)
                word = score.lower()
                outcome = "tie" if "=" in word else "model_a" if word[0] == "a" else "model_b"
                out[*sides, outcome] += strong if ">>" in word else 1
    return out


def weights(source, **options):
    tally = humorrank.tally(source, **options).to_polars()
    out = Counter()
    for row in tally.to_dicts():
        out[row["model_a"], row["model_b"], row["outcome"]] += row["count"] * row["weight"]
    return out


@pytest.mark.parametrize("strong", [1, 3, 0.5])
def test_a_clear_verdict_has_its_own_weight(tmp_path, strong):
    path = arena_hard(tmp_path / "judgments.jsonl")
    assert weights(path, strong_weight=strong) == counted(strong)
    log = humorrank.MatchLog(path, strong_weight=strong)
    board = humorrank.rate(log, prior=1, bootstrap=0, elo_shuffles=0)
    # Ratings with a weight of 3 are those of a log in which the match occurs three times.
    rows = [(*sides, outcome, weight) for (*sides, outcome), weight in counted(strong).items()]
    same = pl.DataFrame(rows, schema=["model_a", "model_b", "winner", "weight"], orient="row")
    other = humorrank.rate(same, prior=1, bootstrap=0, elo_shuffles=0)
    assert [row.model for row in board] == [row.model for row in other]
    assert [r.rating for r in board] == pytest.approx([r.rating for r in other], abs=1e-6)
    assert board.counts["rated"] == 9
    said = "5 matches with a clear verdict (A>>B) are weighted by"
    assert any(said in warning for warning in board.warnings) is (strong != 1)


def test_games_are_read_from_a_frame_that_pandas_read_from_parquet(tmp_path):
    rows = pl.read_ndjson(arena_hard(tmp_path / "judgments.jsonl"))
    rows.write_parquet(tmp_path / "judgments.parquet")
    frame = pd.read_parquet(tmp_path / "judgments.parquet")
    assert weights(frame, strong_weight=3) == counted(3)


def test_verdicts_are_winner_words_of_a_log_with_one_match_per_row(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,winner\nx,y,A>>B\ny,x,a>b\nx,y,A=B\ny,x,B>A\nx,y, B>>A \n")
    expected = {
        ("x", "y", "model_a"): 3,
        ("x", "y", "model_b"): 3,
        ("x", "y", "tie"): 1,
        ("y", "x", "model_a"): 1,
        ("y", "x", "model_b"): 1,
    }
    assert weights(path, strong_weight=3) == expected
    assert weights(path) == dict.fromkeys(expected, 1)
    own = {"a": ["A>>B", "A>B"], "b": ["B>A", "B>>A"], "tie": "A=B"}
    assert weights(path, strong_weight=3, winner_words=own) == expected


def test_the_weight_of_the_row_is_multiplied(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,winner,sure\nx,y,A>>B,0.5\ny,x,A>B,0.25\nx,y,B>>A,0\n")
    found = weights(path, columns={"weight": "sure"}, strong_weight=4)
    assert found == {("x", "y", "model_a"): 2.0, ("y", "x", "model_a"): 0.25}


def test_a_weight_of_clear_verdicts_without_effect_is_said(tmp_path):
    plain = [("x", "y", "A>B"), ("x", "y", "B>A")]
    log = humorrank.MatchLog(plain, strong_weight=3)
    list(log.batches())
    assert log.report.notes == [
        "there are no clear verdicts (A>>B), so the weight of clear verdicts has no effect"
    ]
    with pytest.raises(OptionError, match="which logs in the format winner-loser do not have"):
        humorrank.tally([("x", "y"), ("y", "x")], strong_weight=3)
    for wrong in (0, -1, 1001, float("nan"), "3", True):
        with pytest.raises(OptionError, match="strong_weight"):
            humorrank.MatchLog(plain, strong_weight=wrong)
    tally = humorrank.tally(plain)
    with pytest.raises(OptionError, match=r"strong_weight .* applies to the rows of a log"):
        humorrank.tally(tally, strong_weight=3)


def test_the_command_takes_both_weights(tmp_path, run):
    path = arena_hard(tmp_path / "judgments.jsonl")
    code, out, err = run("rate", path, "--strong-weight", "3", "--prior", "1", "--bootstrap", "0")
    assert code == 0 and "5 matches with a clear verdict (A>>B) are weighted by 3" in err
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,winner,confidence\nx,y,model_a,0.9\ny,x,model_a,high\n")
    options = ("--columns", "weight=confidence", "--prior", "1", "--bootstrap", "0")
    code, _, err = run("rate", path, *options)
    assert code == 2 and "row 3, column 'confidence': 'high' is not a weight" in err
    code, out, err = run("rate", path, *options, "--on-error", "skip")
    assert code == 0 and "1 bad row skipped, bad weight" in err
    assert out.rstrip().endswith(
        "2 contestants, 1 match, weighted by confidence, shrunk by a prior of 1"
    )


@pytest.mark.parametrize("value", ["-0.5", "NaN", "inf", "", "1e101", "0,5"])
def test_a_confidence_that_is_no_weight_is_a_bad_row(tmp_path, value):
    path = tmp_path / "votes.csv"
    cell = f'"{value}"'
    path.write_text(f"model_a,model_b,winner,sure\nx,y,model_a,1\ny,x,model_a,{cell}\n")
    with pytest.raises(InputError, match="is not a weight") as caught:
        humorrank.tally(path, columns={"weight": "sure"})
    assert (caught.value.row, caught.value.column) == (3, "sure")
    skipped = humorrank.tally(path, columns={"weight": "sure"}, on_error="skip")
    assert skipped.report.skipped == {"bad weight": 1}
