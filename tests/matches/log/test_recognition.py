"""A format is never guessed: if two match, the error names both and the option to choose one."""

import pytest

from humorrank.errors import InputError, OptionError
from humorrank.matches.log import MatchLog


def error_of(source, kind=InputError, **options):
    with pytest.raises(kind) as caught:
        list(MatchLog(source, **options).batches())
    return str(caught.value)


def test_a_winner_column_next_to_one_hot_columns_fits_two_formats(file, read):
    path = file(
        "log.csv",
        "model_a,model_b,winner,winner_model_a,winner_model_b,winner_tie\np,q,model_a,0,1,0\n",
    )
    message = error_of(path)
    for part in ("winner-word", "one-hot", "--reading winner-word or --reading one-hot"):
        assert part in message
    assert read(path, reading="winner-word")[0] == [("p", "q", "first")]
    assert read(path, reading="one-hot")[0] == [("p", "q", "second")]


def test_words_that_do_not_say_which_pair_of_columns_is_meant(file, read):
    path = file("log.csv", "model_a,model_b,a,b,winner\np,q,a joke,another,A\n")
    message = error_of(path)
    assert "--columns model_a=model_a,model_b=model_b,winner=winner" in message
    assert "--columns model_a=a,model_b=b,winner=winner" in message
    columns = {"model_a": "model_a", "model_b": "model_b"}
    assert read(path, columns=columns)[0] == [("p", "q", "first")]


def test_a_word_for_one_side_that_is_the_name_of_the_other_model(file, read):
    path = file("log.csv", "model_a,model_b,winner\na,b,a\nb,a,a\n")
    message = error_of(path)
    assert "row 3" in message
    assert "--reading winner-word or --reading winner-name" in message
    assert read(path, reading="winner-name")[0] == [("a", "b", "first"), ("b", "a", "second")]
    assert read(path, reading="winner-word")[0] == [("a", "b", "first"), ("b", "a", "first")]


def test_words_that_are_also_names_fit_two_formats(read):
    assert read([("a", "b", "a"), ("a", "b", "b")])[0] == [
        ("a", "b", "first"),
        ("a", "b", "second"),
    ]


@pytest.mark.parametrize("value", ["1", "0", "0.5", "true", "False", "0.73", "2", "1e-3"])
def test_a_bare_number_is_never_guessed(file, value):
    message = error_of(file("log.csv", f"model_a,model_b,winner\np,q,{value}\n"))
    assert "--score-of a" in message
    assert "--score-of b" in message


def test_a_number_that_could_be_a_name_or_a_share_is_never_guessed(file):
    message = error_of(file("log.csv", "model_a,model_b,winner\n0,1,1\n1,0,1\n"))
    assert "--reading winner-name" in message
    assert "--score-of" in message


def test_a_score_column_alone_asks_whose_score_it_is(file):
    message = error_of(file("log.csv", "model_a,model_b,score\np,q,1\n"))
    assert "column 'score'" in message
    assert "--score-of a" in message


def test_a_score_next_to_a_winner_is_used_only_on_request(file, read):
    path = file("log.csv", "model_a,model_b,winner,score\np,q,model_b,1\n")
    assert read(path)[0] == [("p", "q", "second")]
    assert read(path, score_of="a")[0] == [("p", "q", "first")]


def test_numbers_in_the_winner_column_are_shares_on_request(file, read):
    path = file("log.csv", "model_a,model_b,winner\np,q,1\np,q,0\n")
    assert read(path, score_of="b")[0] == [("p", "q", "second"), ("p", "q", "first")]


def test_a_missing_column_is_reported_with_the_columns_found(file):
    message = error_of(file("log.csv", "model_a,model_b,winer\np,q,a\n"))
    assert "no column 'winner'" in message
    assert "'model_a', 'model_b', 'winer'" in message
    assert "did you mean 'winer'" in message


def test_three_columns_without_a_header_are_not_guessed(file, read):
    path = file("log.csv", "p,q,tie\nq,p,model_a\n")
    message = error_of(path)
    assert "column_1" in message
    columns = {"model_a": "column_1", "model_b": "column_2", "winner": "column_3"}
    assert read(path, columns=columns)[0] == [("p", "q", "tie"), ("q", "p", "first")]


def test_a_header_of_unknown_words_is_not_read_as_a_match(file, read):
    path = file("log.csv", "better,worse\np,q\nq,p\n")
    assert "row 1" in error_of(path)
    columns = {"winner": "better", "loser": "worse"}
    assert read(path, columns=columns)[0] == [("p", "q", "first"), ("q", "p", "first")]
    assert len(read(path, reading="headerless")[0]) == 3


def test_chosen_and_rejected_texts_are_not_read_as_models(file):
    message = error_of(file("prefs.csv", "chosen,rejected\na good joke,a bad joke\n"))
    assert "'chosen', 'rejected'" in message


def test_columns_name_roles(file, read):
    path = file("log.csv", "System One,System Two,Vote,n\np,q,B,3\n")
    columns = {"model_a": "System One", "model_b": "System Two", "winner": "Vote", "count": "n"}
    log = MatchLog(path, columns=columns)
    (batch,) = log.batches()
    assert (batch.outcome.tolist(), batch.count.tolist()) == ([1], [3])


def test_an_unknown_role_is_an_option_error():
    message = error_of([("p", "q", "a")], OptionError, columns={"modle_a": "model_a"})
    assert "'modle_a'" in message
    assert "model_a" in message


def test_a_column_that_does_not_exist_is_reported(file):
    path = file("log.csv", "model_a,model_b,vote\np,q,a\n")
    message = error_of(path, columns={"winner": "votes"})
    assert "no column 'votes' for winner" in message
    assert "did you mean 'vote'" in message


def test_two_columns_with_the_same_meaning_are_refused(file):
    message = error_of(file("log.csv", "model_a,model_b,winner,Winner\np,q,a,b\n"))
    assert "'winner' and 'Winner'" in message


def test_files_that_are_read_together_must_have_one_format(file):
    one = file("one.csv", "model_a,model_b,winner\np,q,a\n")
    two = file("two.csv", "winner,loser\np,q\n")
    message = error_of([one, two])
    assert "two.csv" in message
    assert "winner-loser" in message
    assert "winner-word" in message


def test_a_winner_column_without_any_outcome_has_no_matches(file):
    message = error_of(file("log.csv", "model_a,model_b,winner\np,q,\np,q,\n"))
    assert "no matches" in message
    assert "2 unjudged" in message


@pytest.mark.parametrize(
    "options",
    [
        {"score_of": "c"},
        {"unjudged": "ignore"},
        {"on_error": "ignore"},
        {"reading": "nonsense"},
        {"reading": "score"},
        {"max_per_judge": 0},
        {"max_per_judge": True},
        {"exclude": "p"},
        {"where": "model_a ="},
        {"where": "model_a = MAX(model_a)"},
        {"where": "COUNT(*) > 3"},
        {"where": "nowhere = 3"},
        {"where": ""},
        {"where": "winner IN (SELECT 1)"},
        {"where": "model_a + 1"},
    ],
)
def test_an_invalid_option_is_refused(options):
    error_of([("p", "q", "a")], OptionError, **options)


def test_one_bad_winner_does_not_change_the_reading_of_the_others(tmp_path):
    """A typo among the sampled rows is a bad row of the format that the others have."""
    by_name, by_word = ["m1,m2,m1", "m2,m1,m2"] * 1000, ["m1,m2,model_a", "m2,m1,model_b"] * 1000
    for rows, reading, kind in (
        (by_name, "winner-name", "winner is neither model"),
        (by_word, "winner-word", "unknown winner word"),
    ):
        for place in (0, 500, 2000):
            mixed = [*rows[:place], "m1,m2,typo", *rows[place:]]
            path = tmp_path / "log.csv"
            path.write_text("\n".join(["model_a,model_b,winner", *mixed]))
            with pytest.raises(InputError, match=rf"row {place + 2}, column 'winner'.*'typo'"):
                list(MatchLog(path).batches())
            log = MatchLog(path, on_error="skip")
            assert sum(map(len, log.batches())) == 2000
            assert log.report.reading == reading
            assert log.report.skipped == {kind: 1}


def test_the_row_at_fault_is_named_where_names_say_who_won(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("model_a,model_b,winner\nm1,m2,m1\nm2,m1,m2\nm1,m2,m3\n")
    with pytest.raises(InputError, match=r"row 4, column 'winner': 'm3' is neither 'm1' nor 'm2'"):
        list(MatchLog(path).batches())


@pytest.mark.parametrize(
    "rows", [["m1,m2,model_a", "m2,m1,m2"], ["m1,m2,m1"] * 8 + ["m2,m1,model_a"] * 2]
)
def test_outcomes_of_two_formats_are_an_error_that_names_both(tmp_path, rows):
    path = tmp_path / "log.csv"
    path.write_text("\n".join(["model_a,model_b,winner", *rows * 10]))
    with pytest.raises(InputError, match=r"winner-word.* or winner-name.*--reading winner-word"):
        list(MatchLog(path, on_error="skip").batches())
    log = MatchLog(path, on_error="skip", reading="winner-name")
    assert sum(map(len, log.batches())) > 0
