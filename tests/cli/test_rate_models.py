"""The command `humorrank rate` with Davidson's ties, the first position, and controls."""

import json

import polars as pl
import pytest
from support.judged import log


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "votes.csv"
    table = log((1100, 1000, 900), 900, bias=80, ties=0.4, slope=40)
    lengths = [pl.col(f"joke_{s}").str.len_chars().alias(f"length_{s}") for s in "ab"]
    table.with_columns(lengths).drop("joke_a", "joke_b").write_csv(path)
    return path


MODEL = ("--ties", "davidson", "--first-position", "--control", "length")


def test_every_format_gives_the_parameters(run, path, tmp_path):
    code, table, err = run("rate", path, *MODEL)
    assert (code, err) == (0, "")
    code, out, err = run("rate", path, *MODEL, "--format", "json")
    found = json.loads(out)["parameters"]
    assert [p["name"] for p in found] == ["first position", "tie parameter nu", "length"]
    first = next(line for line in table.splitlines() if line.startswith("first position: "))
    assert f"{found[0]['estimate']:.1f} points" in first
    for format in ("csv", "markdown"):
        code, out, err = run("rate", path, *MODEL, "--format", format)
        assert code == 0
        assert "first position" not in out
        assert f"note: {first}" in err
    assert run("rate", path, *MODEL, "-o", tmp_path / "board.txt") == (0, "", "")
    assert first in (tmp_path / "board.txt").read_text()


def test_filters_and_tallies(run, path, tmp_path):
    code, _, err = run("rate", path, *MODEL, "--where", "question_id <> 'p3'", "-f", "json")
    assert code == 0
    assert "--where removed" in err
    tally = tmp_path / "t.parquet"
    assert run("tally", path, "-o", tally, "--keys", "length_a,length_b")[0] == 0
    lines = run("rate", tally, *MODEL)[1].splitlines()
    assert lines == run("rate", path, *MODEL)[1].splitlines()
    code, _, err = run("rate", tally, *MODEL, "--where", "question_id <> 'p3'")
    assert code == 2
    assert "applies to the rows of a log, but a tally has none" in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--control", "style"), 2, "'style_a'"),
        (("--control", ""), 2, "--control takes the name of a control"),
        (("--ties", "davidson", "--prior", "1"), 2, "prior (--prior) cannot be combined with"),
        (("--first-position", "--by", "judge"), 2, "by (--by) cannot be combined with"),
    ],
)
def test_errors(run, path, arguments, code, message):
    found, out, err = run("rate", path, *arguments)
    assert (found, out) == (code, "")
    assert message in err


def test_help_tells_of_the_models(run):
    code, out, _ = run("rate", "--help")
    assert code == 0
    for option in ("--first-position", "--control", "davidson"):
        assert option in out
