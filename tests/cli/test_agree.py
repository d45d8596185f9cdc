"""The command `humorrank agree`."""

import csv
import io
import json

import polars as pl
import pytest
from support.judged import log

RATINGS = (1100, 1050, 1000, 950, 900)


@pytest.fixture
def run(run, monkeypatch, tmp_path):
    """Runs a command in a temporary folder; returns (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    return run


@pytest.fixture
def votes(tmp_path):
    one = log(RATINGS, 600, judge="llm")
    other = one.with_columns(
        judge=pl.lit("people"),
        winner=pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit("tie")).otherwise("winner"),
    )
    path = tmp_path / "votes.csv"
    pl.concat([one, other]).write_csv(path)
    one.drop("judge").write_csv(tmp_path / "llm.csv")
    other.drop("judge").write_csv(tmp_path / "people.csv")
    return path


def test_every_format_says_the_same(run, votes):
    code, out, err = run("agree", votes, "--reference", "people")
    assert (code, err) == (0, "")
    found = json.loads(run("agree", votes, "--reference", "people", "-f", "json")[1])
    alpha = found["alpha"]["alpha"]
    assert f"alpha: {alpha['value']:.3f} ({alpha['lower']:.3f} to {alpha['upper']:.3f})" in out
    (pair,) = found["pairs"]
    assert f"{pair['boards']['kendall']['value']:.3f}" in out
    (row,) = csv.DictReader(io.StringIO(run("agree", votes, "-f", "csv")[1]))
    assert float(row["tau"]) == pair["boards"]["kendall"]["value"]
    assert float(row["agreement"]) == pair["agreement"]["share"]["value"]
    rows = run("agree", votes, "-f", "csv", "--raters", "--reference", "people")[1]
    llm, people = csv.DictReader(io.StringIO(rows))
    assert (llm["rater"], people["reference"]) == ("llm", "true")
    assert float(llm["agreement"]) == found["raters"][0]["with_reference"]["share"]["value"]
    assert run("agree", votes, "-o", "out.md") == (0, "", "")
    assert (votes.parent / "out.md").read_text().startswith("| one | other |")


def test_several_logs_and_their_names(run, votes):
    one = json.loads(run("agree", votes, "-f", "json")[1])
    other = json.loads(run("agree", "llm.csv", "people.csv", "-f", "json")[1])
    assert one == other
    code, out, _ = run("agree", "llm.csv", "people.csv", "--names", "a,b", "--reference", "b")
    assert code == 0
    assert "b *" in out


def test_bad_options_are_told_in_a_line(run, votes):
    for arguments, words in (
        (["--reference", "peple"], "did you mean 'people'"),
        (["--names", "a,b"], "names"),
        (["--raters"], "--raters applies to CSV and markdown"),
        (["--confidence", "2"], "between 0 and 1"),
        (["--limit", "-1"], "limit"),
        (["--replicates", "5"], "at least 39"),
        (["absent.csv"], "absent.csv"),
    ):
        code, out, err = run("agree", votes, *arguments)
        assert (code, out) == (2, ""), arguments
        assert words in err
        assert err.startswith("error: ")


def test_a_single_judge_is_no_error(run, votes):
    code, out, err = run("agree", "llm.csv")
    assert code == 0
    assert "only one rater" in err
    assert "transitivity" in out
    assert run("agree", "--help")[0] == 0
