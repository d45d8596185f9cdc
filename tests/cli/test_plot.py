"""The command `humorrank plot`."""

import json

import numpy as np
import polars as pl
import pytest
from support.drawings import log
from support.fields import field, finish, made, spec_of

from humorrank import figures


@pytest.fixture
def decisions(tmp_path):
    frame = log(4, 400).with_columns(
        judge=pl.Series(np.tile(["anna", "ben"], 200)),
        winner_humor_features=pl.lit('["irony"]'),
        tstamp=1.7e9 + pl.int_range(pl.len()) * 40_000,
    )
    path = tmp_path / "decisions.csv"
    frame.write_csv(path)
    return path


TITLES = {
    "leaderboard": "Leaderboard",
    "ranks": "Possible ranks",
    "win-rates": "Win rates",
    "elo": "Elo against Bradley-Terry",
    "features": "Labels of wins and losses",
    "judges": "Two judges",
    "position-bias": "Position bias",
    "budget": "Ratings by budget",
    "history": "Rating history",
    "reliability": "Reliability of predictions",
}


@pytest.mark.parametrize("kind", TITLES)
def test_every_kind_is_written(run, decisions, tmp_path, kind):
    output = tmp_path / f"{kind}.json"
    code, out, err = run("plot", kind, decisions, "-o", output)
    assert (code, out) == (0, "")
    assert "error" not in err
    title = json.loads(output.read_text())["title"]["text"]
    assert title == TITLES[kind]


def test_options_reach_the_figure(run, decisions, tmp_path):
    output = tmp_path / "x.json"
    options = ("--bootstrap", 40, "--seed", 5, "--anchor", "model-001=1200", "--top", 2)
    assert run("plot", "leaderboard", decisions, "-o", output, *options)[0] == 0
    wanted = figures.leaderboard(
        str(decisions), 2, bootstrap=40, seed=5, anchor={"model-001": 1200}
    ).to_dict()
    assert json.loads(output.read_text()) == wanted
    options = ("--judges", "ben,anna", "--bootstrap", 0)
    assert run("plot", "judges", decisions, "-o", output, *options)[0] == 0
    wanted = figures.judges(str(decisions), "ben", "anna", bootstrap=0).to_dict()
    assert json.loads(output.read_text()) == wanted
    assert run("plot", "budget", decisions, "-o", output, "--steps", 7, "--prior", 1)[0] == 0
    assert (
        json.loads(output.read_text())
        == figures.budget(str(decisions), steps=7, prior=1.0).to_dict()
    )


def test_filters_are_told_and_hold(run, decisions, tmp_path):
    output = tmp_path / "x.json"
    code, _, err = run("plot", "leaderboard", decisions, "-o", output, "--where", "judge = 'anna'")
    assert code == 0
    assert "--where removed 200 rows" in err


@pytest.mark.parametrize("kind", ["leaderboard", "win-rates", "position-bias", "budget", "elo"])
def test_a_store_is_drawn(run, tmp_path, kind):
    store = tmp_path / "T.sqlite"
    finish(made(store, spec_of(4, budget=150), field(4, 40)))
    output = tmp_path / "x.png"
    assert run("plot", kind, store, "-o", output)[0] == 0
    assert output.read_bytes()[:4] == b"\x89PNG"
    code, _, err = run("plot", kind, store, "-o", output, "--where", "model_a <> 'nobody'")
    assert code == 0, err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("features", "-o", "x.svg", "--anchor", "a=1"),
            "--anchor does not apply to the figure features",
        ),
        (("win-rates", "-o", "x.svg", "--bootstrap", "5"), "--bootstrap does not apply to"),
        (("reliability", "-o", "x.svg", "--control", "length"), "--control does not apply to"),
        (("position-bias", "-o", "x.svg", "--top", "3"), "--top does not apply to the figure"),
        (("judges", "-o", "x.svg", "--judges", "anna"), "takes two judges"),
        (("leaderboard", "-o", "x.pdf"), "the file of a figure must end in .png"),
        (("leaderboard", "-o", "none/x.png"), "no directory"),
    ],
)
def test_what_cannot_be_is_refused(run, decisions, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    kind, *rest = arguments
    code, out, err = run("plot", kind, decisions, *rest)
    assert (code, out) == (2, "")
    assert message in err
    assert not list(tmp_path.glob("x.*"))


def test_a_log_without_labels_is_refused(run, tmp_path):
    log(3, 100).write_csv(tmp_path / "log.csv")
    code, _, err = run("plot", "features", tmp_path / "log.csv", "-o", tmp_path / "x.svg")
    assert code == 2
    assert "have no labels" in err
