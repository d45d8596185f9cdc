"""The command `humorrank check`."""

import csv
import io
import json
from pathlib import Path

import pytest
from support.judged import log


@pytest.fixture
def votes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    log((1100, 1050, 1000, 950), 1_200, ties=0.2).write_csv("votes.csv")
    return "votes.csv"


def test_every_format_says_the_same(run, votes):
    code, out, err = run("check", votes, "--worst", 3)
    assert (code, err) == (0, "")
    found = json.loads(run("check", votes, "--worst", 3, "--format", "json")[1])
    assert found["degrees"] == 3
    assert f"{found['deviance']['statistic']:.1f}" in out
    assert f"{found['calibration']['held_out']['log_loss']:.4f}" in out
    rows = list(csv.DictReader(io.StringIO(run("check", votes, "--worst", 3, "-f", "csv")[1])))
    assert [float(row["p"]) for row in rows] == [row["p"] for row in found["worst"]]
    assert run("check", votes, "-o", "fit.md", "--show", "reliability")[0] == 0
    text = Path("fit.md").read_text()
    assert text.startswith("| least | most | predicted |")


def test_clusters_bins_and_filters(run, votes):
    code, out, err = run(
        "check", votes, "--cluster", "prompt", "--bins", "0.6,0.7", "--exclude", "m0"
    )
    assert code == 0
    assert "matches grouped by prompt" in out
    assert "note: --exclude removed" in err
    code, out, _ = run("check", votes, "--folds", 0)
    assert code == 0
    assert "held out" not in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--bins", "many"), "--bins takes"),
        (("--folds", 1), "at least 2"),
        (("--cluster", "prompts"), "no column 'prompts'"),
        (("-o", "fit.xyz"), "no format"),
    ],
)
def test_faults_are_one_line_and_exit_code_2(run, votes, options, message):
    code, out, err = run("check", votes, *options)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_what_does_not_exist_is_said(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few.csv").write_text("model_a,model_b,winner\nx,y,model_a\ny,x,tie\nz,x,model_a\n")
    code, _, err = run("check", "few.csv")
    assert code == 2
    assert "z: never lost" in err
    code, out, err = run("check", "few.csv", "--disconnected", "largest", "--format", "json")
    assert code == 0
    assert json.loads(out)["deviance"]["p"] is None
    assert "warning: there is nothing to test" in err
