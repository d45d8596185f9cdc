"""Names, counts and weights at the limits of their valid values."""

import polars as pl
import pytest

import humorrank


def matches(rows, **options):
    frame = pl.DataFrame(rows, schema=["model_a", "model_b", "winner"], orient="row")
    log = humorrank.MatchLog(frame, **options)
    return [batch.outcome.tolist() for batch in log.batches()], log.report


NAMED_TIE = [("gpt", "llm", "gpt"), ("tie", "gpt", "gpt"), ("tie", "gpt", "tie")]


def test_a_model_named_like_a_tie_is_refused_in_its_own_matches():
    with pytest.raises(humorrank.InputError, match=r"row 3.*'tie' is both the name of a model"):
        matches(NAMED_TIE)
    outcomes, report = matches(NAMED_TIE, on_error="skip")
    assert outcomes == [[0, 1]]
    assert sum(report.skipped.values()) == 1


def test_the_word_is_a_tie_in_matches_of_other_models():
    outcomes, report = matches([*NAMED_TIE[:2], ("gpt", "llm", "tie")])
    assert outcomes == [[0, 1, 2]]
    assert report.ties == 1


@pytest.mark.parametrize("count", [2**53, 2**53 + 1, 10**18])
def test_a_count_beyond_the_exact_range_of_floats_is_refused(tmp_path, count):
    path = tmp_path / "log.csv"
    path.write_text(f"model_a,model_b,winner,count\nx,y,model_a,{count}\n")
    with pytest.raises(humorrank.InputError, match="2\\^53"):
        humorrank.tally(path)


def test_the_largest_count_is_exact(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(f"model_a,model_b,winner,count\nx,y,model_a,{2**53 - 1}\nx,y,model_b,1\n")
    assert humorrank.tally(path).matches == 2**53


@pytest.mark.parametrize("weight", ["1e101", "1e-101", "inf", "-1"])
def test_a_weight_out_of_range_is_refused(tmp_path, weight):
    path = tmp_path / "log.csv"
    path.write_text(f"model_a,model_b,winner,weight\nx,y,model_a,{weight}\n")
    with pytest.raises(humorrank.InputError, match="weight"):
        humorrank.tally(path)


def test_sets_have_no_first_and_second():
    with pytest.raises(humorrank.InputError, match="set"):
        humorrank.rate([{"x", "y", "tie"}])


def test_json_that_is_nested_too_deeply_is_reported_with_its_line(tmp_path):
    path = tmp_path / "log.jsonl"
    good = '{"model_a": "x", "model_b": "y", "winner": "model_a"}\n'
    path.write_text(good + '{"model_a": "x", "deep": ' + "[" * 100_000 + "]" * 100_000 + "}\n")
    with pytest.raises(humorrank.InputError, match="row 2"):
        humorrank.rate(path)
