"""The command `humorrank plan`."""

import csv
import io
import json

import pytest


def test_every_format_says_the_same(run, tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text("model,rating\na,1100\nb,1000\nc,900\n")
    asked = ["plan", path, "--half-width", "40", "--joke-effects", "80", "--schedule", "swiss"]
    code, out, err = run(*asked)
    assert (code, err) == (0, "")
    found = json.loads(run(*asked, "-f", "json")[1])
    rows = list(csv.DictReader(io.StringIO(run(*asked, "-f", "csv")[1])))
    assert len(rows) == len(found["options"]) == 3
    for row, option in zip(rows, found["options"], strict=True):
        assert int(row["matches"]) == option["matches"]
        assert f"{option['matches']:,}" in out
        assert option["jokes"] == 3 * option["prompts"]
    assert run(*asked, "-o", tmp_path / "plan.md") == (0, "", "")
    assert (tmp_path / "plan.md").read_text().startswith("| schedule | prompts |")
    assert "every model's half-width at most 40 points" in out


def test_numbers_of_models_may_be_spread(run):
    goal = ["--separate", "30", "--schedule", "round_robin", "-f", "json"]
    found = json.loads(run("plan", "5", "--spread", "100", *goal)[1])
    ratings = [model["rating"] for model in found["models"]]
    assert sum(ratings) / 5 == pytest.approx(1000)
    assert ratings[-1] == pytest.approx(1000 + 100 * 1.2815516)
    assert found["options"][0]["chance"] >= 0.8
    wide = json.loads(run("plan", "5", *goal)[1])
    assert wide["options"][0]["matches"] < found["options"][0]["matches"]


def test_too_few_prompts_are_told(run):
    code, out, _ = run(
        "plan", "4", "--half-width", "20", "--joke-effects", "100", "--prompts", "30"
    )
    assert code == 0
    assert "no number of matches on 30 prompts is enough: at least" in out


def test_bad_options_are_told_in_a_line(run, tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text("model,rating\na,1100\nb,1000\n")
    for arguments, words in (
        (["5"], "exactly one of"),
        (["absent.csv", "--half-width", "20"], "neither a number of models nor a file"),
        ([path, "--half-width", "20", "--spread", "10"], "--spread needs a number of models"),
        (["1", "--half-width", "20"], "2 to 1,000 models"),
        (["5", "--half-width", "-3"], "half_width"),
        (["5", "--separate", "900"], "the largest difference is 800"),
        (["5", "--half-width", "20", "--schedule", "swis"], "schedule must be one of"),
    ):
        code, out, err = run("plan", *arguments)
        assert (code, out) == (2, ""), arguments
        assert words in err
        assert len(err.splitlines()) == 1
    assert run("plan", "--help")[0] == 0
