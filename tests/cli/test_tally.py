"""The commands `humorrank tally` and `humorrank rate --by`."""

import csv
import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from support.signals import PATIENCE, interrupt

import humorrank

READY = [
    *(sys.executable, "-c"),
    "from humorrank._start import main; print('ready', flush=True); main()",
]

LOG = """model_a,model_b,winner,judge,language
pun,irony,model_a,x,en
irony,pun,model_a,x,en
pun,irony,tie,y,de
irony,sarcasm,model_b,y,en
sarcasm,pun,model_b,y,en
pun,sarcasm,model_b,x,de
irony,sarcasm,model_a,x,de
sarcasm,irony,,x,de
"""


@pytest.fixture
def run(run, monkeypatch, tmp_path):
    """Runs a command in a temporary folder; returns (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "votes.csv").write_text(LOG)
    return run


def test_a_tally_gives_the_board_of_the_log(run):
    code, out, err = run("tally", "votes.csv", "-o", "t.parquet", "--keys", "judge,language")
    assert (code, out) == (0, "")
    assert "t.parquet: 3 models, 7 matches, by judge, language" in err
    assert "1 row has no outcome" in err
    assert run("rate", "t.parquet") == run("rate", "votes.csv")
    json_of = [json.loads(run("rate", f, "-f", "json")[1]) for f in ("t.parquet", "votes.csv")]
    assert json_of[0] == json_of[1]


def test_a_daily_job(run):
    assert run("tally", "votes.csv", "-o", "day.parquet")[0] == 0
    assert run("tally", "day.parquet", "votes.csv", "-o", "year.parquet")[0] == 0
    assert run("tally", "day.parquet", "year.parquet", "-o", "year.parquet")[0] == 0
    assert humorrank.Tally.read("year.parquet").matches == 21
    assert run("tally", "year.parquet", "--subtract", "day.parquet", "-o", "rest.parquet")[0] == 0
    assert humorrank.Tally.read("rest.parquet").matches == 14
    board = json.loads(run("rate", "day.parquet", "rest.parquet", "-f", "json")[1])
    assert (board["counts"]["rated"], board["counts"]["unjudged"]) == (21, 3)
    code, _, err = run("tally", "day.parquet", "--subtract", "year.parquet", "-o", "x.parquet")
    assert code == 2
    assert "cannot subtract: " in err
    assert not Path("x.parquet").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rate", "t.parquet", "--by", "language"], "no key 'language' (its keys are judge)"),
        (["rate", "t.parquet", "--where", "judge = 'x'"], "humorrank tally LOG --where"),
        (["rate", "t.parquet", "votes.csv", "--exclude", "pun"], "--exclude"),
        (["rate", "t.parquet", "--max-per-judge", "3"], "--max-per-judge"),
        (["elo", "t.parquet"], "a tally does not keep the order of the matches"),
        (["tally", "votes.csv", "--keys", "mood", "-o", "u.parquet"], "no column 'mood'"),
        (["tally", "t.parquet", "--keys", "mood", "-o", "u.parquet"], "no key 'mood'"),
        (["tally", "votes.csv", "-o", "no/u.parquet"], "cannot be written"),
        (["rate", "votes.csv", "--by", "mood"], "no column 'mood'"),
    ],
)
def test_what_a_tally_does_not_keep(run, arguments, message):
    run("tally", "votes.csv", "-o", "t.parquet", "--keys", "judge")
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1


def test_rating_by_group_in_every_format(run):
    fit = ["rate", "votes.csv", "--by", "judge", "--disconnected", "largest"]
    code, out, _ = run(*fit, "-f", "json")
    assert code == 0
    boards = json.loads(out)
    assert [board["group"] for board in boards["leaderboards"]] == [{"judge": "x"}, {"judge": "y"}]
    rows = list(csv.DictReader(io.StringIO(run(*fit, "-f", "csv")[1])))
    assert [row["model"] for row in rows if row["judge"] == "x" and row["rating"]] == [
        row["model"] for row in boards["leaderboards"][0]["leaderboard"]
    ]
    header = run(*fit, "-f", "markdown")[1].splitlines()[0]
    assert header.startswith("| judge | rank | model |")
    text = run(*fit)[1]
    assert "groups by judge" in text
    assert "pun" in text


def test_several_columns_and_top(run):
    fit = ["rate", "votes.csv", "--by", "judge,language", "--prior", "1", "--top", "1"]
    rows = list(csv.DictReader(io.StringIO(run(*fit, "-f", "csv")[1])))
    groups = [(row["judge"], row["language"]) for row in rows]
    assert groups == [("x", "de"), ("x", "en"), ("y", "de"), ("y", "en")]
    assert [row["rank"] for row in rows] == ["1"] * 4
    repeated = [*fit[:2], "--by", "judge", "--by", "language", *fit[4:]]
    assert run(*repeated, "-f", "csv") == run(*fit, "-f", "csv")


def shell(command, folder):
    """Runs a shell line that calls `humorrank`; returns (exit code, output, standard error)."""
    program = f"{sys.executable} -c 'from humorrank.cli import main; main()'"
    done = subprocess.run(
        ["bash", "-c", command.replace("humorrank", program)],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    return done.returncode, done.stdout, done.stderr.decode()


def test_pipes_and_devices_stay_what_they_are(run, tmp_path):
    run("tally", "votes.csv", "-o", "t.parquet")
    whole = Path("t.parquet").read_bytes()
    code, out, _ = shell("humorrank tally t.parquet -o /dev/stdout | cat", tmp_path)
    assert (code, out) == (0, whole)
    code, _, err = shell("echo kept > f; humorrank tally t.parquet -o /dev/stdout >> f", tmp_path)
    assert (code, Path("f").read_bytes()) == (0, b"kept\n" + whole), err
    code, _, err = shell(
        "mkfifo pipe; cat pipe > got & humorrank tally t.parquet -o pipe; wait; test -p pipe",
        tmp_path,
    )
    assert (code, Path("got").read_bytes()) == (0, whole), err
    code, _, err = shell("humorrank tally t.parquet -o /dev/full", tmp_path)
    assert (code, err) == (2, "error: /dev/full: cannot be written: No space left on device\n")
    code, _, err = shell("cat t.parquet | humorrank rate -", tmp_path)
    assert code == 2
    assert "standard input: is a tally, which cannot be read from a pipe" in err
    code, out, _ = shell("humorrank rate <(cat votes.csv) --prior 1 --bootstrap 0", tmp_path)
    assert code == 0
    assert b"3 contestants, 7 matches" in out


def test_an_output_that_cannot_be_is_refused_before_the_counting(run, tmp_path):
    for output in ("no/t.parquet", "."):
        code, _, err = run("tally", "absent.csv", "-o", output)
        assert code == 2
        assert "absent.csv" not in err
        assert output.split("/")[0] in err


def test_a_log_can_be_taken_away_too(run):
    run("tally", "votes.csv", "-o", "day.parquet", "--keys", "judge")
    run("tally", "day.parquet", "votes.csv", "-o", "year.parquet")
    assert run("tally", "year.parquet", "--subtract", "votes.csv", "-o", "rest.parquet")[0] == 0
    assert humorrank.Tally.read("rest.parquet") == humorrank.Tally.read("day.parquet")


def test_help_teaches(run):
    code, out, _ = run("tally", "--help")
    assert code == 0
    for word in ("--keys", "--subtract", "year.parquet today.csv"):
        assert word in out


@pytest.fixture(scope="module")
def long_log(tmp_path_factory):
    """Returns a log with many groups, which takes some time to count."""
    path = tmp_path_factory.mktemp("log") / "log.parquet"
    log = humorrank.simulate({f"m{i}": 1000 + i for i in range(50)}, 2_000_000)
    prompts = log.with_row_index("prompt").with_columns(pl.col("prompt") % 500_000)
    prompts.write_parquet(path)
    return path


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3])
def test_an_interrupt_leaves_no_file_behind(tmp_path, long_log, delay):
    command = [*READY, "tally", str(long_log), "--keys", "prompt", "-o", "t.parquet"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout is not None
    # Wait until Python has loaded its libraries, which takes longer on a busy machine.
    assert process.stdout.readline() == "ready\n"
    # The assertions hold at whatever point the command is interrupted.
    time.sleep(delay)
    _, err, spent = interrupt(process)
    # A shell reports both 130 and -SIGINT as 130.
    assert process.returncode in (0, 130, -signal.SIGINT), err
    found = sorted(path.name for path in tmp_path.iterdir())
    if process.returncode == 0:
        assert found == ["t.parquet"]
    if found:
        # An interrupt after the file is complete does not remove it.
        assert found == ["t.parquet"], err
        assert humorrank.Tally.read(tmp_path / "t.parquet").matches == 2_000_000
    assert spent < 5
