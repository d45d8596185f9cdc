"""The command `humorrank report`."""

import json
import re

import pytest
from support.decided import decisions


@pytest.fixture
def run(run, monkeypatch, tmp_path):
    """Runs a command in a temporary folder; returns (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    decisions(["one", "two", "three"], 200).write_parquet("log.parquet")
    return run


def data_of(path):
    (found,) = re.findall(r'id="data">(.*?)</script', path.read_text(), re.DOTALL)
    return json.loads(found)


def test_it_writes_a_page_that_says_how_it_was_made(run, tmp_path):
    code, out, err = run(
        "report", "log.parquet", "-o", "r.html", "--no-pictures", "--bootstrap", "100",
        "--seed", "7", "--title", "Jokes <b>", "--tiers", "good=1000,poor", "--examples", "1",
    )  # fmt: skip
    assert (code, out) == (0, "")
    assert re.fullmatch(r"note: r\.html: [\d,]+ bytes\n", err)
    data = data_of(tmp_path / "r.html")
    assert data["title"] == "Jokes <b>"
    assert data["head"]["command"].startswith("humorrank report log.parquet -o r.html")
    assert "'Jokes <b>'" in data["head"]["command"]
    assert dict(data["head"]["facts"])["seed"] == "7"
    assert dict(data["head"]["settings"])["bootstrap"] == "100"
    assert len(data["examples"]["rows"]) == 3
    assert set(data["board"]["columns"]["tier"]) <= {"good", "poor"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.parquet", "r.html"]


def test_groups_are_tabs_of_the_page(run, tmp_path):
    options = ("--no-pictures", "--bootstrap", "0", "--by", "judge")
    code, out, err = run("report", "log.parquet", "-o", "r.html", *options)
    assert (code, out) == (0, "")
    assert re.fullmatch(r"note: r\.html: [\d,]+ bytes\n", err)
    html = (tmp_path / "r.html").read_text()
    assert re.findall(r"<h3 id=.*?><bdi>(.*?)</bdi>", html) == ["critic"]
    assert ["by", "judge"] in data_of(tmp_path / "r.html")["head"]["settings"]
    code, _, err = run("report", "log.parquet", "-o", "r.html", "--by", "author")
    assert code == 2
    assert "no column 'author'" in err
    assert run("rate", "log.parquet", "--bootstrap", "0", "-o", "b.json")[0] == 0
    code, _, err = run("report", "b.json", "-o", "r.html", "--by", "judge")
    assert code == 2
    assert "--by does not apply to a leaderboard" in err


def test_filters_and_warnings_are_told(run):
    code, _, err = run(
        "report", "log.parquet", "-o", "r.html", "--no-pictures", "--bootstrap", "0",
        "--where", "judge = 'critic' AND model_a <> 'three' AND model_b <> 'three'",
    )  # fmt: skip
    assert code == 0
    assert "note: --where removed " in err


def test_what_cannot_be_is_refused_before_the_work(run, tmp_path):
    for arguments, words in (
        (["log.parquet", "-o", "r.pdf"], "must end in .html"),
        (["log.parquet", "-o", "absent/r.html"], "no directory"),
        (["log.parquet", "-o", "r.html", "--texts", "joke_a"], "--texts takes two columns"),
        (["log.parquet", "-o", "r.html", "--tiers", "x=y"], "NAME=RATING"),
        (["absent.csv", "-o", "r.html"], "does not exist"),
        (["log.parquet", "-o", "r.html", "--confidence", "2"], "between 0 and 1"),
    ):
        code, out, err = run("report", *arguments)
        assert (code, out) == (2, ""), arguments
        assert words in err
        assert err.startswith("error: ")
        assert len(err.splitlines()) == 1
    (tmp_path / "bad.sqlite").write_bytes(b"SQLite format 3\0" + bytes(200))
    code, _, err = run("report", "bad.sqlite", "-o", "r.html")
    assert code == 2
    assert "is an SQLite database, but not a tournament" in err
    assert not (tmp_path / "r.html").exists()
