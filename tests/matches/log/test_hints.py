"""Files in unfamiliar formats are read, or rejected with an error that says what to do."""

import io
import json
import sys

import pytest

from humorrank import rate
from humorrank.errors import InputError, OptionError
from humorrank.matches.log import MatchLog


def objects(rows=1_300, late=1_200, **later):
    """Returns JSONL text whose rows have additional keys from the given row on."""
    lines = []
    for number in range(1, rows + 1):
        row = {"model_a": "ab"[number % 2], "model_b": "ba"[number % 2], "winner": "model_a"}
        lines.append(json.dumps(row | later if number >= late else row))
    return "\n".join(lines) + "\n"


@pytest.fixture
def piped(monkeypatch):
    """Passes a text as standard input."""

    class Input:
        def __init__(self, text):
            self.buffer = io.BytesIO(text.encode())

    return lambda text: monkeypatch.setattr(sys, "stdin", Input(text))


def test_a_key_that_occurs_late_can_be_a_group(file):
    # The rows without the key form their own group.
    boards = rate(file("log.jsonl", objects(judge="u")), by="judge", bootstrap=0)
    assert sum(1 for _ in boards) == 2


@pytest.mark.parametrize(
    ("later", "where"),
    [({"language": "en"}, "language = 'en'"), ({"turn": 2}, "turn >= 2"), ({"ok": True}, "ok")],
)
def test_a_key_that_occurs_late_can_be_in_a_condition(file, read, later, where):
    rows, report = read(file("log.jsonl", objects(**later)), where=where)
    assert (len(rows), report.filtered["where"]) == (101, 1_199)


def test_a_condition_may_hold_only_after_many_rows_without_a_value(file, read):
    path = file("log.jsonl", objects(20_000, 19_901, turn=2))
    assert len(read(path, where="turn >= 2")[0]) == 100


def test_an_outcome_that_occurs_late_is_read(file, read):
    lines = objects(judge="u").replace(', "winner": "model_a"}', "}").splitlines()
    path = file("log.jsonl", "\n".join(lines))
    rows, report = read(path)
    assert (len(rows), report.unjudged) == (101, 1_199)


def test_a_column_that_occurs_late_is_in_the_frame(file):
    frame = MatchLog(file("log.jsonl", objects(language="en"))).to_polars()
    assert frame["language"].null_count() == 1_199


def test_a_late_weight_is_refused_with_its_row(file, read):
    with pytest.raises(InputError, match=r"row 1200, column 'weight': is missing in the first"):
        read(file("log.jsonl", objects(weight=2.0)))
    with pytest.raises(InputError, match=r"row 1, column 'weight': null is not a weight"):
        read(file("log.jsonl", objects(weight=2.0)), columns={"weight": "weight"})


def test_a_late_key_of_a_stream_is_refused(piped, read):
    piped(objects(language="en"))
    with pytest.raises(OptionError, match=r"only the first 1,000 rows of a stream are searched"):
        read("-", where="language = 'en'")
    piped(objects(language="en"))
    with pytest.raises(InputError, match=r"row 1200, column 'language': is missing in the first"):
        MatchLog("-").to_polars()


def test_a_key_that_never_occurs_is_refused(file, read):
    with pytest.raises(OptionError, match=r"there is no column 'lang' .*Columns: model_a"):
        read(file("log.jsonl", objects(language="en")), where="lang = 'en'")


TEXTS = {
    "rows under a key": ("log.json", '{"data": [{"a": 1}]}', r"the list under 'data'.*jq '\."),
    "an indented object": ("log.json", '{\n "data": []\n}\n', r"row 1: malformed.*jq -c '\.data"),
    "a game of chess": ("g.pgn", '[Event "F/S"]\n[White "A"]\n', r"PGN.*model_a=white"),
    "a winner and a loser": (
        "log.csv",
        "winner_name,loser_name\np,q\nq,p\n",
        r"--columns winner=winner_name,loser=loser_name \(columns=\) if",
    ),
    "a loser and a winner": (
        "log.csv",
        "loser_id,winner_id\np,q\nq,p\n",
        r"--columns winner=winner_id,loser=loser_id \(columns=\) if",
    ),
    "a winner, a loser and a date": (
        "log.csv",
        "winner_name,loser_name,date\np,q,1\n",
        r"set --columns winner=winner_name,loser=loser_name \(columns= in",
    ),
    "two players": (
        "log.csv",
        "player1,player2,winner\np,q,p\n",
        r"set --columns model_a=player1,model_b=player2,winner=winner ",
    ),
    "white and black": (
        "log.csv",
        "White,Black,Result\np,q,p\n",
        r"set --columns model_a=White,model_b=Black,winner=Result ",
    ),
    "scores of models": ("log.csv", "model,score,n\np,1,2\n", r"has one model per row, but every"),
    "a decimal comma": (
        "log.csv",
        "model_a;model_b;score_a;score_b\np;q;0,5;1\n",
        r"row 2, column 'score_a': '0,5' is not .*decimal point \(0\.5\)",
    ),
    "a decimal comma in a weight": (
        "log.csv",
        "model_a;model_b;winner;weight\np;q;a;1,5\n",
        r"column 'weight': '1,5' is not .*decimal point \(1\.5\)",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_errors_say_how_a_text_can_be_read(name, file, read):
    path, text, problem = TEXTS[name]
    with pytest.raises(InputError, match=problem):
        read(file(path, text))


def test_the_opposite_of_a_word_is_not_suggested(file, read):
    text = "model_a,model_b,winner\np,q,model_a\nq,p,{}\n"
    with pytest.raises(InputError, match=r"unknown winner word 'both_good'\. Allowed"):
        read(file("log.csv", text.format("both_good")))
    with pytest.raises(InputError, match="did you mean 'both_bad'"):
        read(file("log.csv", text.format("both_badd")))
