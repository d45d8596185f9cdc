"""The report on a pass adds up, and the log can be written in the standard form."""

import polars as pl
import pytest

from humorrank.errors import OptionError
from humorrank.matches.log import MatchLog

TEXT = """left,right,winner,question_id,worker,lang,timestamp,joke
p,q,left,1,u1,en,2024,ha
p,q,tie (bothbad),2,u2,de,2025,ho
q,r,,3,u1,en,2026,hi
q,s,right,4,u1,en,2026,he
q,q,right,4,u1,en,2026,he
p,q,draw,5,u3,,,hu
"""


def test_every_row_is_in_exactly_one_count(file):
    log = MatchLog(file("log.csv", TEXT), on_error="skip", exclude=["s"], where="lang <> 'de'")
    list(log.batches())
    report = log.report
    assert (report.rows, report.read, report.rated, report.unjudged) == (6, 4, 1, 1)
    assert report.skipped == {"model against itself": 1}
    assert report.filtered == {"where": 2, "exclude": 1}
    assert report.unjudged_only == ["r"]
    assert report.read == 1 + 1 + 1 + 1


def test_the_standard_form_has_the_usual_words_and_columns(file):
    frame = MatchLog(file("log.csv", TEXT), on_error="skip").to_polars()
    assert frame.columns == [
        "model_a",
        "model_b",
        "winner",
        "both_bad",
        "question_id",
        "judge",
        "language",
        "tstamp",
    ]
    assert frame.rows() == [
        ("p", "q", "model_a", False, "1", "u1", "en", "2024"),
        ("p", "q", "tie", True, "2", "u2", "de", "2025"),
        ("q", "s", "model_b", False, "4", "u1", "en", "2026"),
        ("p", "q", "tie", False, "5", "u3", "", ""),
    ]


def test_the_standard_form_keeps_requested_columns(file):
    path = file("log.csv", TEXT)
    frame = MatchLog(path, on_error="skip", keep=["joke"]).to_polars()
    assert frame["joke"].to_list() == ["ha", "ho", "he", "hu"]
    with pytest.raises(OptionError, match="jokes"):
        MatchLog(path, on_error="skip", keep=["jokes"]).to_polars()


def test_the_standard_form_of_soft_outcomes_has_scores(file, read):
    path = file("log.csv", "model_a,model_b,score,count\np,q,0.7,2\np,q,1,3\n")
    frame = MatchLog(path, score_of="a").to_polars()
    assert frame.to_dict(as_series=False) == {
        "model_a": ["p", "p"],
        "model_b": ["q", "q"],
        "winner": [None, "model_a"],
        "score": [0.7, 1.0],
        "count": [2, 3],
    }
    (again,) = MatchLog(frame, score_of="a").batches()
    (before,) = MatchLog(path, score_of="a").batches()
    assert again.outcome.tolist() == before.outcome.tolist() == [4, 0]


def test_the_standard_form_of_games_repeats_the_values_of_the_row():
    rows = [
        {
            "model_1": "p",
            "model_2": "q",
            "g1_winner": "model_1",
            "g2_winner": "model_1",
            "question_id": 81,
        }
    ]
    frame = MatchLog(rows).to_polars()
    assert frame.rows() == [("p", "q", "model_a", 81), ("q", "p", "model_b", 81)]


def test_the_standard_form_is_read_back_as_the_same_matches(file, read):
    path = file("log.csv", TEXT)
    frame = MatchLog(path, on_error="skip").to_polars()
    plain = [(a, b, o.replace("both bad", "tie")) for a, b, o in read(path, on_error="skip")[0]]
    assert read(frame)[0] == plain
    assert isinstance(frame, pl.DataFrame)
