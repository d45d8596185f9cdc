"""The command `humorrank bias`."""

import csv
import io
import json

import polars as pl
import pytest
from support.fields import field, finish, made, spec_of
from support.judged import log

RATINGS = (1100, 1050, 1000, 950, 900)


@pytest.fixture
def run(run, monkeypatch, tmp_path):
    """Runs a command in a temporary folder; returns (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    return run


@pytest.fixture
def votes(tmp_path):
    path = tmp_path / "votes.csv"
    log(RATINGS, 1_500, bias=120, ties=0.1).write_csv(path)
    return path


def test_every_format_says_the_same(run, votes):
    code, out, err = run("bias", votes)
    assert (code, err) == (0, "")
    assert "judge: distinguishes contestants (p < 0.0001)" in out
    found = json.loads(run("bias", votes, "--format", "json")[1])
    effect = found["judges"][0]["effect"]
    assert effect["lower"] < 120 < effect["upper"]
    assert f"{effect['value']:+.1f}" in out
    (row,) = csv.DictReader(io.StringIO(run("bias", votes, "-f", "csv")[1]))
    assert float(row["effect"]) == effect["value"]
    assert run("bias", votes, "-o", "bias.md") == (0, "", "")
    text = (votes.parent / "bias.md").read_text()
    assert text.startswith("| judge | judgments |")
    assert f"{effect['value']:.1f}" in text


def test_ratings_with_and_without_the_parameter(run, votes):
    out = run("bias", votes, "--ratings")[1]
    assert "unadjusted" in out
    rows = list(csv.DictReader(io.StringIO(run("bias", votes, "--ratings", "-f", "csv")[1])))
    assert [row["model"] for row in rows] == ["m0", "m1", "m2", "m3", "m4"]
    spread = [float(rows[0][name]) - float(rows[-1][name]) for name in ("rating", "plain_rating")]
    assert spread[0] > spread[1]


def test_a_store_and_the_options_about_rows(run, tmp_path, votes):
    finish(made(tmp_path / "T.sqlite", spec_of(4, budget=200), field(4, 60, twins=2)))
    code, out, err = run("bias", "T.sqlite")
    assert code == 0
    assert "simulated:" in out
    assert "judgments of identical jokes are left out" in err
    code, part, err = run("bias", "T.sqlite", "--exclude", "model-03")
    assert code == 0, err
    assert part != out
    code, _, err = run("bias", "T.sqlite", "--where", "judge = 'x'")
    assert code == 2
    assert "no matches" in err
    whole = json.loads(run("bias", votes, "-f", "json")[1])["judges"][0]["judgments"]
    part = json.loads(run("bias", votes, "--exclude", "m0", "-f", "json")[1])["judges"][0]
    assert part["judgments"] < whole


def test_self_preference_and_bad_options(run, votes):
    for arguments, words in (
        (["--own", "judge=m0"], "preference or quality"),
        (["--own", "judge"], "--own takes JUDGE=MODEL"),
        (["--own", "judge=m0", "--own", "judge=m1"], "twice"),
        (["--texts", "joke_a"], "--texts takes two columns"),
        (["--confidence", "2"], "between 0 and 1"),
        (["--reference", "judge"], "reference applies only to self-preference"),
    ):
        code, out, err = run("bias", votes, *arguments)
        assert (code, out) == (2, ""), arguments
        assert words in err
        assert err.startswith("error: ")
        assert len(err.splitlines()) == 1
    log(RATINGS, 1_500, judge="other", seed=5).write_csv(votes.parent / "more.csv")
    code, out, _ = run("bias", votes, "more.csv", "--own", "judge=m0")
    assert code == 0
    assert "self-preference" in out


def test_a_judge_that_always_says_a(run, votes):
    said = log(RATINGS, 1_500).with_columns(winner=pl.lit("model_a"))
    said.write_csv(votes)
    code, out, _ = run("bias", votes)
    assert code == 0
    assert "uninformative: its verdict is A in all 1,500 judgments" in out
    assert run("bias", "absent.csv")[0] == 2
