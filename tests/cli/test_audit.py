"""The command `humorrank audit`."""

import csv
import io
import json
from pathlib import Path

import pytest
from support.judged import log


@pytest.fixture
def votes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    log((1020, 1000, 1000, 950), 600, ties=0.2).write_csv("votes.csv")
    return "votes.csv"


def test_every_format_says_the_same(run, votes):
    code, out, err = run("audit", votes)
    assert (code, err) == (0, "")
    assert "the winner is " in out
    assert "upper bound" in out or "all smaller sets were tried" in out
    found = json.loads(run("audit", votes, "--format", "json")[1])
    assert found["found"]
    assert f"this changes if {found['size']:,} match" in out
    rows = list(csv.DictReader(io.StringIO(run("audit", votes, "-f", "csv")[1])))
    assert sum(int(row["changed"]) for row in rows) == found["size"]
    assert run("audit", votes, "-o", "audit.md") == (0, "", "")
    assert Path("audit.md").read_text().startswith("| model_a | model_b | outcome |")


@pytest.mark.parametrize(
    "options",
    [
        ("--pair", "m0,m3"),
        ("--pair", '"m0",m3', "--change", "flip"),
        ("--winner", "m3"),
        ("--top", 2),
        ("--by", "question_id"),
    ],
)
def test_every_question_has_an_answer(run, votes, options):
    code, out, err = run("audit", votes, *options)
    assert (code, err) == (0, "")
    assert "this changes if" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--pair", "m0"), "--pair takes"),
        (("--pair", "m0,m9"), "no model 'm9'"),
        (("--top", 4), "less than the 4"),
        (("--top", 1, "--winner", "m3"), "exclude each other"),
        (("--by", "judges"), "no column 'judges'"),
    ],
)
def test_faults_are_one_line_and_exit_code_2(run, votes, options, message):
    code, out, err = run("audit", votes, *options)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_nothing_found_is_said_plainly(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("few.csv").write_text("model_a,model_b,winner\nx,y,model_a\nx,y,model_a\ny,x,model_a\n")
    code, out, _ = run("audit", "few.csv")
    assert code == 0
    assert "no set of matches changes this order" in out
