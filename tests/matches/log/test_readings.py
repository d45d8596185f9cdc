"""Every common format is read unchanged, with the correct outcome of every row."""

import json

import numpy as np
import polars as pl
import pytest

from humorrank.matches.log import MatchLog


def jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_lmarena_33k_and_100k(file, read):
    path = file(
        "arena.csv",
        "question_id,model_a,model_b,winner,judge,language,turn,anony,tstamp\n"
        "q1,gpt-4,claude-1,model_a,u1,English,1,True,1.5\n"
        "q2,gpt-4,claude-1,model_b,u1,English,1,True,1.5\n"
        "q3,koala,claude-1,tie,u2,English,1,True,1.5\n"
        "q4,koala,gpt-4,tie (bothbad),u2,English,1,True,1.5\n",
    )
    rows, report = read(path)
    assert rows == [
        ("gpt-4", "claude-1", "first"),
        ("gpt-4", "claude-1", "second"),
        ("koala", "claude-1", "tie"),
        ("koala", "gpt-4", "both bad"),
    ]
    assert report.reading == "winner-word"
    assert (report.read, report.rated, report.ties, report.both_bad) == (4, 4, 1, 1)


def test_lmarena_140k(file, read):
    rows = [
        {"id": "1", "evaluation_session_id": "s", "model_a": "p", "model_b": "q", "winner": word}
        for word in ("model_a", "model_b", "tie", "both_bad")
    ]
    found, _ = read(file("arena.jsonl", jsonl(rows)))
    assert [outcome for *_, outcome in found] == ["first", "second", "tie", "both bad"]


def test_lmarena_55k_of_kaggle(file, read):
    path = file(
        "train.csv",
        "id,model_a,model_b,prompt,response_a,response_b,"
        "winner_model_a,winner_model_b,winner_tie\n"
        '1,p,q,"[""hi, there""]","a\nb",c,1,0,0\n'
        "2,p,q,x,y,z,0,1,0\n"
        "3,q,p,x,y,z,0,0,1\n",
    )
    rows, report = read(path)
    assert rows == [("p", "q", "first"), ("p", "q", "second"), ("q", "p", "tie")]
    assert report.reading == "one-hot"


def test_comparia(tmp_path, read):
    frame = pl.DataFrame(
        {
            "model_a_name": ["p", "p", "p", "p"],
            "model_b_name": ["q", "q", "q", "q"],
            "chosen_model_name": ["p", "q", None, None],
            "both_equal": [False, False, True, False],
        }
    )
    path = tmp_path / "votes.parquet"
    frame.write_parquet(path)
    rows, report = read(path)
    assert rows == [("p", "q", "first"), ("p", "q", "second"), ("p", "q", "tie")]
    assert (report.reading, report.unjudged) == ("comparia", 1)


def test_alpaca_eval_with_soft_preferences_and_draws(file):
    preferences = [1, 2, 1.5, 0, None, 1.25, 1.0, 2.0]
    rows = [
        {
            "instruction": "Be funny.\nPlease.",
            "generator_1": "p",
            "generator_2": "q",
            "preference": preference,
            "annotator": "gpt4",
        }
        for preference in preferences
    ]
    log = MatchLog(file("annotations.json", json.dumps(rows, indent=2)))
    (batch,) = log.batches()
    assert batch.outcome.tolist() == [0, 1, 2, 2, 4, 0, 1]
    assert batch.score is not None
    np.testing.assert_array_equal(batch.score, [np.nan] * 4 + [0.75] + [np.nan] * 2)
    assert (log.report.reading, log.report.unjudged) == ("alpaca-eval", 1)


def test_mt_bench_pairs_are_two_games_with_the_order_swapped_in_the_second(file, read):
    rows = [
        {
            "question_id": 81,
            "model_1": "p",
            "model_2": "q",
            "g1_winner": g1,
            "g2_winner": g2,
            "judge": ["gpt-4", "pair-v2"],
            "turn": 1,
        }
        for g1, g2 in (
            ("model_1", "model_1"),
            ("model_2", "tie"),
            ("error", "model_2"),
            ("tie", "error"),
        )
    ]
    found, report = read(file("gpt-4_pair.jsonl", jsonl(rows)))
    assert found == [
        ("p", "q", "first"),
        ("q", "p", "second"),
        ("p", "q", "second"),
        ("q", "p", "tie"),
        ("q", "p", "first"),
        ("p", "q", "tie"),
    ]
    assert (report.reading, report.rows, report.read) == ("mt-bench-pair", 4, 8)
    assert (report.unjudged, report.rated) == (2, 6)


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_arena_hard_swaps_the_second_game(tmp_path, file, read, suffix):
    rows = [
        {
            "uid": str(i),
            "model": "m",
            "baseline": "base",
            "games": [{"score": score, "judgment": "long " * 9} for score in games],
        }
        for i, games in enumerate([["A>>B", "A>B"], ["B>A", "B>>A"], ["A=B", None]])
    ]
    if suffix == "parquet":
        path = tmp_path / "m.parquet"
        pl.DataFrame(rows).write_parquet(path)
    else:
        path = file("m.jsonl", jsonl(rows))
    found, report = read(path)
    assert found == [
        ("base", "m", "first"),
        ("m", "base", "first"),
        ("base", "m", "second"),
        ("m", "base", "second"),
        ("base", "m", "tie"),
    ]
    assert (report.reading, report.unjudged) == ("arena-hard", 1)


def test_an_arena_hard_row_may_have_one_game_or_none(file, read):
    rows = [
        {"model": "m", "baseline": "base", "games": [{"score": "A>B"}]},
        {"model": "m", "baseline": "base", "games": []},
        {"model": "m", "baseline": "base", "games": None},
    ]
    found, report = read(file("m.jsonl", jsonl(rows)))
    assert found == [("base", "m", "first")]
    assert report.unjudged == 2


def test_evalica_food(file, read):
    path = file(
        "food.csv", "left,right,winner\nPizza,Sushi,left\nBurger,Pasta,RIGHT\nPizza,Pasta,Tie\n"
    )
    rows, _ = read(path)
    assert rows == [
        ("Pizza", "Sushi", "first"),
        ("Burger", "Pasta", "second"),
        ("Pizza", "Pasta", "tie"),
    ]


def test_the_words_of_llmfao_refer_to_left_and_right_and_not_to_the_numbers(file, read):
    path = file(
        "llmfao.csv",
        "id,prompt,model_x,model_y,worker,winner,left,right\n"
        "0,8,97,98,58,tie,Airoboros L2 70B,Weaver 12k\n"
        "1,8,29,98,90,right,Alpaca (7B),Weaver 12k\n"
        "2,8,98,5,0,LEFT,Weaver 12k,Chronos Hermes (13B)\n",
    )
    rows, report = read(path)
    assert rows == [
        ("Airoboros L2 70B", "Weaver 12k", "tie"),
        ("Alpaca (7B)", "Weaver 12k", "second"),
        ("Weaver 12k", "Chronos Hermes (13B)", "first"),
    ]
    assert report.columns["model_a"] == "left"


def test_the_same_columns_with_other_words_refer_to_the_numbers(file, read):
    path = file(
        "x.csv", "model_x,model_y,winner,left,right\n97,98,model_x,p,q\n98,97,model_y,q,p\n"
    )
    assert read(path)[0] == [("97", "98", "first"), ("98", "97", "second")]


def test_hugging_face_preference_pairs(file, read):
    path = file("prefs.jsonl", jsonl([{"chosen_model": "p", "rejected_model": "q", "chosen": [1]}]))
    rows, report = read(path)
    assert rows == [("p", "q", "first")]
    assert report.reading == "chosen-rejected"


@pytest.mark.parametrize("header", ["winner,loser\n", "Winner,Loser\n", ""])
def test_two_columns_with_and_without_a_header(file, read, header):
    rows, report = read(file("pairs.csv", f"{header}p,q\nq,p\np,q\n"))
    assert rows == [("p", "q", "first"), ("q", "p", "first"), ("p", "q", "first")]
    assert report.reading == ("winner-loser" if header else "headerless")


@pytest.mark.parametrize("pair", ["0,1", "a,b", "x,y", "left,right", "7,007"])
def test_two_columns_without_a_header_are_data_and_names_stay_text(file, read, pair):
    one, other = pair.split(",")
    rows, _ = read(file("pairs.csv", f"{one},{other}\n{other},{one}\n"))
    assert rows == [(one, other, "first"), (other, one, "first")]


PAIRS = [
    ("model_a", "model_b"),
    ("model_1", "model_2"),
    ("model_x", "model_y"),
    ("left", "right"),
    ("a", "b"),
    ("x", "y"),
    ("player_1", "player_2"),
    ("contestant_a", "contestant_b"),
    ("Model A", "Model B"),
]
WORDS = [
    ("a", "b"),
    ("A", "B"),
    ("LEFT", "right"),
    ("x", "y"),
    ("player_1", "player_2"),
    (" model_a ", "Model_B"),
    ("contestant_a", "contestant_b"),
    ("model_1", "model_2"),
]


@pytest.mark.parametrize("columns", PAIRS)
@pytest.mark.parametrize("words", WORDS)
def test_common_spellings_of_columns_and_words(file, read, columns, words):
    text = f"{columns[0]},{columns[1]},Winner\np,q,{words[0]}\np,q,{words[1]}\nq,p,DRAW\nq,p,TIE\n"
    rows, _ = read(file("log.csv", text))
    assert [outcome for *_, outcome in rows] == ["first", "second", "tie", "tie"]


def test_a_winner_column_of_names(file, read):
    path = file("log.csv", "model_a,model_b,winner\np,q,q\np,q,p\nq,p,tie\nq,p,\n")
    rows, report = read(path)
    assert rows == [("p", "q", "second"), ("p", "q", "first"), ("q", "p", "tie")]
    assert (report.reading, report.unjudged) == ("winner-name", 1)


@pytest.mark.parametrize(
    ("score_of", "outcomes", "shares"),
    [("a", [0, 1, 2, 4], 0.7), ("b", [1, 0, 2, 4], 0.3)],
)
def test_score_of_determines_the_meaning_of_a_score(file, score_of, outcomes, shares):
    path = file("log.csv", "model_a,model_b,score\np,q,1\np,q,0\np,q,0.5\np,q,0.7\n")
    log = MatchLog(path, score_of=score_of)
    (batch,) = log.batches()
    assert batch.outcome.tolist() == outcomes
    assert batch.score is not None
    assert batch.score[3] == pytest.approx(shares)


def test_counts_and_weights_are_separate(file):
    path = file("log.csv", "model_a,model_b,winner,count,weight\np,q,a,12,0.3\nq,p,b,1.0,2\n")
    (batch,) = MatchLog(path).batches()
    assert batch.count is not None
    assert batch.weight is not None
    assert batch.count.tolist() == [12, 1]
    assert batch.count.dtype == np.uint64
    assert batch.weight.tolist() == [0.3, 2.0]


def test_a_row_with_count_or_weight_0_is_not_a_match_and_is_counted(file, read):
    path = file("log.csv", "model_a,model_b,winner,count,weight\np,q,a,0,1\nq,p,b,3,0\np,q,a,1,1\n")
    rows, report = read(path)
    assert rows == [("p", "q", "first")]
    assert (report.read, report.rated, report.void) == (3, 1, 2)


@pytest.mark.parametrize("empty", ["", "NaN", "null", "error", "Skip", "  ", "None", "n/a"])
def test_a_row_without_an_outcome_is_counted_and_never_rated(file, read, empty):
    path = file("log.csv", f"model_a,model_b,winner\np,q,a\nq,r,{empty}\n")
    rows, report = read(path)
    assert rows == [("p", "q", "first")]
    assert (report.unjudged, report.unjudged_only) == (1, ["r"])
